// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "city/zone_parking.h"
#include "zone_day.h"

/*
 * A car park of ten bays under test, its day, and what was told of it last.
 */

enum { BAYS = 10 };

static const struct calendar tokyo = {tokyo_utc_us};
static struct settings_zone lot;
static struct settings_sensor sensors[BAYS];
static struct zone_parking *zone;
static int64_t clock_us;
static struct reading last; // what was told

static inline int begin(void **state)
{
    (void)state;
    lot = (struct settings_zone){.id = "lot",
                                 .kind = KIND_PARKING,
                                 .bands = {0.6, 0.85},
                                 .band_count = 2,
                                 .almost_full = 0.9,
                                 .reset_minute = -1};
    for (int i = 0; i < BAYS; i++)
        sensors[i] = (struct settings_sensor){
            .id = (const char *[]){"b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8", "b9"}[i],
            .kind = KIND_PARKING,
            .stale_after_us = 48 * HOUR,
            .out_last_day = -1};
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    zone_parking_destroy(zone);
    zone = NULL;
    return 0;
}

// The sensors that stand there, now that all is set.
static inline void stand(int count)
{
    zone = zone_parking_create(&lot, &tokyo);
    for (int i = 0; i < count; i++)
        assert_int_equal(zone_parking_add(zone, &sensors[i]), i);
}

static inline enum zone_news say(int number, double seconds, const char *name, double value)
{
    struct event event = {number, day_begins_us + (int64_t)(seconds * 1e6), name, value, NULL, 0};
    struct reading reading = reading_of(&event);
    return zone_parking_take(zone, number, &reading, event.time_us);
}

static inline void park(int number, double seconds)
{
    say(number, seconds, "occupied", 1);
}

static inline void leave(int number, double seconds)
{
    say(number, seconds, "occupied", 0);
}

// free/occupied/unknown of capacity
static inline const char *figures(void)
{
    static char text[100];
    struct zone_parking_figures now;
    zone_parking_figures(zone, &now);
    snprintf(text, sizeof text, "%d/%d/%d of %d", (int)now.free, (int)now.occupied, (int)now.unknown,
             (int)now.capacity);
    return text;
}

// Fetches what there is to tell.
static inline bool tells(void)
{
    clock_us += 2 * S;
    return zone_parking_report(zone, clock_us, &last);
}

static inline void counters(void)
{
    lot.capacity = 100;
    for (int i = 0; i < 3; i++)
        sensors[i].kind = KIND_TRAFFIC;
    sensors[0].counting = COUNTING_IN;
    sensors[1].counting = COUNTING_OUT;
    stand(3);
}
