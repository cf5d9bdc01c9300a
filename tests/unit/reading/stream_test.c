// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "reading/stream.h"
#include <stdio.h>
#include <string.h>

static void assert_subject(const char *stream, enum subject subject, const char *id)
{
    const char *found;
    assert_int_equal(stream_subject(stream, &found), subject);
    assert_string_equal(found, id);
    assert_true(!*stream || stream_is_name(stream));
    assert_true(found >= stream && found <= stream + strlen(stream)); // within it
}

static void a_name_tells_whose_the_stream_is(void **state)
{
    (void)state;
    assert_subject("bay-1", SUBJECT_SENSOR, "bay-1");
    assert_subject("zone/umeda-lot", SUBJECT_ZONE, "umeda-lot");
    assert_subject("alert/crowd/plaza", SUBJECT_ALERT, "plaza");
    assert_subject("alert/gateway/clock", SUBJECT_ALERT, "clock");
}

static void a_sensor_may_be_called_like_the_others(void **state)
{
    (void)state;
    static const char *const ids[] = {"zone", "zone1", "zone-a", "alert", "alerts", "alert.x", "alert-crowd-plaza",
                                      "z",    ""};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        assert_subject(ids[i], SUBJECT_SENSOR, ids[i]);
}

static void a_zone_or_an_alert_may_be_of_what_is_called_so(void **state)
{
    (void)state;
    assert_subject("zone/zone", SUBJECT_ZONE, "zone");
    assert_subject("zone/alert", SUBJECT_ZONE, "alert");
    assert_subject("alert/parking/zone", SUBJECT_ALERT, "zone");
    assert_subject("alert/parking/alert", SUBJECT_ALERT, "alert");
}

static void an_alert_names_its_kind(void **state)
{
    (void)state;
    unsigned size;
    const char *kind = stream_alert_kind("alert/gateway/disk", &size);
    assert_int_equal(size, 7);
    assert_memory_equal(kind, "gateway", 7);
    kind = stream_alert_kind("alert/bump/van-1", &size);
    assert_int_equal(size, 4);
    assert_memory_equal(kind, "bump", 4);
}

static void names_are_made_as_they_are_read(void **state)
{
    (void)state;
    char stream[STREAM_SIZE], id[65];
    unsigned size;
    memset(id, 'q', 64); // the longest that there is
    id[64] = '\0';
    stream_zone(id, stream);
    assert_subject(stream, SUBJECT_ZONE, id);
    stream_alert("environment.", id, stream); // no kind is longer
    assert_subject(stream, SUBJECT_ALERT, id);
    assert_memory_equal(stream_alert_kind(stream, &size), "environment.", 12);
    assert_int_equal(size, 12);
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

static void what_a_stream_is_about_is_a_word(void **state)
{
    (void)state;
    assert_string_equal(stream_kind_name("bay-1", KIND_PARKING), "parking");
    assert_string_equal(stream_kind_name("zone/plaza", KIND_CROWD), "crowd");
    assert_string_equal(stream_kind_name("alert/crowd/plaza", KIND_CROWD), "crowd");
    assert_string_equal(stream_kind_name("alert/gateway/disk", KIND_GENERIC), "gateway");
}

static void zones_and_alerts_are_states_whatever_they_are_of(void **state)
{
    (void)state;
    assert_true(stream_is_state("bay-1", KIND_PARKING));
    assert_false(stream_is_state("van-1", KIND_BUMP));
    assert_true(stream_is_state("alert/bump/van-1", KIND_BUMP));
    assert_true(stream_is_state("zone/road", KIND_TRAFFIC));
}

static void an_alert_is_over_when_it_says_so(void **state)
{
    struct reading reading = {.values = {{.name = "active", .type = VALUE_BOOL, .boolean = false}}, .value_count = 1};
    (void)state;
    assert_true(stream_is_over("alert/crowd/plaza", &reading));
    assert_false(stream_is_over("plaza", &reading));
    reading.values[0].boolean = true;
    assert_false(stream_is_over("alert/crowd/plaza", &reading));
    reading.value_count = 0;
    assert_false(stream_is_over("alert/crowd/plaza", &reading));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_tells_whose_the_stream_is),
        cmocka_unit_test(a_sensor_may_be_called_like_the_others),
        cmocka_unit_test(a_zone_or_an_alert_may_be_of_what_is_called_so),
        cmocka_unit_test(an_alert_names_its_kind),
        cmocka_unit_test(names_are_made_as_they_are_read),
        cmocka_unit_test(what_is_no_name_is_told_apart),
        cmocka_unit_test(what_a_stream_is_about_is_a_word),
        cmocka_unit_test(zones_and_alerts_are_states_whatever_they_are_of),
        cmocka_unit_test(an_alert_is_over_when_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
