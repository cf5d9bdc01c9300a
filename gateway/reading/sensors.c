// SPDX-License-Identifier: Apache-2.0
#include "reading/sensors.h"

#include "checks.h"
#include "table.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_mapping(struct sensor_entry *entry, const struct settings_map *map, enum kind kind)
{
    const char *unit = map_unit(map);
    entry->mappings[entry->mapping_count++] =
        (struct mapping){.field = map->field,
                         .quantity = vocabulary_find(map->quantity, kind),
                         .unit = unit,
                         .factor = map->factor,
                         .offset = map->offset,
                         .converts = unit[0] || map->factor != 1 || map->offset != 0};
}

static bool maps_quantity(const struct settings_sensor *settings, const char *quantity)
{
    for (size_t i = 0; i < settings->map_count; i++)
        if (!strcmp(settings->maps[i].quantity, quantity))
            return true;
    return false;
}

// The sensor's own maps, then those of its profile that it does not replace.
static int fill_mappings(struct sensor_entry *entry, const struct settings_device *device)
{
    const struct settings_sensor *settings = entry->sensor.settings;
    size_t most = settings->map_count + (device ? device->map_count : 0);
    if (!most)
        return 0;
    entry->mappings = calloc(most, sizeof *entry->mappings);
    if (!entry->mappings)
        return -ENOMEM;
    for (size_t i = 0; i < settings->map_count; i++)
        add_mapping(entry, &settings->maps[i], (enum kind)settings->kind);
    for (size_t i = 0; device && i < device->map_count; i++)
        if (!maps_quantity(settings, device->maps[i].quantity))
            add_mapping(entry, &device->maps[i], (enum kind)settings->kind);
    return 0;
}

static int fill_entries(struct sensors *sensors, const struct settings *settings)
{
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *one = &settings->sensor[i];
        sensors->by_source[sensors->by_source_count++] = one;
        if (one->disabled) {
            sensors->disabled[sensors->disabled_count++] = one;
            continue;
        }
        struct sensor_entry *entry = &sensors->entries[sensors->count];
        entry->sensor = (struct sensor){.settings = one, .index = sensors->count};
        sensors->by_id[sensors->count++] = entry;
        addresses_put(&sensors->addresses, one, entry->sensor.index);
        int error = fill_mappings(entry, profile_find(settings, one->device));
        if (error)
            return error;
    }
    return 0;
}

static const char *id_of(const struct sensor_entry *entry)
{
    return entry->sensor.settings->id;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(id_of(*(const struct sensor_entry *const *)a), id_of(*(const struct sensor_entry *const *)b));
}

static int compare_id(const void *id, const void *entry)
{
    return strcmp(id, id_of(*(const struct sensor_entry *const *)entry));
}

static int compare_sources(const void *a, const void *b)
{
    const struct settings_sensor *const *one = a, *const *other = b;
    return strcmp((*one)->source, (*other)->source);
}

static int fill(struct sensors *sensors, const struct settings *settings)
{
    size_t most = settings->sensor_count ? settings->sensor_count : 1;
    sensors->entries = calloc(most, sizeof *sensors->entries);
    sensors->by_id = calloc(most, sizeof *sensors->by_id);
    sensors->by_source = calloc(most, sizeof *sensors->by_source);
    sensors->disabled = calloc(most, sizeof *sensors->disabled);
    if (!sensors->entries || !sensors->by_id || !sensors->by_source || !sensors->disabled ||
        addresses_init(&sensors->addresses, most))
        return -ENOMEM;
    int error = fill_entries(sensors, settings);
    if (error)
        return error;
    qsort(sensors->by_id, sensors->count, sizeof *sensors->by_id, compare_ids);
    qsort(sensors->by_source, sensors->by_source_count, sizeof *sensors->by_source, compare_sources);
    return 0;
}

int sensors_create(struct settings *settings, struct findings *findings, struct sensors **ret_sensors)
{
    struct sensors *sensors = calloc(1, sizeof *sensors);
    if (!sensors)
        return -ENOMEM;
    sensors_check(settings, findings);
    int error = fill(sensors, settings);
    if (error)
        sensors_destroy(sensors);
    else
        *ret_sensors = sensors;
    return error;
}

void sensors_destroy(struct sensors *sensors)
{
    if (!sensors)
        return;
    for (size_t i = 0; i < sensors->count; i++)
        free(sensors->entries[i].mappings);
    addresses_finish(&sensors->addresses);
    free(sensors->by_source);
    free(sensors->disabled);
    free(sensors->by_id);
    free(sensors->entries);
    free(sensors);
}

size_t sensors_count(const struct sensors *sensors)
{
    return sensors->count;
}

const struct sensor *sensors_at(const struct sensors *sensors, size_t index)
{
    return &sensors->entries[index].sensor;
}

const struct sensor *sensors_find(const struct sensors *sensors, const char *id)
{
    const struct sensor_entry *const *found =
        bsearch(id, sensors->by_id, sensors->count, sizeof *sensors->by_id, compare_id);
    return found ? &(*found)->sensor : NULL;
}

const struct sensor *sensors_by_name(const struct sensors *sensors, const char *source, const char *name,
                                     const char **ret_field)
{
    const struct address_slot *slot = addresses_find(&sensors->addresses, source, name, ret_field);
    return slot ? &sensors->entries[slot->index].sensor : NULL;
}

bool sensors_is_disabled(const struct sensors *sensors, const char *source, const char *name)
{
    for (size_t i = 0; i < sensors->disabled_count; i++) {
        const struct settings_sensor *one = sensors->disabled[i];
        if (!strcmp(one->id, name) || (!strcmp(one->source, source) && !strcmp(one->address, name)))
            return true;
    }
    return false;
}

const struct sensor *sensors_only(const struct sensors *sensors, const char *source)
{
    size_t first = 0, after = sensors->by_source_count;
    while (first < after) {
        size_t middle = (first + after) / 2;
        if (strcmp(sensors->by_source[middle]->source, source) < 0)
            first = middle + 1;
        else
            after = middle;
    }
    if (first == sensors->by_source_count || strcmp(sensors->by_source[first]->source, source))
        return NULL;
    // A neighbour that is disabled by a mistake still sends: its frames must not be taken for this sensor's.
    bool alone = first + 1 == sensors->by_source_count || strcmp(sensors->by_source[first + 1]->source, source);
    return alone ? sensors_find(sensors, sensors->by_source[first]->id) : NULL;
}
