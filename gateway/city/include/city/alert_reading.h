// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "city/alerts.h"
#include "reading/reading.h"

/*
 * An alert as a reading, so that it is stored, numbered and sent like all others:
 *
 *   "values":{"active":true,"condition":"stale","level":"warning","since":"2026-11-22T02:30:00.000Z","silent_s":2045.7,
 *             "conditions":"stale battery_low"}
 *
 * What the worst condition says stands there; `conditions` names them all, the worst first. The last reading of an alert has
 * "active":false, the others left out.
 */

// What the reading's texts stand in: it has to live as long.
struct alert_texts {
    char since[UTC_TEXT_SIZE];
    char conditions[ALERT_CONDITIONS_MAX * ALERT_NAME_SIZE];
};

// Fills the reading. Its kind, zone, time and qualities are the caller's.
void alert_reading(const struct alert *alert, struct reading *reading, struct alert_texts *ret_texts);

// Whether a reading of an alert says that it has that condition.
bool alert_says(const struct reading *reading, const char *condition);

// Whether it says what the alert is, but for numbers.
bool alert_is_told(const struct reading *reading, const struct alert *alert);
