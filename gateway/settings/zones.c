// SPDX-License-Identifier: Apache-2.0
#include "zones.h"

#include "base/messages.h"
#include <string.h>
#include <strings.h>

enum { LEVELS_MAX = 3 }; // warning, high, critical

// What stands in a zone.
struct crew {
    int64_t bays, counters;
};

static struct crew crew_of(const struct loading *loading, const struct settings_zone *zone)
{
    struct crew crew = {0};
    for (size_t i = 0; i < loading->section_count; i++) {
        const struct section *section = &loading->sections[i];
        if (!section->object || section->bad || strcmp(section->type->type, "sensor") != 0)
            continue;
        const struct settings_sensor *sensor = section->object;
        if (strcmp(sensor->zone, zone->id) != 0)
            continue;
        crew.bays += sensor->kind == KIND_PARKING;
        crew.counters += sensor->kind == KIND_TRAFFIC;
    }
    return crew;
}

static void check_car_park(struct loading *loading, struct section *section)
{
    const struct settings_zone *zone = section->object;
    struct crew crew = crew_of(loading, zone);
    if (zone->capacity > 0 && zone->reset_to > zone->capacity)
        section_error(loading, section, section_line(section, "reset_to"), "reset_to",
                      _("it is more than the capacity; expected at most %lld"), (long long)zone->capacity);
    if (zone->capacity > 0 && crew.bays > zone->capacity)
        section_warning(loading, section, section_line(section, "capacity"), "capacity",
                        _("%lld bays stand in this zone, so that many are counted; expected that capacity or more"),
                        (long long)crew.bays);
    if (!zone->capacity && crew.counters > 0)
        section_warning(loading, section, section_line(section, "capacity"), "capacity",
                        _("vehicles are counted here, but not what is free; expected the number of spaces"));
    if (zone->reset_minute < 0 && crew.counters > 0)
        section_warning(loading, section, section_line(section, "reset"), "reset",
                        _("what counters miss adds up from day to day; expected a time of day such as 03:30"));
}

static void check_place(struct loading *loading, struct section *section)
{
    const struct settings_zone *zone = section->object;
    if (zone->limit_count > LEVELS_MAX)
        section_error(loading, section, section_line(section, "limits"), "limits",
                      _("there are four numbers; expected up to three: warning, high and critical"));
    if (section_entry(section, "limits") && !(zone->area_m2 > 0))
        section_warning(loading, section, section_line(section, "limits"), "limits",
                        _("without an area there is no density; expected area, too"));
}

// Keys of one sort of zone stand in another one without effect.
static const struct zone_key {
    const char *key;
    bool parking, crowd;
} zone_keys[] = {
    {"capacity", .parking = true}, {"bands", .parking = true}, {"almost_full", .parking = true},
    {"category", .parking = true}, {"area", .crowd = true},    {"width", .crowd = true},
    {"limits", .crowd = true},     {"hold", .crowd = true},    {"min_count", .crowd = true},
    {"reset", true, true},         {"reset_to", true, true},
};

static void check_keys(struct loading *loading, const struct section *section)
{
    int kind = ((const struct settings_zone *)section->object)->kind;
    for (size_t i = 0; i < sizeof zone_keys / sizeof *zone_keys; i++) {
        const struct zone_key *row = &zone_keys[i];
        bool suits = (kind == KIND_PARKING && row->parking) || (kind == KIND_CROWD && row->crowd);
        if (!suits && section_entry(section, row->key))
            section_warning(loading, section, section_line(section, row->key), row->key,
                            _("it has no effect in a zone of kind %s"), kind_names[kind]);
    }
}

// In whatever case it is written, which is told where it stands.
static bool is_named(const struct loading *loading, const struct settings_zone *zone)
{
    for (size_t i = 0; i < loading->section_count; i++) {
        const struct section *section = &loading->sections[i];
        const struct settings_sensor *sensor = section->object;
        if (sensor && strcmp(section->type->type, "sensor") == 0 && strcasecmp(sensor->zone, zone->id) == 0)
            return true;
    }
    return false;
}

// An alert is told by kind and id alone.
static void check_name(struct loading *loading, struct section *section)
{
    const struct settings_zone *zone = section->object;
    const struct section *found = section_find(loading, "sensor", zone->id);
    const struct settings_sensor *sensor = found ? found->object : NULL;
    if (sensor && sensor->kind == zone->kind && zone->kind == KIND_CROWD)
        section_warning(loading, section, 0, NULL,
                        _("[sensor:%s] has the same id, so that alert/%s/%s is about both; expected another id"),
                        zone->id, kind_names[zone->kind], zone->id);
}

static void check_zone(struct loading *loading, struct section *section)
{
    const struct settings_zone *zone = section->object;
    check_keys(loading, section);
    check_name(loading, section);
    if (!is_named(loading, zone))
        section_warning(loading, section, 0, NULL,
                        _("no sensor belongs to it, so it will say nothing; expected zone = %s in a [sensor:…]"),
                        zone->id);
    if (zone->kind == KIND_PARKING)
        check_car_park(loading, section);
    else if (zone->kind == KIND_CROWD)
        check_place(loading, section);
}

// What measures the weather may belong to any zone; of what parks, walks and drives each zone counts its own.
static bool has_no_part(enum kind sensor, enum kind zone)
{
    if (sensor != KIND_PARKING && sensor != KIND_CROWD && sensor != KIND_TRAFFIC)
        return false;
    return sensor != zone && !(sensor == KIND_TRAFFIC && zone == KIND_PARKING);
}

static void check_member(struct loading *loading, struct section *section)
{
    const struct settings_sensor *sensor = section->object;
    const struct section *found = *sensor->zone ? section_find(loading, "zone", sensor->zone) : NULL;
    const struct settings_zone *zone = found ? found->object : NULL;
    if (zone && has_no_part((enum kind)sensor->kind, (enum kind)zone->kind))
        section_warning(loading, section, section_line(section, "zone"), "zone",
                        _("a sensor of kind %s has no part in what a zone of kind %s says"), kind_names[sensor->kind],
                        kind_names[zone->kind]);
    if (zone && zone->kind == KIND_PARKING && sensor->kind == KIND_TRAFFIC && !section_entry(section, "counts"))
        section_warning(loading, section, section_line(section, "zone"), "counts",
                        _("it counts vehicles at a car park; expected in, out, or both if its readings tell"));
}

void zones_check(struct loading *loading)
{
    for (size_t i = 0; i < loading->section_count; i++) {
        struct section *section = &loading->sections[i];
        if (!section->object || section->bad)
            continue;
        if (strcmp(section->type->type, "sensor") == 0)
            check_member(loading, section);
        else if (strcmp(section->type->type, "zone") == 0)
            check_zone(loading, section);
    }
}
