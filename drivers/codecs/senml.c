// SPDX-License-Identifier: Apache-2.0
#include "senml.h"
#include "base/messages.h"
#include "base/text.h"
#include "base64url.h"
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Choices where RFC 8428 leaves one: a record without `n` and without a value that has base fields alone gives nothing
 * (the RFC's own example 5.1.7 has one); `bv` without `v` is no value, and `bs` without `s` no sum: a record must have one
 * of its own (sections 4.1 and 4.5.4); versions up to 10, and 26 (10 with the secondary units of RFC 9100), are understood.
 */

enum { NAME_SIZE_MAX = 512, VERSION = 10, VERSION_SECONDARY_UNITS = 26 };

static const int64_t relative_below_us = (INT64_C(1) << 28) * 1000000; // RFC 8428 section 4.5.3
static const struct senml_text no_text = {"", 0};
static const double seconds_max = 253402300799.0; // the end of the year 9999

const struct senml_label senml_labels[SENML_FIELDS] = {
    [SENML_BVER] = {"bver", SENML_NUMBER}, [SENML_BN] = {"bn", SENML_TEXT},   [SENML_BT] = {"bt", SENML_NUMBER},
    [SENML_BU] = {"bu", SENML_TEXT},       [SENML_BV] = {"bv", SENML_NUMBER}, [SENML_BS] = {"bs", SENML_NUMBER},
    [SENML_N] = {"n", SENML_TEXT},         [SENML_U] = {"u", SENML_TEXT},     [SENML_V] = {"v", SENML_NUMBER},
    [SENML_VS] = {"vs", SENML_TEXT},       [SENML_VB] = {"vb", SENML_BOOL},   [SENML_S] = {"s", SENML_NUMBER},
    [SENML_T] = {"t", SENML_NUMBER},       [SENML_UT] = {"ut", SENML_NUMBER}, [SENML_VD] = {"vd", SENML_DATA},
};

static const uint32_t base_fields =
    1u << SENML_BVER | 1u << SENML_BN | 1u << SENML_BT | 1u << SENML_BU | 1u << SENML_BV | 1u << SENML_BS;
static const uint32_t value_fields = 1u << SENML_V | 1u << SENML_VS | 1u << SENML_VB | 1u << SENML_VD;

enum refusal senml_refuse(struct senml *senml, enum refusal refusal, const char *field, const char *format, ...)
{
    char text[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (field)
        fault_set(senml->why, 0, _("record %zu, field %s: %s"), senml->record, field, text);
    else
        fault_set(senml->why, 0, _("record %zu: %s"), senml->record, text);
    return refusal;
}

enum senml_field senml_find(const char *label, size_t size)
{
    for (unsigned i = 0; i < SENML_FIELDS; i++)
        if (strlen(senml_labels[i].name) == size && memcmp(senml_labels[i].name, label, size) == 0)
            return (enum senml_field)i;
    return SENML_FIELDS;
}

static bool has(const struct senml_record *record, enum senml_field field)
{
    return record->present >> field & 1;
}

static double number_of(const struct senml_record *record, enum senml_field field)
{
    return has(record, field) ? record->number[field] : 0;
}

enum refusal senml_mark(struct senml *senml, struct senml_record *record, enum senml_field field)
{
    if (has(record, field))
        return senml_refuse(senml, REFUSAL_SYNTAX, senml_labels[field].name,
                            _("stands twice in the record; expected once"));
    record->present |= 1u << field;
    return REFUSAL_NONE;
}

enum refusal senml_ignore(struct senml *senml, struct senml_record *record, const char *label, size_t size)
{
    char shown[64];
    text_escape(label, size, shown, sizeof shown);
    if (size > 0 && label[size - 1] == '_')
        return senml_refuse(senml, REFUSAL_SYNTAX, shown,
                            _("labels that end in \"_\" must be understood, and this one is not known here"));
    for (size_t i = 0; i < record->unknown_count; i++)
        if (record->unknown[i].size == size && memcmp(record->unknown[i].data, label, size) == 0)
            return senml_refuse(senml, REFUSAL_SYNTAX, shown, _("stands twice in the record; expected once"));
    if (record->unknown_count == SENML_UNKNOWN_MAX)
        return senml_refuse(senml, REFUSAL_LENGTH, shown, _("more than %d unknown fields in one record"),
                            SENML_UNKNOWN_MAX);
    record->unknown[record->unknown_count++] = (struct senml_text){label, size};
    return REFUSAL_NONE;
}

enum refusal senml_wrong_type(struct senml *senml, enum senml_field field)
{
    static const char *const expected[] = {
        [SENML_NUMBER] = N_("wrong type; expected a number"),
        [SENML_TEXT] = N_("wrong type; expected a text"),
        [SENML_BOOL] = N_("wrong type; expected true or false"),
        [SENML_DATA] = N_("wrong type; expected data"),
    };
    return senml_refuse(senml, REFUSAL_SYNTAX, senml_labels[field].name, "%s", _(expected[senml_labels[field].type]));
}

static enum refusal check_version(struct senml *senml, const struct senml_record *record)
{
    if (!has(record, SENML_BVER)) {
        if (senml->version == 0)
            senml->version = VERSION;
        return REFUSAL_NONE;
    }
    double version = record->number[SENML_BVER];
    bool known =
        version == VERSION_SECONDARY_UNITS || (version >= 1 && version <= VERSION && version == floor(version));
    if (!known)
        return senml_refuse(senml, REFUSAL_SYNTAX, "bver", _("version %g is not understood; expected 10, or 26"),
                            version);
    if (senml->version != 0 && version != senml->version)
        return senml_refuse(senml, REFUSAL_SYNTAX, "bver",
                            _("version %g, but %d before; expected the same in all records"), version, senml->version);
    senml->version = (int)version;
    return REFUSAL_NONE;
}

// Rounds to microseconds: a double holds today's time to a quarter of one.
static enum refusal time_of(struct senml *senml, const struct senml_record *record, enum senml_field field,
                            int64_t *ret_time_us)
{
    double seconds = record->number[field];
    if (fabs(seconds) > seconds_max)
        return senml_refuse(senml, REFUSAL_RANGE, senml_labels[field].name,
                            _("%g s is no time that can be; expected seconds, before the year 10000"), seconds);
    *ret_time_us = llround(seconds * 1e6);
    return REFUSAL_NONE;
}

static enum refusal take_bases(struct senml *senml, const struct senml_record *record)
{
    if (has(record, SENML_BN))
        senml->base_name = record->text[SENML_BN];
    if (has(record, SENML_BU))
        senml->base_unit = record->text[SENML_BU];
    if (has(record, SENML_BV))
        senml->base_value = record->number[SENML_BV];
    if (has(record, SENML_BS)) {
        senml->base_sum = record->number[SENML_BS];
        senml->has_base_sum = true;
    }
    if (!has(record, SENML_BT))
        return REFUSAL_NONE;
    senml->has_base_time = true;
    return time_of(senml, record, SENML_BT, &senml->base_time_us);
}

// RFC 8428 section 4.5.1: 1 may stand anywhere in a name, 2 not at its beginning.
static const uint8_t name_characters[256] = {
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1,
    ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1,
    ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1,
    ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1,
    ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1,
    ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1,
    ['y'] = 1, ['z'] = 1, ['-'] = 2, [':'] = 2, ['.'] = 2, ['/'] = 2, ['_'] = 2,
};

static bool is_name(const char *name, size_t size)
{
    bool is_path = size > 1 && name[0] == '/' && isdigit((unsigned char)name[1]); // LwM2M's; RFC 8428 has no such names
    if (name_characters[(uint8_t)name[0]] != 1 && !is_path)
        return false;
    for (size_t i = 1; i < size; i++)
        if (!name_characters[(uint8_t)name[i]])
            return false;
    return true;
}

static enum refusal arena_full(struct senml *senml)
{
    return senml_refuse(senml, REFUSAL_LENGTH, NULL, _("names and texts of the pack are longer than %d bytes together"),
                        RAW_ARENA_SIZE);
}

static enum refusal resolve_name(struct senml *senml, const struct senml_record *record, struct raw_value *value)
{
    struct senml_text base = senml->base_name, own = has(record, SENML_N) ? record->text[SENML_N] : no_text;
    size_t size = base.size + own.size;
    if (size == 0)
        return senml_refuse(senml, REFUSAL_SYNTAX, "n", _("no name; expected n, bn or both"));
    if (size > NAME_SIZE_MAX)
        return senml_refuse(senml, REFUSAL_LENGTH, "n", _("a name of %zu bytes; expected %d at most"), size,
                            NAME_SIZE_MAX);
    const char *name = raw_pack_join(senml->pack, base.data, base.size, own.data, own.size);
    if (!name)
        return arena_full(senml);
    if (!is_name(name, size)) {
        char shown[96];
        return senml_refuse(senml, REFUSAL_SYNTAX, "n",
                            _("\"%s\" is not a name; expected A-Z a-z 0-9 - : . / _, a letter or a digit first"),
                            text_escape(name, size, shown, sizeof shown));
    }
    value->name = name;
    value->base_size = base.size;
    return REFUSAL_NONE;
}

static enum refusal resolve_unit(struct senml *senml, const struct senml_record *record, const char **ret_unit)
{
    struct senml_text unit = has(record, SENML_U) ? record->text[SENML_U] : senml->base_unit;
    if (unit.size == 0)
        return REFUSAL_NONE;
    const char *copy = raw_pack_copy(senml->pack, unit.data, unit.size);
    if (!copy)
        return arena_full(senml);
    *ret_unit = copy;
    return REFUSAL_NONE;
}

static enum refusal resolve_time(struct senml *senml, const struct senml_record *record, struct raw_value *value)
{
    if (!senml->has_base_time && !has(record, SENML_T))
        return REFUSAL_NONE;
    int64_t own_us = 0;
    enum refusal refusal = has(record, SENML_T) ? time_of(senml, record, SENML_T, &own_us) : REFUSAL_NONE;
    if (refusal != REFUSAL_NONE)
        return refusal;
    int64_t time_us = senml->base_time_us + own_us;
    if (time_us > (int64_t)seconds_max * 1000000)
        return senml_refuse(senml, REFUSAL_RANGE, "t", _("bt and t together are after the year 9999"));
    value->time_us = time_us;
    value->time = time_us < relative_below_us ? RAW_TIME_RELATIVE : RAW_TIME_ABSOLUTE;
    return REFUSAL_NONE;
}

static enum refusal resolve_number(struct senml *senml, const struct senml_record *record, struct raw_value *value)
{
    value->type = RAW_NUMBER;
    value->number = senml->base_value + number_of(record, SENML_V);
    if (!isfinite(value->number))
        return senml_refuse(senml, REFUSAL_RANGE, "v", _("bv and v together are too large"));
    return REFUSAL_NONE;
}

static enum refusal resolve_bytes(struct senml *senml, struct senml_text source, enum raw_type type,
                                  struct raw_value *value)
{
    value->type = type;
    value->text = raw_pack_copy(senml->pack, source.size ? source.data : "", source.size);
    if (!value->text)
        return arena_full(senml);
    value->text_size = source.size;
    if (type != RAW_DATA || !senml->base64)
        return REFUSAL_NONE;
    char *copy = senml->pack->arena + (value->text - senml->pack->arena);
    if (!base64url_decode(copy, source.size, &value->text_size))
        return senml_refuse(senml, REFUSAL_SYNTAX, "vd", _("not base64url; expected A-Z a-z 0-9 - _ without \"=\""));
    copy[value->text_size] = '\0';
    return REFUSAL_NONE;
}

static enum refusal resolve_value(struct senml *senml, const struct senml_record *record, struct raw_value *value)
{
    if (has(record, SENML_V))
        return resolve_number(senml, record, value);
    if (has(record, SENML_VS))
        return resolve_bytes(senml, record->text[SENML_VS], RAW_TEXT, value);
    if (has(record, SENML_VD))
        return resolve_bytes(senml, record->text[SENML_VD], RAW_DATA, value);
    if (has(record, SENML_VB)) {
        value->type = RAW_BOOL;
        value->boolean = record->boolean;
    }
    return REFUSAL_NONE;
}

static enum refusal resolve_sum(struct senml *senml, const struct senml_record *record, struct raw_value *value)
{
    value->has_sum = senml->has_base_sum || has(record, SENML_S);
    value->sum = senml->base_sum + number_of(record, SENML_S);
    if (!isfinite(value->sum))
        return senml_refuse(senml, REFUSAL_RANGE, "s", _("bs and s together are too large"));
    return REFUSAL_NONE;
}

static enum refusal check_values(struct senml *senml, const struct senml_record *record)
{
    uint32_t values = record->present & value_fields;
    if (values & (values - 1))
        return senml_refuse(senml, REFUSAL_SYNTAX, NULL,
                            _("more than one value; expected exactly one of v, vs, vb and vd"));
    if (values == 0 && !has(record, SENML_S))
        return senml_refuse(senml, REFUSAL_SYNTAX, NULL, _("no value; expected one of v, vs, vb, vd, or s"));
    return REFUSAL_NONE;
}

static bool has_bases_alone(const struct senml_record *record)
{
    return (record->present & ~base_fields) == 0 && (record->present != 0 || record->unknown_count == 0);
}

enum refusal senml_resolve(struct senml *senml, const struct senml_record *record)
{
    enum refusal refusal = check_version(senml, record);
    if (refusal == REFUSAL_NONE)
        refusal = take_bases(senml, record);
    if (refusal != REFUSAL_NONE || has_bases_alone(record))
        return refusal;

    refusal = check_values(senml, record);
    if (refusal != REFUSAL_NONE)
        return refusal;
    struct raw_value *value = raw_pack_add(senml->pack);
    if (!value)
        return senml_refuse(senml, REFUSAL_LENGTH, NULL, _("more than %d values in one pack"), RAW_VALUES_MAX);
    refusal = resolve_name(senml, record, value);
    if (refusal == REFUSAL_NONE)
        refusal = resolve_unit(senml, record, &value->unit);
    if (refusal == REFUSAL_NONE)
        refusal = resolve_time(senml, record, value);
    if (refusal == REFUSAL_NONE)
        refusal = resolve_value(senml, record, value);
    if (refusal == REFUSAL_NONE)
        refusal = resolve_sum(senml, record, value);
    return refusal;
}
