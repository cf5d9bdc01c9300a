// SPDX-License-Identifier: Apache-2.0
#include "places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int order_sensors(const void *a, const void *b)
{
    const struct settings_sensor *const *left = a, *const *right = b;
    return strcmp((*left)->id, (*right)->id);
}

static int order_zones(const void *a, const void *b)
{
    const struct settings_zone *const *left = a, *const *right = b;
    return strcmp((*left)->id, (*right)->id);
}

int places_init(struct places *places, const struct settings *settings)
{
    *places = (struct places){.sensors = calloc(settings->sensor_count + 1, sizeof(void *)),
                              .zones = calloc(settings->zone_count + 1, sizeof(void *)),
                              .sensor_count = settings->sensor_count,
                              .zone_count = settings->zone_count};
    if (!places->sensors || !places->zones) {
        places_finish(places);
        return -ENOMEM;
    }
    for (size_t i = 0; i < settings->sensor_count; i++) {
        places->sensors[i] = &settings->sensor[i];
    }
    for (size_t i = 0; i < settings->zone_count; i++) {
        places->zones[i] = &settings->zone[i];
    }
    qsort(places->sensors, places->sensor_count, sizeof *places->sensors, order_sensors);
    qsort(places->zones, places->zone_count, sizeof *places->zones, order_zones);
    return 0;
}

void places_finish(struct places *places)
{
    free(places->sensors);
    free(places->zones);
    *places = (struct places){0};
}

const struct settings_sensor *places_sensor(const struct places *places, const char *id)
{
    const struct settings_sensor key = {.id = id}, *wanted = &key;
    const struct settings_sensor **found =
        places->sensor_count
            ? bsearch(&wanted, places->sensors, places->sensor_count, sizeof *places->sensors, order_sensors)
            : NULL;
    return found ? *found : NULL;
}

const struct settings_zone *places_zone(const struct places *places, const char *id)
{
    const struct settings_zone key = {.id = id}, *wanted = &key;
    const struct settings_zone **found =
        places->zone_count ? bsearch(&wanted, places->zones, places->zone_count, sizeof *places->zones, order_zones)
                           : NULL;
    return found ? *found : NULL;
}
