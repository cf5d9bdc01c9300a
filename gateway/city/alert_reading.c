// SPDX-License-Identifier: Apache-2.0
#include "city/alert_reading.h"

#include "values.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void list(const struct alert *alert, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < alert->count; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "", alert->conditions[i].name);
}

void alert_reading(const struct alert *alert, struct reading *reading, struct alert_texts *ret_texts)
{
    reading->value_count = 0;
    value_put(reading, &(struct value){.name = "active", .type = VALUE_BOOL, .boolean = alert->count > 0});
    if (alert->count == 0)
        return;
    const struct alert_condition *worst = &alert->conditions[0];
    value_put_text(reading, "condition", worst->name);
    value_put_text(reading, "level", alert_level_names[worst->level]);
    if (worst->since_us)
        value_put_text(reading, "since", utc_text(worst->since_us, ret_texts->since));
    if (worst->quantity[0])
        value_put_text(reading, "quantity", worst->quantity);
    if (worst->value_name[0] && isfinite(worst->value)) // nothing else can be stored
        value_put_number(reading, worst->value_name, round(worst->value * 1e3) / 1e3);
    list(alert, ret_texts->conditions, sizeof ret_texts->conditions);
    value_put_text(reading, "conditions", ret_texts->conditions);
}

static const char *text_of(const struct reading *reading, const char *name)
{
    const struct value *value = reading_find(reading, name);
    return value && value->type == VALUE_TEXT ? value->text : "";
}

bool alert_says(const struct reading *reading, const char *condition)
{
    size_t size = strlen(condition);
    for (const char *at = text_of(reading, "conditions"); *at; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == size && memcmp(at, condition, size) == 0)
            return true;
        at += word;
    }
    return false;
}

bool alert_is_told(const struct reading *reading, const struct alert *alert)
{
    char conditions[ALERT_CONDITIONS_MAX * ALERT_NAME_SIZE];
    if (alert->count == 0)
        return !*text_of(reading, "conditions");
    list(alert, conditions, sizeof conditions);
    return strcmp(text_of(reading, "conditions"), conditions) == 0 &&
           strcmp(text_of(reading, "level"), alert_level_names[alert->conditions[0].level]) == 0;
}
