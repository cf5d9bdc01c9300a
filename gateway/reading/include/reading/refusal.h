// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * The gate that refused something. Counted per source as citygw_readings_refused_total{source,reason}.
 */

enum refusal {
    REFUSAL_NONE = 0,
    REFUSAL_LENGTH, // too long, too short, or cut
    REFUSAL_CHECKSUM,
    REFUSAL_SYNTAX, // the bytes are not what the format says
    REFUSAL_RANGE,  // well-formed, but no such value can be
    REFUSAL_FORMAT, // a content format that no codec reads
    REFUSAL_UNKNOWN_SENSOR,
    REFUSAL_UNKNOWN_FIELD, // a known sensor, but no field that is one of its quantities
    REFUSAL_UNIT,          // a unit of another dimension than the quantity
    REFUSAL_IDENTITY,      // not allowed to speak for this sensor, or at all
    REFUSAL_RATE,          // too many from one client
    REFUSAL_FULL,          // no room: the buffer or a queue is full
    REFUSAL_STORAGE,       // the disk failed
    REFUSAL_COUNT
};

// The metric's label, such as "unknown_sensor".
const char *refusal_name(enum refusal refusal);
