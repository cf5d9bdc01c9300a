// SPDX-License-Identifier: Apache-2.0
#include "city_status.h"

#include "city.h"
#include "reading/stream.h"
#include "status_values.h"
#include <stdlib.h>
#include <string.h>

_Static_assert((int)STATUS_CONDITIONS_MAX == (int)ALERT_CONDITIONS_MAX, "an alert is shown whole");

enum { KINDS = KIND_COUNT + 1 /* the gateway's own */, TEXTS_MAX = 16 * 1024 };

struct city_status {
    const struct city *city;
    const struct settings *settings;
    struct status_city status;
    struct status_alert_count counts[KINDS * ALERT_LEVEL_COUNT];
    const struct alert *worst[STATUS_ALERTS_MAX];
    struct status_zone zone; // the one last asked for
    struct bytes texts;      // of that
};

/* Alerts. */

static void count_alert(struct city_status *status, const struct alert *alert)
{
    const char *level = alert_level_names[alert->conditions[0].level];
    for (size_t i = 0; i < KINDS * ALERT_LEVEL_COUNT; i++)
        if (strcmp(status->counts[i].kind, alert->kind) == 0 && status->counts[i].level == level)
            status->counts[i].count++;
}

static bool is_worse(const struct alert *one, const struct alert *other)
{
    const struct alert_condition *a = &one->conditions[0], *b = &other->conditions[0];
    return a->level != b->level ? a->level > b->level : a->since_us < b->since_us;
}

// Into its place among the worst, of which the last may have to go.
static void put_in(struct city_status *status, const struct alert *alert)
{
    struct status_city *shown = &status->status;
    size_t at = shown->alert_count;
    while (at > 0 && is_worse(alert, status->worst[at - 1]))
        at--;
    bool full = shown->alert_count == STATUS_ALERTS_MAX;
    shown->alerts_more += full;
    if (at == STATUS_ALERTS_MAX)
        return;
    shown->alert_count += !full;
    memmove(&status->worst[at + 1], &status->worst[at], (shown->alert_count - at - 1) * sizeof *status->worst);
    status->worst[at] = alert;
}

static void show_alert(const struct alert *alert, struct status_alert *ret_shown)
{
    ret_shown->kind = alert->kind;
    ret_shown->id = alert->id;
    ret_shown->condition_count = alert->count;
    for (size_t i = 0; i < alert->count; i++) {
        const struct alert_condition *condition = &alert->conditions[i];
        ret_shown->conditions[i] = (struct status_condition){.name = condition->name,
                                                             .level = alert_level_names[condition->level],
                                                             .since_us = condition->since_us,
                                                             .value_name = condition->value_name,
                                                             .value = condition->value,
                                                             .quantity = condition->quantity};
    }
}

static void take_alerts(struct city_status *status)
{
    const struct alert *alert;
    for (size_t i = 0; i < KINDS * ALERT_LEVEL_COUNT; i++)
        status->counts[i].count = 0;
    for (size_t i = 0; (alert = city_alert(status->city, i)); i++) {
        count_alert(status, alert);
        put_in(status, alert);
    }
    for (size_t i = 0; i < status->status.alert_count; i++)
        show_alert(status->worst[i], &status->status.alerts[i]);
}

/* Zones. */

static const struct status_zone *take_zone(void *context, size_t index)
{
    struct city_status *status = context;
    const struct settings_zone *settings = &status->settings->zone[index];
    const struct bytes *last = city_zone(status->city, index);
    struct status_zone *ret = &status->zone;
    struct reading reading;
    *ret = (struct status_zone){.id = settings->id,
                                .kind = kind_names[settings->kind],
                                .name = settings->name,
                                .disabled = settings->disabled,
                                .quality = "",
                                .time_quality = ""};
    if (last->used == 0 || reading_decode(last->data, last->used, &reading) != 0)
        return ret;
    ret->time_us = reading.time_us;
    ret->quality = quality_names[reading.quality];
    ret->time_quality = time_quality_names[reading.time_quality];
    ret->value_count = status_values(&reading, &status->texts, ret->values);
    return ret;
}

const struct status_city *city_status_take(struct city_status *status)
{
    struct city_figures figures;
    city_figures(status->city, &figures);
    status->status.alert_count = status->status.alerts_more = 0;
    take_alerts(status);
    status->status.alerts_refused = figures.alerts_refused;
    status->status.derived = figures.derived;
    status->status.derived_dropped = figures.derived_dropped;
    status->status.bumps = figures.roads.bumps;
    status->status.stretches = figures.roads.stretches;
    status->status.private_samples = figures.roads.private_samples;
    status->status.places = figures.roads.places;
    status->status.places_confirmed = figures.roads.confirmed;
    status->status.known_objects = figures.roads.known;
    status->status.places_evicted = figures.roads.evicted;
    status->status.places_refused = figures.roads.refused;
    status->status.places_late = figures.roads.late;
    status->status.places_rough = figures.roads.rough;
    status->status.stretches_forgotten = figures.roads.forgotten;
    status->status.unsound_samples = figures.roads.unsound;
    return &status->status;
}

struct city_status *city_status_create(const struct city *city, const struct settings *settings)
{
    struct city_status *status = calloc(1, sizeof *status);
    if (!status)
        return NULL;
    status->city = city;
    status->settings = settings;
    bytes_init(&status->texts, TEXTS_MAX);
    for (size_t i = 0; i < KINDS * ALERT_LEVEL_COUNT; i++) {
        size_t kind = i / ALERT_LEVEL_COUNT;
        status->counts[i].kind = kind < KIND_COUNT ? kind_names[kind] : gateway_alert_kind;
        status->counts[i].level = alert_level_names[i % ALERT_LEVEL_COUNT];
    }
    status->status.alert_counts = status->counts;
    status->status.alert_count_count = KINDS * ALERT_LEVEL_COUNT;
    status->status.zone = take_zone;
    status->status.zones = status;
    status->status.zone_count = settings->zone_count;
    return status;
}

void city_status_destroy(struct city_status *status)
{
    if (status)
        bytes_finish(&status->texts);
    free(status);
}
