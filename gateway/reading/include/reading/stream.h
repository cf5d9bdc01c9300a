// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"

/*
 * What a stream of readings is of, as its name in the buffer tells: "bay-1" of a sensor, "zone/umeda-lot" of a zone, and
 * "alert/crowd/plaza" an alert. Ids have no slash, so that no sensor's name is one of the others.
 */

enum subject { SUBJECT_SENSOR, SUBJECT_ZONE, SUBJECT_ALERT };

// *ret_id: the sensor's, the zone's, or what the alert is about, "plaza"; it lies within `stream`.
enum subject stream_subject(const char *stream, const char **ret_id);

// The alert's kind, "crowd", which lies within `stream`; *ret_size: its length.
const char *stream_alert_kind(const char *stream, unsigned *ret_size);

enum { STREAM_SIZE = 96, GATEWAY_ALERT_COUNT = 6 };

// The kind of the gateway's own alerts, "gateway", and these: "certificate", "clock", ...
extern const char gateway_alert_kind[];
extern const char *const gateway_alerts[GATEWAY_ALERT_COUNT];

// What it is about, as a word: a kind's name, also of a zone, and "gateway" for its own alerts.
const char *stream_kind_name(const char *stream, enum kind kind);

// Whether a text from outside can be such a name.
bool stream_is_name(const char *text);

// The name of a zone's stream, and of an alert's; ids have at most 64 bytes.
void stream_zone(const char *zone, char ret_stream[STREAM_SIZE]);
void stream_alert(const char *kind, const char *id, char ret_stream[STREAM_SIZE]);

// Whether its newest reading is a state, which is retained while it holds: of zones and alerts, and of sensors by their kind.
bool stream_is_state(const char *stream, enum kind kind);
// Whether that reading of it is an alert's last one, with which nothing is left to be retained.
bool stream_is_over(const char *stream, const struct reading *reading);
