// SPDX-License-Identifier: Apache-2.0
#include "reading/counters.h"

#include "table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct counter *counters_of(struct counters *counters, const char *quantity, enum kind kind)
{
    const struct quantity *known = vocabulary_find(quantity, kind);
    if (!known || !quantity_is_counter(known))
        return NULL;
    for (size_t i = 0; i < counters->count; i++)
        if (counters->list[i].quantity == known->name)
            return &counters->list[i];
    if (counters->count == READING_VALUES_MAX)
        return NULL;
    struct counter *list = realloc(counters->list, (counters->count + 1) * sizeof *list);
    if (!list)
        return NULL;
    counters->list = list;
    list[counters->count] = (struct counter){.quantity = known->name};
    return &list[counters->count++];
}

static const struct mapping *mapping_of(const struct sensor_entry *entry, const char *quantity)
{
    for (size_t i = 0; i < entry->mapping_count; i++)
        if (strcmp(entry->mappings[i].quantity->name, quantity) == 0)
            return &entry->mappings[i];
    return NULL;
}

static double end_of_range(const struct settings_sensor *sensor, const char *quantity)
{
    for (size_t i = 0; i < sensor->range_count; i++)
        if (strcmp(sensor->ranges[i].quantity, quantity) == 0)
            return sensor->ranges[i].high + 1;
    return 0;
}

static struct counter_kind kind_of(const struct sensor_entry *entry, const struct value *value)
{
    const struct mapping *mapping = mapping_of(entry, value->name);
    struct counter_kind kind = {.zero = mapping ? mapping->offset : 0, .resets = value->resets};
    kind.wraps_at = end_of_range(entry->sensor.settings, value->name);
    if (kind.wraps_at == 0 && value->counter_bits > 0)
        kind.wraps_at = kind.zero + ldexp(mapping ? mapping->factor : 1, value->counter_bits);
    return kind;
}

static bool is_counter(const struct value *value)
{
    return value->type == VALUE_INTEGER && !value->is_recounted;
}

void counters_take(struct counters *counters, const struct sensors *sensors, struct normalised *one,
                   void (*tell)(void *context, const struct counter_news *news), void *context)
{
    struct reading *reading = &one->reading;
    for (size_t i = 0; i < reading->value_count; i++) {
        struct value *value = &reading->values[i];
        struct counter *counter = is_counter(value) ? counters_of(counters, value->name, reading->kind) : NULL;
        if (!counter)
            continue;
        struct counter_kind kind = kind_of(sensors_entry(sensors, one->sensor), value);
        struct counter_news news = {.quantity = counter->quantity, .from = counter->raw, .to = value->number};
        news.step = counter_take(counter, &kind, value->number, reading->time_us, reading->time_quality == TIME_SENSOR,
                                 &value->number);
        value->is_recounted = value->number != news.to;
        value->raw = news.to;
        if (news.step != COUNTER_WENT_ON && tell)
            tell(context, &news);
    }
}

void counters_recall(struct counters *counters, const struct reading *reading)
{
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct value *value = &reading->values[i];
        struct counter *counter =
            value->type == VALUE_INTEGER ? counters_of(counters, value->name, reading->kind) : NULL;
        // Stored order is the order in which they came; of late ones the total is not the newest.
        bool late = counter && counter->begun && reading->time_quality == TIME_SENSOR &&
                    reading->time_us < counter->time_us && counter_is_late(counter, reading->time_us);
        bool older =
            counter && counter->begun && (value->number < counter->total || (value->number == counter->total && late));
        if (!counter || older)
            continue;
        *counter = (struct counter){.quantity = counter->quantity,
                                    .raw = value->is_recounted ? value->raw : value->number,
                                    .total = value->number,
                                    .time_us = reading->time_us,
                                    .begun = true};
    }
}

void counters_finish(struct counters *counters)
{
    free(counters->list);
    *counters = (struct counters){0};
}
