// SPDX-License-Identifier: Apache-2.0
#include "metrics.h"

#include "base/text.h"
#include "check.h"
#include "snapshot.h"
#include <ctype.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *metrics_of(const struct status *status)
{
    struct bytes out;
    bytes_init(&out, 1 << 20);
    metrics_write(status, 17, &out);
    bytes_char(&out, '\0');
    assert_false(out.overflow);
    return (char *)out.data;
}

/*
 * A checker of the text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): families are whole, come once,
 * with HELP and TYPE before their samples; series are unique; label values escape backslash, quote and line feed.
 */
struct checker {
    char family[128], type[16];
    char seen[256][512];
    size_t seen_count, samples;
};

static bool matches(const char *pattern, const char *text)
{
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}

static void remember(struct checker *checker, const char *what)
{
    for (size_t i = 0; i < checker->seen_count; i++)
        assert_string_not_equal(checker->seen[i], what);
    assert_true(checker->seen_count < 256);
    snprintf(checker->seen[checker->seen_count++], sizeof checker->seen[0], "%s", what);
}

static void check_comment(struct checker *checker, const char *line)
{
    char name[128];
    if (sscanf(line, "# HELP %127s", name) == 1) {
        assert_true(matches("^# HELP [a-zA-Z_:][a-zA-Z0-9_:]* [^ ]", line));
        remember(checker, line);
        strcpy(checker->family, name);
        checker->type[0] = '\0';
        return;
    }
    assert_int_equal(sscanf(line, "# TYPE %127s %15s", name, checker->type), 2);
    assert_string_equal(name, checker->family);
    assert_true(matches("^(counter|gauge|histogram)$", checker->type));
    assert_int_equal(strcmp(checker->type, "counter") == 0, matches("_total$", name));
}

static void check_sample(struct checker *checker, const char *line)
{
    assert_true(matches("^[a-zA-Z_:][a-zA-Z0-9_:]*"
                        "(\\{[a-z_]+=\"([^\"\\]|\\\\[\\\"n])*\"(,[a-z_]+=\"([^\"\\]|\\\\[\\\"n])*\")*\\})?"
                        " [^ ]+$",
                        line));
    char series[512], name[128];
    const char *value = strrchr(line, ' ') + 1;
    char *end;
    strtod(value, &end);
    assert_true(end != value && *end == '\0');
    snprintf(series, sizeof series, "%.*s", (int)(value - 1 - line), line);
    remember(checker, series);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(line, "{ "), line);
    size_t family = strlen(checker->family);
    assert_memory_equal(name, checker->family, family);
    if (strcmp(checker->type, "histogram") == 0)
        assert_true(matches("^_(bucket|sum|count)$", name + family));
    else
        assert_string_equal(name, checker->family);
    checker->samples++;
}

static size_t check_text(const char *text)
{
    struct checker *checker = calloc(1, sizeof *checker);
    assert_true(text_is_utf8(text, strlen(text)));
    assert_int_equal(text[strlen(text) - 1], '\n');
    char *copy = strdup(text), *rest = copy, *line;
    while ((line = strsep(&rest, "\n")) && (rest || *line)) {
        if (*line == '#')
            check_comment(checker, line);
        else
            check_sample(checker, line);
    }
    size_t samples = checker->samples;
    free(copy);
    free(checker);
    return samples;
}

static bool has_line(const char *text, const char *line)
{
    char wanted[256];
    snprintf(wanted, sizeof wanted, "\n%s\n", line);
    return strstr(text, wanted) != NULL;
}

static void every_line_keeps_the_rules_of_the_format(void **state)
{
    (void)state;
    struct status status = snapshot_make();
    char *text = metrics_of(&status);
    assert_true(check_text(text) >= 30);
    free(text);
}

static void every_name_of_the_contract_is_there_with_its_value(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "citygw_build_info{version=\"0.1.0\"} 1",
        "citygw_readings_received_total{source=\"coap\"} 1234",
        "citygw_readings_received_total{source=\"serial:kerb\"} 0",
        "citygw_readings_refused_total{source=\"coap\",reason=\"syntax\"} 3",
        "citygw_readings_refused_total{source=\"coap\",reason=\"unknown_sensor\"} 1",
        "citygw_unknown_fields_total{source=\"coap\"} 2",
        "citygw_source_open{source=\"coap\"} 1",
        "citygw_source_open{source=\"serial:kerb\"} 0",
        "citygw_readings_committed_total 41",
        "citygw_readings_sent_total{outlet=\"mqtt\"} 40",
        "citygw_readings_lost_total{reason=\"full\"} 0",
        "citygw_readings_lost_total{reason=\"age\"} 2",
        "citygw_readings_lost_total{reason=\"damage\"} 0",
        "citygw_buffer_readings 40",
        "citygw_buffer_bytes 8000",
        "citygw_buffer_oldest_seconds 60",
        "citygw_buffer_used_ratio 0.5",
        "citygw_buffer_autonomy_hours NaN",
        "citygw_buffer_drained_seconds NaN",
        "citygw_buffer_ledger_entries 1",
        "citygw_buffer_events_copied_total 4",
        "citygw_buffer_segments_condemned_total 1",
        "citygw_buffer_files_set_aside_total 2",
        "citygw_outlet_ranges{outlet=\"mqtt\"} 2",
        "citygw_outlet_replayed_total{outlet=\"mqtt\"} 6",
        "citygw_outlet_batches_total{outlet=\"mqtt\"} 7",
        "citygw_outlet_commands_ignored_total{outlet=\"mqtt\"} 1",
        "citygw_outlet_throttled_seconds_total{outlet=\"mqtt\"} 1.5",
        "citygw_outlet_in_flight{outlet=\"mqtt\"} 3",
        "citygw_buffer_written_bytes_total 9000",
        "citygw_outlet_connected{outlet=\"mqtt\"} 1",
        "citygw_outlet_connected{outlet=\"influxdb\"} 0",
        "citygw_outlet_lag_readings{outlet=\"mqtt\"} 1",
        "citygw_outlet_parked_total{outlet=\"mqtt\"} 1",
        "citygw_vehicle_samples_total{sensor=\"van-1\"} 28470",
        "citygw_vehicle_samples_received_total{sensor=\"van-1\"} 28477",
        "citygw_vehicle_samples_waiting{sensor=\"van-1\"} 7",
        "citygw_vehicle_sampling_rate_hertz{sensor=\"van-1\"} 65.25",
        "citygw_vehicle_sampling_rate_hertz{sensor=\"van-2\"} NaN",
        "citygw_vehicle_jitter_seconds{sensor=\"van-1\"} 0.0514",
        "citygw_vehicle_duplicate_stamps_total{sensor=\"van-1\"} 14830",
        "citygw_vehicle_backward_steps_total{sensor=\"van-1\"} 1",
        "citygw_vehicle_leaps_total{sensor=\"van-1\"} 2",
        "citygw_vehicle_gaps_total{sensor=\"van-1\"} 94",
        "citygw_vehicle_repeated_values_total{sensor=\"van-1\"} 5950",
        "citygw_vehicle_incomplete_total{sensor=\"van-1\"} 3",
        "citygw_vehicle_samples_located_total{sensor=\"van-1\"} 28000",
        "citygw_vehicle_fixes_total{sensor=\"van-1\"} 347",
        "citygw_vehicle_no_fix_total{sensor=\"van-1\"} 5",
        "citygw_vehicle_position_age_seconds{sensor=\"van-1\"} 0.25",
        "citygw_vehicle_position_age_seconds{sensor=\"van-2\"} NaN",
        "citygw_alerts_active{kind=\"crowd\",level=\"high\"} 1",
        "citygw_alerts_active{kind=\"crowd\",level=\"critical\"} 0",
        "citygw_alerts_active{kind=\"parking\",level=\"warning\"} 3",
        "citygw_alerts_refused_total 1",
        "citygw_derived_readings_total 50",
        "citygw_derived_dropped_total 2",
        "citygw_bumps_total 7",
        "citygw_road_stretches_total 8",
        "citygw_road_stretches_forgotten_total 14",
        "citygw_road_samples_refused_total 15",
        "citygw_private_samples_total 9",
        "citygw_places 6",
        "citygw_places_confirmed 5",
        "citygw_places_evicted_total 3",
        "citygw_places_refused_total 11",
        "citygw_places_late_total 12",
        "citygw_places_rough_total 13",
        "citygw_known_objects 4",
        "citygw_sensor_age_seconds{sensor=\"bay-1\"} 1.5",
        "citygw_sensor_frames_lost_total{sensor=\"bay-1\"} 3",
        "citygw_commit_seconds_bucket{le=\"0.001\"} 5",
        "citygw_commit_seconds_bucket{le=\"0.01\"} 7",
        "citygw_commit_seconds_bucket{le=\"0.1\"} 8",
        "citygw_commit_seconds_bucket{le=\"+Inf\"} 9",
        "citygw_commit_seconds_sum 0.045",
        "citygw_commit_seconds_count 9",
        "citygw_http_requests_total 17",
    };
    struct status status = snapshot_make();
    char *text = metrics_of(&status);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_true(has_line(text, lines[i]));
    assert_non_null(strstr(text, "\nprocess_resident_memory_bytes "));
    free(text);
}

static void a_sensor_that_never_reported_has_no_age(void **state)
{
    (void)state;
    struct status status = snapshot_make();
    char *text = metrics_of(&status);
    assert_null(strstr(text, "bay-2"));
    free(text);
}

static void figures_of_two_ports_are_added_up_and_cannot_shadow_ours(void **state)
{
    (void)state;
    struct status status = snapshot_make();
    char *text = metrics_of(&status);
    assert_true(has_line(text, "# HELP citygw_coap_duplicates_total Told by a driver."));
    assert_true(has_line(text, "# TYPE citygw_coap_duplicates_total counter"));
    assert_true(has_line(text, "citygw_coap_duplicates_total 3"));
    assert_true(has_line(text, "# TYPE citygw_serial_overruns gauge"));
    assert_true(has_line(text, "citygw_serial_overruns 2.5"));
    assert_null(strstr(text, "666"));
    assert_null(strstr(text, "not a name"));
    free(text);
}

static void a_hostile_label_stays_within_its_quotes(void **state)
{
    (void)state;
    struct status_source source = {.name = "a\"} 1\nb\\", .state = "open", .refused = {{"x\n", 1}}, .refused_count = 1};
    struct status_sensor sensors[] = {{.id = "\xff\xfe"}, {.id = "日本"}};
    struct status status = {
        .sources = &source, .source_count = 1, .sensor = snapshot_sensor, .sensors = sensors, .sensor_count = 2};
    char *text = metrics_of(&status);
    check_text(text);
    assert_true(has_line(text, "citygw_source_open{source=\"a\\\"} 1\\nb\\\\\"} 1"));
    assert_true(has_line(text, "citygw_sensor_age_seconds{sensor=\"\\\\xff\\\\xfe\"} 0"));
    assert_true(has_line(text, "citygw_sensor_age_seconds{sensor=\"日本\"} 0"));
    free(text);
}

static void numbers_that_are_none_are_written_as_the_format_says(void **state)
{
    (void)state;
    struct status_figure figures[] = {
        {"a", "A.", NAN}, {"b", "B.", INFINITY}, {"c", "C.", -INFINITY}, {"d", "D.", 1e21}};
    struct status status = {.figures = figures, .figure_count = 4};
    char *text = metrics_of(&status);
    check_text(text);
    assert_true(has_line(text, "a NaN"));
    assert_true(has_line(text, "b +Inf"));
    assert_true(has_line(text, "c -Inf"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_keeps_the_rules_of_the_format),
        cmocka_unit_test(every_name_of_the_contract_is_there_with_its_value),
        cmocka_unit_test(a_sensor_that_never_reported_has_no_age),
        cmocka_unit_test(figures_of_two_ports_are_added_up_and_cannot_shadow_ours),
        cmocka_unit_test(a_hostile_label_stays_within_its_quotes),
        cmocka_unit_test(numbers_that_are_none_are_written_as_the_format_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
