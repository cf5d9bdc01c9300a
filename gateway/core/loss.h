// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"
#include "buffer/buffer.h"

/*
 * The loss ledger as people and programs see it, in the retained topic `loss` and under /api/v1/loss:
 *
 *   {"entries":[{"outlet":"mqtt","sensor":"bay-1","first_seq":7,"last_seq":9,"count":3,"reason":"full",
 *                "since":"2026-11-24T03:00:00.000Z","until":"2026-11-24T03:00:01.000Z"}],
 *    "totals":{"full":3,"age":0,"damage":0},"more":0}
 *
 * Newest first. `outlet` is the one that did not have them, null when there was none at all. `more`: entries that are not shown.
 */

// Writes at most `max` entries.
void loss_write(struct buffer *buffer, size_t max, struct json *json);
