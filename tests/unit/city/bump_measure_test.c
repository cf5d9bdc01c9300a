// SPDX-License-Identifier: Apache-2.0
#include "bump_drives.h"

/*
 * How well bumps are found, by model, rate and speed, and how many events a worn road without any object makes. What a city relies on
 * is asserted; below 50 Hz the table tells what to expect. With CITYGW_BUMP_RATES=all it is whole, as docs/bumps.md has it; else only
 * 50 and 100 Hz are tried.
 */

static const double rates_hz[] = {5, 10, 20, 50, 100, 200};
static const double speeds_mps[] = {4, 10, 16, 22};
enum { RATES = sizeof rates_hz / sizeof *rates_hz, SPEEDS = sizeof speeds_mps / sizeof *speeds_mps };

static struct drive drive;

static bool is_asked_for(double rate_hz)
{
    const char *all = getenv("CITYGW_BUMP_RATES");
    return all || rate_hz == 50 || rate_hz == 100;
}

// Three kilometres, on a road that is quiet, middling and loud; an object every 60 m or every four seconds.
static void measure(enum vehicle_model model, double rate_hz, double speed_mps, struct score *score)
{
    static const double noises[] = {0.3, 0.55, 0.8};
    for (size_t i = 0; i < 3; i++) {
        drive = (struct drive){
            .model = model, .rate_hz = rate_hz, .speed_mps = speed_mps, .seconds = 1000 / speed_mps + 20};
        drive.noise_mps2 = model == MODEL_CAR ? noises[i] / 2 : noises[i];
        drive.roughness = 16;
        drive.every_m = fmax(60, 4 * speed_mps);
        drive.jitter = 0.4;
        drive.axis[0] = 1;
        drive.axis[1] = 0.5;
        drive.turn = 1.1 * (double)i;
        drive.seed = 1000 * (uint64_t)rate_hz + 10 * (uint64_t)speed_mps + i;
        drive_by_default(&drive);
        score_drive(&drive, score);
    }
}

static double part(size_t some, size_t others)
{
    return some + others ? (double)some / (double)(some + others) : NAN;
}

static void clear_bumps_are_found(void **state)
{
    (void)state;
    print_message("precision, recall and right shapes at 14, 36, 58 and 79 km/h; F1 of all\n");
    for (int model = 0; model < MODEL_COUNT; model++)
        for (size_t rate = 0; rate < RATES; rate++) {
            struct score all = {0};
            if (!is_asked_for(rates_hz[rate]))
                continue;
            print_message("%-13s %3.0f Hz", model_names[model], rates_hz[rate]);
            for (size_t speed = 0; speed < SPEEDS; speed++) {
                struct score one = {0};
                measure((enum vehicle_model)model, rates_hz[rate], speeds_mps[speed], &one);
                print_message("  %.2f %.2f %4.2f", part(one.found, one.wrong), part(one.found, one.missed),
                              part(one.shape_right, one.shape_wrong));
                score_add(&all, &one);
            }
            print_message("  F1 %.3f\n", f1(&all));
            if (rates_hz[rate] < 50)
                continue;
            assert_true(f1(&all) >= 0.95);
            assert_true(part(all.shape_right, all.shape_wrong) >= 0.95);
        }
}

static const struct worn {
    const char *name;
    enum vehicle_model model;
    enum noise_model noise;
    double noise_mps2, roughness;
    bool is_promised;
} worn_roads[] = {
    {"class C", MODEL_CAR, NOISE_NORMAL, 0.3, 256, true},
    {"class D", MODEL_CAR, NOISE_NORMAL, 0.3, 1024, true},
    {"class E", MODEL_CAR, NOISE_NORMAL, 0.3, 4096, true},
    {"normal 0.8", MODEL_PULSES, NOISE_NORMAL, 0.8, 0, true},
    {"normal 1.5", MODEL_PULSES, NOISE_NORMAL, 1.5, 0, true},
    {"normal 2.5", MODEL_PULSES, NOISE_NORMAL, 2.5, 0, true},
    {"Laplace 1.5", MODEL_PULSES, NOISE_LAPLACE, 1.5, 0, true},
    {"patches 0.9/2.1", MODEL_PULSES, NOISE_PATCHES, 1.5, 0, false},
};

static void a_worn_road_is_no_row_of_bumps(void **state)
{
    (void)state;
    print_message("wrong events on 10 km at 14, 36, 58 and 79 km/h\n");
    for (size_t i = 0; i < sizeof worn_roads / sizeof *worn_roads; i++)
        for (size_t rate = 0; rate < RATES; rate++) {
            const struct worn *worn = &worn_roads[i];
            if (!is_asked_for(rates_hz[rate]))
                continue;
            print_message("%-16s %3.0f Hz", worn->name, rates_hz[rate]);
            for (size_t speed = 0; speed < SPEEDS; speed++) {
                drive = (struct drive){.model = worn->model, .noise = worn->noise, .rate_hz = rates_hz[rate]};
                drive.speed_mps = speeds_mps[speed];
                drive.seconds = 10000 / drive.speed_mps;
                drive.noise_mps2 = worn->noise_mps2;
                drive.roughness = worn->roughness;
                drive.jitter = 0.4;
                drive.seed = i + rate * 10;
                drive_by_default(&drive);
                print_message(" %3zu", drive.event_count);
                if (worn->is_promised && drive.rate_hz >= 50)
                    assert_true(drive.event_count <= 1);
            }
            print_message("\n");
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clear_bumps_are_found),
        cmocka_unit_test(a_worn_road_is_no_row_of_bumps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
