// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/files.h"
#include "drivers/codec.h"
#include "recording.h"
#include "vehicle.h"
#include <math.h>
#include <unistd.h>

static const int64_t second_us = 1000000, start_wall_us = 1700000000000000;
static int64_t boot_us;
static bool synchronised;

static int64_t moved_wall(const struct clock *clock)
{
    (void)clock;
    return start_wall_us + boot_us;
}

static int64_t moved_boot(const struct clock *clock)
{
    (void)clock;
    return boot_us;
}

static bool is_set(const struct clock *clock)
{
    (void)clock;
    return synchronised;
}

static const struct clock moved = {.wall_us = moved_wall, .boot_us = moved_boot, .synchronised = is_set};

#define COLUMNS "time ax ay az latitude longitude speed_mps"

static const char config[] =
    "[gateway]\nid = t\nmunicipality = 271004\n"
    "[serial:unit]\ndevice = /dev/unit\ncodec = csv\ncolumns = " COLUMNS "\n"
    "[serial:imu]\ndevice = /dev/imu\ncodec = wt901\n[serial:gnss]\ndevice = /dev/gnss\ncodec = nmea\n"
    "[sensor:van-1]\nkind = bump\nsource = serial:unit\nmap.acceleration_x_mps2 = ax g\n"
    "map.acceleration_y_mps2 = ay g\nmap.acceleration_z_mps2 = az g\n"
    "[sensor:van-2]\nkind = bump\nsource = serial:imu\nposition = serial:gnss\n"
    "[sensor:van-3]\nkind = bump\nsource = coap\nposition = gpsd://localhost:2947\n"
    "[sensor:van-4]\nkind = bump\nsource = coap\n"
    "[sensor:van-5]\nkind = bump\nsource = coap\nposition = serial:unit\n"
    "[sensor:bay]\nkind = parking\nsource = coap\n";

enum { SAMPLES_MAX = 40000 };

static struct {
    struct findings findings;
    struct settings *settings;
    struct sensors *sensors;
    struct vehicles *vehicles;
    struct raw_pack raw;
    struct normalised_pack pack;
    const char *sensor; // of the last sample
    struct ride_sample last;
    size_t samples;
    double expected[SAMPLES_MAX]; // along x, of all that went in
    size_t expected_count;
    double rate_hz;
} way;

static void collect(void *context, const struct sensor *sensor, const struct ride_sample *sample)
{
    (void)context;
    if (way.samples)
        assert_true(sample->time_us > way.last.time_us);
    if (way.samples < way.expected_count)
        assert_true(sample->acceleration.x == way.expected[way.samples]);
    way.sensor = sensor->settings->id;
    way.last = *sample;
    way.samples++;
}

static int begin(void **state)
{
    (void)state;
    char path[] = "/tmp/citygw-vehicle-XXXXXX";
    int fd = mkstemp(path);
    memset(&way, 0, sizeof way);
    boot_us = 100 * second_us;
    synchronised = true;
    assert_int_equal(write(fd, config, sizeof config - 1), sizeof config - 1);
    close(fd);
    assert_int_equal(settings_load(path, &way.findings, &way.settings), 0);
    unlink(path);
    assert_int_equal(way.findings.stops + way.findings.disabled + way.findings.warnings, 0);
    assert_int_equal(sensors_create(way.settings, &way.findings, &way.sensors), 0);
    assert_int_equal(vehicles_create(way.settings, way.sensors, &moved, &way.vehicles), 0);
    vehicles_consume(way.vehicles, collect, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    vehicles_destroy(way.vehicles);
    sensors_destroy(way.sensors);
    findings_finish(&way.findings);
    settings_destroy(way.settings);
    return 0;
}

// What the raw pack says becomes readings, and the vehicles take theirs. Returns how many accelerations they took.
static size_t take(const char *source, const char *sensor)
{
    struct fault why = {""};
    struct normalise_context context = {.sensors = way.sensors,
                                        .source = source,
                                        .sensor = sensor ? sensors_find(way.sensors, sensor) : NULL,
                                        .received_us = moved_wall(NULL),
                                        .clock_synchronised = synchronised};
    enum refusal refusal = normalise(&context, &way.raw, &way.pack, &why);
    if (refusal)
        fail_msg("%s", why.text);
    size_t taken = vehicles_take(way.vehicles, &way.pack, context.received_us);
    raw_pack_clear(&way.raw);
    return taken;
}

static bool locate(const char *source, const char *sensor)
{
    bool alone = vehicles_locate(way.vehicles, source, &(const struct driver_pack){.raw = &way.raw, .sensor = sensor});
    raw_pack_clear(&way.raw);
    return alone;
}

static void add(const char *name, const char *unit, double number)
{
    assert_true(raw_pack_number(&way.raw, name, unit, number));
}

static void add_axes(double x)
{
    add("acceleration_x_mps2", "m/s2", x);
    add("acceleration_y_mps2", "m/s2", 0);
    add("acceleration_z_mps2", "m/s2", 9.8);
}

// As the port of an IMU gives it: a sample every 10 ms.
static void drive(const char *source, const char *sensor, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        vehicles_turn(way.vehicles);
        add_axes(1);
        assert_int_equal(take(source, sensor), 1);
        boot_us += 10000;
    }
}

static struct vehicle_figures figures_of(const char *sensor)
{
    struct vehicle_figures figures;
    for (size_t i = 0; vehicles_figures(way.vehicles, i, &figures); i++)
        if (strcmp(figures.sensor, sensor) == 0)
            return figures;
    fail_msg("%s is not shown", sensor);
    return figures;
}

static bool has_value(const char *name)
{
    for (size_t i = 0; i < way.pack.count; i++)
        for (size_t v = 0; v < way.pack.readings[i].reading.value_count; v++)
            if (strcmp(way.pack.readings[i].reading.values[v].name, name) == 0)
                return true;
    return false;
}

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

static void acceleration_goes_to_the_ride_and_the_rest_stays(void **state)
{
    (void)state;
    add_axes(1);
    add("temperature_c", "Cel", 20);
    add("angular_x_dps", "deg/s", 3);
    assert_int_equal(take("serial:imu", "van-2"), 1);
    assert_int_equal(way.pack.count, 1);
    assert_int_equal(way.pack.readings[0].reading.value_count, 1);
    assert_true(has_value("temperature_c") && way.pack.readings[0].is_rest);
    add("angular_y_dps", "", 3);
    assert_int_equal(take("serial:imu", "van-2"), 0);
    assert_int_equal(way.pack.count, 0);
    add("battery_v", "V", 3.6);
    assert_int_equal(take("serial:imu", "van-2"), 0);
    assert_true(has_value("battery_v") && !way.pack.readings[0].is_rest);
}

static void others_keep_their_readings(void **state)
{
    (void)state;
    add("bay:battery_v", "V", 3);
    add("van-4:peak_mps2", "m/s2", 7);
    add("van-4:severity", "", 2);
    add("van-3:acceleration_x_mps2", "m/s2", 1);
    add("van-3:acceleration_y_mps2", "m/s2", 1);
    add("van-3:acceleration_z_mps2", "m/s2", 1);
    assert_int_equal(take("coap", NULL), 1);
    assert_int_equal(way.pack.count, 2);
    assert_true(has_value("battery_v") && has_value("peak_mps2") && has_value("severity"));
    assert_string_equal(way.pack.readings[1].sensor->settings->id, "van-4");
}

static void an_acceleration_without_an_axis_is_counted(void **state)
{
    (void)state;
    add("acceleration_x_mps2", "m/s2", 1);
    assert_int_equal(take("serial:imu", "van-2"), 0);
    add("acceleration_x_mps2", "m/s2", 1);
    add("acceleration_y_mps2", "m/s2", 1e6); // outside its range
    add("acceleration_z_mps2", "m/s2", 1);
    assert_int_equal(take("serial:imu", "van-2"), 0);
    assert_int_equal(way.pack.count, 0);
    assert_int_equal(figures_of("van-2").incomplete, 2);
    assert_int_equal(figures_of("van-2").ride.samples_in, 0);
}

static void what_was_refused_of_the_rest_stays_named(void **state)
{
    (void)state;
    add_axes(1e6); // x is outside its range, and so is the voltage
    add("battery_v", "V", 1e6);
    add("temperature_c", "Cel", 20);
    take("serial:imu", "van-2");
    assert_int_equal(way.pack.count, 1);
    assert_int_equal(way.pack.readings[0].reading.refused_count, 1);
    assert_string_equal(way.pack.readings[0].reading.refused[0], "battery_v");
    assert_int_equal(way.pack.readings[0].reading.quality, QUALITY_RANGE);
    add_axes(1e6);
    add("temperature_c", "Cel", 20);
    take("serial:imu", "van-2");
    assert_int_equal(way.pack.readings[0].reading.refused_count, 0);
    assert_int_equal(way.pack.readings[0].reading.quality, QUALITY_GOOD);
}

static void frames_of_one_turn_have_one_time_and_are_spread(void **state)
{
    (void)state;
    for (int turn = 0; turn < 100; turn++) {
        vehicles_turn(way.vehicles);
        for (int i = 0; i < 4; i++) {
            add_axes(1);
            take("serial:imu", "van-2");
            boot_us += 30; // what decoding takes
        }
        boot_us += 20000 - 120;
    }
    vehicles_flush(way.vehicles);
    assert_int_equal(way.samples, 400);
    assert_int_equal(figures_of("van-2").ride.duplicates, 300);
    assert_true(fabs(figures_of("van-2").ride.rate_hz - 200) < 1);
}

static void a_position_comes_from_another_port(void **state)
{
    (void)state;
    add("latitude", "lat", 34.7);
    add("longitude", "lon", 135.5);
    add("speed_mps", "km/h", 36);
    assert_true(locate("serial:gnss", NULL)); // which has no sensor of its own
    drive("serial:imu", "van-2", 10);
    vehicles_flush(way.vehicles);
    assert_string_equal(way.sensor, "van-2");
    assert_true(way.last.has_position && way.last.position.latitude == 34.7 && way.last.position.speed_mps == 10);
    assert_int_equal(figures_of("van-2").position_age_us, 100000);
    add("fix", "", 0);
    assert_true(locate("serial:gnss", NULL));
    assert_int_equal(figures_of("van-2").position_age_us, -1);
    add("latitude", "lat", 34.7);
    assert_false(locate("serial:unit", NULL)); // its sensor gets its readings all the same
    add("latitude", "lat", 34.7);
    assert_false(locate("coap", NULL));
}

static void gpsd_says_positions_to_nobody_by_name(void **state)
{
    (void)state;
    add("latitude", "lat", 34.7);
    add("longitude", "lon", 135.5);
    assert_false(locate("gpsd://localhost:2947", "van-4")); // a sensor's own
    add("latitude", "lat", 34.7);
    add("longitude", "lon", 135.5);
    assert_true(locate("gpsd://localhost:2947", NULL));
    assert_int_equal(figures_of("van-3").ride.fixes, 1);
}

static void say_at(double latitude, int64_t age_us)
{
    add("latitude", "lat", latitude);
    add("longitude", "lon", 135);
    for (size_t i = 0; age_us && i < way.raw.count; i++) {
        way.raw.values[i].time = RAW_TIME_ABSOLUTE;
        way.raw.values[i].time_us = moved_wall(NULL) - age_us;
    }
    vehicles_turn(way.vehicles);
    locate("serial:gnss", NULL);
}

static void a_receivers_own_time_counts_where_the_clock_is_set(void **state)
{
    (void)state;
    say_at(34, 300000);
    assert_int_equal(figures_of("van-2").position_age_us, 300000);
    boot_us += 3 * second_us;
    say_at(35, 3600 * second_us); // no such delay can be: one of the clocks is wrong
    assert_int_equal(figures_of("van-2").position_age_us, 0);
    boot_us += 3 * second_us;
    synchronised = false;
    say_at(36, 300000);
    assert_int_equal(figures_of("van-2").position_age_us, 0);
}

static void a_position_said_again_without_its_time_only_completes(void **state)
{
    (void)state;
    say_at(34, 300000); // RMC
    add("hdop", "", 0.9);
    boot_us += 50000;
    say_at(34.001, 0); // GGA of the same second, in other digits
    assert_int_equal(figures_of("van-2").ride.fixes, 1);
    boot_us += 2 * second_us;
    say_at(34.002, 0); // nobody says a time any more
    assert_int_equal(figures_of("van-2").ride.fixes, 2);
}

static void the_place_of_an_event_is_not_where_the_vehicle_is(void **state)
{
    (void)state;
    drive("coap", "van-4", 3);
    add("peak_mps2", "m/s2", 7);
    add("latitude", "lat", 34.7);
    add("longitude", "lon", 135.5);
    assert_int_equal(take("coap", "van-4"), 0);
    assert_true(has_value("latitude") && has_value("peak_mps2"));
    assert_int_equal(figures_of("van-4").ride.fixes, 0);
    add("latitude", "lat", 34.7);
    add("longitude", "lon", 135.5);
    take("coap", "van-4");
    assert_int_equal(figures_of("van-4").ride.fixes, 1);
}

static void a_pack_of_samples_with_times_keeps_their_distances(void **state)
{
    (void)state;
    for (int pack = 0; pack < 20; pack++) {
        for (int i = -9; i <= 0; i++) {
            size_t first = way.raw.count;
            add_axes(1);
            for (size_t v = first; v < way.raw.count; v++) {
                way.raw.values[v].time = RAW_TIME_RELATIVE;
                way.raw.values[v].time_us = i * 10000;
            }
        }
        vehicles_turn(way.vehicles);
        assert_int_equal(take("coap", "van-4"), 10);
        assert_int_equal(way.pack.count, 0);
        boot_us += 100000;
    }
    vehicles_flush(way.vehicles);
    assert_int_equal(way.samples, 200);
    assert_int_equal(figures_of("van-4").ride.duplicates, 0);
    assert_true(fabs(figures_of("van-4").ride.rate_hz - 100) < 0.1);
}

static void what_waits_goes_when_nothing_more_comes(void **state)
{
    (void)state;
    drive("serial:imu", "van-2", 5);
    vehicles_tick(way.vehicles);
    assert_int_equal(way.samples, 4);
    boot_us += second_us;
    vehicles_tick(way.vehicles);
    assert_int_equal(way.samples, 5);
    drive("serial:imu", "van-2", 5);
    boot_us += second_us;
    vehicles_tick(way.vehicles);
    assert_int_equal(way.samples, 10);
}

static void vehicles_are_shown_once_they_are_some(void **state)
{
    (void)state;
    struct vehicle_figures figures;
    assert_true(vehicles_figures(way.vehicles, 0, &figures)); // van-2, -3 and -5 name a position
    assert_true(vehicles_figures(way.vehicles, 2, &figures));
    assert_false(vehicles_figures(way.vehicles, 3, &figures));
    drive("coap", "van-4", 1);
    assert_true(vehicles_figures(way.vehicles, 3, &figures));
    assert_int_equal(vehicles_most(way.vehicles), 5);
    assert_false(vehicles_figures(NULL, 0, &figures));
}

#define VEHICLE_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VEHICLE_TEST(a_drive_with_every_fault_comes_out_whole),
        VEHICLE_TEST(recorded_drives_come_out_whole),
        VEHICLE_TEST(acceleration_goes_to_the_ride_and_the_rest_stays),
        VEHICLE_TEST(others_keep_their_readings),
        VEHICLE_TEST(an_acceleration_without_an_axis_is_counted),
        VEHICLE_TEST(what_was_refused_of_the_rest_stays_named),
        VEHICLE_TEST(frames_of_one_turn_have_one_time_and_are_spread),
        VEHICLE_TEST(a_position_comes_from_another_port),
        VEHICLE_TEST(gpsd_says_positions_to_nobody_by_name),
        VEHICLE_TEST(a_receivers_own_time_counts_where_the_clock_is_set),
        VEHICLE_TEST(a_position_said_again_without_its_time_only_completes),
        VEHICLE_TEST(the_place_of_an_event_is_not_where_the_vehicle_is),
        VEHICLE_TEST(a_pack_of_samples_with_times_keeps_their_distances),
        VEHICLE_TEST(what_waits_goes_when_nothing_more_comes),
        VEHICLE_TEST(vehicles_are_shown_once_they_are_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
