// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

/*
 * One thread appends, two read and move their cursors, one looks at the figures, while segments come and go below them.
 * Worth most under ThreadSanitizer.
 */

enum { RECORDS = 6000 };

struct reader {
    struct rig *rig;
    const char *name;
    struct buffer_batch batch;
    uint64_t count, skipped, wrong;
};

static bool is_right(const struct rig *rig, const struct buffer_item *item)
{
    char payload[512];
    size_t size = rig_payload(item->number, payload);
    return item->size == size && memcmp(item->payload, payload, size) == 0 &&
           item->stream == rig->streams[item->number % 4] && item->seq > 0;
}

static void *read_all(void *context)
{
    struct reader *reader = context;
    struct buffer *buffer = reader->rig->buffer;
    uint64_t next = 1;
    while (next <= RECORDS) {
        if (buffer_read(buffer, next, 100, 10000, &reader->batch) != 0) {
            reader->wrong++;
            break;
        }
        for (size_t i = 0; i < reader->batch.count; i++) {
            const struct buffer_item *item = &reader->batch.items[i];
            reader->wrong += item->number < next || !is_right(reader->rig, item);
            reader->skipped += item->number - next;
            next = item->number + 1;
            reader->count++;
        }
        if (reader->batch.count > 0)
            buffer_cursor_done(buffer, reader->name, 0, next);
    }
    return NULL;
}

static void *watch(void *context)
{
    struct rig *rig = context;
    struct buffer_figures figures = {0};
    while (figures.next <= RECORDS) {
        buffer_figures(rig->buffer, &figures);
        buffer_cursor(rig->buffer, "influxdb");
        buffer_stream_name(rig->buffer, 2);
        buffer_stream_next_seq(rig->buffer, 2);
    }
    return NULL;
}

static void append_all(struct rig *rig)
{
    for (uint64_t number = 1; number <= RECORDS;) {
        int error = rig_try_pack(rig, number, 1);
        assert_true(error == 0 || error == -EBUSY);
        number += error == 0;
        if (number % 64 == 0) {
            buffer_settled(rig->buffer, rig_settled_ignored, NULL);
            char name[32];
            uint32_t stream;
            snprintf(name, sizeof name, "late-%" PRIu64, number);
            buffer_stream(rig->buffer, name, &stream, NULL);
        }
    }
    buffer_flush(rig->buffer);
}

static void run(struct rig *rig, uint64_t max_size, uint64_t *ret_skipped)
{
    rig->options.segment_bytes = 16 << 10;
    rig->options.max_size_bytes = max_size;
    rig->options.keep_delivered_us = 0;
    rig_open(rig);
    struct reader readers[2] = {{.rig = rig, .name = "mqtt"}, {.rig = rig, .name = "influxdb"}};
    pthread_t threads[3];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(buffer_cursor_open(rig->buffer, readers[i].name, true, NULL), 0);
        assert_int_equal(pthread_create(&threads[i], NULL, read_all, &readers[i]), 0);
    }
    assert_int_equal(pthread_create(&threads[2], NULL, watch, rig), 0);
    append_all(rig);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    *ret_skipped = 0;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(readers[i].wrong, 0);
        assert_int_equal(readers[i].count + readers[i].skipped, RECORDS);
        *ret_skipped += readers[i].skipped;
        bytes_finish(&readers[i].batch.bytes);
    }
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    assert_int_equal(atomic_load(&rig->report_count), 0);
}

static int make(void **state)
{
    *state = rig_make();
    return 0;
}

static int end(void **state)
{
    rig_end(*state);
    return 0;
}

static void readers_and_writer_do_not_disturb_each_other(void **state)
{
    uint64_t skipped;
    run(*state, 64 << 20, &skipped);
    assert_int_equal(skipped, 0);
}

static void a_segment_that_goes_while_it_is_read_is_skipped_not_damaged(void **state)
{
    struct rig *rig = *state;
    rig->routine_only = true;
    uint64_t skipped;
    run(rig, 48 << 10, &skipped);
    assert_true(rig_figures(rig).oldest > RECORDS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(readers_and_writer_do_not_disturb_each_other, make, end),
        cmocka_unit_test_setup_teardown(a_segment_that_goes_while_it_is_read_is_skipped_not_damaged, make, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
