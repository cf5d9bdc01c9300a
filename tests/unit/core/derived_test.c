// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "derived.h"
#include "told_clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[64];
static struct buffer *buffer;
static struct derived derived;

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/citygw-derived-XXXXXX");
    assert_non_null(mkdtemp(folder));
    wall_us = INT64_C(1800000000000000);
    boot_us = 1000000;
    set = true;
    const struct buffer_options options = {.path = folder,
                                           .clock = &told,
                                           .max_size_bytes = 16 << 20,
                                           .max_age_us = INT64_MAX / 4,
                                           .keep_delivered_us = INT64_MAX / 4};
    assert_int_equal(buffer_open(&options, &buffer, NULL), 0);
    derived_init(&derived, &told, buffer, NULL);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    char command[96];
    derived_finish(&derived);
    assert_int_equal(buffer_close(buffer), 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static bool add(const char *stream)
{
    const struct reading reading = {.kind = KIND_CROWD, .zone = "", .time_us = wall_us};
    return derived_add(&derived, stream, &reading, BUFFER_EVENT);
}

static void what_happens_at_once_is_stored_whole(void **state)
{
    (void)state;
    enum { MANY = 4 * DERIVED_MAX + 3 };
    uint32_t last;
    for (int i = 0; i < MANY; i++) {
        char stream[32];
        snprintf(stream, sizeof stream, "alert/crowd/c%d", i);
        assert_true(add(stream));
    }
    assert_true(derived_store(&derived));
    assert_int_equal(derived.taken, MANY);
    assert_int_equal(derived.dropped, 0);
    assert_int_equal(buffer_stream(buffer, "alert/crowd/c0", &last, NULL), 0);
    assert_int_equal(buffer_stream_next_seq(buffer, last), 2);
    assert_false(derived_store(&derived));
}

static void equal_times_of_a_stream_get_a_microsecond_more(void **state)
{
    (void)state;
    assert_true(add("zone/a") && add("zone/a") && add("zone/b") && add("zone/a"));
    assert_true(derived.list[1].time_us == derived.list[0].time_us + 1);
    assert_true(derived.list[2].time_us == derived.list[0].time_us);
    assert_true(derived_store(&derived));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_happens_at_once_is_stored_whole, begin, finish),
        cmocka_unit_test_setup_teardown(equal_times_of_a_stream_get_a_microsecond_more, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
