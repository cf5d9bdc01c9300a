// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>

/*
 * How patient the outlet is. Real times in use; a test sets shorter ones between create and start.
 */
struct influxdb_pace {
    int64_t retry_first_ms, retry_max_ms; // the network, or a busy server
    int64_t hold_first_ms, hold_max_ms;   // what a person must repair
    int64_t idle_ms; // between questions whether the server is there, while there is nothing to send
    long connect_ms, request_ms;
    uint64_t stop_ms; // for the request under way when we stop
};

void influxdb_set_pace(void *state, const struct influxdb_pace *pace);
