// SPDX-License-Identifier: Apache-2.0
#include "reading/merge.h"

#include <string.h>

static bool adds_up(const char *quantity)
{
    return quantity_is_count(quantity) || strcmp(quantity, "period_s") == 0;
}

static struct value *find(struct reading *reading, const char *name)
{
    const struct value *value = reading_find(reading, name);
    return value ? &reading->values[value - reading->values] : NULL;
}

static bool is_other_state(const struct value *one, const struct value *other)
{
    if (one->type != other->type)
        return true;
    return (one->type == VALUE_BOOL && one->boolean != other->boolean) ||
           (one->type == VALUE_TEXT && strcmp(one->text, other->text) != 0);
}

// What is added up stays within the quantity's range.
static bool is_too_much(enum kind kind, const struct value *one, const struct value *other)
{
    const struct quantity *quantity = adds_up(one->name) ? vocabulary_find(one->name, kind) : NULL;
    return quantity && one->number + other->number > quantity->high;
}

static bool can_merge(struct reading *into, const struct reading *later)
{
    size_t count = into->value_count;
    if (into->kind != later->kind || into->unauthenticated != later->unauthenticated ||
        into->time_quality != later->time_quality)
        return false;
    for (size_t i = 0; i < later->value_count; i++) {
        const struct value *earlier = find(into, later->values[i].name);
        count += !earlier;
        if (earlier &&
            (is_other_state(earlier, &later->values[i]) || is_too_much(into->kind, earlier, &later->values[i])))
            return false;
    }
    return count <= READING_VALUES_MAX;
}

static void merge_value(struct reading *into, const struct value *later)
{
    struct value *earlier = find(into, later->name);
    if (!earlier)
        into->values[into->value_count++] = *later;
    else if (adds_up(later->name))
        earlier->number += later->number;
    else
        *earlier = *later;
}

static void merge_refused(struct reading *into, const char *name)
{
    for (size_t i = 0; i < into->refused_count; i++)
        if (strcmp(into->refused[i], name) == 0)
            return;
    if (into->refused_count < READING_REFUSED_MAX)
        into->refused[into->refused_count++] = name;
}

bool reading_merge(struct reading *into, const struct reading *later)
{
    if (!can_merge(into, later))
        return false;
    for (size_t i = 0; i < later->value_count; i++)
        merge_value(into, &later->values[i]);
    for (size_t i = 0; i < later->refused_count; i++)
        merge_refused(into, later->refused[i]);
    into->time_us = later->time_us;
    into->zone = later->zone;
    if (later->quality != QUALITY_GOOD)
        into->quality = later->quality;
    return true;
}
