// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "influxdb_answer.h"
#include "outlet/outlet.h"

/*
 * How things stand with the server, told to the core as events: each change once, not each failure.
 */

struct influxdb_link {
    const struct outlet_feed *feed;
    const struct settings_influxdb *settings;
    const char *label; // of the server, for people
    enum { LINK_UNKNOWN, LINK_UP, LINK_DOWN } state;
    bool troubled;                 // the server is busy, or our own disk failed
    enum influxdb_verdict alarmed; // VERDICT_ACCEPTED: no alarm
};

// A write succeeded: this alone ends an alarm.
void influxdb_link_works(struct influxdb_link *link);
// The server answered something, be it a refusal.
void influxdb_link_answers(struct influxdb_link *link);
// Any verdict but accepted or partial. What the server answered also shows that it is there.
void influxdb_link_fails(struct influxdb_link *link, const struct influxdb_judgement *judgement);
// The buffer could not be read.
void influxdb_link_no_readings(struct influxdb_link *link, int error);
void influxdb_link_database_made(struct influxdb_link *link);
void influxdb_link_parked(struct influxdb_link *link, const char *sensor, uint64_t seq, const char *words);
void influxdb_link_parked_some(struct influxdb_link *link, const struct influxdb_judgement *judgement);
