// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "influxdb.h"

// How outlets over HTTP wait and try again: impatient enough for a test.
static const struct influxdb_pace quick = {.retry_first_ms = 10,
                                           .retry_max_ms = 40,
                                           .hold_first_ms = 20,
                                           .hold_max_ms = 40,
                                           .idle_ms = 3600000,
                                           .connect_ms = 2000,
                                           .request_ms = 5000,
                                           .stop_ms = 100};
