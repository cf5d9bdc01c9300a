// SPDX-License-Identifier: Apache-2.0
/*
 * What the city room costs the daemon's loop, without any way in or out: for scripts/bench.
 *
 *   city_load zones FOLDER SENSORS PER_ZONE SECONDS   six bays to four sensors of crowds, each ten times a second
 *   city_load vehicles FOLDER VEHICLES SECONDS        each 200 accelerations and ten positions a second, over a road with humps
 *
 * It calls what the daemon calls for a reading, or for a sample, with one reading in a turn of the loop. What is derived goes to a real
 * buffer in FOLDER, which nobody reads. Time is the load's own: so many seconds of it pass as fast as the machine can. CPU time is that
 * of the whole process, with the buffer's writer; what making the load takes was measured before, and is taken off. In the end it prints
 * {"items":N,"ns":N,"save_ms":N,"stored":N,"dropped":N}: readings or samples, CPU for each, CPU of one time of saving what is known.
 */
#include "../unit/city/quarter_car.h"
#include "buffer/buffer.h"
#include "city.h"
#include "source.h"
#include "standing.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SECOND_US = 1000000, SAVE_S = 60, READINGS_PER_S = 10, SAMPLES_PER_S = 200, POSITIONS_PER_S = 10 };

static _Atomic int64_t boot_us = SECOND_US; // the buffer's writer asks, too

static int64_t load_wall_us(const struct clock *clock)
{
    (void)clock;
    return INT64_C(1800000000000000) + boot_us;
}

static int64_t load_boot_us(const struct clock *clock)
{
    (void)clock;
    return boot_us;
}

static bool is_synchronised(const struct clock *clock)
{
    (void)clock;
    return true;
}

static const struct clock load_clock = {load_wall_us, load_boot_us, is_synchronised};

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* The house. */

static struct findings findings;
static struct settings *settings;
static struct sensors *sensors;
static struct buffer *buffer;
static struct city *city;
static struct standing *standing;
static uv_loop_t loop;
static double save_ns;
static int saves;

static void fail(const char *what, int error)
{
    fprintf(stderr, "city_load: %s: %s\n", what, strerror(-error));
    exit(1);
}

static void note(void *context, const struct sensor *sensor, const struct reading *reading)
{
    (void)context, (void)sensor, (void)reading;
}

static void read_config(const char *path)
{
    int error = settings_load(path, &findings, &settings);
    if (!error)
        error = sensors_create(settings, &findings, &sensors);
    if (error || findings.stops + findings.disabled > 0)
        fail(path, error ? error : -EINVAL);
}

static void open_house(const char *folder, const char *config)
{
    static char path[4096];
    struct fault why = {""};
    snprintf(path, sizeof path, "%s/buffer", folder);
    read_config(config);
    const struct buffer_options of_buffer = {.path = path,
                                             .clock = &load_clock,
                                             .max_size_bytes = 64 << 20,
                                             .max_age_us = INT64_MAX / 4,
                                             .keep_delivered_us = INT64_MAX / 4,
                                             .commit_interval_us = 20000};
    int error = buffer_open(&of_buffer, &buffer, &why);
    if (error)
        fail(why.text, error);
    const struct city_options of_city = {
        .clock = &load_clock, .settings = settings, .sensors = sensors, .buffer = buffer, .told = note};
    error = city_create(&of_city, &city, &why);
    if (error)
        fail(why.text, error);
    uv_loop_init(&loop);
    const struct standing_options of_standing = {
        .clock = &load_clock, .sensors = sensors, .buffer = buffer, .loop = &loop, .city = city, .folder = path};
    error = standing_create(&of_standing, &standing, &why);
    if (error)
        fail(why.text, error);
}

static void settled(void *owner, uint64_t ticket, int status, void *context)
{
    (void)owner, (void)ticket, (void)context;
    if (status)
        fail("the buffer cannot store", status);
}

// What the loop does once a second, and once a minute under a load as this one.
static void pass_second(int64_t second)
{
    city_tick(city, true);
    buffer_settled(buffer, settled, NULL);
    if ((second + 1) % SAVE_S != 0)
        return;
    double began_ns = cpu_ns();
    json_t *known = city_save(city);
    free(json_dumps(known, JSON_COMPACT));
    json_decref(known);
    save_ns += cpu_ns() - began_ns;
    saves++;
}

static void report(double items, double ns)
{
    struct city_figures figures;
    city_figures(city, &figures);
    printf("{\"items\":%.0f,\"ns\":%.1f,\"save_ms\":%.3f,\"stored\":%llu,\"dropped\":%llu}\n", items, ns / items,
           saves ? save_ns / saves / 1e6 : 0, (unsigned long long)figures.derived,
           (unsigned long long)figures.derived_dropped);
}

/* Zones. */

struct speaker {
    uint64_t seed;
    bool occupied;
    double people, in, out, temperature_c;
};

static bool is_bay(size_t index)
{
    return index % 10 < 6;
}

static bool is_counter(size_t index)
{
    return index % 10 == 9;
}

static bool stands_in(size_t zone, size_t per_zone, bool bay)
{
    for (size_t i = zone * per_zone; i < (zone + 1) * per_zone; i++)
        if (is_bay(i) == bay)
            return true;
    return false;
}

static void write_zones(const char *path, size_t count, size_t per_zone)
{
    FILE *file = fopen(path, "w");
    if (!file)
        fail(path, -errno);
    fprintf(file, "[gateway]\nid = bench\nmunicipality = 271004\n[coap]\n");
    for (size_t zone = 0; zone * per_zone < count; zone++) {
        if (stands_in(zone, per_zone, true))
            fprintf(file, "[zone:lot-%zu]\nkind = parking\nbands = 0.60 0.85\n", zone);
        if (stands_in(zone, per_zone, false))
            fprintf(file, "[zone:plaza-%zu]\nkind = crowd\narea = 2000 m2\nwidth = 20 m\nmin_count = 3\n", zone);
    }
    for (size_t i = 0; i < count; i++)
        fprintf(file, "[sensor:s%zu]\nkind = %s\nzone = %s-%zu\n", i, is_bay(i) ? "parking" : "crowd",
                is_bay(i) ? "lot" : "plaza", i / per_zone);
    fclose(file);
}

static void put(struct reading *reading, const char *name, double number)
{
    const struct quantity *quantity = vocabulary_find(name, reading->kind);
    reading->values[reading->value_count++] =
        (struct value){.name = quantity->name, .type = quantity->type, .number = number};
}

static void say_bay(struct speaker *speaker, struct reading *reading)
{
    static const struct quantity *occupied;
    if (!occupied)
        occupied = vocabulary_find("occupied", KIND_PARKING);
    speaker->occupied ^= dice_even(&speaker->seed) < 1.0 / 6000; // every ten minutes
    reading->values[reading->value_count++] =
        (struct value){.name = occupied->name, .type = VALUE_BOOL, .boolean = speaker->occupied};
}

// A crowd that a few come to and leave; a counter counts them.
static void say_crowd(struct speaker *speaker, struct reading *reading, bool counts)
{
    bool comes = dice_even(&speaker->seed) > 0.9, leaves = dice_even(&speaker->seed) > 0.9;
    leaves &= speaker->people > 0;
    speaker->in += comes;
    speaker->out += leaves;
    speaker->people += comes - leaves;
    if (!counts) {
        put(reading, "people", speaker->people);
        return;
    }
    put(reading, "in_total", speaker->in);
    put(reading, "out_total", speaker->out);
}

static void say(struct speaker *speaker, const struct sensor *sensor, struct normalised_pack *pack)
{
    struct normalised *one = &pack->readings[0];
    struct reading *reading = &one->reading;
    pack->count = 1;
    pack->unknown_fields = pack->unknown_records = 0;
    one->sensor = sensor;
    one->has_own_time = one->has_device_time = one->is_rest = false;
    reading->kind = (enum kind)sensor->settings->kind;
    reading->zone = sensor->settings->zone;
    reading->time_us = load_wall_us(NULL);
    reading->time_quality = TIME_SYNCED;
    reading->quality = QUALITY_GOOD;
    reading->unauthenticated = false;
    reading->value_count = reading->refused_count = 0;
    if (is_bay(sensor->index))
        say_bay(speaker, reading);
    else
        say_crowd(speaker, reading, is_counter(sensor->index));
    speaker->temperature_c += dice_even(&speaker->seed) - 0.5;
    put(reading, "battery_v", 3.6);
    put(reading, "temperature_c", 15 + 0.1 * speaker->temperature_c);
}

// CPU for so many seconds of readings: of making them, and of the city room when it is to have them.
static double speak(struct normalised_pack *pack, int64_t seconds, bool takes)
{
    static char name[] = "coap";
    struct source source = {.name = name, .host = {.clock = &load_clock}};
    size_t count = sensors_count(sensors);
    struct speaker *speakers = calloc(count, sizeof *speakers);
    int64_t each_us = SECOND_US / (int64_t)count / READINGS_PER_S;
    double began_ns = cpu_ns();
    for (size_t i = 0; speakers && i < count; i++)
        speakers[i].seed = i;
    for (int64_t second = 0; speakers && second < seconds; second++) {
        for (size_t i = 0; i < READINGS_PER_S * count; i++) {
            size_t index = i * 7919 % count; // not one after the other
            boot_us += each_us;
            say(&speakers[index], sensors_at(sensors, index), pack);
            if (!takes)
                continue;
            city_hear(city, pack, true);
            standing_take(standing, &source, pack);
            city_take(city, pack);
            city_turn(city);
        }
        if (takes)
            pass_second(second);
    }
    double took_ns = cpu_ns() - began_ns;
    free(speakers);
    return took_ns;
}

static void load_zones(const char *folder, const char *config, size_t count, size_t per_zone, int64_t seconds)
{
    struct normalised_pack *pack = calloc(1, sizeof *pack);
    write_zones(config, count, per_zone);
    open_house(folder, config);
    double making_ns = speak(pack, seconds, false);
    double took_ns = speak(pack, seconds, true);
    report((double)seconds * READINGS_PER_S * (double)count, took_ns - making_ns);
    free(pack);
}

/* Vehicles. */

struct vehicle {
    const struct sensor *sensor;
    struct ride *ride;
    double speed_mps;
    float *up_mps2; // one for each sample
};

static void write_vehicles(const char *path, size_t count)
{
    FILE *file = fopen(path, "w");
    if (!file)
        fail(path, -errno);
    fprintf(file, "[gateway]\nid = bench\nmunicipality = 271004\n[coap]\n");
    for (size_t i = 0; i < count; i++)
        fprintf(file, "[sensor:bus-%zu]\nkind = bump\n", i);
    fclose(file);
}

// A hump of 6 cm and 0.8 m every hundred metres.
static double hump_height(double x_m)
{
    double along_m = fmod(x_m, 100);
    return along_m < 0.8 ? 0.03 * (1 - cos(2 * 3.14159265358979323846 * along_m / 0.8)) : 0;
}

static void drive(struct vehicle *vehicle, const double road[ROAD_POINTS], size_t samples)
{
    enum { STEPS = 5 };
    struct quarter_car car = {0};
    double step_s = 1.0 / SAMPLES_PER_S / STEPS, x_m = 0, up_mps2 = 0;
    for (size_t i = 0; i < samples; i++) {
        for (int step = 0; step < STEPS; step++, x_m += vehicle->speed_mps * step_s)
            up_mps2 = quarter_car_step(&car, road_height(road, x_m) + hump_height(x_m), step_s);
        vehicle->up_mps2[i] = (float)up_mps2;
    }
}

static void take_sample(void *context, const struct ride_sample *sample)
{
    const struct vehicle *vehicle = context;
    city_sample(city, vehicle->sensor, sample);
}

static struct vehicle *make_vehicles(size_t count, size_t samples)
{
    static double road[ROAD_POINTS];
    struct vehicle *vehicles = calloc(count, sizeof *vehicles);
    road_make(road, 64e-6, 1);
    for (size_t i = 0; vehicles && i < count; i++) {
        struct vehicle *vehicle = &vehicles[i];
        vehicle->sensor = sensors_at(sensors, i);
        vehicle->ride = ride_create(take_sample, vehicle);
        vehicle->speed_mps = 8 + 7 * (double)i / (double)count;
        vehicle->up_mps2 = calloc(samples, sizeof *vehicle->up_mps2);
        if (!vehicle->ride || !vehicle->up_mps2)
            fail("vehicles", -ENOMEM);
        drive(vehicle, road, samples);
    }
    return vehicles;
}

static void move(const struct vehicle *vehicle, size_t sample)
{
    double x_m = vehicle->speed_mps * (double)sample / SAMPLES_PER_S;
    ride_accelerate(vehicle->ride, &(struct ride_stamp){.received_us = boot_us},
                    &(struct ride_acceleration){0.1, -0.1, 9.81 + vehicle->up_mps2[sample]});
    if (sample % (SAMPLES_PER_S / POSITIONS_PER_S) == 0)
        ride_locate(vehicle->ride, ride_now(vehicle->ride),
                    &(struct ride_position){.latitude = 34.7 + x_m / 111195,
                                            .longitude = 135.5,
                                            .speed_mps = vehicle->speed_mps,
                                            .heading_deg = 0,
                                            .hdop = 0.9,
                                            .accuracy_m = (double)NAN});
}

static void load_vehicles(const char *folder, const char *config, size_t count, int64_t seconds)
{
    size_t samples = (size_t)seconds * SAMPLES_PER_S;
    write_vehicles(config, count);
    open_house(folder, config);
    struct vehicle *vehicles = make_vehicles(count, samples);
    double began_ns = cpu_ns();
    for (size_t sample = 0; sample < samples; sample++) {
        boot_us += SECOND_US / SAMPLES_PER_S;
        for (size_t i = 0; i < count; i++)
            move(&vehicles[i], sample);
        city_turn(city);
        if (sample % SAMPLES_PER_S == SAMPLES_PER_S - 1)
            pass_second((int64_t)(sample / SAMPLES_PER_S));
    }
    report((double)samples * (double)count, cpu_ns() - began_ns);
    for (size_t i = 0; i < count; i++) {
        ride_destroy(vehicles[i].ride);
        free(vehicles[i].up_mps2);
    }
    free(vehicles);
}

int main(int argc, char **argv)
{
    char config[4096];
    bool has_zones = argc == 6 && strcmp(argv[1], "zones") == 0;
    if (!has_zones && !(argc == 5 && strcmp(argv[1], "vehicles") == 0)) {
        fprintf(stderr, "usage: city_load zones FOLDER SENSORS PER_ZONE SECONDS | vehicles FOLDER VEHICLES SECONDS\n");
        return 2;
    }
    snprintf(config, sizeof config, "%s/city.ini", argv[2]);
    if (has_zones)
        load_zones(argv[2], config, strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10), atol(argv[5]));
    else
        load_vehicles(argv[2], config, strtoul(argv[3], NULL, 10), atol(argv[4]));
    standing_destroy(standing);
    city_destroy(city);
    buffer_close(buffer);
    uv_loop_close(&loop);
    sensors_destroy(sensors);
    settings_destroy(settings);
    findings_finish(&findings);
    return 0;
}
