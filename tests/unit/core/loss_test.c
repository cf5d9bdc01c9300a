// SPDX-License-Identifier: Apache-2.0
#include "loss.h"
#include "still.h"
#include <jansson.h>

/*
 * A ledger that is larger than a message may be: told in pages that miss nothing.
 */

#define SECOND INT64_C(1000000)

enum { SENSORS = 3000 };

static uint64_t entries(void)
{
    struct buffer_figures figures;
    buffer_figures(buffer, &figures);
    return figures.ledger_entries;
}

// One reading of each of many sensors, which grows too old.
static void lose_many(void)
{
    buffer_close(buffer);
    struct buffer_options options = {.path = folder,
                                     .clock = &held,
                                     .max_size_bytes = 8 << 20,
                                     .max_age_us = 3600 * SECOND,
                                     .keep_delivered_us = 3600 * SECOND};
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    for (unsigned i = 0; i < SENSORS; i++) {
        char name[24];
        uint32_t of;
        snprintf(name, sizeof name, "sensor-%04u", i);
        assert_int_equal(buffer_stream(buffer, name, &of, NULL), 0);
        struct buffer_record record = {.stream = of, .time_us = boot_us, .payload = "x", .size = 1};
        assert_int_equal(buffer_append(buffer, &record, 1, NULL, 0, NULL, 0), 0);
    }
    commit_one();
    boot_us += 7200 * SECOND;
    while (entries() < SENSORS) {
        buffer_flush(buffer);
        sched_yield();
    }
}

// How many entries it showed; *ret_more: how many follow.
static size_t page(size_t skip, uint64_t *ret_more)
{
    struct bytes text;
    struct json json;
    json_error_t error;
    bytes_init(&text, 256 << 10);
    json_begin(&json, &text);
    loss_write(buffer, skip, LOSS_BYTES_MAX, &json);
    assert_false(text.overflow);
    json_t *document = json_loadb((const char *)text.data, text.used, 0, &error);
    assert_non_null(document);
    size_t shown = json_array_size(json_object_get(document, "entries"));
    *ret_more = (uint64_t)json_integer_value(json_object_get(document, "more"));
    json_decref(document);
    bytes_finish(&text);
    return shown;
}

static void pages_hold_the_whole_ledger(void **state)
{
    (void)state;
    lose_many();
    uint64_t all = entries(), more = all;
    size_t shown = 0;
    for (int pages = 0; more > 0; pages++) {
        size_t count = page(shown, &more);
        assert_in_range(count, 1, all - 1);
        shown += count;
        assert_int_equal(shown + more, all);
        assert_in_range(pages, 0, 4);
    }
    assert_int_equal(page(shown, &more), 0);
    assert_int_equal(page(SIZE_MAX / 2, &more), 0);
    assert_int_equal(more, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(pages_hold_the_whole_ledger, begin, finish)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
