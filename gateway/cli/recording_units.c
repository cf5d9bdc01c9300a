// SPDX-License-Identifier: Apache-2.0
#include "recording_units.h"

#include <math.h>

#define STANDARD_GRAVITY 9.80665

enum { ROWS_MIN = 20, STEPS_USUAL = 10 };

// Up from which mean step between samples times are in a unit.
static const struct {
    double step, time_s;
    const char *name;
} finer[] = {{1.5e6, 1e-9, "ns"}, {1.5e3, 1e-6, "us"}, {1.5, 1e-3, "ms"}};

static double step_before(const struct recording_row *rows, size_t index)
{
    double step = rows[index].time - rows[index - 1].time;
    return step > 0 ? step : 0;
}

// Gaps count as ten usual steps at most; what is usual is found out in rounds, as they are part of it first.
static double mean_step(const struct recording_row *rows, size_t count)
{
    double most = INFINITY, mean = 0;
    for (int round = 0; round < 3; round++) {
        double sum = 0, moved = 0;
        for (size_t i = 1; i < count; i++) {
            double step = step_before(rows, i);
            sum += fmin(step, most);
            moved += step > 0;
        }
        mean = sum / (double)(count - 1);
        most = moved > 0 ? STEPS_USUAL * sum / moved : most;
    }
    return mean;
}

static double length_of(double x, double y, double z)
{
    return sqrt(x * x + y * y + z * z);
}

// Gravity taken away would leave what points anywhere.
static bool is_in_g(const struct recording_row *rows, size_t count)
{
    double x = 0, y = 0, z = 0, lengths = 0, n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct ride_acceleration *a = &rows[i].acceleration;
        if (!rows[i].has_acceleration)
            continue;
        x += a->x, y += a->y, z += a->z, n++;
        lengths += length_of(a->x, a->y, a->z);
    }
    return n >= ROWS_MIN && fabs(lengths / n - 1) < 0.15 && length_of(x, y, z) > 0.8 * lengths;
}

struct recording_units recording_units_of(const struct recording_row *rows, size_t count)
{
    struct recording_units units = {.time_s = 1, .acceleration_mps2 = 1};
    if (count < ROWS_MIN)
        return units;
    double step = mean_step(rows, count);
    for (size_t i = 0; i < sizeof finer / sizeof *finer && !units.time_name; i++)
        if (step >= finer[i].step)
            units = (struct recording_units){finer[i].time_s, 1, finer[i].name, NULL};
    if (is_in_g(rows, count)) {
        units.acceleration_mps2 = STANDARD_GRAVITY;
        units.acceleration_name = "g";
    }
    return units;
}

void recording_units_apply(const struct recording_units *units, struct recording_row *row)
{
    row->time *= units->time_s;
    row->acceleration.x *= units->acceleration_mps2;
    row->acceleration.y *= units->acceleration_mps2;
    row->acceleration.z *= units->acceleration_mps2;
}
