// SPDX-License-Identifier: Apache-2.0
#include "city/alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const alert_level_names[ALERT_LEVEL_COUNT] = {
    [ALERT_NOTICE] = "notice", [ALERT_WARNING] = "warning", [ALERT_HIGH] = "high", [ALERT_CRITICAL] = "critical"};

struct alerts {
    size_t max, count, size;
    struct alert *list;
    struct alert over; // the last one that ended
    uint64_t refused;
};

struct alerts *alerts_create(size_t max)
{
    struct alerts *alerts = calloc(1, sizeof *alerts);
    if (alerts)
        alerts->max = max;
    return alerts;
}

void alerts_destroy(struct alerts *alerts)
{
    if (alerts)
        free(alerts->list);
    free(alerts);
}

static struct alert *find(const struct alerts *alerts, const char *kind, const char *id)
{
    for (size_t i = 0; i < alerts->count; i++)
        if (strcmp(alerts->list[i].id, id) == 0 && strcmp(alerts->list[i].kind, kind) == 0)
            return &alerts->list[i];
    return NULL;
}

static bool make_room(struct alerts *alerts)
{
    enum { SIZE_FIRST = 8 };
    size_t size = alerts->size ? 2 * alerts->size : SIZE_FIRST;
    if (alerts->count < alerts->size)
        return true;
    if (size > alerts->max)
        size = alerts->max;
    if (alerts->count >= size)
        return false;
    struct alert *list = realloc(alerts->list, size * sizeof *list);
    if (!list)
        return false;
    alerts->list = list;
    alerts->size = size;
    return true;
}

// NULL when there is no room, or when a text is longer than such texts are.
static struct alert *add(struct alerts *alerts, const char *kind, const char *id)
{
    if (strlen(kind) >= ALERT_KIND_SIZE || strlen(id) >= ALERT_ID_SIZE || !make_room(alerts))
        return NULL;
    struct alert *alert = &alerts->list[alerts->count++];
    *alert = (struct alert){0};
    snprintf(alert->kind, sizeof alert->kind, "%s", kind);
    snprintf(alert->id, sizeof alert->id, "%s", id);
    return alert;
}

static size_t find_condition(const struct alert *alert, const char *name)
{
    size_t i = 0;
    while (i < alert->count && strcmp(alert->conditions[i].name, name) != 0)
        i++;
    return i;
}

static void take_out(struct alert *alert, size_t index)
{
    alert->count--;
    memmove(&alert->conditions[index], &alert->conditions[index + 1],
            (alert->count - index) * sizeof *alert->conditions);
}

static bool goes_before(const struct alert_condition *one, const struct alert_condition *other)
{
    return one->level != other->level ? one->level > other->level : one->since_us < other->since_us;
}

static void put_in(struct alert *alert, const struct alert_condition *condition)
{
    size_t at = 0;
    while (at < alert->count && !goes_before(condition, &alert->conditions[at]))
        at++;
    memmove(&alert->conditions[at + 1], &alert->conditions[at], (alert->count - at) * sizeof *alert->conditions);
    alert->conditions[at] = *condition;
    alert->count++;
}

const struct alert *alerts_begin(struct alerts *alerts, const char *kind, const char *id,
                                 const struct alert_condition *condition)
{
    struct alert_condition next = *condition;
    struct alert *alert = find(alerts, kind, id);
    size_t at = alert ? find_condition(alert, next.name) : 0;
    bool is_active = alert && at < alert->count;
    if (!alert)
        alert = add(alerts, kind, id);
    if (!alert || (!is_active && alert->count == ALERT_CONDITIONS_MAX)) {
        alerts->refused++;
        return NULL;
    }
    if (is_active) {
        struct alert_condition *active = &alert->conditions[at];
        next.since_us = active->since_us;
        if (active->level == next.level) {
            *active = next;
            return NULL;
        }
        take_out(alert, at);
    }
    put_in(alert, &next);
    return alert;
}

const struct alert *alerts_end(struct alerts *alerts, const char *kind, const char *id, const char *condition)
{
    struct alert *alert = find(alerts, kind, id);
    size_t at = alert && condition ? find_condition(alert, condition) : 0;
    if (!alert || at == alert->count)
        return NULL;
    if (condition)
        take_out(alert, at);
    else
        alert->count = 0;
    if (alert->count > 0)
        return alert;
    alerts->over = *alert;
    *alert = alerts->list[--alerts->count];
    return &alerts->over;
}

const struct alert *alerts_find(const struct alerts *alerts, const char *kind, const char *id)
{
    return find(alerts, kind, id);
}

size_t alerts_count(const struct alerts *alerts)
{
    return alerts->count;
}

const struct alert *alerts_at(const struct alerts *alerts, size_t index)
{
    return index < alerts->count ? &alerts->list[index] : NULL;
}

uint64_t alerts_refused(const struct alerts *alerts)
{
    return alerts->refused;
}
