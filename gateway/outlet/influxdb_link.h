// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http_link.h"
#include "influxdb_answer.h"

// Any verdict but accepted or partial. What the server answered also shows that it is there.
void influxdb_link_fails(struct http_link *link, const struct settings_influxdb *settings,
                         const struct influxdb_judgement *judgement);
void influxdb_link_database_made(struct http_link *link, const struct settings_influxdb *settings);
void influxdb_link_parked_some(struct http_link *link, const struct influxdb_judgement *judgement);
