// SPDX-License-Identifier: Apache-2.0
#include "mqtt_memory.h"

/*
 * Brokers that refuse, throw us out, lack something or talk nonsense.
 */

static int withhold(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    return publish->seq > 0 ? PEER_SILENT : 0;
}

static int take_over(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    if (publish->seq == 3) {
        peer_disconnect(peer, 0x8e);
        peer->idle = peer_cut; // a little later, so that unread data does not hide the reason
        return PEER_SILENT;
    }
    return 0;
}

static void a_session_taken_over_is_told_and_backed_off_from(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(take_over, &memory, &peer, &rig);
    peer_begin(peer);
    rig_start(rig);
    rig_offer(rig, 5);
    assert_true(rig_wait_event(rig, OUTLET_ALARM, text));
    assert_non_null(strstr(text, "citygw-test"));
    assert_true(rig_stop(rig));
    assert_int_equal(peer->connections, 1);
    rig_finish(rig);
    peer_stop(peer);
}

static size_t refuse_credentials(struct peer *peer, uint8_t *ret_bytes)
{
    static const uint8_t connack[] = {0, 0x86, 0};
    (void)peer;
    memcpy(ret_bytes, connack, sizeof connack);
    return sizeof connack;
}

static void refused_credentials_raise_an_alarm(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(accept_all, &memory, &peer, &rig);
    peer->connack = refuse_credentials;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_event(rig, OUTLET_ALARM, text));
    assert_non_null(strstr(text, "0x86"));
    end(peer, rig);
}

static size_t refuse_retained_once(struct peer *peer, uint8_t *ret_bytes)
{
    static const uint8_t no_retain[] = {0, 0, 2, 0x25, 0}, refused[] = {0, 0x9a, 0};
    bool first = peer->connections == 1;
    size_t size = first ? sizeof refused : sizeof no_retain;
    memcpy(ret_bytes, first ? refused : no_retain, size);
    return size;
}

static void a_broker_without_retained_messages_is_served_without_them(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(accept_all, &memory, &peer, &rig);
    peer->connack = refuse_retained_once;
    peer_begin(peer);
    rig_start(rig);
    rig_offer(rig, 3);
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text));
    rig_advance(rig, 2);
    assert_true(rig_wait_delivered(rig, 4));
    end(peer, rig);
    assert_int_equal(memory.sent[1], 1);
    assert_false(memory.retained[1]);
}

static int garbage(struct peer *peer, const struct peer_publish *publish)
{
    static const uint8_t bytes[] = {0x40, 2, 0xff, 0xff, 0x40, 0, 0x20, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 1, 2, 3};
    note(peer->test, publish);
    if (peer->connections == 1) {
        peer_send(peer, bytes, sizeof bytes);
        return PEER_CUT;
    }
    return 0;
}

static void a_broker_that_talks_garbage_is_survived(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(garbage, &memory, &peer, &rig);
    peer_begin(peer);
    rig_start(rig);
    rig_offer(rig, 10);
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text));
    rig_advance(rig, 2);
    assert_true(rig_wait_delivered(rig, 11));
    end(peer, rig);
}

static void stopping_does_not_wait_for_ever_for_acknowledgements(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    struct timespec before, after;
    char text[400];
    (void)state;
    begin(withhold, &memory, &peer, &rig);
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_event(rig, OUTLET_CONNECTED, text));
    rig_offer(rig, 50);
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_true(rig_stop(rig));
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(after.tv_sec - before.tv_sec <= 4);
    assert_int_equal(rig->delivered, 1);
    rig_finish(rig);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_taken_over_is_told_and_backed_off_from),
        cmocka_unit_test(refused_credentials_raise_an_alarm),
        cmocka_unit_test(a_broker_without_retained_messages_is_served_without_them),
        cmocka_unit_test(a_broker_that_talks_garbage_is_survived),
        cmocka_unit_test(stopping_does_not_wait_for_ever_for_acknowledgements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
