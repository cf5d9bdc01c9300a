// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/number.h"
#include "export.h"
#include "reading/reading.h"
#include "told_clock.h"
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The text of an export, from a real buffer with a clock that stands still. Reading n (from 1) is of sensor bay-(n % 3), at
 * second n, and carries n as its value.
 */

enum { SENSORS = 3, TEXT_MAX = 4 << 20 };

static const int64_t second = 1000000, epoch_us = INT64_C(1795316645000000); // 2026-11-22T03:04:05Z

static char folder[64];
static struct settings settings = {.gateway = {.id = "umeda-01", .municipality = "271004"}};
static struct buffer *buffer;
static struct exports *exports;
static struct hold hold;
static uint32_t streams[SENSORS];
static char *text;

static int begin(void **state)
{
    (void)state;
    wall_us = boot_us = epoch_us;
    set = true;
    strcpy(folder, "/tmp/citygw-export-XXXXXX");
    assert_non_null(mkdtemp(folder));
    struct buffer_options options = {.path = folder,
                                     .clock = &told,
                                     .max_size_bytes = 64 << 20,
                                     .max_age_us = INT64_MAX / 4,
                                     .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    for (int i = 0; i < SENSORS; i++) {
        char name[16];
        snprintf(name, sizeof name, "bay-%d", i);
        assert_int_equal(buffer_stream(buffer, name, &streams[i], NULL), 0);
    }
    assert_int_equal(buffer_cursor_open(buffer, "mqtt", true, NULL), 0);
    hold_init(&hold, &told, buffer, 0); // nothing waits
    exports = exports_create(&settings, buffer, &told, &hold);
    text = malloc(TEXT_MAX);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char command[96];
    exports_end(exports);
    buffer_close(buffer);
    exports_destroy(exports);
    free(text);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void await_commit(void)
{
    struct buffer_figures figures;
    buffer_flush(buffer);
    do
        buffer_figures(buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
}

static void append(const void *payload, size_t size, unsigned n, bool unsure)
{
    struct buffer_record record = {.stream = streams[n % SENSORS],
                                   .time_us = epoch_us + n * second,
                                   .unsure = unsure,
                                   .boot_us = n * second,
                                   .payload = payload,
                                   .size = size};
    while (buffer_append(buffer, &record, 1, NULL, 0, NULL, 0) == -EBUSY)
        await_commit();
}

static void store(unsigned from, unsigned to, bool unsure)
{
    struct bytes bytes;
    bytes_init(&bytes, 4096);
    for (unsigned n = from; n <= to; n++) {
        struct reading reading = {.kind = KIND_PARKING,
                                  .zone = "",
                                  .time_us = epoch_us + n * second,
                                  .time_quality = unsure ? TIME_ESTIMATED : TIME_SYNCED,
                                  .values = {{.name = "count", .type = VALUE_INTEGER, .number = n}},
                                  .value_count = 1};
        bytes_clear(&bytes);
        reading_encode(&reading, &bytes);
        append(bytes.data, bytes.used, n, unsure);
    }
    bytes_finish(&bytes);
    await_commit();
}

// The whole text of an export, in `text`. Returns how many pieces it came in.
static unsigned read_export(const struct control_export_wish *wish)
{
    void *export;
    struct fault why = {""};
    struct bytes piece;
    size_t used = 0;
    unsigned pieces = 0;
    int more;
    assert_int_equal(exports_face.open(exports, wish, &export, &why), 0);
    bytes_init(&piece, CONTROL_EXPORT_PIECE_MAX);
    do {
        bytes_clear(&piece);
        more = exports_face.read(export, &piece);
        assert_true(more >= 0);
        assert_true(used + piece.used < TEXT_MAX);
        memcpy(text + used, piece.data, piece.used);
        used += piece.used;
        pieces++;
    } while (more);
    text[used] = '\0';
    bytes_finish(&piece);
    exports_face.close(export);
    return pieces;
}

// Whether `text` holds exactly the readings that are wanted, in order, and ends as it should.
static void expect(bool (*wanted)(unsigned n), unsigned count)
{
    char last[100], *at = strchr(text, '\n') + 1, *start = text;
    unsigned found = 0;
    for (unsigned n = 1; n <= count; n++) {
        char value[40];
        if (!wanted(n))
            continue;
        snprintf(value, sizeof value, "\"count\":%u}", n);
        char *line_end = strchr(at, '\n');
        assert_non_null(line_end);
        char *place = strstr(at, value);
        if (!place || place > line_end)
            fail_msg("reading %u is not where it should be", n);
        found++;
        at = line_end + 1;
    }
    snprintf(last, sizeof last, "{\"readings\":%u,\"crc32c\":\"%08" PRIx32 "\"}\n", found,
             crc32c(0, start, (size_t)(at - start)));
    assert_string_equal(at, last);
}

static bool every(unsigned n)
{
    (void)n;
    return true;
}

static bool second_sensor(unsigned n)
{
    return n % SENSORS == 1;
}

static bool pending(unsigned n)
{
    return n <= 10 || (n > 500 && n <= 600) || n > 4000;
}

static bool in_range(unsigned n)
{
    return n >= 100 && n < 200;
}

static bool corrected_range(unsigned n)
{
    return n > 5 && n <= 8;
}

static bool none(unsigned n)
{
    (void)n;
    return false;
}

static void everything_that_is_kept_is_told_in_order(void **state)
{
    (void)state;
    store(1, 5000, false);
    assert_true(read_export(&(struct control_export_wish){.from = NULL}) > 5);
    assert_non_null(
        strstr(text, "{\"citygw_export\":1,\"municipality\":\"271004\",\"gateway\":\"umeda-01\",\"epoch\":\""));
    assert_non_null(strstr(text, "\"tree\":\"citygw/v1/271004/umeda-01\",\"outlet\":null,\"sensor\":null,\"from\":null,"
                                 "\"to\":null,\"made\":\"2026-11-22T03:04:05.000Z\"}\n"));
    assert_non_null(strstr(text, "\n{\"topic\":\"citygw/v1/271004/umeda-01/parking/bay-1\",\"payload\":{"
                                 "\"sensor\":\"bay-1\",\"kind\":\"parking\""));
    assert_non_null(strstr(text, "\"seq\":1,\"time\":\"2026-11-22T03:04:06.000Z\",\"time_quality\":\"synced\","
                                 "\"quality\":\"good\",\"values\":{\"count\":1},\"backlog\":true}}\n"));
    expect(every, 5000);
}

static void only_what_was_asked_for_is_told(void **state)
{
    (void)state;
    store(1, 5000, false);
    read_export(&(struct control_export_wish){.sensor = "bay-1"});
    expect(second_sensor, 5000);
    read_export(&(struct control_export_wish){.from = "2026-11-22T03:05:45Z", .to = "2026-11-22T12:07:25+09:00"});
    expect(in_range, 5000);
    read_export(&(struct control_export_wish){.from = "2027-01-01T00:00:00Z"});
    expect(none, 5000);
    buffer_cursor_done(buffer, "mqtt", 11, 501);
    buffer_cursor_done(buffer, "mqtt", 601, 4001);
    read_export(&(struct control_export_wish){.outlet = "mqtt"});
    expect(pending, 5000);
}

// The longest name that an alert can have: "alert/environment/" and 64 bytes.
#define LONGEST "alert/environment/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void zones_and_alerts_are_told_and_asked_for_by_their_names(void **state)
{
    (void)state;
    assert_int_equal(buffer_stream(buffer, "zone/umeda-lot", &streams[1], NULL), 0);
    assert_int_equal(buffer_stream(buffer, LONGEST, &streams[2], NULL), 0);
    store(1, 5, false);
    read_export(&(struct control_export_wish){.from = NULL});
    assert_non_null(strstr(text, "\n{\"topic\":\"citygw/v1/271004/umeda-01/zone/umeda-lot\",\"payload\":{"
                                 "\"zone\":\"umeda-lot\",\"kind\":\"parking\","));
    assert_non_null(strstr(text, "{\"readings\":5,\"crc32c\":"));
    read_export(&(struct control_export_wish){.sensor = "zone/umeda-lot"});
    assert_non_null(strstr(text, ",\"sensor\":\"zone/umeda-lot\",\"from\":"));
    assert_non_null(strstr(text, "{\"readings\":2,\"crc32c\":"));
    read_export(&(struct control_export_wish){.sensor = LONGEST});
    assert_non_null(strstr(text, ",\"sensor\":\"" LONGEST "\",\"from\":"));
    assert_non_null(
        strstr(text, "{\"topic\":\"citygw/v1/271004/umeda-01/" LONGEST "\",\"payload\":{\"alert\":\"01234"));
    assert_non_null(strstr(text, "{\"readings\":2,\"crc32c\":"));
}

static void what_comes_later_is_not_part_of_it(void **state)
{
    void *export;
    struct fault why;
    struct bytes piece;
    size_t lines = 0;
    int more;
    (void)state;
    store(1, 10, false);
    assert_int_equal(exports_face.open(exports, &(struct control_export_wish){.from = NULL}, &export, &why), 0);
    store(11, 20, false);
    bytes_init(&piece, CONTROL_EXPORT_PIECE_MAX);
    do {
        bytes_clear(&piece);
        more = exports_face.read(export, &piece);
        for (size_t i = 0; i < piece.used; i++)
            lines += piece.data[i] == '\n';
    } while (more > 0);
    assert_int_equal(lines, 12);
    bytes_finish(&piece);
    exports_face.close(export);
}

static void a_time_that_was_corrected_is_told_and_looked_for_as_such(void **state)
{
    (void)state;
    store(1, 10, true);
    assert_int_equal(buffer_correct(buffer, 1, epoch_us + 3600 * second), 0);
    await_commit();
    do // the writer makes it durable in its own time
        read_export(&(struct control_export_wish){.from = NULL});
    while (!strstr(text, "corrected"));
    assert_non_null(strstr(text, "\"time\":\"2026-11-22T04:04:06.000Z\",\"time_quality\":\"corrected\""));
    expect(every, 10);
    read_export(&(struct control_export_wish){.from = "2026-11-22T04:04:11Z", .to = "2026-11-22T04:04:14Z"});
    expect(corrected_range, 10);
}

static void what_cannot_be_read_is_counted(void **state)
{
    (void)state;
    store(1, 3, false);
    append("\xff\xff", 2, 4, false);
    await_commit();
    store(5, 6, false);
    read_export(&(struct control_export_wish){.from = NULL});
    assert_non_null(strstr(text, "\n{\"readings\":5,\"left_out\":1,\"crc32c\":\""));
}

static void what_waits_for_the_clock_is_counted_and_not_told(void **state)
{
    (void)state;
    store(1, 3, false);
    store(4, 8, true);
    hold.given = 6; // those before could not wait
    hold.corrected_to = UINT64_MAX;
    read_export(&(struct control_export_wish){.from = NULL});
    assert_non_null(strstr(text, "\n{\"readings\":5,\"waiting\":3,\"crc32c\":\""));
}

static void a_wish_that_makes_no_sense_is_refused(void **state)
{
    static const struct {
        struct control_export_wish wish;
        int error;
        const char *word;
    } cases[] = {
        {{.from = "noon"}, -EINVAL, "noon"},
        {{.to = ""}, -EINVAL, "to"},
        {{.from = "2026-11-22T00:00:00Z", .to = "2026-11-22T00:00:00Z"}, -EINVAL, "range"},
        {{.sensor = "bay-9"}, -ENOENT, "bay-9"},
        {{.sensor = "b\x1b[1m"}, -ENOENT, "b\\x1b[1m"},
        {{.outlet = "far"}, -ENOENT, "far"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault why = {""};
        void *export = NULL;
        assert_int_equal(exports_face.open(exports, &cases[i].wish, &export, &why), cases[i].error);
        assert_null(export);
        if (!strstr(why.text, cases[i].word))
            fail_msg("case %zu: %s", i, why.text);
    }
}

static void after_the_end_nothing_is_read_any_more(void **state)
{
    void *export;
    struct fault why;
    struct bytes piece;
    (void)state;
    store(1, 10, false);
    assert_int_equal(exports_face.open(exports, &(struct control_export_wish){.from = NULL}, &export, &why), 0);
    exports_end(exports);
    bytes_init(&piece, CONTROL_EXPORT_PIECE_MAX);
    assert_int_equal(exports_face.read(export, &piece), -ECANCELED);
    bytes_finish(&piece);
    exports_face.close(export);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everything_that_is_kept_is_told_in_order),
        TEST(only_what_was_asked_for_is_told),
        TEST(zones_and_alerts_are_told_and_asked_for_by_their_names),
        TEST(what_comes_later_is_not_part_of_it),
        TEST(a_time_that_was_corrected_is_told_and_looked_for_as_such),
        TEST(what_cannot_be_read_is_counted),
        TEST(what_waits_for_the_clock_is_counted_and_not_told),
        TEST(a_wish_that_makes_no_sense_is_refused),
        TEST(after_the_end_nothing_is_read_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
