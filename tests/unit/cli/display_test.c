// SPDX-License-Identifier: Apache-2.0
#include "display.h"

#include "base/messages.h"
#include "check.h"
#include <math.h>
#include <stdlib.h>
#include <time.h>

static void durations_get_the_unit_that_fits(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } rows[] = {{-1, "-"},
                {0, "0 s"},
                {1.4, "1 s"},
                {99, "99 s"},
                {100, "2 min"},
                {3600, "60 min"},
                {6000, "1.7 h"},
                {86400, "24.0 h"},
                {2 * 86400, "2 d"},
                {30 * 86400, "30 d"},
                {1e300, "1000000000 d"},
                {(double)NAN, "-"}};
    char text[DISPLAY_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(display_duration(rows[i].seconds, text), rows[i].text);
}

static void sizes_count_in_thousands(void **state)
{
    (void)state;
    char text[DISPLAY_SIZE];
    assert_string_equal(display_size(0, text), "0 B");
    assert_string_equal(display_size(999, text), "999 B");
    assert_string_equal(display_size(1000, text), "1.0 kB");
    assert_string_equal(display_size(8200, text), "8.2 kB");
    assert_string_equal(display_size(2e9, text), "2.0 GB");
    assert_string_equal(display_size(512e9, text), "512 GB");
    assert_string_equal(display_size(1e300, text), "1000000000000 TB");
}

static void times_are_shown_in_the_local_zone(void **state)
{
    (void)state;
    char text[DISPLAY_SIZE];
    setenv("TZ", "JST-9", 1);
    tzset();
    assert_string_equal(display_time("2026-11-22T03:04:05.678Z", text), "2026-11-22 12:04:05 JST");
    assert_string_equal(display_time("", text), "-");
    assert_string_equal(display_time("yesterday", text), "-");
}

static void words_that_are_not_known_stay_as_they_are(void **state)
{
    (void)state;
    assert_string_equal(display_word("open"), "working");
    assert_string_equal(display_word("unknown_sensor"), "unknown sensor");
    assert_string_equal(display_word("quite new"), "quite new");
    assert_string_equal(display_word(""), "");
}

int main(void)
{
    setenv("LC_ALL", "en_US.UTF-8", 1);
    messages_use(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_get_the_unit_that_fits),
        cmocka_unit_test(sizes_count_in_thousands),
        cmocka_unit_test(times_are_shown_in_the_local_zone),
        cmocka_unit_test(words_that_are_not_known_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
