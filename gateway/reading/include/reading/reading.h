// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "reading/vocabulary.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A reading: the values of one sensor at one time, in the vocabulary's names and units. Its sequence number and its
 * sensor's name travel beside it (the buffer keeps them); everything else is in its stored bytes.
 */

enum time_quality { TIME_SYNCED, TIME_CORRECTED, TIME_SENSOR, TIME_ESTIMATED };
enum quality { QUALITY_GOOD, QUALITY_STALE, QUALITY_STUCK, QUALITY_RANGE, QUALITY_CALIBRATING };
extern const char *const time_quality_names[];
extern const char *const quality_names[];

struct value {
    const char *name;
    enum value_type type;
    bool boolean;         // VALUE_BOOL
    bool is_recounted;    // a counter's: `number` is our total, and `raw` what the device said
    bool resets;          // as its source told it (see raw.h); not stored
    uint8_t counter_bits; // the same
    double number;        // VALUE_NUMBER, VALUE_INTEGER
    union {
        const char *text; // VALUE_TEXT, terminated
        double raw;       // when is_recounted
    };
};

enum { READING_VALUES_MAX = 48, READING_REFUSED_MAX = 16 };

struct reading {
    enum kind kind;
    const char *zone; // as it was at commit; "" for none
    int64_t time_us;  // UTC
    enum time_quality time_quality;
    enum quality quality;
    bool unauthenticated;                    // came over plain CoAP from beyond this machine
    struct value values[READING_VALUES_MAX]; // in the order of first appearance
    size_t value_count;
    const char *refused[READING_REFUSED_MAX]; // names left out because their value was outside its range
    size_t refused_count;
};

// Events (bump) are kept longest and never retained; states (parking, crowd) are retained when live.
bool kind_is_event(enum kind kind);
bool kind_is_state(enum kind kind);

// The value of that name; NULL: it has none.
const struct value *reading_find(const struct reading *reading, const char *name);

// A hash of what its source says: its values, not its time, nor what is derived of a parking sensor.
uint32_t reading_content(const struct reading *reading);

// Appends the stored bytes (format in bytes.c, versioned). Check out->overflow.
void reading_encode(const struct reading *reading, struct bytes *out);

// Reads stored bytes. Texts point into `data` or into static tables, so `data` must outlive the reading.
// -EBADMSG when the bytes are not a reading, -EPROTONOSUPPORT for a newer version.
int reading_decode(const uint8_t *data, size_t size, struct reading *ret_reading);
