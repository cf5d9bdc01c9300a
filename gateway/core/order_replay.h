// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/fault.h"

struct arguments;
struct gateway;

/*
 * The order to send readings again:
 *
 *   {"from":"2026-11-22T00:00:00Z","to":"2026-11-22T06:00:00Z"}      reading times, `to` not included
 *   {"epoch":"k7f3","from_seq":100,"to_seq":199,"sensor":"bay-1"}    sequence numbers, both included
 *
 * each with an optional "sensor" (needed for sequence numbers; else all; also "zone/umeda-lot" or "alert/crowd/plaza") and "outlet" (else every outlet). The answer says what
 * is about to be looked through: {"outlets":["mqtt"],"readings_at_most":1234}.
 */
int order_replay_run(struct gateway *gateway, const struct arguments *arguments, struct bytes *out, struct fault *why);
