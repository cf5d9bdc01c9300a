// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dice.h"
#include <stddef.h>

/*
 * A road and a car on it. The road's slope is white noise, as ISO 8608 has it with waviness 2: class A (smooth) has a displacement
 * spectrum of 16e-6 m3 at 0.1 cycles/m, B 64e-6, C 256e-6. The car is the golden quarter-car that IRI is defined by.
 */

enum { ROAD_POINTS = 60000 };
#define ROAD_STEP_M 0.05

static void road_make(double road[ROAD_POINTS], double spectrum_m3, uint64_t seed)
{
    double slope_spectrum = 4 * 3.14159265358979323846 * 3.14159265358979323846 * 0.01 * spectrum_m3;
    double slope = sqrt(slope_spectrum / (2 * ROAD_STEP_M)), height = 0;
    for (size_t i = 0; i < ROAD_POINTS; i++) {
        height += ROAD_STEP_M * slope * dice_normal(&seed);
        road[i] = height;
    }
}

static double road_height(const double road[ROAD_POINTS], double x_m)
{
    double place = fmod(x_m / ROAD_STEP_M, ROAD_POINTS - 2);
    size_t i = (size_t)place;
    return road[i] + (road[i + 1] - road[i]) * (place - (double)i);
}

struct quarter_car {
    double body, body_mps, wheel, wheel_mps;
};

// Moves it on by step_s over that height; returns the body's acceleration in m/s2.
static double quarter_car_step(struct quarter_car *car, double height, double step_s)
{
    static const double tyre = 653, spring = 63.3, damper = 6, wheel_mass = 0.15;
    double force = spring * (car->wheel - car->body) + damper * (car->wheel_mps - car->body_mps);
    car->body_mps += step_s * force;
    car->wheel_mps += step_s * (tyre * (height - car->wheel) - force) / wheel_mass;
    car->body += step_s * car->body_mps;
    car->wheel += step_s * car->wheel_mps;
    return force;
}
