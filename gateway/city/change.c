// SPDX-License-Identifier: Apache-2.0
#include "city/change.h"

#include <string.h>

static bool is_state(const struct value *value, enum kind kind)
{
    return kind != KIND_PARKING || value->type == VALUE_BOOL || value->type == VALUE_TEXT;
}

static bool differs(const struct value *last, const struct value *value)
{
    if (!last || last->type != value->type)
        return true;
    if (value->type == VALUE_TEXT)
        return strcmp(last->text, value->text) != 0;
    return value->type == VALUE_BOOL ? last->boolean != value->boolean : last->number != value->number;
}

// As many once more are others.
static bool counts_more(const struct value *value)
{
    return quantity_is_count(value->name) && value->number != 0;
}

bool change_is_news(const struct reading *last, const struct reading *reading, int64_t heartbeat_us)
{
    int64_t since_us = reading->time_us - last->time_us;
    if (since_us < 0 || since_us >= heartbeat_us || reading->quality != last->quality ||
        reading->refused_count != last->refused_count)
        return true;
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct value *value = &reading->values[i];
        if (is_state(value, reading->kind) && (differs(reading_find(last, value->name), value) || counts_more(value)))
            return true;
    }
    return false;
}
