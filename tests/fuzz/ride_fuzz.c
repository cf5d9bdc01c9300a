// SPDX-License-Identifier: Apache-2.0
// A ride as a broken device or receiver would tell it, through all that is made of it: samples, bumps, stretches of road.
#include "base/bytes.h"
#include "city/bump.h"
#include "city/roughness.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct drive {
    struct ride *ride;
    struct bump *bump;
    struct roughness roughness;
    int64_t last_us;
    bool begun;
};

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void take_event(void *context, const struct bump_event *event)
{
    (void)context;
    expect(isfinite(event->peak_mps2) && isfinite(event->trough_mps2), "a peak");
    expect(event->duration_ms >= 0 && event->duration_ms < 600000, "a duration");
    expect(event->severity >= 1 && event->severity <= 3 && event->shape < BUMP_SHAPE_COUNT, "a severity");
    expect(isnan(event->latitude) || fabs(event->latitude) <= 90, "a latitude");
    expect(isnan(event->longitude) || fabs(event->longitude) <= 180, "a longitude");
}

static void take_segment(void *context, const struct roughness_segment *segment)
{
    (void)context;
    expect(segment->index_mps2 >= 0 && isfinite(segment->index_mps2), "an index");
    expect(segment->end_us >= segment->start_us, "an end before the start");
    expect(segment->length_m > 0 && segment->length_m < 1e6 && segment->speed_mps >= 0, "a length");
    expect(fabs(segment->end_latitude) <= 90 && fabs(segment->start_longitude) <= 180, "where");
}

static void take_sample(void *context, const struct ride_sample *sample)
{
    struct drive *drive = context;
    expect(!drive->begun || sample->time_us > drive->last_us, "time that does not go on");
    drive->begun = true;
    drive->last_us = sample->time_us;
    if (sample->has_position)
        expect(fabs(sample->position.latitude) <= 90 && fabs(sample->position.longitude) <= 180, "off the earth");
    bump_take(drive->bump, sample);
    roughness_take(&drive->roughness, sample);
}

// What a reading's range lets through.
static double draw_acceleration(struct view *view)
{
    static const double amounts[] = {0, 9.81, -9.81, 5000, -5000, 1e-300};
    uint8_t which = view_u8(view);
    return which < 6 ? amounts[which] : (which - 128) * 0.2;
}

static double draw(struct view *view, double most)
{
    uint8_t which = view_u8(view);
    return which < 8 ? most : which < 16 ? -most : which < 24 ? (double)NAN : (which - 140) / 116.0 * most;
}

static int64_t draw_time(struct view *view, int64_t now_us)
{
    static const int64_t steps_us[] = {0, 1, 999, 10000, 20000, 1000000, 60000000, INT64_C(86400000000)};
    uint8_t how = view_u8(view);
    return now_us + steps_us[how & 7] * (how & 8 ? -1 : 1) * (1 + (how >> 4));
}

static void locate(struct drive *drive, struct view *view, int64_t now_us)
{
    struct ride_position position = {.latitude = draw(view, 90), .longitude = draw(view, 180)};
    position.speed_mps = fabs(draw(view, 150));
    position.heading_deg = fabs(draw(view, 360));
    position.hdop = fabs(draw(view, 100));
    position.accuracy_m = fabs(draw(view, 1e7));
    if (!isnan(position.latitude) && !isnan(position.longitude))
        ride_locate(drive->ride, draw_time(view, now_us), &position);
    else
        ride_no_fix(drive->ride, draw_time(view, now_us));
}

static void accelerate(struct drive *drive, struct view *view, int64_t now_us, int64_t *device_us)
{
    uint8_t how = view_u8(view), count = how % 32;
    *device_us = draw_time(view, *device_us);
    if (*device_us < 0)
        *device_us = 0;
    struct ride_acceleration at = {draw_acceleration(view), draw_acceleration(view), draw_acceleration(view)};
    for (; count > 0; count--) {
        struct ride_stamp stamp = {.received_us = now_us, .device_us = *device_us, .has_device = how & 0x80};
        at.z = how & 0x40 ? draw_acceleration(view) : at.z;
        ride_accelerate(drive->ride, &stamp, &at);
        *device_us += how & 0x20 ? 10000 : 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view view = {.data = data, .left = size};
    struct drive drive = {.begun = false};
    struct bump_settings settings;
    int64_t now_us = 1000000, device_us = 5000000;
    bump_settings_default(&settings);
    drive.ride = ride_create(take_sample, &drive);
    drive.bump = bump_create(&settings, take_event, &drive);
    roughness_init(&drive.roughness, &roughness_usual, take_segment, &drive);
    while (view.left > 0 && !view.bad) {
        uint8_t deed = view_u8(&view);
        now_us += (deed & 0x80) ? INT64_C(3600000000) : (deed & 0x70) * INT64_C(1250);
        if ((deed & 0x0f) == 0)
            ride_flush(drive.ride);
        else if ((deed & 0x0f) < 4)
            locate(&drive, &view, now_us);
        else
            accelerate(&drive, &view, now_us, &device_us);
    }
    ride_flush(drive.ride);
    bump_flush(drive.bump);
    roughness_flush(&drive.roughness);
    ride_destroy(drive.ride);
    bump_destroy(drive.bump);
    return 0;
}
