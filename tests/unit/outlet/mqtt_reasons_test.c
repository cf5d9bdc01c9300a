// SPDX-License-Identifier: Apache-2.0
#include "mqtt_reasons.h"

#include "check.h"
#include <string.h>

static void expect_action(const int *codes, size_t count, enum reason_action action)
{
    for (size_t i = 0; i < count; i++) {
        if (reason_of_publish(codes[i]) != action) {
            fail_msg("0x%02X", (unsigned)codes[i]);
        }
    }
}

static void only_what_is_wrong_with_one_message_for_ever_is_parked(void **state)
{
    static const int settled[] = {0x00, 0x10}, wait[] = {0x80, 0x83, 0x88, 0x89, 0x97}, reconnect[] = {0x81, 0x82},
                     hold[] = {0x86, 0x87, 0x8a, 0x8c, 0x9a, 0x9b, 0xab, 0xfe, 0xff}, park[] = {0x90, 0x95, 0x99};
    (void)state;
    expect_action(settled, sizeof settled / sizeof *settled, REASON_SETTLED);
    expect_action(wait, sizeof wait / sizeof *wait, REASON_WAIT);
    expect_action(hold, sizeof hold / sizeof *hold, REASON_HOLD);
    expect_action(reconnect, sizeof reconnect / sizeof *reconnect, REASON_RECONNECT);
    expect_action(park, sizeof park / sizeof *park, REASON_PARK);
    size_t parked = 0;
    for (int code = 0; code < 256; code++) {
        parked += reason_of_publish(code) == REASON_PARK;
    }
    assert_int_equal(parked, sizeof park / sizeof *park);
}

static void wrong_credentials_need_a_person_and_a_busy_broker_does_not(void **state)
{
    (void)state;
    assert_true(reason_needs_person(0x86));
    assert_true(reason_needs_person(0x87));
    assert_true(reason_needs_person(0x85));
    assert_true(reason_needs_person(0x8a));
    assert_false(reason_needs_person(0x89));
    assert_false(reason_needs_person(0xfe));
}

static void codes_of_3_1_1_become_those_of_5(void **state)
{
    (void)state;
    assert_int_equal(reason_from_v3(4), MQTT_BAD_CREDENTIALS);
    assert_int_equal(reason_from_v3(5), MQTT_NOT_AUTHORISED);
    assert_int_equal(reason_from_v3(2), MQTT_BAD_CLIENT_ID);
    assert_int_equal(reason_from_v3(-1), -1);
    assert_int_equal(reason_from_v3(6), 6);
}

static void every_code_has_words(void **state)
{
    (void)state;
    for (int code = -1; code < 300; code++) {
        assert_true(strlen(reason_text(code)) > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_wrong_with_one_message_for_ever_is_parked),
        cmocka_unit_test(wrong_credentials_need_a_person_and_a_busy_broker_does_not),
        cmocka_unit_test(codes_of_3_1_1_become_those_of_5),
        cmocka_unit_test(every_code_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
