// SPDX-License-Identifier: Apache-2.0
#include "coap_peer.h"

/*
 * The paths of Efento's NB-IoT sensors.
 */

enum { BLOCK = 16 };

static const uint8_t body[] = "\x0a\x06\x28\x2c\x02\x42\x4e\xed\x10\x01\x18\x3c" // 282c02424eed, 60 s
                              "\x22\x0d\x08\x01\x10\x80\xe2\xcf\xaa\x06\x20\x02\x2a\x01\x00\x40\x01"; // 0.1 degC

static struct message send_to(const char *where, int type, unsigned id, const char *token)
{
    struct message m = message(type, POST, id, token);
    path(&m, where);
    payload(&m, body, sizeof body - 1);
    return m;
}

static void success_is_2_01_after_the_commit(void **state)
{
    (void)state;
    struct message m = send_to("m", CON, 0x1234, "tok");
    send_from(fixture.peer, &m);
    assert_silent();
    assert_int_equal(fixture.emits, 1);
    assert_string_equal(fixture.sensor, "");
    assert_string_equal(fixture.value_name, "282c02424eed:temperature_c");
    settle(0, 0);
    struct answer answer = receive(fixture.peer);
    assert_answer(&answer, ACK, 201, 0x1234, "tok");
    assert_int_equal(answer.payload_size, 0);
}

static void copies_are_one_reading_and_get_2_01(void **state)
{
    (void)state;
    struct message m = send_to("m", CON, 7, "a"), non = send_to("m", NON, 8, "b");
    send_from(fixture.peer, &m);
    send_from(fixture.peer, &m);
    assert_silent();
    settle(0, 0);
    struct answer answer = receive(fixture.peer);
    assert_answer(&answer, ACK, 201, 7, "a");
    answer = ask(&m);
    assert_answer(&answer, ACK, 201, 7, "a");
    assert_int_equal(fixture.emits, 1);

    fixture.settle_at_once = true;
    answer = ask(&non);
    assert_answer(&answer, NON, 201, answer.id, "b");
    assert_int_equal(fixture.emits, 2);
}

static void a_stored_key_is_told_2_01_after_a_restart(void **state)
{
    (void)state;
    fixture.settle_at_once = true;
    struct message m = send_to("m", CON, 99, "key");
    assert_int_equal(ask(&m).code, 201);

    struct fault why;
    driver_coap.destroy(fixture.driver);
    assert_int_equal(driver_coap.create(&fixture.settings, "", &fixture.host, &fixture.driver, &why), 0);
    driver_coap.restore_key(fixture.driver, fixture.key, fixture.key_size, 5000000);
    open_made_driver();
    struct answer answer = ask(&m);
    assert_answer(&answer, ACK, 201, 99, "key");
    assert_int_equal(fixture.emits, 1);
}

static void a_slow_commit_is_told_2_01_separately(void **state)
{
    (void)state;
    struct message m = send_to("m", CON, 5, "slow");
    send_from(fixture.peer, &m);
    assert_silent();
    fixture.boot_us += 1600 * 1000;
    assert_int_equal(receive(fixture.peer).code, 0);
    settle(0, 0);
    struct answer answer = receive(fixture.peer);
    assert_answer(&answer, CON, 201, answer.id, "slow");
}

static void what_is_not_stored_is_no_success(void **state)
{
    (void)state;
    struct message m = send_to("m", CON, 5, "f"), garbage = post(CON, 6, "g", "m", -1, "garbage");
    send_from(fixture.peer, &m);
    assert_silent();
    settle(0, -EIO);
    assert_int_equal(receive(fixture.peer).code, 500);
    assert_int_equal(ask(&m).code, 500);
    assert_int_equal(ask(&garbage).code, 400);
    assert_int_equal(fixture.last_refusal, REFUSAL_SYNTAX);
    fixture.verdict = REFUSAL_UNKNOWN_SENSOR;
    m = send_to("m", CON, 7, "u");
    assert_int_equal(ask(&m).code, 404);
}

static void a_content_format_makes_no_difference(void **state)
{
    (void)state;
    static const unsigned formats[] = {0, 42, 110, 11542};
    fixture.settle_at_once = true;
    fixture.settings.sensor = &(struct settings_sensor){.id = "bay-1"};
    fixture.settings.sensor_count = 1;
    for (unsigned i = 0; i < 4; i++) {
        struct message m = message(CON, POST, i, "f");
        path(&m, "m");
        number_option(&m, CONTENT_FORMAT, formats[i]);
        payload(&m, body, sizeof body - 1);
        assert_int_equal(ask(&m).code, 201);
    }
    assert_int_equal(fixture.emits, 4);
}

static void the_same_message_to_another_path_is_another_request(void **state)
{
    (void)state;
    static const char *const paths[] = {"m", "i", "c", "readings/m"};
    fixture.settle_at_once = true;
    for (unsigned i = 0; i < 4; i++) {
        struct message m = send_to(paths[i], CON, 1, "same");
        assert_int_equal(ask(&m).code, i < 3 ? 201 : 204);
    }
    assert_int_equal(figure("citygw_coap_duplicates_total"), 0);
}

static struct message part(const char *where, unsigned id, unsigned number)
{
    struct message m = message(CON, POST, id, "p");
    bool last = (number + 1) * BLOCK >= sizeof body - 1;
    path(&m, where);
    number_option(&m, BLOCK1, number << 4 | (last ? 0 : 8));
    payload(&m, body + number * BLOCK, last ? sizeof body - 1 - number * BLOCK : BLOCK);
    return m;
}

static void bodies_in_parts_do_not_mix(void **state)
{
    (void)state;
    static const char *const paths[] = {"m", "i", "c"};
    fixture.settle_at_once = true;
    for (unsigned i = 0; i < 6; i++) {
        struct message m = part(paths[i % 3], i, i / 3);
        struct answer answer = ask(&m);
        assert_int_equal(answer.code, i < 3 ? 231 : 201);
        assert_int_equal(answer.options[BLOCK1], i < 3 ? 8 : 1 << 4);
    }
    assert_int_equal(fixture.emits, 1);
    assert_string_equal(fixture.value_name, "282c02424eed:temperature_c");
}

static void device_information_and_configuration_are_counted_and_not_kept(void **state)
{
    (void)state;
    struct message info = send_to("i", CON, 1, "i"), configuration = send_to("c", NON, 2, "c");
    for (int copies = 0; copies < 2; copies++) {
        struct answer answer = ask(&info);
        assert_answer(&answer, ACK, 201, 1, "i");
        assert_int_equal(answer.payload_size, 0);
    }
    assert_int_equal(ask(&configuration).code, 201);
    assert_int_equal(fixture.emits, 0);
    assert_int_equal(figure("citygw_coap_discarded_total"), 2);

    fixture.settings.coap.max_body_bytes = 20;
    info = send_to("i", CON, 3, "i");
    assert_int_equal(ask(&info).code, 413);
    assert_int_equal(figure("citygw_coap_discarded_total"), 2);
}

static void the_time_is_four_bytes(void **state)
{
    (void)state;
    struct message m = message(CON, POST, 1, "t");
    path(&m, "t");
    struct answer answer = ask(&m);
    assert_answer(&answer, ACK, 205, 1, "t");
    assert_int_equal(answer.payload_size, 4);
    assert_memory_equal(answer.payload, "\x6b\x02\x5b\xa5", 4); // 2026-11-22T03:04:05Z
    fixture.wall_us += 2000000;
    assert_memory_equal(ask(&m).payload, "\x6b\x02\x5b\xa7", 4); // also in the answer to a copy

    fixture.synchronised = false;
    answer = ask(&m);
    assert_answer(&answer, ACK, 503, 1, "t");
    assert_true(answer.options[MAX_AGE] > 0);
}

static void other_methods_are_refused_in_few_bytes(void **state)
{
    (void)state;
    static const char *const paths[] = {"m", "i", "c", "t"};
    static const int methods[] = {GET, 3, DELETE, 5, PATCH, 7};
    for (unsigned i = 0; i < 24; i++) {
        struct message m = message(CON, methods[i / 4], i, "");
        path(&m, paths[i % 4]);
        struct answer answer = ask(&m);
        assert_answer(&answer, ACK, 405, i, "");
        assert_in_range(4 + 1 + answer.payload_size, 0, 3 * m.size);
    }
    assert_int_equal(fixture.refusals, 24);
    assert_int_equal(fixture.emits, 0);
}

static void all_paths_share_the_limit(void **state)
{
    (void)state;
    static const char *const paths[] = {"m", "i", "c", "t"};
    fixture.settings.coap.limits_loopback = true;
    fixture.settle_at_once = true;
    for (unsigned i = 0; i < 40; i++) { // two seconds' worth
        struct message m = send_to(paths[i % 4], CON, i, "");
        assert_in_range(ask(&m).code, 201, 205);
    }
    for (unsigned i = 0; i < 4; i++) {
        struct message m = send_to(paths[i], CON, 100 + i, "");
        fixture.boot_us += 1000; // a refusal a second is told, the rest is silence
        send_from(fixture.peer, &m);
    }
    assert_int_equal(receive(fixture.peer).code, 429);
    assert_silent();
    assert_int_equal(fixture.refusals, 4);
    assert_int_equal(fixture.last_refusal, REFUSAL_RATE);
}

#define WITH_DRIVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DRIVER(success_is_2_01_after_the_commit),
        WITH_DRIVER(copies_are_one_reading_and_get_2_01),
        WITH_DRIVER(a_stored_key_is_told_2_01_after_a_restart),
        WITH_DRIVER(a_slow_commit_is_told_2_01_separately),
        WITH_DRIVER(what_is_not_stored_is_no_success),
        WITH_DRIVER(a_content_format_makes_no_difference),
        WITH_DRIVER(the_same_message_to_another_path_is_another_request),
        WITH_DRIVER(bodies_in_parts_do_not_mix),
        WITH_DRIVER(device_information_and_configuration_are_counted_and_not_kept),
        WITH_DRIVER(the_time_is_four_bytes),
        WITH_DRIVER(other_methods_are_refused_in_few_bytes),
        WITH_DRIVER(all_paths_share_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
