// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "influxdb.h"

/*
 * The outlet `[ngsi-ld]`: entities by HTTP to an NGSI-LD broker, in batches, by upsert. Its cursor moves on what the broker
 * says that it took. The HTTP client and the patience are those of the InfluxDB outlet. A test sets shorter times between
 * create and start.
 */
void ngsi_ld_set_pace(void *state, const struct influxdb_pace *pace);
