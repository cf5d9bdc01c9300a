// SPDX-License-Identifier: Apache-2.0
#include "reading/stream.h"

#include "check.h"
#include <stdio.h>
#include <string.h>

static void a_name_tells_what_it_is_of(void **state)
{
    static const struct {
        const char *name, *id;
        enum subject subject;
    } cases[] = {{"bay-1", "bay-1", SUBJECT_SENSOR},
                 {"zone", "zone", SUBJECT_SENSOR},
                 {"zone/umeda-lot", "umeda-lot", SUBJECT_ZONE},
                 {"alert/crowd/plaza", "plaza", SUBJECT_ALERT}};
    const char *id;
    unsigned size;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(stream_subject(cases[i].name, &id), cases[i].subject);
        assert_string_equal(id, cases[i].id);
        assert_true(stream_is_name(cases[i].name));
    }
    assert_memory_equal(stream_alert_kind("alert/crowd/plaza", &size), "crowd", 5);
    assert_int_equal(size, 5);
}

static void what_is_no_name_is_told_apart(void **state)
{
    static const char *const wrong[] = {"",
                                        "bay/1",
                                        "/",
                                        "zone/",
                                        "zone/a/b",
                                        "alert/",
                                        "alert/a",
                                        "alert/a/",
                                        "alert//plaza",
                                        "alert/a/b/c",
                                        "alert/crowd/広場",
                                        "zone/+",
                                        "a b"};
    char name[STREAM_SIZE + 1], longest[65];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (stream_is_name(wrong[i]))
            fail_msg("%s", wrong[i]);
    memset(longest, 'x', 64);
    longest[64] = '\0';
    stream_zone(longest, name);
    assert_true(stream_is_name(name));
    stream_alert("environment", longest, name);
    assert_true(stream_is_name(name));
    snprintf(name, sizeof name, "alert/%.25s/%s", longest, longest); // of 96 bytes
    assert_int_equal(strlen(name), STREAM_SIZE);
    assert_false(stream_is_name(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_name_tells_what_it_is_of),
                                       cmocka_unit_test(what_is_no_name_is_told_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
