// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"

#include "city/bump.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Drives over roads with known objects, by generators that have little in common: what a car's springs make of a profile (the golden
 * quarter car, two axles), half-sine pulses, damped swings and holes that first let a wheel fall, on noise of several kinds. Braking,
 * curves, the engine and the mounting are added to each. All of it comes from a seed.
 */

enum vehicle_model { MODEL_CAR, MODEL_PULSES, MODEL_SWINGS, MODEL_HOLES, MODEL_COUNT };
enum noise_model { NOISE_NORMAL, NOISE_LAPLACE, NOISE_PATCHES };
static const char *const model_names[MODEL_COUNT] = {"quarter car", "half sines", "damped swings", "holes"};

enum { OBJECTS_MAX = 1024, EVENTS_MAX = 2048 };

struct road_object {
    double at_s;        // when the front wheels reach it
    double strength;    // -1..1: a dip below 0
    double length_part; // 0..1 of what the model varies
};

struct drive {
    enum vehicle_model model;
    enum noise_model noise;
    double rate_hz, speed_mps, seconds;
    double noise_mps2;      // of the sensor, or of the road as the models without springs have it
    double roughness;       // of the quarter car's road: Gd(n0) in 1e-6 m3 (ISO 8608: class A 16, C 256, D 1024)
    double every_m;         // between objects; 0: they are given
    double jitter;          // part of a period
    double axis[3], turn;   // of the mounting
    double turning;         // of the device in its mounting, in radians per second
    double falls_by, at_s;  // so far at once, at that time
    bool hides_gravity;     // linear acceleration
    bool hides_speed;       // no position at all
    bool is_smooth_driving; // without braking and curves
    uint64_t seed;
    // What came of it.
    struct road_object objects[OBJECTS_MAX];
    size_t object_count;
    struct bump_event events[EVENTS_MAX];
    size_t event_count;
};

static inline uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline double uniform(uint64_t *seed, double low, double high)
{
    return low + (high - low) * (double)(next_random(seed) >> 11) / 9007199254740992.0;
}

static inline double normal(uint64_t *seed)
{
    double radius = sqrt(-2 * log(uniform(seed, 1e-300, 1)));
    return radius * cos(uniform(seed, 0, 2 * M_PI));
}

static inline double laplace(uint64_t *seed) // of deviation 1
{
    double u = uniform(seed, -0.5, 0.5);
    return (u < 0 ? 1 : -1) * log(1 - 2 * fabs(u) + 1e-300) / sqrt(2);
}

static inline double noise_at(const struct drive *drive, double time_s, uint64_t *seed)
{
    if (drive->noise == NOISE_LAPLACE)
        return laplace(seed);
    double patch = drive->noise == NOISE_PATCHES ? 0.6 + 0.8 * (sin(time_s * 0.9) + sin(time_s * 0.23) > 0) : 1;
    return patch * normal(seed);
}

/* The quarter car of the International Roughness Index, by its sprung mass: Sayers, TRR 1501 (1995). */
struct quarter_car {
    double body, body_speed, wheel, wheel_speed, body_acceleration;
};

static inline void quarter_car_step(struct quarter_car *car, double profile, double step_s)
{
    double spring = 63.3 * (car->wheel - car->body) + 6.0 * (car->wheel_speed - car->body_speed);
    car->body_acceleration = spring;
    double wheel_acceleration = (653 * (profile - car->wheel) - spring) / 0.15;
    car->body_speed += spring * step_s;
    car->wheel_speed += wheel_acceleration * step_s;
    car->body += car->body_speed * step_s;
    car->wheel += car->wheel_speed * step_s;
}

// The height of objects under a wheel at that time: a rounded hump of 0.5 to 1 m, or a hole of 0.5 to 0.9 m.
static inline double height_at(const struct drive *drive, double time_s, size_t *object)
{
    while (*object < drive->object_count && (time_s - drive->objects[*object].at_s) * drive->speed_mps > 2)
        (*object)++;
    if (*object >= drive->object_count)
        return 0;
    const struct road_object *here = &drive->objects[*object];
    double length_m = 0.5 + (here->strength > 0 ? 0.5 : 0.4) * here->length_part;
    double way_m = (time_s - here->at_s) * drive->speed_mps;
    if (way_m < 0 || way_m > length_m)
        return 0;
    return 0.06 * here->strength * (1 - cos(2 * M_PI * way_m / length_m)) / 2 * (here->strength > 0 ? 1 : 1.3);
}

struct car {
    struct quarter_car front, rear;
    double front_way, rear_way, time_s; // the road's own height below the wheels
    size_t front_object, rear_object;
    double behind[4096]; // of the road, for the rear wheels
    size_t step;
};

static inline double car_at(struct car *car, const struct drive *drive, double time_s, uint64_t *seed)
{
    const double step_s = 1e-3, wheelbase_m = 2.7;
    double later_s = wheelbase_m / drive->speed_mps;
    size_t later = (size_t)(later_s / step_s);
    for (; car->time_s < time_s; car->time_s += step_s) {
        double slope = 2 * M_PI * 0.1 * sqrt(drive->roughness * 1e-6 * drive->speed_mps / step_s) * normal(seed);
        car->front_way += (slope - 0.3 * car->front_way) * step_s;
        car->behind[car->step % 4096] = car->front_way;
        double rear_way = car->step >= later ? car->behind[(car->step - later) % 4096] : 0;
        double front = car->front_way + height_at(drive, car->time_s, &car->front_object);
        double rear = rear_way + height_at(drive, car->time_s - later_s, &car->rear_object);
        quarter_car_step(&car->front, front, step_s);
        quarter_car_step(&car->rear, rear, step_s);
        car->step++;
    }
    return 0.65 * car->front.body_acceleration + 0.35 * car->rear.body_acceleration;
}

static inline double half_sine(double time_s, double length_s)
{
    return time_s < 0 || time_s > length_s ? 0 : sin(M_PI * time_s / length_s);
}

// What one object gives so long after the wheels reached it, in the models without springs.
static inline double response(enum vehicle_model model, const struct road_object *object, double time_s)
{
    double size = fabs(object->strength), sign = object->strength < 0 ? -1 : 1, part = object->length_part;
    if (time_s < 0 || time_s > 3)
        return 0;
    if (model == MODEL_PULSES)
        return sign * (5 + 7 * size) * half_sine(time_s, 0.1 + 0.2 * part);
    if (model == MODEL_SWINGS) {
        double turns = 2 * M_PI * (2 + 8 * part);
        return sign * (7 + 7 * size) * exp(-0.2 * turns * time_s) * sin(turns * time_s);
    }
    double fall_s = 0.08 + 0.07 * part, hit_s = 0.06 + 0.06 * part; // a hole: fall, impact, swing
    double swing = -2 * size * exp(-4 * (time_s - fall_s - hit_s)) * sin(2 * M_PI * 2 * (time_s - fall_s - hit_s));
    return -(3 + 3 * size) * half_sine(time_s, fall_s) + (6 + 6 * size) * half_sine(time_s - fall_s, hit_s) +
           (time_s > fall_s + hit_s ? swing : 0);
}

static inline double responses(const struct drive *drive, double time_s, size_t *first)
{
    double sum = 0;
    while (*first < drive->object_count && time_s - drive->objects[*first].at_s > 3)
        (*first)++;
    for (size_t i = *first; i < drive->object_count && drive->objects[i].at_s < time_s; i++)
        sum += response(drive->model, &drive->objects[i], time_s - drive->objects[i].at_s);
    return sum;
}

static inline void lay_objects(struct drive *drive, uint64_t *seed)
{
    double every_s = drive->every_m / drive->speed_mps;
    if (drive->every_m <= 0)
        return; // there are none, or they lie there already
    drive->object_count = 0;
    for (double at_s = 12 + every_s; at_s < drive->seconds - 6; at_s += every_s * uniform(seed, 0.8, 1.2)) {
        bool is_dip = drive->model == MODEL_HOLES || (next_random(seed) & 1);
        double size = uniform(seed, drive->model == MODEL_CAR ? 0.7 : 0, 1);
        assert_true(drive->object_count < OBJECTS_MAX);
        drive->objects[drive->object_count++] =
            (struct road_object){at_s, is_dip ? -fmax(size, 1e-9) : fmax(size, 1e-9), uniform(seed, 0, 1)};
    }
}

// Turns a vector about the drive's axis (Rodrigues).
static inline struct ride_acceleration mounted(const struct drive *drive, double time_s, const double v[3])
{
    const double *k = drive->axis;
    double turn = drive->turn + drive->turning * time_s + (time_s > drive->at_s ? drive->falls_by : 0);
    double length = sqrt(k[0] * k[0] + k[1] * k[1] + k[2] * k[2]), c = cos(turn), s = sin(turn);
    double u[3] = {0, 0, 1}, out[3];
    for (size_t i = 0; i < 3 && length > 0; i++)
        u[i] = k[i] / length;
    double along = u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
    for (size_t i = 0; i < 3; i++) {
        double cross = u[(i + 1) % 3] * v[(i + 2) % 3] - u[(i + 2) % 3] * v[(i + 1) % 3];
        out[i] = v[i] * c + cross * s + u[i] * along * (1 - c);
    }
    return (struct ride_acceleration){out[0], out[1], out[2]};
}

static void keep_event(void *context, const struct bump_event *event)
{
    struct drive *drive = context;
    assert_true(drive->event_count < EVENTS_MAX);
    if (drive->event_count)
        assert_true(event->time_us > drive->events[drive->event_count - 1].time_us);
    drive->events[drive->event_count++] = *event;
}

// Drives, with the samples given to the detector one by one.
static inline void drive_over(struct drive *drive, struct bump *bump)
{
    uint64_t seed = drive->seed, laying = drive->seed ^ 77;
    struct car *car = calloc(1, sizeof *car);
    size_t object = 0;
    drive->event_count = 0;
    lay_objects(drive, &laying);
    for (size_t i = 0; (double)i < drive->seconds * drive->rate_hz; i++) {
        double even_s = (double)i / drive->rate_hz;
        double time_s = even_s + drive->jitter * uniform(&seed, -0.5, 0.5) / drive->rate_hz;
        double up = drive->model == MODEL_CAR ? car_at(car, drive, time_s, &seed) : responses(drive, time_s, &object);
        up += drive->noise_mps2 * noise_at(drive, time_s, &seed) + 0.2 * sin(2 * M_PI * 28 * time_s);
        bool brakes = !drive->is_smooth_driving && fmod(time_s, 41)<4, turns = fmod(time_s, 29)> 23;
        double forward = brakes ? -3 : 0.3 * sin(time_s / 5);
        double aside = turns && !drive->is_smooth_driving ? 2.5 : 0;
        const double v[3] = {forward + 0.3 * drive->noise_mps2 * normal(&seed),
                             aside + 0.3 * drive->noise_mps2 * normal(&seed), (drive->hides_gravity ? 0 : 9.81) + up};
        struct ride_sample sample = {.time_us = 5000000 + (int64_t)(time_s * 1e6),
                                     .acceleration = mounted(drive, time_s, v),
                                     .has_position = !drive->hides_speed};
        sample.position =
            (struct ride_position){34.7 + drive->speed_mps * time_s / 111195, 135.5, drive->speed_mps, NAN, 0.9, NAN};
        bump_take(bump, &sample);
    }
    bump_flush(bump);
    free(car);
}

static inline void drive_with(struct drive *drive, const struct bump_settings *settings)
{
    struct bump *bump = bump_create(settings, keep_event, drive);
    assert_non_null(bump);
    drive_over(drive, bump);
    for (size_t i = 0; i < drive->event_count; i++)
        drive->events[i].settings = NULL; // which goes with the detector
    bump_destroy(bump);
}

static inline void drive_by_default(struct drive *drive)
{
    struct bump_settings settings;
    bump_settings_default(&settings);
    drive_with(drive, &settings);
}

struct score {
    size_t found, missed, wrong;
    size_t shape_right, shape_wrong;
};

static inline void score_add(struct score *sum, const struct score *one)
{
    sum->found += one->found;
    sum->missed += one->missed;
    sum->wrong += one->wrong;
    sum->shape_right += one->shape_right;
    sum->shape_wrong += one->shape_wrong;
}

static inline double event_s(const struct bump_event *event)
{
    return (double)(event->time_us - 5000000) / 1e6;
}

// Each object is found by one event within half a second; all other events are wrong.
static inline void score_drive(const struct drive *drive, struct score *score)
{
    size_t event = 0;
    for (size_t i = 0; i < drive->object_count; i++) {
        const struct road_object *object = &drive->objects[i];
        while (event < drive->event_count && event_s(&drive->events[event]) < object->at_s - 0.5) {
            score->wrong++;
            event++;
        }
        if (event == drive->event_count || event_s(&drive->events[event]) > object->at_s + 0.5) {
            score->missed++;
            continue;
        }
        enum bump_shape shape = drive->events[event++].shape;
        score->found++;
        score->shape_right += shape == (object->strength < 0 ? BUMP_DIP : BUMP_HUMP);
        score->shape_wrong += shape == (object->strength < 0 ? BUMP_HUMP : BUMP_DIP);
    }
    score->wrong += drive->event_count - event;
}

static inline double f1(const struct score *score)
{
    double found = (double)score->found;
    return found > 0 ? 2 * found / (2 * found + (double)(score->missed + score->wrong)) : 0;
}
