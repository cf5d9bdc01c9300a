// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "derived.h"
#include "told_clock.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What was derived, over a real buffer.
 */

enum { TIMES_MAX = 600 };

static char folder[64];
static struct buffer *buffer;
static struct hold hold;
static struct derived derived;
static int made;
static struct {
    int64_t time_us, boot_us;
    bool unsure;
    uint32_t stream;
} stored[TIMES_MAX];
static size_t stored_count;

static void count_made(void *context, uint32_t stream)
{
    (void)context;
    made++;
    assert_non_null(buffer_stream_name(buffer, stream));
}

static void open_all(void)
{
    const struct buffer_options options = {.path = folder,
                                           .clock = &told,
                                           .max_size_bytes = 8 << 20,
                                           .max_age_us = INT64_MAX / 4,
                                           .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    hold_init(&hold, &told, buffer, 60000000);
    derived_init(&derived, &told, buffer, &hold);
    derived.made = count_made;
    made = 0;
}

static void close_all(void)
{
    derived_finish(&derived);
    assert_int_equal(buffer_close(buffer), 0);
}

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/citygw-derived-XXXXXX");
    assert_non_null(mkdtemp(folder));
    wall_us = INT64_C(1800000000000000);
    boot_us = 1000000;
    set = true;
    open_all();
    hold_tick(&hold);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char command[96];
    close_all();
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static bool add_quality(const char *stream, int64_t time_us, enum time_quality quality)
{
    const struct reading reading = {
        .kind = KIND_PARKING,
        .zone = "",
        .time_us = time_us,
        .time_quality = quality,
        .values = {{.name = vocabulary_find("free", KIND_PARKING)->name, .type = VALUE_INTEGER, .number = 3}},
        .value_count = 1};
    return derived_add(&derived, stream, &reading, BUFFER_ROUTINE);
}

static bool add(const char *stream, int64_t time_us)
{
    return add_quality(stream, time_us, TIME_SYNCED);
}

static void ignore(void *owner, uint64_t ticket, int status, void *context)
{
    (void)owner, (void)ticket, (void)status, (void)context;
}

static void durable(void)
{
    struct buffer_figures figures;
    buffer_flush(buffer);
    do
        buffer_figures(buffer, &figures);
    while (figures.waiting && sched_yield() == 0);
    buffer_settled(buffer, ignore, NULL);
}

static void read_stored(void)
{
    struct buffer_batch *batch = calloc(1, sizeof *batch);
    durable();
    stored_count = 0;
    for (uint64_t from = 0;; from = batch->next) {
        assert_int_equal(buffer_read(buffer, from, BUFFER_BATCH_MAX, 1 << 20, batch), 0);
        for (size_t i = 0; i < batch->count && stored_count < TIMES_MAX; i++, stored_count++) {
            stored[stored_count].time_us = batch->items[i].time_us;
            stored[stored_count].boot_us = batch->items[i].boot_us;
            stored[stored_count].unsure = batch->items[i].unsure;
            stored[stored_count].stream = batch->items[i].stream;
        }
        if (!batch->count)
            break;
    }
    bytes_finish(&batch->bytes);
    free(batch);
}

static void assert_times(const int64_t times_us[], size_t count)
{
    read_stored();
    assert_int_equal(stored_count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(stored[i].time_us, times_us[i]);
}

static void what_is_told_in_one_moment_has_a_time_each(void **state)
{
    (void)state;
    const int64_t a = wall_us;
    for (int i = 0; i < 4; i++)
        assert_true(add("alert/parking/bay-1", a));
    assert_true(derived_store(&derived));
    assert_times((const int64_t[]){a, a + 1, a + 2, a + 3}, 4);
}

static void other_streams_may_have_the_same_time(void **state)
{
    (void)state;
    const int64_t a = wall_us;
    assert_true(add("zone/a", a));
    assert_true(add("zone/b", a));
    assert_true(add("zone/a", a + 1));
    assert_true(derived_store(&derived));
    assert_times((const int64_t[]){a, a, a + 1}, 3);
    assert_int_equal(made, 2); // each new stream was told once
}

// A bump is decided upon some seconds after it happened; a clock may be set back.
static void what_comes_late_keeps_its_time(void **state)
{
    (void)state;
    const int64_t a = wall_us;
    assert_true(add("van", a));
    assert_true(add("van", a - 5000000));
    assert_true(add("van", a + 1));
    assert_true(derived_store(&derived));
    assert_times((const int64_t[]){a, a - 5000000, a + 1}, 3);
}

static void times_differ_over_a_restart_too(void **state)
{
    (void)state;
    const int64_t a = wall_us;
    assert_true(add("zone/a", a));
    assert_true(add("zone/a", a));
    assert_true(derived_store(&derived));
    durable();
    close_all();
    open_all();
    assert_true(add("zone/a", a + 1));
    assert_true(derived_store(&derived));
    assert_times((const int64_t[]){a, a + 1, a + 2}, 3);
    assert_int_equal(made, 0);
}

static void many_at_once_are_all_stored(void **state)
{
    (void)state;
    const int64_t a = wall_us;
    for (int i = 0; i < 2 * DERIVED_MAX + 3; i++)
        assert_true(add("zone/a", a + i));
    assert_true(derived_store(&derived));
    assert_false(derived_store(&derived)); // that was all
    assert_int_equal(derived.taken, 2 * DERIVED_MAX + 3);
    assert_int_equal(derived.dropped, 0);
    read_stored();
    assert_int_equal(stored_count, 2 * DERIVED_MAX + 3);
    for (int i = 0; i < 2 * DERIVED_MAX + 3; i++)
        assert_int_equal(stored[i].time_us, a + i); // in their order
}

static void what_is_too_large_is_dropped_alone(void **state)
{
    (void)state;
    static char text[65000];
    size_t fitting = 0;
    memset(text, 'x', sizeof text - 1);
    struct reading large = {.kind = KIND_PARKING, .zone = "", .time_us = wall_us, .value_count = 1};
    large.values[0] = (struct value){.name = "state", .type = VALUE_TEXT, .text = text};
    assert_true(add("zone/a", wall_us));
    while (derived_add(&derived, "zone/b", &large, BUFFER_ROUTINE))
        fitting++;
    assert_true(fitting >= 5);
    assert_int_equal(derived.dropped, 1);
    assert_true(add("zone/c", wall_us));
    assert_true(derived_store(&derived));
    read_stored();
    assert_int_equal(stored_count, fitting + 2);
}

static void fill_the_buffer(void)
{
    int error = 0;
    uint32_t stream;
    assert_int_equal(buffer_stream(buffer, "bay-1", &stream, NULL), 0);
    const struct buffer_record record = {.stream = stream, .time_us = wall_us, .payload = "x", .size = 1};
    for (int i = 0; i < 100000 && !error; i++)
        error = buffer_append(buffer, &record, 1, NULL, 0, NULL, 0);
    assert_int_not_equal(error, 0);
}

static void what_the_buffer_refuses_goes_on_waiting(void **state)
{
    (void)state;
    const int64_t a = wall_us;
    fill_the_buffer();
    assert_true(add("zone/a", a));
    assert_true(add("zone/b", a + 7));
    assert_false(derived_store(&derived));
    assert_false(derived_store(&derived));
    assert_int_equal(derived.count, 2);
    assert_int_equal(derived.taken + derived.dropped, 0);
    durable();
    assert_true(derived_store(&derived));
    assert_int_equal(derived.taken, 2);
    durable();
    struct buffer_figures figures;
    buffer_figures(buffer, &figures);
    uint32_t zone;
    assert_int_equal(buffer_stream(buffer, "zone/b", &zone, NULL), 0);
    assert_int_equal(buffer_stream_newest(buffer, zone), figures.next - 1); // in their order, each once
}

static void what_finds_no_room_is_counted(void **state)
{
    (void)state;
    fill_the_buffer();
    for (int i = 0; i < DERIVED_MAX; i++)
        assert_true(add("zone/a", wall_us + i));
    assert_false(add("zone/a", wall_us + DERIVED_MAX));
    assert_int_equal(derived.dropped, 1);
    assert_int_equal(derived.taken, 0);
    durable();
    assert_true(add("zone/a", wall_us + DERIVED_MAX));
    assert_int_equal(derived.taken, DERIVED_MAX);
    assert_int_equal(derived.count, 1);
}

static void what_was_dropped_is_owed_once_there_is_room(void **state)
{
    (void)state;
    uint32_t stream, owed;
    fill_the_buffer();
    for (int i = 0; i < DERIVED_MAX; i++)
        assert_true(add("zone/a", wall_us + i));
    for (int i = 0; i < 3; i++) {
        assert_false(add("zone/b", wall_us + i));
        assert_false(add("zone/c", wall_us + i));
    }
    assert_false(derived_owed(&derived, &owed)); // not yet
    durable();
    assert_true(derived_store(&derived));
    assert_int_equal(buffer_stream(buffer, "zone/b", &stream, NULL), 0);
    assert_true(derived_owed(&derived, &owed));
    assert_int_equal(owed, stream);
    assert_true(add("zone/b", wall_us));
    assert_true(derived_owed(&derived, &owed)); // the other, though one waits
    assert_int_not_equal(owed, stream);
    assert_false(derived_owed(&derived, &owed));
    assert_int_equal(derived.dropped, 6);
}

// Before anybody set the clock; it is set while they wait. When they were by the clock since boot, they know.
static void an_unset_clock_makes_them_unsure_with_the_time_since_boot(void **state)
{
    (void)state;
    close_all();
    set = false;
    wall_us = 1000000000;
    boot_us = 5000000;
    open_all();
    assert_true(add_quality("zone/a", wall_us, TIME_ESTIMATED));
    assert_true(add_quality("zone/a", wall_us + 1000, TIME_SENSOR)); // that is no estimate of ours
    boot_us += 3000000;
    wall_us = INT64_C(1800000000000000);
    assert_true(derived_store(&derived));
    read_stored();
    assert_int_equal(stored_count, 2);
    assert_true(stored[0].unsure);
    assert_int_equal(stored[0].boot_us, 5000000);
    assert_int_equal(stored[0].time_us, 1000000000);
    assert_false(stored[1].unsure);
}

static void once_the_clock_was_set_nothing_is_unsure(void **state)
{
    (void)state;
    set = false; // it is lost again
    assert_true(add_quality("zone/a", wall_us, TIME_ESTIMATED));
    assert_true(derived_store(&derived));
    read_stored();
    assert_int_equal(stored_count, 1);
    assert_false(stored[0].unsure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_told_in_one_moment_has_a_time_each, begin, finish),
        cmocka_unit_test_setup_teardown(other_streams_may_have_the_same_time, begin, finish),
        cmocka_unit_test_setup_teardown(what_comes_late_keeps_its_time, begin, finish),
        cmocka_unit_test_setup_teardown(times_differ_over_a_restart_too, begin, finish),
        cmocka_unit_test_setup_teardown(many_at_once_are_all_stored, begin, finish),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_dropped_alone, begin, finish),
        cmocka_unit_test_setup_teardown(what_the_buffer_refuses_goes_on_waiting, begin, finish),
        cmocka_unit_test_setup_teardown(what_finds_no_room_is_counted, begin, finish),
        cmocka_unit_test_setup_teardown(what_was_dropped_is_owed_once_there_is_room, begin, finish),
        cmocka_unit_test_setup_teardown(an_unset_clock_makes_them_unsure_with_the_time_since_boot, begin, finish),
        cmocka_unit_test_setup_teardown(once_the_clock_was_set_nothing_is_unsure, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
