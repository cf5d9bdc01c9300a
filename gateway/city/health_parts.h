// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/health.h"

/*
 * One file for each thing that can be wrong with a sensor; health.c calls them in turn.
 */

static const int64_t health_day_us = 24 * 3600 * INT64_C(1000000);

// The condition holds, or not: when that is news it goes into the report, with what `facts` says of it.
void health_set(struct health *health, bool holds, const struct health_news *facts, struct health_report *report);

// So long ago, in UTC; 0 when the wall clock is not set.
int64_t health_ago(const struct health_moment *moment, int64_t duration_us);

// A reading with a time of its own. Returns whether that is too far off to be believed.
bool health_take_clock(struct health *health, const struct settings_sensor *sensor, const struct reading *reading,
                       const struct health_moment *moment, struct health_report *report);

// A reading's values; a late one shows at most that a quantity does vary.
void health_take_values(struct health *health, const struct settings_sensor *sensor, const struct reading *reading,
                        bool is_late, const struct health_moment *moment, struct health_report *report);

void health_take_battery(struct health *health, const struct settings_sensor *sensor, const struct reading *reading,
                         const struct health_moment *moment, struct health_report *report);
