// SPDX-License-Identifier: Apache-2.0
#include "watched.h"

#include <math.h>

/*
 * A year of weather over healthy sensors: nights, calms, a rainy season in which the air is saturated for days, a cold spell, repeated and
 * late readings, a gateway that starts anew each week. Not one alert may come of it, since staff ignore what cries wolf.
 */

enum { PERIOD = 10 * MINUTE, YEAR = 365 * DAY };

static const double turn = 6.283185307179586;
static uint32_t seed;

static double noise(void)
{
    seed = seed * 1664525 + 1013904223;
    return (double)(seed >> 8) / (1 << 24) - 0.5;
}

struct weather {
    double temperature, humidity, pressure, light, wind, dust, battery;
};

static struct weather weather_at(int64_t time_s)
{
    double day = (double)time_s / DAY, year = (double)time_s / YEAR;
    double sun = fmax(0, sin(turn * (day - 0.25))), front = sin(turn * day / 5.3) + 0.4 * sin(turn * day / 1.7);
    bool rains = year > 0.45 && year < 0.55 && front > -0.6;
    struct weather weather = {.temperature = 15 - 12 * cos(turn * year) + (rains ? 0.3 : 5) * (sun - 0.4) + 2 * front,
                              .humidity = rains ? 99.9 : 65 - 20 * sun + 8 * front,
                              .pressure = 1012 + 7 * front + 0.8 * sin(2 * turn * day),
                              .light = rains ? floor(9000 * sun) : floor(80000 * sun),
                              .wind = fmax(0, 2 * sun + front - 0.5),
                              .dust = rains ? 0 : fmax(0, 12 + 8 * front),
                              .battery = 100 - 40 * year};
    weather.battery += 0.15 * (weather.temperature - 15); // cold takes a few points
    return weather;
}

static double rounded(double number, double step)
{
    return round(number / step) * step;
}

static struct reading measured(const struct watched *watched, double step)
{
    struct weather weather = weather_at(watched->boot_s);
    struct reading reading = reading_before(watched, 0);
    add_number(&reading, "temperature_c", rounded(weather.temperature + 0.3 * noise(), step));
    add_number(&reading, "humidity_pct", fmin(99.9, rounded(weather.humidity + noise(), step)));
    add_number(&reading, "illuminance_lux", weather.light);
    add_number(&reading, "pressure_hpa", rounded(weather.pressure + 0.1 * noise(), step));
    add_number(&reading, "wind_speed_mps", rounded(weather.wind, step));
    add_number(&reading, "pm25_ugm3", rounded(weather.dust, step));
    add_number(&reading, "battery_pct", rounded(fmin(100, fmax(0, weather.battery + 2 * noise())), 1));
    return reading;
}

// The gateway's own clocks begin anew, too.
static void start_again(struct watched *watched)
{
    double numbers[HEALTH_NUMBERS];
    health_save(&watched->health, watched->boot_s * micro, numbers);
    health_start(&watched->health, &watched->settings, watched->boot_s * micro, 0);
    assert_true(health_restore(&watched->health, watched->boot_s * micro, numbers, HEALTH_NUMBERS));
}

static void live_through_a_year(struct watched *watched, double step)
{
    struct reading before = reading_before(watched, 0);
    for (int64_t reading = 0; reading < YEAR / PERIOD; reading++) {
        struct reading fresh = measured(watched, step);
        if (noise() < -0.49)
            fresh.refused[fresh.refused_count++] = "noise_db";
        if (noise() < 0.4) // one of ten is lost
            take(watched, fresh);
        if (noise() < -0.4)
            take(watched, before); // late, or twice
        before = fresh;
        if (reading % (7 * 144) == 0)
            start_again(watched);
        pass(watched, PERIOD);
    }
    assert_string_equal(told(watched), "");
}

static void a_year_of_weather_is_well(void **state)
{
    (void)state;
    for (seed = 1; seed < 400; seed += 97) {
        uint32_t round = seed;
        struct watched fine = watch(KIND_ENVIRONMENT), coarse = fine;
        fine.settings.stale_after_us = coarse.settings.stale_after_us = 2 * HOUR * micro;
        live_through_a_year(&fine, 0.1);
        live_through_a_year(&coarse, 1);
        seed = round;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_year_of_weather_is_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
