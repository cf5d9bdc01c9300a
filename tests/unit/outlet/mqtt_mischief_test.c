// SPDX-License-Identifier: Apache-2.0
#include "mqtt_memory.h"

// Brokers that break the rules, or use all of them: nothing is lost, and nothing is settled that did not arrive.

static int acknowledge_nothing_at_first(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    return peer->connections == 1 && publish->seq > 0 ? PEER_SILENT : 0;
}

static void a_broker_that_never_acknowledges_is_left_for_a_new_connection(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(acknowledge_nothing_at_first, &memory, &peer, &rig);
    rig->available = 5;
    peer_begin(peer);
    rig_start(rig);
    for (int i = 0; i < 4000 && atomic_load(&memory.sent[5]) == 0; i++) {
        rig_nap();
    }
    for (int i = 0; i < 1000 && rig_cursor(rig) < 6; i++) {
        rig_advance(rig, i % 20 ? 0 : 5); // a round counts for five seconds at most
        rig_nap();
    }
    assert_true(rig_wait_delivered(rig, 6));
    assert_int_equal(rig_count(rig, OUTLET_NOTICE, "acknowledges nothing"), 1);
    end(peer, rig);
    for (unsigned seq = 1; seq <= 5; seq++) {
        assert_int_equal(memory.sent[seq], 2);
    }
}

static void raw_puback(struct peer *peer, unsigned id)
{
    const uint8_t packet[] = {0x40, 4, (uint8_t)(id >> 8), (uint8_t)id, 0, 0};
    peer_send(peer, packet, sizeof packet);
}

// Twice, and also what was never sent; the third reading not at all before the others are done.
static int acknowledge_too_much(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    raw_puback(peer, (publish->id + 30000) % 65535 + 1);
    if (publish->seq == 3) {
        return PEER_SILENT;
    }
    raw_puback(peer, publish->id);
    raw_puback(peer, publish->id);
    return 0;
}

static void acknowledgements_too_many_settle_nothing_else(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(acknowledge_too_much, &memory, &peer, &rig);
    rig->mqtt.drain = DRAIN_IN_ORDER;
    rig->available = 40;
    peer_begin(peer);
    rig_start(rig);
    for (int i = 0; i < 4000 && atomic_load(&memory.sent[40]) == 0; i++) {
        rig_nap();
    }
    assert_true(rig_wait_delivered(rig, 3));
    for (int i = 0; i < 20; i++) { // time enough for an answer too many to be taken for the third's
        rig_advance(rig, 0);
        rig_nap();
    }
    assert_int_equal(rig_cursor(rig), 3);
    atomic_store(&peer->release, true);
    assert_true(rig_wait_delivered(rig, 41));
    assert_int_equal(rig->delivered_count, 40);
    assert_int_equal(peer->connections, 1);
    end(peer, rig);
}

static int hang_up_within_an_acknowledgement(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    if (peer->connections > 1 || publish->seq != 3) {
        return 0;
    }
    const uint8_t half[] = {0x40, 4, (uint8_t)(publish->id >> 8)};
    peer_send(peer, half, sizeof half);
    return PEER_CUT;
}

static void half_an_acknowledgement_is_none(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(hang_up_within_an_acknowledgement, &memory, &peer, &rig);
    rig->available = 3;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text));
    assert_true(rig_cursor(rig) <= 3);
    rig_advance(rig, 2);
    assert_true(rig_wait_delivered(rig, 4));
    end(peer, rig);
    assert_int_equal(memory.sent[3], 2);
}

static int refuse_the_second_once(struct peer *peer, const struct peer_publish *publish)
{
    struct memory *memory = peer->test;
    note(memory, publish);
    return publish->seq == 2 && memory->sent[2] == 1 ? memory->refuse_with : 0;
}

static void bear_refusal(int code, int drain)
{
    struct memory memory = {.refuse_with = code};
    struct peer *peer;
    struct rig *rig;
    begin(refuse_the_second_once, &memory, &peer, &rig);
    rig->mqtt.drain = drain;
    rig->available = drain == DRAIN_IN_ORDER ? 4 : 0;
    rig->old = true;
    peer_begin(peer);
    rig_start(rig);
    for (int i = 0; i < 4000 && rig_count(rig, OUTLET_CONNECTED, "") == 0; i++) {
        rig_nap();
    }
    rig_offer(rig, 4);
    for (int i = 0; i < 20000 && rig_cursor(rig) < 5; i++) {
        // The library connects in real time: a leap meanwhile would make it seem dead.
        bool online = rig_count(rig, OUTLET_CONNECTED, "") > rig_count(rig, OUTLET_DISCONNECTED, "");
        rig_advance(rig, i % 40 ? 0 : online ? 31 : 10);
        rig_nap();
    }
    if (rig_cursor(rig) != 5 || rig->delivered_count != 4 || rig->parked_count != 0) {
        fail_msg("0x%02X: up to %d, %d arrived", (unsigned)code, (int)rig_cursor(rig), (int)rig->delivered_count);
    }
    end(peer, rig);
    assert_int_equal(memory.sent[2], code < 0x80 ? 1 : 2);
}

static void no_reason_code_costs_a_reading_that_is_taken_later(void **state)
{
    static const int codes[] = {0x10, 0x80, 0x81, 0x83, 0x87, 0x88, 0x89, 0x90, 0x91,
                                0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0xfe};
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        bear_refusal(codes[i], i % 2 ? DRAIN_IN_ORDER : DRAIN_LIVE_FIRST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broker_that_never_acknowledges_is_left_for_a_new_connection),
        cmocka_unit_test(acknowledgements_too_many_settle_nothing_else),
        cmocka_unit_test(half_an_acknowledgement_is_none),
        cmocka_unit_test(no_reason_code_costs_a_reading_that_is_taken_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
