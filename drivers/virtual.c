// SPDX-License-Identifier: Apache-2.0
#include "drivers/virtual.h"
#include <math.h>
#include <string.h>

enum { PEOPLE_MAX = 400 };

// splitmix64: any seed is good, also 0.
static uint64_t draw(struct virtual_sensor *sensor)
{
    uint64_t mixed = sensor->random += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

static double between(struct virtual_sensor *sensor, double low, double high)
{
    return low + (high - low) * (double)(draw(sensor) >> 11) * 0x1p-53;
}

// [low, high]
static int64_t whole_between(struct virtual_sensor *sensor, int64_t low, int64_t high)
{
    return low + (int64_t)(draw(sensor) % (uint64_t)(high - low + 1));
}

static double clamp(double value, double low, double high)
{
    return fmin(fmax(value, low), high);
}

// As devices send: a few decimals.
static double rounded(double value, double steps)
{
    return round(value * steps) / steps;
}

static bool add_temperature(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    sensor->temperature_c = clamp(sensor->temperature_c + between(sensor, -0.2, 0.2), -10, 45);
    return raw_pack_number(pack, "temperature_c", "Cel", rounded(sensor->temperature_c, 10));
}

static bool report_parking(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    if (--sensor->dwell <= 0) {
        sensor->occupied = !sensor->occupied;
        sensor->dwell = whole_between(sensor, 5, 60);
    }
    // Falls by a volt in some ten thousand reports; then somebody changes the battery.
    sensor->battery_v -= between(sensor, 0, 0.0002);
    if (sensor->battery_v < 2.8)
        sensor->battery_v = 3.65;
    return raw_pack_bool(pack, "occupied", sensor->occupied) &&
           raw_pack_number(pack, "battery_v", "V", rounded(sensor->battery_v, 1000)) && add_temperature(sensor, pack);
}

static bool add_place(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    sensor->latitude = clamp(sensor->latitude + between(sensor, -0.0005, 0.0005), -85, 85);
    sensor->longitude = clamp(sensor->longitude + between(sensor, -0.0005, 0.0005), -180, 180);
    return raw_pack_number(pack, "latitude", "lat", rounded(sensor->latitude, 1e6)) &&
           raw_pack_number(pack, "longitude", "lon", rounded(sensor->longitude, 1e6));
}

static bool report_bump(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    double peak = between(sensor, 3, 12);
    return raw_pack_number(pack, "peak_mps2", "m/s2", rounded(peak, 100)) &&
           raw_pack_number(pack, "trough_mps2", "m/s2", rounded(-peak * between(sensor, 0.5, 0.9), 100)) &&
           raw_pack_number(pack, "duration_ms", "", (double)whole_between(sensor, 40, 250)) &&
           raw_pack_number(pack, "speed_mps", "m/s", rounded(between(sensor, 4, 16), 10)) && add_place(sensor, pack) &&
           raw_pack_number(pack, "severity", "",
                           peak < 5   ? 1
                           : peak < 8 ? 2
                                      : 3);
}

static bool report_crowd(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    int64_t in = whole_between(sensor, 0, 4), out = whole_between(sensor, 0, 4);
    if (in > PEOPLE_MAX - sensor->people)
        in = PEOPLE_MAX - sensor->people;
    if (out > sensor->people + in)
        out = sensor->people + in;
    sensor->people += in - out;
    sensor->in_total += in;
    sensor->out_total += out;
    return raw_pack_number(pack, "people", "count", (double)sensor->people) &&
           raw_pack_number(pack, "in_total", "count", (double)sensor->in_total) &&
           raw_pack_number(pack, "out_total", "count", (double)sensor->out_total);
}

static bool report_traffic(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    sensor->vehicles_total += whole_between(sensor, 0, 3);
    return raw_pack_number(pack, "vehicles_total", "count", (double)sensor->vehicles_total) &&
           raw_pack_number(pack, "speed_mps", "m/s", rounded(between(sensor, 3, 17), 10));
}

static bool report_weather(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    sensor->humidity_pct = clamp(sensor->humidity_pct + between(sensor, -0.5, 0.5), 15, 98);
    return add_temperature(sensor, pack) &&
           raw_pack_number(pack, "humidity_pct", "%RH", rounded(sensor->humidity_pct, 10));
}

void virtual_begin(struct virtual_sensor *sensor, enum kind kind, uint64_t seed, double latitude, double longitude)
{
    *sensor = (struct virtual_sensor){.kind = kind, .random = seed};
    sensor->occupied = draw(sensor) & 1;
    sensor->dwell = whole_between(sensor, 2, 60);
    sensor->battery_v = between(sensor, 3.3, 3.65);
    sensor->temperature_c = between(sensor, 10, 25);
    sensor->humidity_pct = between(sensor, 40, 70);
    sensor->latitude = isnan(latitude) ? 34.6937 : latitude;
    sensor->longitude = isnan(longitude) ? 135.5023 : longitude;
    sensor->people = whole_between(sensor, 0, 60);
    sensor->in_total = sensor->people;
}

bool virtual_report(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    static bool (*const reports[KIND_COUNT])(struct virtual_sensor *, struct raw_pack *) = {
        [KIND_PARKING] = report_parking, [KIND_BUMP] = report_bump,           [KIND_CROWD] = report_crowd,
        [KIND_TRAFFIC] = report_traffic, [KIND_ENVIRONMENT] = report_weather, [KIND_GENERIC] = report_weather,
    };
    return reports[sensor->kind](sensor, pack);
}

// The roof of a vehicle, or the ground.
static bool measure_parking(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    double distance_m = sensor->occupied ? between(sensor, 0.6, 1.0) : between(sensor, 2.4, 2.5);
    return raw_pack_number(pack, "distance_m", "m", rounded(distance_m, 1000));
}

// Over something, now and then: up, and down again. 0.2 s at a hundred samples a second.
static double shake_mps2(struct virtual_sensor *sensor)
{
    enum { SAMPLES = 20, ONE_IN = 800 };
    if (sensor->shaking == 0 && draw(sensor) % ONE_IN == 0)
        sensor->shaking = SAMPLES;
    return sensor->shaking ? 8 * sin(2 * M_PI * (SAMPLES - sensor->shaking--) / SAMPLES) : 0;
}

static bool measure_bump(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    double up_mps2 = 9.81 + between(sensor, -0.4, 0.4) + shake_mps2(sensor);
    return raw_pack_number(pack, "acceleration_x_mps2", "m/s2", rounded(between(sensor, -0.4, 0.4), 100)) &&
           raw_pack_number(pack, "acceleration_y_mps2", "m/s2", rounded(between(sensor, -0.4, 0.4), 100)) &&
           raw_pack_number(pack, "acceleration_z_mps2", "m/s2", rounded(up_mps2, 100));
}

bool virtual_measure(struct virtual_sensor *sensor, struct raw_pack *pack)
{
    if (sensor->kind == KIND_PARKING)
        return measure_parking(sensor, pack);
    if (sensor->kind == KIND_GENERIC) // a boat, say
        return add_place(sensor, pack) && raw_pack_number(pack, "speed_mps", "m/s", rounded(between(sensor, 0, 6), 10));
    return sensor->kind != KIND_BUMP || measure_bump(sensor, pack);
}
