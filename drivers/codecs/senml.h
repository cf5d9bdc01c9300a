// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "reading/raw.h"
#include "reading/refusal.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * SenML (RFC 8428) beneath its two notations, JSON and CBOR: the labels, a record as it stands in the pack, and its
 * resolution into a raw value. A notation fills one record after the other and has it resolved; base fields stay in the
 * state until the same field comes again.
 */

// In the order of their CBOR labels: the base fields from -1 downwards, then the others from 0 upwards.
enum senml_field {
    SENML_BVER,
    SENML_BN,
    SENML_BT,
    SENML_BU,
    SENML_BV,
    SENML_BS,
    SENML_N,
    SENML_U,
    SENML_V,
    SENML_VS,
    SENML_VB,
    SENML_S,
    SENML_T,
    SENML_UT,
    SENML_VD,
    SENML_FIELDS
};

enum senml_type { SENML_NUMBER, SENML_TEXT, SENML_BOOL, SENML_DATA };

struct senml_label {
    const char *name;
    enum senml_type type;
};
extern const struct senml_label senml_labels[SENML_FIELDS];

enum {
    SENML_SIZE_MAX = 64 * 1024, // of a pack
    SENML_DEPTH_MAX = 8,        // of what may stand in a field that is ignored
    SENML_UNKNOWN_MAX = 32,     // ignored fields in a record
};

struct senml_text { // borrowed from the pack's bytes
    const char *data;
    size_t size;
};

struct senml_record {
    uint32_t present; // bit per enum senml_field; what is not present is not set either
    double number[SENML_FIELDS];
    struct senml_text text[SENML_FIELDS];
    bool boolean;
    struct senml_text unknown[SENML_UNKNOWN_MAX]; // labels of ignored fields
    size_t unknown_count;
};

// Only what counts: a record is 900 bytes, and most packs use 50 of them.
static inline void senml_clear(struct senml_record *record)
{
    record->present = 0;
    record->unknown_count = 0;
}

struct senml {
    struct raw_pack *pack;
    struct fault *why;
    bool base64;   // data values are base64url text (JSON), else bytes (CBOR)
    size_t record; // the present one, counted from 1, for messages
    int version;   // 0 before the first record
    struct senml_text base_name, base_unit;
    double base_value, base_sum;
    int64_t base_time_us;
    bool has_base_time, has_base_sum;
};

// Fills `why` with "record N, field F: ..." (or without the field when `field` is NULL) and returns `refusal`.
enum refusal senml_refuse(struct senml *senml, enum refusal refusal, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// The field of that text label, or SENML_FIELDS when it is none of RFC 8428's.
enum senml_field senml_find(const char *label, size_t size);

// Marks the field as seen; refuses a second one.
enum refusal senml_mark(struct senml *senml, struct senml_record *record, enum senml_field field);

// A label that is not in RFC 8428: ignored, unless it ends in '_' ("must be understood", section 4.4) or stands twice.
enum refusal senml_ignore(struct senml *senml, struct senml_record *record, const char *label, size_t size);

// Says that the field has the wrong type.
enum refusal senml_wrong_type(struct senml *senml, enum senml_field field);

// Turns a record into a raw value of the pack, with its base fields applied.
enum refusal senml_resolve(struct senml *senml, const struct senml_record *record);
