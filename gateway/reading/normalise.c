// SPDX-License-Identifier: Apache-2.0
#include "reading/sensors.h"

#include "base/clock.h"
#include "base/messages.h"
#include "base/text.h"
#include "fields.h"
#include "values.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NAMED_MAX = 3, QUOTE_SIZE = 64 };

// One walk over a pack.
struct walk {
    const struct normalise_context *context;
    struct normalised_pack *pack;
    struct fault *why;
    const struct raw_value *record;
    size_t number; // of the record, from 1
    struct {
        const struct sensor *sensor;
        const char *field;
    } unknown[NAMED_MAX];
    size_t unknown_count;
};

static const char *quote(const char *text, char ret_quoted[QUOTE_SIZE])
{
    return text_escape(text, strlen(text), ret_quoted, QUOTE_SIZE);
}

static enum refusal refuse_other_sensor(const struct walk *walk, const struct sensor *other)
{
    fault_set(walk->why, -EINVAL, _("record %zu names the sensor %s, but the request is for %s"), walk->number,
              other->settings->id, walk->context->sensor->settings->id);
    return REFUSAL_UNKNOWN_FIELD;
}

static enum refusal refuse_foreign_source(const struct normalise_context *context, struct fault *why)
{
    fault_set(why, -EACCES, _("the sensor %s belongs to source = %s; it cannot be reported through %s"),
              context->sensor->settings->id, context->sensor->settings->source, context->source);
    return REFUSAL_IDENTITY;
}

// A sensor that names an identity takes readings from that one alone, and who has proved an identity reports for sensors that
// name it alone. The sentence does not tell which would be right: it goes to whoever asked.
static bool may_report(const struct normalise_context *context, const struct sensor *sensor)
{
    const char *wanted = sensor->settings->psk_identity ? sensor->settings->psk_identity : "";
    if (!context->identity)
        return !*wanted || sensor->settings->source_type != SOURCE_COAP;
    return strcmp(wanted, context->identity) == 0;
}

static enum refusal refuse_identity(const struct walk *walk, const struct sensor *sensor)
{
    fault_set(walk->why, -EACCES,
              _("the sensor %s may not be reported by this client; expected the psk_identity of its section"),
              sensor->settings->id);
    return REFUSAL_IDENTITY;
}

static enum refusal refuse_unit(const struct walk *walk, const struct quantity *quantity)
{
    char name[QUOTE_SIZE], unit[QUOTE_SIZE];
    fault_set(walk->why, -EINVAL, _("record %zu (%s): the unit \"%s\" does not fit %s; expected %s"), walk->number,
              quote(walk->record->name, name), quote(walk->record->unit, unit), quantity->name,
              quantity->unit[0] ? quantity->unit : "/");
    return REFUSAL_UNIT;
}

static void note_unknown(struct walk *walk, const struct sensor *sensor, const char *field)
{
    walk->pack->unknown_fields++;
    if (walk->unknown_count == NAMED_MAX)
        return;
    walk->unknown[walk->unknown_count].sensor = sensor;
    walk->unknown[walk->unknown_count++].field = field;
}

static size_t list_unknown(const struct walk *walk, size_t at, char *ret_text, size_t size)
{
    char field[QUOTE_SIZE];
    const struct settings_sensor *sensor = walk->unknown[at].sensor->settings;
    const char *nearest = vocabulary_nearest_of(walk->unknown[at].field, (enum kind)sensor->kind);
    quote(walk->unknown[at].field, field);
    return (size_t)snprintf(ret_text, size, "%s\"%s\"%s%s%s", at ? ", " : "", field, nearest ? " (" : "",
                            nearest ? nearest : "", nearest ? "?)" : "");
}

static enum refusal refuse_unknown_fields(const struct walk *walk)
{
    char list[NAMED_MAX * 3 * QUOTE_SIZE];
    size_t used = 0;
    for (size_t i = 0; i < walk->unknown_count; i++)
        used += list_unknown(walk, i, list + used, sizeof list - used);
    const struct settings_sensor *sensor = walk->unknown[0].sensor->settings;
    fault_set(walk->why, -EINVAL, _("the sensor %s of kind %s has no quantity for %s%s; add a map.* to its section"),
              sensor->id, kind_names[sensor->kind], list, walk->pack->unknown_fields > NAMED_MAX ? ", ..." : "");
    return REFUSAL_UNKNOWN_FIELD;
}

static int64_t time_of(const struct walk *walk, enum time_quality *ret_quality)
{
    const struct raw_value *record = walk->record;
    int64_t time_us = walk->context->received_us;
    *ret_quality = walk->context->clock_synchronised ? TIME_SYNCED : TIME_ESTIMATED;
    if (record->time == RAW_TIME_ABSOLUTE) {
        time_us = record->time_us;
        *ret_quality = TIME_SENSOR;
    } else if (record->time == RAW_TIME_RELATIVE && record->time_us) {
        if (__builtin_add_overflow(time_us, record->time_us, &time_us))
            time_us = record->time_us < 0 ? 0 : UTC_LAST_US;
        if (walk->context->clock_synchronised) // else it is as much of an estimate as our own time
            *ret_quality = TIME_SENSOR;
    }
    return time_us < 0 ? 0 : time_us > UTC_LAST_US ? UTC_LAST_US : time_us;
}

// The reading of that sensor and time, new when there is none yet; NULL when there are too many. Records of one reading
// stand together in most packs, so the search goes backwards. Only what counts is filled in: a pack's readings are 270 kB.
static struct reading *reading_for(struct walk *walk, const struct sensor *sensor)
{
    struct normalised_pack *pack = walk->pack;
    enum time_quality time_quality;
    int64_t time_us = time_of(walk, &time_quality);
    for (size_t i = pack->count; i-- > 0;)
        if (pack->readings[i].sensor == sensor && pack->readings[i].reading.time_us == time_us)
            return &pack->readings[i].reading;
    if (pack->count == PACK_READINGS_MAX)
        return NULL;
    pack->readings[pack->count].sensor = sensor;
    pack->readings[pack->count].is_rest = false;
    pack->readings[pack->count].content = 0;
    pack->readings[pack->count].has_own_time =
        walk->record->time == RAW_TIME_ABSOLUTE || (walk->record->time == RAW_TIME_RELATIVE && walk->record->time_us);
    pack->readings[pack->count].has_device_time = walk->record->time == RAW_TIME_DEVICE;
    pack->readings[pack->count].device_us = walk->record->time_us;
    struct reading *reading = &pack->readings[pack->count++].reading;
    reading->kind = (enum kind)sensor->settings->kind;
    reading->zone = sensor->settings->zone;
    reading->time_us = time_us;
    reading->time_quality = time_quality;
    reading->quality = QUALITY_GOOD;
    reading->unauthenticated = walk->context->unauthenticated;
    reading->value_count = 0;
    reading->refused_count = 0;
    return reading;
}

static void name_refused(struct reading *reading, const char *name)
{
    reading->quality = QUALITY_RANGE;
    for (size_t i = 0; i < reading->refused_count; i++)
        if (reading->refused[i] == name)
            return;
    if (reading->refused_count < READING_REFUSED_MAX)
        reading->refused[reading->refused_count++] = name;
}

// The last one wins when a quantity comes twice. Names are the vocabulary's own, so the pointers tell.
static bool put_value(struct reading *reading, const struct value *value)
{
    size_t i = 0;
    while (i < reading->value_count && reading->values[i].name != value->name)
        i++;
    if (i == READING_VALUES_MAX)
        return false;
    reading->values[i] = *value;
    if (i == reading->value_count)
        reading->value_count++;
    return true;
}

static enum refusal take_value(struct walk *walk, const struct sensor *sensor, const char *field,
                               const struct quantity *quantity, const struct mapping *mapping)
{
    const struct raw_value *record = walk->record;
    // A counter's total may come as SenML's sum, without a value.
    if (record->type == RAW_NONE && !quantity_is_counter(quantity)) {
        note_unknown(walk, sensor, field);
        return REFUSAL_NONE;
    }
    struct value value;
    enum outcome outcome = value_read(sensor->settings, record, quantity, mapping, &value);
    if (outcome == VALUE_WRONG_UNIT)
        return refuse_unit(walk, quantity);
    struct reading *reading = reading_for(walk, sensor);
    if (!reading) {
        fault_set(walk->why, -EMSGSIZE, _("more than %d readings in one pack; send them in parts"), PACK_READINGS_MAX);
        return REFUSAL_LENGTH;
    }
    if (outcome == VALUE_OUTSIDE) {
        name_refused(reading, quantity->name);
    } else if (!put_value(reading, &value)) {
        fault_set(walk->why, -EMSGSIZE, _("more than %d values in one reading of %s; send fewer at one time"),
                  READING_VALUES_MAX, sensor->settings->id);
        return REFUSAL_LENGTH;
    }
    return REFUSAL_NONE;
}

static enum refusal take_field(struct walk *walk, const struct sensor *sensor, const char *field)
{
    const struct sensor_entry *entry = sensors_entry(walk->context->sensors, sensor);
    const struct mapping *mapping = NULL;
    field += field[0] == '/'; // LwM2M paths are written with it or without
    bool mapped = false;
    for (size_t i = 0; i < entry->mapping_count; i++) {
        if (strcmp(entry->mappings[i].field, field))
            continue;
        mapped = true;
        enum refusal refusal = take_value(walk, sensor, field, entry->mappings[i].quantity, &entry->mappings[i]);
        if (refusal)
            return refusal;
    }
    if (mapped)
        return REFUSAL_NONE;
    const struct quantity *quantity = field[0] ? field_quantity(field, (enum kind)sensor->settings->kind)
                                               : field_nameless(entry, walk->record, &mapping);
    if (quantity)
        return take_value(walk, sensor, field, quantity, mapping);
    note_unknown(walk, sensor, field);
    return REFUSAL_NONE;
}

// Frames of a line need not say who speaks when only one sensor hangs on it.
static const struct sensor *only_on_line(const struct normalise_context *context, const struct raw_value *record)
{
    const struct mapping *ignored;
    const struct sensor *only = sensors_only(context->sensors, context->source);
    if (!only || only->settings->source_type != SOURCE_SERIAL)
        return NULL;
    const struct sensor_entry *entry = sensors_entry(context->sensors, only);
    if (!record->name[0])
        return field_nameless(entry, record, &ignored) ? only : NULL;
    for (size_t i = 0; i < entry->mapping_count; i++)
        if (!strcmp(entry->mappings[i].field, record->name))
            return only;
    return field_quantity(record->name, (enum kind)only->settings->kind) ? only : NULL;
}

// The field of a record whose sensor the request named: the name may begin with its address or its id, or be the field.
static const char *field_of_known(const struct sensor *sensor, const char *name)
{
    const char *id = sensor->settings->id;
    size_t size = strlen(id);
    if (strncmp(name, id, size))
        return name;
    if (!name[size])
        return name + size;
    return name[size] == ':' || name[size] == '/' ? name + size + 1 : name;
}

static enum refusal take_stranger(struct walk *walk)
{
    if (walk->pack->unknown_records++ == 0)
        walk->pack->unknown_record = walk->number - 1;
    return walk->context->takes_parts ? REFUSAL_NONE : REFUSAL_UNKNOWN_SENSOR;
}

static enum refusal take_record(struct walk *walk)
{
    const struct normalise_context *context = walk->context;
    const struct raw_value *record = walk->record;
    if (record->type == RAW_NONE && !record->has_sum)
        return REFUSAL_NONE;
    const char *field = record->name;
    const struct sensor *sensor = sensors_by_name(context->sensors, context->source, record->name, &field);
    if (context->sensor && sensor && sensor != context->sensor)
        return refuse_other_sensor(walk, sensor);
    if (context->sensor && !sensor) {
        sensor = context->sensor;
        field = field_of_known(sensor, record->name);
    }
    if (!sensor)
        sensor = only_on_line(context, record);
    if (!sensor)
        return take_stranger(walk);
    return may_report(context, sensor) ? take_field(walk, sensor, field) : refuse_identity(walk, sensor);
}

enum refusal normalise(const struct normalise_context *context, const struct raw_pack *raw,
                       struct normalised_pack *ret_pack, struct fault *why)
{
    struct walk walk = {.context = context, .pack = ret_pack, .why = why};
    enum refusal refusal = REFUSAL_NONE;
    ret_pack->count = 0;
    ret_pack->unknown_fields = ret_pack->unknown_records = 0;
    if (context->sensor && strcmp(context->sensor->settings->source, context->source))
        return refuse_foreign_source(context, why);
    for (size_t i = 0; i < raw->count && !refusal; i++) {
        walk.record = &raw->values[i];
        walk.number = i + 1;
        refusal = take_record(&walk);
    }
    if (!refusal && !ret_pack->count && ret_pack->unknown_records)
        refusal = REFUSAL_UNKNOWN_SENSOR;
    if (refusal == REFUSAL_UNKNOWN_SENSOR)
        fault_set(why, -ENOENT, "%s", raw->values[ret_pack->unknown_record].name);
    if (!refusal && !ret_pack->count && walk.unknown_count)
        refusal = refuse_unknown_fields(&walk);
    if (!refusal && !ret_pack->count) {
        fault_set(why, -EINVAL, _("the pack holds no value"));
        refusal = REFUSAL_UNKNOWN_FIELD;
    }
    if (refusal)
        ret_pack->count = 0;
    return refusal;
}
