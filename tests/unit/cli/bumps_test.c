// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "capture.h"
#include <math.h>
#include <stdlib.h>

/*
 * `citygw bumps`: a file with a drive becomes lines of JSON.
 */

static struct captured got;
static char folder[64], file[128], config[128];
static FILE *to;

enum { SECONDS = 40, RATE = 100 };

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/citygw-bumps-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/drive.csv", folder);
    snprintf(config, sizeof config, "%s/city.ini", folder);
    to = fopen(file, "w");
    assert_non_null(to);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(file);
    unlink(config);
    return rmdir(folder);
}

static void finish_file(void)
{
    assert_int_equal(fclose(to), 0);
}

// A shake that is always the same, and a bump of 8 m/s2 from second 20 on, for 0.2 s.
static double shake(int i)
{
    double since_s = (double)i / RATE - 20;
    double bump = since_s >= 0 && since_s < 0.2 ? 8 * sin(M_PI * since_s / 0.2) : 0;
    return 9.81 + 0.3 * sin(i * 1.7) + 0.2 * sin(i * 0.9) + bump;
}

static double time_at(int i)
{
    return 1000 + (double)i / RATE;
}

static void write_plain(void)
{
    fprintf(to, "time_s,ax,ay,az,latitude,longitude,speed_mps\n");
    for (int i = 0; i < SECONDS * RATE; i++)
        fprintf(to, "%.3f,0.1,-0.2,%.5f,%.7f,135.5,10\n", time_at(i), shake(i), 34.7 + i * 1e-6);
}

// The number behind that key in the first line; NAN: it is not there.
static double number_of(const char *key)
{
    char quoted[40];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *found = strstr(got.out, quoted);
    return found ? strtod(found + strlen(quoted), NULL) : NAN;
}

static size_t lines_of(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void expect_the_bump(int exit)
{
    assert_int_equal(lines_of(got.out), 1);
    assert_int_equal(got.exit, exit);
    assert_true(fabs(number_of("time_s") - 1020.1) < 0.1);
    assert_true(fabs(number_of("peak_mps2") - 8) < 0.6);
    assert_non_null(strstr(got.out, "\"shape\":\"hump\""));
    assert_true(number_of("severity") == 2);
}

static void a_drive_becomes_lines_of_json(void **state)
{
    (void)state;
    write_plain();
    finish_file();
    RUN(&got, "bumps", file);
    assert_string_equal(got.err, "");
    expect_the_bump(VERB_FINE);
    assert_int_equal(got.out[0], '{');
    assert_true(number_of("speed_mps") == 10);
    assert_true(fabs(number_of("latitude") - 34.702) < 2e-5 && number_of("longitude") == 135.5);
    assert_true(fabs(number_of("trough_mps2")) < 1 && fabs(number_of("duration_ms") - 180) < 60);
    assert_non_null(strstr(got.out, " zpeak=2.5 zdiff=2 "));
    assert_true(isnan(number_of("hdop"))); // the file does not tell
}

static void columns_come_in_any_order_and_notation(void **state)
{
    (void)state;
    fprintf(to, "\xef\xbb\xbfnote;\"AZ\"; ay;ax;Time_s;speed_mps\r\n");
    for (int i = 0; i < SECONDS * RATE; i++) {
        char z[20];
        snprintf(z, sizeof z, "%.4f", shake(i));
        *strchr(z, '.') = ',';
        fprintf(to, "\"a; \"\"b\"\"\";%s;0;\"0,1\";%.3f;\r\n", z, time_at(i));
    }
    finish_file();
    RUN(&got, "bumps", file);
    assert_string_equal(got.err, "");
    expect_the_bump(VERB_FINE);
    assert_true(isnan(number_of("speed_mps")) && isnan(number_of("latitude")) && isnan(number_of("heading_deg")));
}

static void an_app_that_writes_g_and_decimal_commas_is_understood(void **state)
{
    (void)state;
    fprintf(to, "time,gFx,gFy,gFz,Latitude,Longitude,Speed (m/s),\n");
    for (int i = 0; i < SECONDS * RATE; i++) {
        double g = shake(i) / 9.80665;
        int seconds = 1000 + i / RATE;
        fprintf(to, "00:%02d:%02d:%03d,\"0,0\",\"%d,%04d\",\"0,0\",\"0,00000000\",\"0,00000000\",\"0,0\",\n",
                seconds / 60, seconds % 60, i % RATE * 10, (int)g, (int)(fmod(g, 1) * 10000));
    }
    finish_file();
    RUN(&got, "bumps", file);
    assert_string_equal(got.err, "");
    expect_the_bump(VERB_FINE);
    assert_true(isnan(number_of("latitude")) && isnan(number_of("speed_mps"))); // 0 and 0 is no fix
}

// The same drive, in units that the header tells.
static void units_stand_in_the_header(void **state)
{
    (void)state;
    fprintf(to, "Time (ms),Acceleration x (m/s^2),Acceleration y (m/s^2),Acceleration z (m/s^2),Speed (km/h)\n");
    for (int i = 0; i < SECONDS * RATE; i++)
        fprintf(to, "%.0f,0,0,%.4f,36\n", time_at(i) * 1000, shake(i));
    finish_file();
    RUN(&got, "bumps", file);
    assert_string_equal(got.err, "");
    expect_the_bump(VERB_FINE);
    assert_true(number_of("speed_mps") == 10);
}

static void units_that_the_header_hides_are_found_by_the_values(void **state)
{
    static const struct {
        double part_s;
        const char *name;
    } units[] = {{1e-3, "\"time_s\" is taken in ms"}, {1e-6, "taken in us"}, {1e-9, "taken in ns"}};
    (void)state;
    for (size_t unit = 0; unit < 3; unit++) {
        to = unit ? fopen(file, "w") : to;
        fprintf(to, "timestamp,x,y,z\n");
        for (int i = 0; i < SECONDS * RATE; i++) // in batches of four, with a gap of two hours behind them all
            fprintf(to, "%.0f,0,0,%.5f\n", (time_at(i / 4 * 4) + (i > 3900 ? 7200 : 0)) / units[unit].part_s,
                    shake(i) / 9.80665);
        finish_file();
        RUN(&got, "bumps", file);
        expect_the_bump(VERB_FINE);
        assert_non_null(strstr(got.err, units[unit].name));
        assert_non_null(strstr(got.err, "\"ax\" is taken in g"));
    }
}

static void seconds_in_batches_stay_seconds(void **state)
{
    (void)state;
    fprintf(to, "time,x,y,z\n");
    for (int i = 0; i < SECONDS * RATE; i++)
        fprintf(to, "2026-11-27 01:%02d:%02dZ,0,0,%.4f\n", (1000 + i / RATE) / 60, (1000 + i / RATE) % 60, shake(i));
    finish_file();
    RUN(&got, "bumps", file);
    assert_string_equal(got.err, "");
    assert_int_equal(lines_of(got.out), 1);
    assert_true(fabs(number_of("time_s") - 4620.1) < 0.1);
}

static void a_speed_needs_no_position(void **state)
{
    (void)state;
    fprintf(to, "time_s,ax,ay,az,speed_mps\n");
    for (int i = 0; i < SECONDS * RATE; i++)
        fprintf(to, "%.3f,0,0,%.4f,12.5\n", time_at(i), shake(i));
    finish_file();
    RUN(&got, "bumps", file);
    expect_the_bump(VERB_FINE);
    assert_true(number_of("speed_mps") == 12.5);
    RUN(&got, "bumps", file, "--set", "speed_min=50 km/h");
    assert_string_equal(got.out, "");
}

static void lines_that_cannot_be_used_are_named_and_the_others_are_used(void **state)
{
    char wanted[300];
    (void)state;
    write_plain();
    fprintf(to,
            "1041.0,x1,0,9.8,34.7,135.5,10\n\n1041.1,0,,9.8,34.7,135.5,10\n,0,0,9.8,34.7,135.5,10\n"
            "1041.3,0,0,9.8,91,135.5,10\n1041.4,0,0,9.8\n1041.5,1e9,0,9.8,34.7,135.5,10\n1041.6,,,,34.7,135.5,10\n");
    finish_file();
    RUN(&got, "bumps", file);
    expect_the_bump(VERB_PROBLEM);
    snprintf(wanted, sizeof wanted, "%s:4002: ax: \"x1\" cannot be read; expected a number from -2000 to 2000 m/s2\n",
             file);
    assert_non_null(strstr(got.err, wanted));
    snprintf(wanted, sizeof wanted, "%s:4004: ay: \"\" cannot be read; expected ", file);
    assert_non_null(strstr(got.err, wanted));
    snprintf(wanted, sizeof wanted, "%s:4005: time_s: \"\" cannot be read; expected ", file);
    assert_non_null(strstr(got.err, wanted));
    snprintf(wanted, sizeof wanted, "%s:4006: latitude: \"91\" cannot be read; expected ", file);
    assert_non_null(strstr(got.err, wanted));
    assert_null(strstr(got.err, ":4007: ")); // what is missing at the end is not known
    assert_null(strstr(got.err, ":4009: ")); // and a position alone is one
    assert_non_null(strstr(got.err, ": 5 lines could not be used\n"));
}

static void a_header_without_a_column_is_refused(void **state)
{
    char wanted[300];
    (void)state;
    fprintf(to, "time_s,ax,ay,latitude,longitude\n1,2,3,4,5\n");
    finish_file();
    RUN(&got, "bumps", file);
    assert_int_equal(got.exit, VERB_PROBLEM);
    snprintf(wanted, sizeof wanted,
             "%s:1: there is no column \"az\"; expected a header such as "
             "time_s,ax,ay,az,latitude,longitude,speed_mps\n",
             file);
    assert_string_equal(got.err, wanted);
    to = fopen(file, "w");
    finish_file();
    RUN(&got, "bumps", file);
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, ":1: there is no column \"time_s\"; expected "));
    RUN(&got, "bumps", "/nowhere/drive.csv");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "/nowhere/drive.csv cannot be read: "));
    RUN(&got, "bumps");
    assert_int_equal(got.exit, VERB_USAGE);
}

static void equal_and_backward_times_lose_no_bump(void **state)
{
    (void)state;
    fprintf(to, "time_s,ax,ay,az\n");
    for (int pass = 0; pass < 2; pass++) // the second one goes back to the first one's beginning
        for (int i = 0; i < SECONDS * RATE; i++) {
            double swapped = i % 100 == 30 ? 0.01 : i % 100 == 31 ? -0.01 : 0;
            fprintf(to, "%.3f,0,0,%.4f\n", time_at(i / 4 * 4) + swapped, shake(i));
        }
    finish_file();
    RUN(&got, "bumps", file);
    assert_string_equal(got.err, "");
    assert_int_equal(got.exit, VERB_FINE);
    assert_int_equal(lines_of(got.out), 2);
    assert_true(fabs(number_of("time_s") - 1020.1) < 0.1);
    memmove(got.out, strchr(got.out, '\n') + 1, strlen(strchr(got.out, '\n')));
    assert_true(fabs(number_of("time_s") - 1020.1) < 0.1);
}

static void settings_come_from_a_section_or_the_command(void **state)
{
    (void)state;
    write_plain();
    finish_file();
    RUN(&got, "bumps", file, "--set", "bump.zpeak=60 m/s2", "--set", "zdiff = 60", "--set", "stdev=60", "--set",
        "gzero=0");
    assert_int_equal(got.exit, VERB_FINE);
    assert_string_equal(got.out, "");
    RUN(&got, "bumps", file, "--set", "zpeek=4");
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "--set zpeek: there is no setting \"zpeek\"; did you mean \"zpeak\"?"));
    RUN(&got, "bumps", file, "--set", "zpeak");
    assert_int_equal(got.exit, VERB_USAGE);
    to = fopen(config, "w");
    fprintf(to, "[gateway]\nid = g\nmunicipality = 271004\nlanguage = en\n[sensor:van-1]\nkind = bump\nsource = sim\n"
                "bump.medium = 9 m/s2\n[sensor:van-2]\nkind = bump\nsource = sim\nbump.medium = 9 bar\n");
    finish_file();
    RUN(&got, "bumps", file, "-c", config, "--sensor", "van-1");
    assert_true(number_of("severity") == 1);
    assert_non_null(strstr(got.out, " medium=9 "));
    RUN(&got, "bumps", file, "-c", config, "--sensor", "van-1", "--set", "medium=3");
    assert_true(number_of("severity") == 2);
    RUN(&got, "bumps", file, "-c", config);
    assert_int_equal(got.exit, VERB_USAGE); // or the configuration would seem to count
    RUN(&got, "bumps", file, "-c", config, "--sensor", "van-2");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "city.ini:12: [sensor:van-2] bump.medium: \"9 bar\" cannot be read; expected "));
    RUN(&got, "check", config);
    assert_non_null(strstr(got.out, "city.ini:12: [sensor:van-2] bump.medium: \"9 bar\" cannot be read; expected "));
    RUN(&got, "bumps", file, "-c", config, "--sensor", "van-3");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "has no section [sensor:van-3]"));
    RUN(&got, "keys", "sensor");
    assert_non_null(strstr(got.out, "bump.zpeak"));
}

// What the recordings are, and which faults they have, stands in the test of the ride.
static void recorded_drives_run_through(void **state)
{
    static const struct {
        const char *name;
        double km;
    } recordings[] = {{"2018-11-1713.51.22.csv", 2.53},
                      {"2018-10-1620.34.44.csv", 1.66},
                      {"2018-10-2015.39.01.csv", 2.17},
                      {"2018-10-2118.27.49.csv", 5.56}};
    char path[512];
    (void)state;
    finish_file();
    for (size_t i = 0; i < sizeof recordings / sizeof *recordings; i++) {
        snprintf(path, sizeof path, "%s/../shared/data/bump_saopaulo_mit/%s", getenv("SOURCE_DIR"), recordings[i].name);
        if (access(path, R_OK) != 0) {
            print_message("no recordings beside the sources: skipped\n");
            skip();
        }
        RUN(&got, "bumps", path);
        assert_string_equal(got.err, "");
        assert_int_equal(got.exit, VERB_FINE);
        double per_km = (double)lines_of(got.out) / recordings[i].km;
        print_message("%s: %zu events, %.1f per km\n", recordings[i].name, lines_of(got.out), per_km);
        assert_true(per_km < 10);
    }
}

#define BUMPS_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUMPS_TEST(a_drive_becomes_lines_of_json),
        BUMPS_TEST(columns_come_in_any_order_and_notation),
        BUMPS_TEST(an_app_that_writes_g_and_decimal_commas_is_understood),
        BUMPS_TEST(units_stand_in_the_header),
        BUMPS_TEST(units_that_the_header_hides_are_found_by_the_values),
        BUMPS_TEST(seconds_in_batches_stay_seconds),
        BUMPS_TEST(a_speed_needs_no_position),
        BUMPS_TEST(lines_that_cannot_be_used_are_named_and_the_others_are_used),
        BUMPS_TEST(a_header_without_a_column_is_refused),
        BUMPS_TEST(equal_and_backward_times_lose_no_bump),
        BUMPS_TEST(settings_come_from_a_section_or_the_command),
        BUMPS_TEST(recorded_drives_run_through),
    };
    messages_use("en");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
