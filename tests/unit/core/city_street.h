// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city_rig.h"

/*
 * Two bays of a car park, a square with an eye and a sensor of the air, over a rig of the city room; and whether what was told of their
 * alerts is what the gateway thinks of them.
 */

static const char places[] = "[zone:lot]\nkind = parking\ncapacity = 3\n"
                             "[zone:plaza]\nkind = crowd\narea = 100 m2\nlimits = 2 4 5\nhold = 0 s\n";
static const char sensors[] = "[sensor:bay-1]\nkind = parking\nzone = lot\nstale_after = 10 min\n"
                              "[sensor:bay-2]\nkind = parking\nzone = lot\nstale_after = 0 s\n"
                              "[sensor:eye]\nkind = crowd\nzone = plaza\nstale_after = 0 s\n";
static const char air[] = "[sensor:air]\nkind = environment\nstale_after = 10 min\n";

static inline void configure(const char *zones, const char *first, const char *second)
{
    snprintf(rig.config, sizeof rig.config, "[gateway]\nid = t\nmunicipality = 271004\n[coap]\n%s%s%s", zones, first,
             second);
}

static inline int begin(void **state)
{
    (void)state;
    char text[2000];
    snprintf(text, sizeof text, "%s%s%s", places, sensors, air);
    begin_rig(text);
    city_tick(rig.city, set);
    return 0;
}

static inline void reopen(const char *zones, const char *first, const char *second)
{
    close_rig();
    configure(zones, first, second);
    open_rig();
    durable();
}

static inline void occupy(const char *name, bool occupied)
{
    add_bool(name, occupied, 0);
    take();
}

static inline void warm(double celsius)
{
    add_number("air:temperature_c", "Cel", celsius, 0);
    take();
}

static inline void see_people(double people)
{
    add_number("eye:people", "", people, 0);
    take();
}

static inline const struct alert *find_alert(const char *stream)
{
    const char *id, *kind;
    unsigned size;
    const struct alert *alert;
    stream_subject(stream, &id);
    kind = stream_alert_kind(stream, &size);
    for (size_t i = 0; (alert = city_alert(rig.city, i)); i++)
        if (strcmp(alert->id, id) == 0 && strlen(alert->kind) == size && memcmp(alert->kind, kind, size) == 0)
            return alert;
    return NULL;
}

// Of every alert: what stands at a broker, who keeps the newest, is what the gateway thinks.
static inline void assert_told(void)
{
    size_t active = 0;
    durable();
    for (uint32_t i = 0; i < buffer_stream_count(rig.buffer); i++) {
        const char *id, *stream = buffer_stream_name(rig.buffer, i);
        if (stream_subject(stream, &id) != SUBJECT_ALERT)
            continue;
        const char *said = told_last(stream);
        bool is_active = said && *said;
        if (is_active != (find_alert(stream) != NULL))
            fail_msg("%s was told as '%s', and is %s", stream, said ? said : "nothing",
                     find_alert(stream) ? "active" : "over");
        active += is_active;
    }
    assert_int_equal(active, alerts_now());
}
