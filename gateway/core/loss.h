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
 * Newest first. `outlet` is the one that did not have them, null when there was none at all. `more`: how many follow, for which it had
 * no room: ask with {"skip": so many as were shown}. While losses go on, the order changes, and an entry may slip from one page to another.
 */

enum {
    LOSS_BYTES_MAX = 240 * 1024
}; // of entries in one document: with the rest below what a message or an answer may hold

// From entry `skip` on, entries up to about `max_bytes` of text.
void loss_write(struct buffer *buffer, size_t skip, size_t max_bytes, struct json *json);
