// SPDX-License-Identifier: Apache-2.0
#include "watched.h"

#include "base/clock.h"
#include <stdlib.h>

/*
 * A city's feed of parking bays (City of Melbourne, CC BY 4.0; not part of the sources): each row is a bay, when it was "updated", and
 * when its state began. In April 2024 nothing had moved for four days while all of it looked fresh, and five bays had stamps of 1970.
 */

enum { BAYS_MAX = 8000, LINE_MAX_SIZE = 400 };

static struct row {
    int64_t updated_us, status_us;
} rows[BAYS_MAX];
static size_t row_count;
static struct health bays[BAYS_MAX];
static const struct settings_sensor daily = {.kind = KIND_PARKING, .frozen_after_us = INT64_C(86400000000)};

static bool parse_row(char *line, struct row *ret_row)
{
    char *rest = NULL, *updated = strtok_r(line, ",", &rest), *status = updated ? strtok_r(NULL, ",", &rest) : NULL;
    return status && utc_parse(updated, &ret_row->updated_us) == 0 && utc_parse(status, &ret_row->status_us) == 0;
}

static void read_rows(const char *name)
{
    char path[512], line[LINE_MAX_SIZE];
    const char *sources = getenv("SOURCE_DIR");
    snprintf(path, sizeof path, "%s/../shared/data/parking_melbourne_ccby/%s", sources ? sources : ".", name);
    FILE *file = fopen(path, "re");
    if (!file) {
        print_message("no recordings beside the sources: skipped\n");
        skip();
    }
    row_count = 0;
    while (fgets(line, sizeof line, file) && row_count < BAYS_MAX)
        row_count += parse_row(line, &rows[row_count]); // not the heading
    fclose(file);
}

// The row as it is read so many hours after it was updated. Returns whether frozen is news.
static bool give(struct health *health, const struct row *row, int hours, int64_t updated_us)
{
    struct health_report report;
    int64_t later_us = hours * HOUR * micro;
    struct reading reading = {.kind = KIND_PARKING, .time_us = row->status_us, .time_quality = TIME_SENSOR};
    struct health_moment moment = {.boot_us = later_us, .wall_us = updated_us + later_us, .wall_is_set = true};
    health_take(health, &daily, &reading, &moment, &report);
    return report.count == 1 && report.list[0].condition == HEALTH_FROZEN && report.list[0].begins;
}

static int64_t newest_update(void)
{
    int64_t newest_us = 0;
    for (size_t i = 0; i < row_count; i++)
        newest_us = rows[i].updated_us > newest_us ? rows[i].updated_us : newest_us;
    return newest_us;
}

// The feed as a whole, polled each hour; only what it says was updated in the last day.
static bool feed_freezes(struct health *feed)
{
    int64_t now_us = newest_update();
    bool froze = false;
    *feed = (struct health){0};
    for (int hour = 0; hour < 12; hour++)
        for (size_t i = 0; i < row_count; i++)
            if (now_us - rows[i].updated_us < DAY * micro)
                froze |= give(feed, &rows[i], hour, now_us);
    return froze;
}

static void a_feed_that_repeats_what_it_said_days_ago_is_frozen(void **state)
{
    (void)state;
    struct health feed;
    char time[UTC_TEXT_SIZE];
    read_rows("2024-04-13_bay_snapshot.csv");
    assert_int_equal(row_count, 6245);
    assert_true(feed_freezes(&feed));
    assert_int_equal(strncmp(utc_text(feed.newest_us, time), "2024-04-09T05:43", 16), 0);
    print_message("%zu bays: frozen, nothing newer than %s, read at %s\n", row_count, time,
                  utc_text(newest_update(), (char[UTC_TEXT_SIZE]){0}));
}

static void a_feed_with_any_fresh_bay_is_none(void **state)
{
    (void)state;
    struct health feed;
    read_rows("2025-08-05_bay_snapshot.csv");
    assert_int_equal(row_count, 3309);
    assert_false(feed_freezes(&feed));
    assert_false(health_is(&feed, HEALTH_FROZEN));
}

// Each bay for itself: what it takes for times that are those of a measurement.
static void each_bay_with_a_stamp_of_1970_is_found(void **state)
{
    (void)state;
    size_t frozen = 0, epoch = 0, fresh = 0, wrong = 0;
    read_rows("2024-04-13_bay_snapshot.csv");
    memset(bays, 0, sizeof bays);
    for (int hour = 0; hour < 3; hour++)
        for (size_t i = 0; i < row_count; i++) {
            bool is_old = rows[i].updated_us + hour * HOUR * micro - rows[i].status_us > DAY * micro;
            bool begins = give(&bays[i], &rows[i], hour, rows[i].updated_us);
            bool is_1970 = rows[i].status_us < DAY * micro;
            frozen += begins;
            epoch += begins && is_1970;
            fresh += hour == 2 && !is_old;
            wrong += begins && !is_old;
        }
    print_message("%zu bays of %zu are frozen, %zu of them at 1970; %zu are fresh\n", frozen, row_count, epoch, fresh);
    assert_int_equal(epoch, 5);
    assert_int_equal(wrong, 0);
    assert_true(frozen >= 4876);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_feed_that_repeats_what_it_said_days_ago_is_frozen),
        cmocka_unit_test(a_feed_with_any_fresh_bay_is_none),
        cmocka_unit_test(each_bay_with_a_stamp_of_1970_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
