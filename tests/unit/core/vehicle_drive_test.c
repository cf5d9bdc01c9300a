// SPDX-License-Identifier: Apache-2.0
#include "vehicle_rig.h"

#include "recording.h"

// One line as it comes from a port. False when the codec refuses it, such as the heading.
static bool take_line(const char *line)
{
    static const struct codec_options options = {.columns = COLUMNS};
    struct fault why = {""};
    size_t used = 0;
    enum refusal refusal = REFUSAL_NONE;
    if (codec_decode_stream(codec_find("csv"), &options, (const uint8_t *)line, strlen(line), &way.raw, &used, &refusal,
                            &why) != CODEC_TAKEN)
        return false;
    assert_int_equal(used, strlen(line));
    double said = raw_pack_find(&way.raw, "ax")->number;
    assert_int_equal(take("serial:unit", NULL), 1);
    assert_false(has_value("acceleration_x_mps2"));
    const struct quantity *quantity = vocabulary_find("acceleration_x_mps2", KIND_BUMP);
    assert_true(unit_convert("g", quantity, said, &way.expected[way.expected_count++]));
    return true;
}

static void all_came_out(void)
{
    vehicles_flush(way.vehicles);
    struct vehicle_figures figures = figures_of("van-1");
    assert_int_equal(way.samples, way.expected_count);
    assert_int_equal(figures.ride.samples_in, way.expected_count);
    assert_int_equal(figures.ride.samples_out, way.expected_count);
    assert_int_equal(figures.ride.waiting + figures.incomplete, 0);
}

static void a_drive_with_every_fault_comes_out_whole(void **state)
{
    (void)state;
    char line[RECORDING_LINE_MAX];
    for (size_t row = 0; row < RECORDING_ROWS; row++) {
        recording_line(row, line);
        if (row % 64 == 0) { // what one read of the port gives
            boot_us += 500;
            vehicles_turn(way.vehicles);
        }
        assert_true(take_line(line));
        assert_int_equal(has_value("latitude"), row >= 300);
    }
    all_came_out();
    struct vehicle_figures figures = figures_of("van-1");
    assert_int_equal(figures.ride.duplicates, RECORDING_ROWS / 16 * 8);
    assert_int_equal(figures.ride.repeated, RECORDING_ROWS / 5);
    assert_int_equal(figures.ride.backward, 1);
    assert_int_equal(figures.ride.gaps, 1);
    assert_int_equal(figures.ride.largest_gap_us / 1000, 376 + 30);
    assert_true(fabs(figures.ride.rate_hz - 1 / 0.0153) < 1);
    assert_int_equal(figures.ride.no_fixes, 300);
    assert_int_equal(figures.ride.fixes, (RECORDING_ROWS - 1) / 65 - 300 / 65 + 1);
    assert_true(figures.ride.located >= RECORDING_ROWS - 300 - 3);
}

static const struct {
    const char *name;
    size_t rows;
    double rate_hz;
    uint64_t backward;
} recordings[] = {
    {"2018-11-1713.51.22.csv", 28477, 65, 0},
    {"2018-10-1620.34.44.csv", 0, 0, 1},
    {"2018-10-2015.39.01.csv", 0, 0, 1},
    {"2018-10-2118.27.49.csv", 0, 0, 1},
};

static bool replay(const char *name)
{
    char path[512], line[512];
    snprintf(path, sizeof path, "%s/../shared/data/bump_saopaulo_mit/%s", getenv("SOURCE_DIR"), name);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    assert_non_null(fgets(line, sizeof line, file));
    assert_false(take_line(line)); // the heading
    for (size_t row = 0; fgets(line, sizeof line, file); row++) {
        if (row % 64 == 0) {
            boot_us += 500;
            vehicles_turn(way.vehicles);
        }
        assert_true(take_line(line));
        if (row == 20000)
            way.rate_hz = figures_of("van-1").ride.rate_hz; // in its last seconds it was faster
    }
    fclose(file);
    return true;
}

static void recorded_drives_come_out_whole(void **state)
{
    for (size_t i = 0; i < sizeof recordings / sizeof *recordings; i++) {
        if (!replay(recordings[i].name)) {
            print_message("no recordings beside the sources: skipped\n");
            skip();
        }
        all_came_out();
        struct vehicle_figures figures = figures_of("van-1");
        double rows = (double)figures.ride.samples_in;
        print_message(
            "%s: %.0f rows, %.2f Hz, jitter %.1f ms, equal stamps %.1f %%, repeated %.1f %%, backward %d, leaps "
            "%d, gaps %d, largest %.3f s, fixes %d, located %.1f %%\n",
            recordings[i].name, rows, figures.ride.rate_hz, figures.ride.jitter_us / 1e3,
            100 * (double)figures.ride.duplicates / rows, 100 * (double)figures.ride.repeated / rows,
            (int)figures.ride.backward, (int)figures.ride.leaps, (int)figures.ride.gaps,
            (double)figures.ride.largest_gap_us / 1e6, (int)figures.ride.fixes,
            100 * (double)figures.ride.located / rows);
        assert_true(figures.ride.backward <= recordings[i].backward);
        if (recordings[i].rows) {
            assert_int_equal(figures.ride.samples_in, recordings[i].rows);
            assert_true(fabs(way.rate_hz - recordings[i].rate_hz) < 4);
            assert_int_equal(100 * figures.ride.duplicates / recordings[i].rows, 52);
            assert_int_equal((100 * figures.ride.repeated + recordings[i].rows / 2) / recordings[i].rows, 21);
            assert_int_equal(figures.ride.largest_gap_us / 1000, 376);
        }
        end(state);
        begin(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VEHICLE_TEST(a_drive_with_every_fault_comes_out_whole),
        VEHICLE_TEST(recorded_drives_come_out_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
