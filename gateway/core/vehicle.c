// SPDX-License-Identifier: Apache-2.0
#include "vehicle.h"

#include "place.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t silent_us = 1000000LL;

struct vehicle {
    struct vehicles *all;
    const struct sensor *sensor;
    const char *position; // the source that says it; "" for the sensor's own
    struct ride *ride;    // made with the first that comes for it
    struct place_times times;
    int64_t fed_boot_us;
    bool is_flushed;
    uint64_t incomplete;
};

struct motion {
    bool any, accelerated;
    struct ride_acceleration acceleration; // NAN: not told
};

// What a reading says of a ride, until it is known whether its pack is taken.
struct moved {
    struct vehicle *vehicle;
    struct ride_stamp stamp;
    struct motion motion;
    struct place place;
    bool is_located;
};

struct vehicles {
    const struct settings *settings;
    const struct clock *clock;
    struct vehicle *list;
    size_t count;
    struct vehicle **by_sensor; // NULL where the sensor is none
    int64_t turn_boot_us;       // 0: not asked yet in this turn
    struct moved moved[PACK_READINGS_MAX];
    size_t moved_count;
    vehicle_consumer *consumer;
    void *context;
};

static void fill(struct vehicles *vehicles, const struct sensors *sensors)
{
    for (size_t i = 0; i < sensors_count(sensors); i++) {
        const struct sensor *sensor = sensors_at(sensors, i);
        if (sensor->settings->kind != KIND_BUMP)
            continue;
        const char *position = sensor->settings->position ? sensor->settings->position : "";
        struct vehicle *vehicle = &vehicles->list[vehicles->count++];
        *vehicle = (struct vehicle){.all = vehicles, .sensor = sensor};
        vehicle->position = strcmp(position, sensor->settings->source) == 0 ? "" : position;
        vehicles->by_sensor[i] = vehicle;
    }
}

int vehicles_create(const struct settings *settings, const struct sensors *sensors, const struct clock *clock,
                    struct vehicles **ret_vehicles)
{
    struct vehicles *vehicles = calloc(1, sizeof *vehicles);
    if (!vehicles)
        return -ENOMEM;
    vehicles->settings = settings;
    vehicles->clock = clock;
    vehicles->list = calloc(sensors_count(sensors) + 1, sizeof *vehicles->list);
    vehicles->by_sensor = calloc(sensors_count(sensors) + 1, sizeof *vehicles->by_sensor);
    if (!vehicles->list || !vehicles->by_sensor) {
        vehicles_destroy(vehicles);
        return -ENOMEM;
    }
    fill(vehicles, sensors);
    *ret_vehicles = vehicles;
    return 0;
}

void vehicles_destroy(struct vehicles *vehicles)
{
    if (!vehicles)
        return;
    for (size_t i = 0; i < vehicles->count; i++)
        ride_destroy(vehicles->list[i].ride);
    free(vehicles->list);
    free(vehicles->by_sensor);
    free(vehicles);
}

void vehicles_consume(struct vehicles *vehicles, vehicle_consumer *consumer, void *context)
{
    if (!vehicles)
        return;
    vehicles->consumer = consumer;
    vehicles->context = context;
}

static void pass_on(void *context, const struct ride_sample *sample)
{
    const struct vehicle *vehicle = context;
    if (vehicle->all->consumer)
        vehicle->all->consumer(vehicle->all->context, vehicle->sensor, sample);
}

static bool has_ride(struct vehicle *vehicle)
{
    if (!vehicle->ride)
        vehicle->ride = ride_create(pass_on, vehicle);
    return vehicle->ride != NULL;
}

static int64_t turn(struct vehicles *vehicles)
{
    if (!vehicles->turn_boot_us)
        vehicles->turn_boot_us = clock_boot_us(vehicles->clock);
    return vehicles->turn_boot_us;
}

void vehicles_turn(struct vehicles *vehicles)
{
    if (vehicles)
        vehicles->turn_boot_us = 0;
}

static void locate(struct vehicle *vehicle, struct place *place)
{
    int64_t time_us = place_time(place, &vehicle->times, vehicle->all->clock, turn(vehicle->all));
    if (place->no_fix)
        ride_no_fix(vehicle->ride, time_us);
    else if (place->says)
        ride_locate(vehicle->ride, time_us, &place->position);
}

static bool has_sensors(const struct settings *settings, const char *source)
{
    for (size_t i = 0; i < settings->sensor_count; i++)
        if (strcmp(settings->sensor[i].source, source) == 0)
            return true;
    return false;
}

bool vehicles_locate(struct vehicles *vehicles, const char *source, const struct driver_pack *pack)
{
    bool heard = false;
    // What gpsd says goes to each of its sensors by its name, and once more to nobody by name: for us.
    if (!vehicles || (pack->sensor && strncmp(source, "gpsd:", 5) == 0))
        return false;
    for (size_t i = 0; i < vehicles->count; i++) {
        struct vehicle *vehicle = &vehicles->list[i];
        if (strcmp(vehicle->position, source) != 0)
            continue;
        struct place place;
        place_read_raw(pack->raw, &place);
        if (has_ride(vehicle))
            locate(vehicle, &place);
        heard = true;
    }
    return heard && (!pack->sensor && (strncmp(source, "gpsd:", 5) == 0 || !has_sensors(vehicles->settings, source)));
}

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static bool is_acceleration(const char *name)
{
    return begins(name, "acceleration_");
}

static bool is_motion(const char *name)
{
    return is_acceleration(name) || begins(name, "angular_");
}

static void note_axis(struct motion *motion, const struct value *value)
{
    struct ride_acceleration *all = &motion->acceleration;
    double *const axes[] = {&all->x, &all->y, &all->z};
    char axis = value->name[strlen("acceleration_")];
    motion->accelerated = true;
    *axes[axis - 'x'] = value->number;
}

static struct motion take_values(struct reading *reading)
{
    struct motion motion = {.acceleration = {NAN, NAN, NAN}};
    size_t kept = 0;
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct value *value = &reading->values[i];
        motion.any |= is_motion(value->name);
        if (is_acceleration(value->name))
            note_axis(&motion, value);
        else if (!is_motion(value->name))
            reading->values[kept++] = *value;
    }
    reading->value_count = kept;
    return motion;
}

// What was outside its range is missing in the sample, and no news of what is left.
static void take_refused(struct reading *reading, struct motion *motion)
{
    size_t kept = 0, before = reading->refused_count;
    for (size_t i = 0; i < before; i++) {
        const char *name = reading->refused[i];
        motion->any |= is_motion(name);
        motion->accelerated |= is_acceleration(name);
        if (!is_motion(name))
            reading->refused[kept++] = name;
    }
    reading->refused_count = kept;
    if (before && !kept && reading->quality == QUALITY_RANGE)
        reading->quality = QUALITY_GOOD;
}

static bool is_complete(const struct motion *motion)
{
    const struct ride_acceleration *all = &motion->acceleration;
    return motion->accelerated && !isnan(all->x) && !isnan(all->y) && !isnan(all->z);
}

static void accelerate(struct vehicle *vehicle, const struct moved *moved)
{
    if (!is_complete(&moved->motion) || !has_ride(vehicle)) {
        vehicle->incomplete++;
        return;
    }
    vehicle->fed_boot_us = moved->stamp.received_us;
    vehicle->is_flushed = false;
    ride_accelerate(vehicle->ride, &moved->stamp, &moved->motion.acceleration);
}

// The position that the sensor's own source says, with the acceleration or without.
static void locate_itself(struct vehicle *vehicle, struct moved *moved)
{
    struct place *place = &moved->place;
    if (!vehicle->ride)
        return;
    if (!is_complete(&moved->motion))
        locate(vehicle, place);
    else if (place->no_fix)
        ride_no_fix(vehicle->ride, ride_now(vehicle->ride));
    else if (place->says)
        ride_locate(vehicle->ride, ride_now(vehicle->ride), &place->position);
}

// A sender that gives one of its readings a time of its own means all of them; those without one are of its now.
static bool has_own_times(const struct normalised_pack *pack, const struct sensor *sensor, int64_t received_us)
{
    for (size_t i = 0; i < pack->count; i++)
        if (pack->readings[i].sensor == sensor && pack->readings[i].reading.time_us != received_us)
            return true;
    return false;
}

static struct ride_stamp stamp_of(struct vehicle *vehicle, const struct normalised *one, bool own_times)
{
    struct ride_stamp stamp = {.received_us = turn(vehicle->all), .has_device = one->has_device_time || own_times};
    if (stamp.has_device)
        stamp.device_us = one->has_device_time ? one->device_us : one->reading.time_us;
    return stamp;
}

// Returns whether the reading held an acceleration that makes a sample.
static bool take_reading(struct vehicle *vehicle, struct normalised *one, bool own_times)
{
    bool is_event = place_is_event(&one->reading); // whose position is its own
    struct moved *moved = &vehicle->all->moved[vehicle->all->moved_count++];
    *moved = (struct moved){.vehicle = vehicle, .motion = take_values(&one->reading)};
    take_refused(&one->reading, &moved->motion);
    one->is_rest = moved->motion.any && !is_event;
    moved->stamp = stamp_of(vehicle, one, own_times);
    moved->is_located = !*vehicle->position && !is_event;
    if (moved->is_located)
        place_read(&one->reading, &moved->place);
    if (moved->motion.any)
        place_leave_out_none(&one->reading);
    return is_complete(&moved->motion);
}

size_t vehicles_take(struct vehicles *vehicles, struct normalised_pack *pack, int64_t received_us)
{
    size_t kept = 0, samples = 0;
    const struct vehicle *asked = NULL;
    bool own_times = false;
    if (vehicles)
        vehicles->moved_count = 0;
    for (size_t i = 0; vehicles && i < pack->count; i++) {
        struct normalised *one = &pack->readings[i];
        struct vehicle *vehicle = vehicles->by_sensor[one->sensor->index];
        if (vehicle && vehicle != asked)
            own_times = has_own_times(pack, one->sensor, received_us);
        if (vehicle)
            asked = vehicle;
        samples += vehicle && take_reading(vehicle, one, own_times);
        bool is_empty = vehicle && one->is_rest && !one->reading.value_count && !one->reading.refused_count;
        if (!is_empty && kept++ != i)
            pack->readings[kept - 1] = *one;
    }
    if (vehicles)
        pack->count = kept;
    return samples;
}

void vehicles_settle(struct vehicles *vehicles, bool taken)
{
    for (size_t i = 0; vehicles && taken && i < vehicles->moved_count; i++) {
        struct moved *moved = &vehicles->moved[i];
        if (moved->motion.accelerated)
            accelerate(moved->vehicle, moved);
        if (moved->is_located)
            locate_itself(moved->vehicle, moved);
    }
    if (vehicles)
        vehicles->moved_count = 0;
}

void vehicles_tick(struct vehicles *vehicles)
{
    int64_t now_us = vehicles ? clock_boot_us(vehicles->clock) : 0;
    for (size_t i = 0; vehicles && i < vehicles->count; i++) {
        struct vehicle *vehicle = &vehicles->list[i];
        if (!vehicle->ride || vehicle->is_flushed || now_us - vehicle->fed_boot_us < silent_us)
            continue;
        ride_flush(vehicle->ride);
        vehicle->is_flushed = true;
    }
}

void vehicles_flush(struct vehicles *vehicles)
{
    for (size_t i = 0; vehicles && i < vehicles->count; i++)
        if (vehicles->list[i].ride)
            ride_flush(vehicles->list[i].ride);
}

size_t vehicles_most(const struct vehicles *vehicles)
{
    return vehicles ? vehicles->count : 0;
}

static bool is_shown(const struct vehicle *vehicle)
{
    return vehicle->ride || *vehicle->position || vehicle->incomplete;
}

bool vehicles_figures(const struct vehicles *vehicles, size_t index, struct vehicle_figures *ret_figures)
{
    const struct vehicle *vehicle = NULL;
    for (size_t i = 0; vehicles && i < vehicles->count; i++)
        if (is_shown(&vehicles->list[i]) && index-- == 0) {
            vehicle = &vehicles->list[i];
            break;
        }
    if (!vehicle)
        return false;
    *ret_figures = (struct vehicle_figures){
        .sensor = vehicle->sensor->settings->id, .incomplete = vehicle->incomplete, .position_age_us = -1};
    if (vehicle->ride)
        ride_figures(vehicle->ride, &ret_figures->ride);
    if (ret_figures->ride.has_fix) {
        int64_t age_us = clock_boot_us(vehicles->clock) - ret_figures->ride.last_fix_us;
        ret_figures->position_age_us = age_us > 0 ? age_us : 0;
    }
    return true;
}
