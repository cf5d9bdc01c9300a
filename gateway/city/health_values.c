// SPDX-License-Identifier: Apache-2.0
#include "health_parts.h"

#include <math.h>
#include <string.h>

enum { SAME_READINGS = 6, CHANGES_TO_END = 2, COARSE = 3 };

// What varies in nature, and from where on, downwards or upwards, it may well rest: in the dark, in fog, in clean air, in a calm, or at
// the floor of the sensor. A row's number is saved: new ones go to the end.
// clang-format off
static const struct varying {
    const char *name;
    double rests_below, rests_above;
} varying[] = {
    {"temperature_c", -INFINITY, INFINITY}, {"humidity_pct", 0, 99},                {"pressure_hpa", -INFINITY, INFINITY},
    {"noise_db", -INFINITY, INFINITY},      {"co2_ppm", 400, INFINITY},             {"pm1_ugm3", 0, INFINITY},
    {"pm25_ugm3", 0, INFINITY},             {"pm10_ugm3", 0, INFINITY},             {"illuminance_lux", 0, INFINITY},
    {"solar_wm2", 0, INFINITY},             {"wind_speed_mps", 0, INFINITY},        {"wind_gust_mps", 0, INFINITY},
    {"magnetic_x_ut", -INFINITY, INFINITY}, {"magnetic_y_ut", -INFINITY, INFINITY}, {"magnetic_z_ut", -INFINITY, INFINITY},
};
// clang-format on

static const struct varying *find_varying(const char *name)
{
    for (size_t i = 0; i < sizeof varying / sizeof *varying; i++)
        if (varying[i].name[0] == name[0] && strcmp(varying[i].name, name) == 0)
            return &varying[i];
    return NULL;
}

static uint32_t hash_of(double number)
{
    double plain = number + 0.0; // -0.0 is 0.0
    uint64_t bits;
    memcpy(&bits, &plain, sizeof bits);
    return (uint32_t)((bits ^ bits >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> 32) | 1; // 0: none yet
}

// The place of a quantity, or a new one; NULL when all are taken.
static struct health_value *place_of(struct health *health, const struct varying *quantity)
{
    uint8_t number = (uint8_t)(quantity - varying + 1);
    for (size_t i = 0; i < HEALTH_VALUES_MAX; i++) {
        struct health_value *place = &health->values[i];
        if (place->quantity == number || !place->quantity) {
            place->quantity = number;
            return place;
        }
    }
    return NULL;
}

static bool is_at_rest(const struct varying *quantity, double number)
{
    return number <= quantity->rests_below || number >= quantity->rests_above;
}

static void begin_anew(struct health_value *place, int64_t now_boot_us)
{
    place->since_boot_us = now_boot_us;
    place->same = 0;
}

static void change(struct health_value *place, uint32_t hash, int64_t now_boot_us)
{
    place->hash = hash;
    begin_anew(place, now_boot_us);
    if (place->is_stuck && ++place->changes >= CHANGES_TO_END)
        place->is_stuck = 0;
}

// What came late is no newer value; but it may show that the value was another one in between.
static void see(struct health_value *place, const struct varying *quantity, double number, bool is_late, int64_t now_us,
                int64_t stuck_after_us)
{
    uint32_t hash = hash_of(number);
    bool differs = hash != place->hash;
    if (is_late) {
        if (differs && !place->is_stuck)
            begin_anew(place, now_us);
        return;
    }
    if (differs)
        change(place, hash, now_us);
    else if (is_at_rest(quantity, number))
        begin_anew(place, now_us);
    else if (place->same < SAME_READINGS)
        place->same++;
    int64_t limit_us = number == floor(number) ? COARSE * stuck_after_us : stuck_after_us;
    if (place->is_stuck || place->same < SAME_READINGS || now_us - place->since_boot_us < limit_us)
        return;
    place->is_stuck = 1;
    place->changes = 0;
}

static bool any_stuck(const struct health *health)
{
    for (size_t i = 0; i < HEALTH_VALUES_MAX; i++)
        if (health->values[i].is_stuck)
            return true;
    return false;
}

void health_take_values(struct health *health, const struct settings_sensor *sensor, const struct reading *reading,
                        bool is_late, const struct health_moment *moment, struct health_report *report)
{
    struct health_news facts = {.condition = HEALTH_STUCK, .since_us = health_ago(moment, 0)};
    if (sensor->stuck_after_us == 0)
        return;
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct value *value = &reading->values[i];
        const struct varying *quantity = find_varying(value->name);
        struct health_value *place = quantity ? place_of(health, quantity) : NULL;
        if (!place)
            continue;
        uint8_t was_stuck = place->is_stuck;
        int64_t since_boot_us = place->since_boot_us;
        see(place, quantity, value->number, is_late, moment->boot_us, sensor->stuck_after_us);
        if (was_stuck == place->is_stuck)
            continue;
        facts.quantity = quantity->name;
        facts.value = (double)(moment->boot_us - since_boot_us) / 1e6;
        facts.since_us = health_ago(moment, place->is_stuck ? moment->boot_us - since_boot_us : 0);
    }
    health_set(health, any_stuck(health), &facts, report);
}
