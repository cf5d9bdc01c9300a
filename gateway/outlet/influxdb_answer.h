// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What an InfluxDB answered, and what that means for the lines that were sent. Pure functions: no I/O, no clock.
 *
 * Only an answer that is InfluxDB's own (JSON with `error` or `message`) may speak against a line. A proxy, a web server or
 * a TLS port spoken to in plain text answers 400 as well, and must not make us throw readings away. Even InfluxDB's own
 * words are not enough to give a line up: influxdb_flow.h says what else is wanted.
 *
 * A partial write tells how many lines it dropped. A number larger than the slice, or none, is not believed: one line is
 * counted then. "All of them" is no partial write but a refusal, unless they were older than the server keeps readings.
 */

struct influxdb_answer {
    bool answered;         // false: the request failed on the way, `error` says how
    long status;           // HTTP
    int64_t retry_after_s; // 0: none given
    const char *body;      // terminated, perhaps cut
    const char *error;
};

enum influxdb_verdict {
    VERDICT_ACCEPTED,
    VERDICT_PARTIAL, // all but `dropped` lines are written, or are older than the server keeps: no need to send again
    VERDICT_UNREACHABLE, // the network: send the same bytes later
    VERDICT_BUSY,        // the server cannot now (408, 429, 5xx): send the same bytes later
    VERDICT_TOO_LARGE,   // send fewer lines at once
    VERDICT_BAD_LINE,    // no line was taken, because some are not acceptable, or so it says
    VERDICT_DENIED,      // 401, 403: a person must act
    VERDICT_MISSING,     // no such database, organisation or bucket
    VERDICT_STRANGE,     // not an InfluxDB, or not its write address
    VERDICT_COUNT
};

struct influxdb_judgement {
    enum influxdb_verdict verdict;
    size_t dropped; // of a partial write
    bool counted;   // `dropped` is what the server said, else the least that it can be
    int64_t retry_after_s;
    char text[240]; // the server's words behind its status ("404 database not found"), escaped; never empty
};

// `lines`: how many were sent.
void influxdb_judge(const struct influxdb_answer *answer, size_t lines, struct influxdb_judgement *ret_judgement);

// How long to wait after so many failures in a row (1 at first): doubling from `first_ms` up to `max_ms`, the upper half
// of it by chance, so that many gateways do not come back at once. Retry-After counts when it is longer, up to one hour.
int64_t influxdb_delay_ms(int64_t first_ms, int64_t max_ms, unsigned failures, int64_t retry_after_s, uint32_t chance);
