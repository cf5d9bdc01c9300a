// SPDX-License-Identifier: Apache-2.0
#include "city_status.h"

#include "check.h"
#include "city.h"
#include <stdio.h>
#include <string.h>

/*
 * What is shown of a city room that is played here: of its alerts, zones and figures.
 */

enum { MANY = STATUS_ALERTS_MAX + 56 };

static struct alert alerts[MANY];
static size_t alert_count;
static struct bytes zones[2];
static struct settings_zone zone_settings[] = {{.id = "lot", .name = "梅田駐車場", .kind = KIND_PARKING},
                                               {.id = "plaza", .name = "", .kind = KIND_CROWD, .disabled = true}};
static const struct settings settings = {.zone = zone_settings, .zone_count = 2};
static struct city_status *shown;

void city_figures(const struct city *city, struct city_figures *ret_figures)
{
    (void)city;
    *ret_figures = (struct city_figures){.alerts = alert_count,
                                         .alerts_refused = 1,
                                         .derived = 2,
                                         .derived_dropped = 3,
                                         .roads = {.bumps = 4,
                                                   .stretches = 5,
                                                   .private_samples = 6,
                                                   .places = 7,
                                                   .confirmed = 8,
                                                   .known = 9,
                                                   .evicted = 10,
                                                   .refused = 11,
                                                   .late = 12,
                                                   .rough = 13,
                                                   .forgotten = 14,
                                                   .unsound = 15}};
}

const struct alert *city_alert(const struct city *city, size_t index)
{
    (void)city;
    return index < alert_count ? &alerts[index] : NULL;
}

const struct bytes *city_zone(const struct city *city, size_t index)
{
    (void)city;
    return &zones[index];
}

static int begin(void **state)
{
    (void)state;
    alert_count = 0;
    for (size_t i = 0; i < 2; i++)
        bytes_init(&zones[i], 4096);
    shown = city_status_create(NULL, &settings);
    return shown ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        bytes_finish(&zones[i]);
    city_status_destroy(shown);
    return 0;
}

static void add_alert(const char *kind, unsigned id, enum alert_level level, int64_t since_us)
{
    struct alert *alert = &alerts[alert_count++];
    *alert = (struct alert){.count = 1, .conditions = {{.name = "stale", .level = level, .since_us = since_us}}};
    snprintf(alert->kind, sizeof alert->kind, "%s", kind);
    snprintf(alert->id, sizeof alert->id, "%u", id);
}

static uint64_t count_of(const struct status_city *city, const char *kind, const char *level)
{
    uint64_t count = 0;
    for (size_t i = 0; i < city->alert_count_count; i++)
        if (strcmp(city->alert_counts[i].kind, kind) == 0 && strcmp(city->alert_counts[i].level, level) == 0)
            count += city->alert_counts[i].count;
    return count;
}

static void the_worst_and_oldest_alerts_are_listed_first(void **state)
{
    static const char *const order[] = {"4", "2", "3", "1"};
    (void)state;
    add_alert("parking", 1, ALERT_NOTICE, 10);
    add_alert("crowd", 2, ALERT_HIGH, 20);
    add_alert("crowd", 3, ALERT_HIGH, 30);
    add_alert("gateway", 4, ALERT_CRITICAL, 40);
    for (int twice = 0; twice < 2; twice++) { // counted anew each time
        const struct status_city *city = city_status_take(shown);
        assert_int_equal(city->alert_count, 4);
        assert_int_equal(city->alerts_more, 0);
        for (size_t i = 0; i < 4; i++)
            assert_string_equal(city->alerts[i].id, order[i]);
        assert_string_equal(city->alerts[1].conditions[0].level, "high");
        assert_int_equal(city->alerts[1].conditions[0].since_us, 20);
        assert_int_equal(count_of(city, "crowd", "high"), 2);
        assert_int_equal(count_of(city, "gateway", "critical"), 1);
        assert_int_equal(count_of(city, "crowd", "warning"), 0);
        assert_int_equal(city->alert_count_count, (KIND_COUNT + 1) * ALERT_LEVEL_COUNT);
    }
}

static void of_more_than_have_room_the_worst_are_listed_and_all_are_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MANY; i++) // the later, the worse: half are notices, every tenth is critical
        add_alert("parking", i, i % 10 == 9 ? ALERT_CRITICAL : i % 2 ? ALERT_WARNING : ALERT_NOTICE, 1000 - (int64_t)i);
    const struct status_city *city = city_status_take(shown);
    assert_int_equal(city->alert_count, STATUS_ALERTS_MAX);
    assert_int_equal(city->alerts_more, MANY - STATUS_ALERTS_MAX);
    for (unsigned i = 0; i < MANY / 10; i++) {
        assert_string_equal(city->alerts[i].conditions[0].level, "critical");
        assert_int_equal(city->alerts[i].conditions[0].since_us, 1000 - (int64_t)(MANY - 1 - 10 * i));
    }
    assert_string_equal(city->alerts[MANY / 10].conditions[0].level, "warning");
    assert_int_equal(count_of(city, "parking", "critical"), MANY / 10);
    assert_int_equal(count_of(city, "parking", "notice"), MANY / 2);
}

static void a_zone_shows_its_last_reading(void **state)
{
    struct reading reading = {.kind = KIND_PARKING,
                              .zone = "lot",
                              .time_us = 1795316645678000,
                              .quality = QUALITY_STALE,
                              .values = {{.name = "free", .type = VALUE_INTEGER, .number = 12},
                                         {.name = "fill", .type = VALUE_TEXT, .text = "free"}},
                              .value_count = 2};
    (void)state;
    const struct status_city *city = city_status_take(shown);
    assert_int_equal(city->zone_count, 2);
    assert_int_equal(city->zone(city->zones, 0)->time_us, 0);
    assert_int_equal(city->zone(city->zones, 0)->value_count, 0);
    reading_encode(&reading, &zones[0]);
    const struct status_zone *zone = city->zone(city->zones, 0);
    assert_string_equal(zone->id, "lot");
    assert_string_equal(zone->kind, "parking");
    assert_string_equal(zone->name, "梅田駐車場");
    assert_string_equal(zone->quality, "stale");
    assert_int_equal(zone->time_us, 1795316645678000);
    assert_int_equal(zone->value_count, 2);
    assert_string_equal(zone->values[0].name, "free");
    assert_string_equal(zone->values[0].json, "12");
    assert_string_equal(zone->values[1].json, "\"free\"");
    assert_true(city->zone(city->zones, 1)->disabled);
}

static void the_figures_are_those_of_the_room(void **state)
{
    (void)state;
    const struct status_city *city = city_status_take(shown);
    const uint64_t got[] = {city->alerts_refused,  city->derived,
                            city->derived_dropped, city->bumps,
                            city->stretches,       city->private_samples,
                            city->places,          city->places_confirmed,
                            city->known_objects,   city->places_evicted,
                            city->places_refused,  city->places_late,
                            city->places_rough,    city->stretches_forgotten,
                            city->unsound_samples};
    for (size_t i = 0; i < sizeof got / sizeof *got; i++)
        assert_int_equal(got[i], i + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_worst_and_oldest_alerts_are_listed_first),
        TEST(of_more_than_have_room_the_worst_are_listed_and_all_are_counted),
        TEST(a_zone_shows_its_last_reading),
        TEST(the_figures_are_those_of_the_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
