// SPDX-License-Identifier: Apache-2.0
#include "values.h"

#include <string.h>

static size_t place_of(const struct reading *reading, const char *name)
{
    size_t place = 0;
    while (place < reading->value_count && strcmp(reading->values[place].name, name) != 0)
        place++;
    return place;
}

void value_put(struct reading *reading, const struct value *value)
{
    size_t place = place_of(reading, value->name);
    if (place == READING_VALUES_MAX)
        return;
    reading->values[place] = *value;
    if (place == reading->value_count)
        reading->value_count++;
}

void value_put_integer(struct reading *reading, const char *name, double number)
{
    value_put(reading, &(struct value){.name = name, .type = VALUE_INTEGER, .number = number});
}

void value_put_number(struct reading *reading, const char *name, double number)
{
    value_put(reading, &(struct value){.name = name, .type = VALUE_NUMBER, .number = number});
}

void value_put_text(struct reading *reading, const char *name, const char *text)
{
    value_put(reading, &(struct value){.name = name, .type = VALUE_TEXT, .text = text});
}

void value_put_true(struct reading *reading, const char *name)
{
    value_put(reading, &(struct value){.name = name, .type = VALUE_BOOL, .boolean = true});
}

void value_remove(struct reading *reading, const char *name)
{
    size_t place = place_of(reading, name);
    if (place == reading->value_count)
        return;
    reading->value_count--;
    memmove(&reading->values[place], &reading->values[place + 1],
            (reading->value_count - place) * sizeof reading->values[0]);
}
