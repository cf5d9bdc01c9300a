// SPDX-License-Identifier: Apache-2.0
#include "mqtt_memory.h"

static int withhold(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    return publish->seq > 0 ? PEER_SILENT : 0;
}

static size_t receive_maximum_of_ten(struct peer *peer, uint8_t *ret_bytes)
{
    static const uint8_t connack[] = {0, 0, 3, 0x21, 0, 10};
    (void)peer;
    memcpy(ret_bytes, connack, sizeof connack);
    return sizeof connack;
}

static void the_servers_receive_maximum_is_never_reached(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(withhold, &memory, &peer, &rig);
    peer->connack = receive_maximum_of_ten;
    peer->idle = peer_release;
    peer_begin(peer);
    rig_start(rig);
    rig_offer(rig, 30);
    assert_true(rig_wait_delivered(rig, 31));
    assert_true(rig_stop(rig));
    assert_int_equal(peer->open_most, 8);
    for (unsigned seq = 1; seq <= 30; seq++) {
        assert_int_equal(memory.sent[seq], 1);
    }
    rig_finish(rig);
    peer_stop(peer);
}

// Everything but the first reading is acknowledged; then the connection is cut.
static int hold_the_first(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    if (peer->connections == 1 && publish->seq == 1) {
        return PEER_SILENT;
    }
    return peer->connections == 1 && publish->seq == 20 ? PEER_CUT : 0;
}

static void the_cursor_waits_for_the_oldest_reading(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(hold_the_first, &memory, &peer, &rig);
    peer_begin(peer);
    rig_start(rig);
    rig_offer(rig, 20);
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text));
    assert_int_equal(rig_cursor(rig), 1);
    rig_advance(rig, 2);
    assert_true(rig_wait_delivered(rig, 21));
    end(peer, rig);
    assert_int_equal(memory.sent[1], 2);
    assert_int_equal(memory.sent[20], 2); // its fate was unknown
    for (unsigned seq = 2; seq < 20; seq++) {
        assert_int_equal(memory.sent[seq], 1);
    }
    assert_false(memory.retained[1]); // 4, 7, 10 ... of the same sensor went out before it came again
}

static int refuse_some(struct peer *peer, const struct peer_publish *publish)
{
    struct memory *memory = peer->test;
    note(memory, publish);
    if (publish->seq == memory->refuse_seq && memory->refusals > 0) {
        memory->refusals--;
        return memory->refuse_with;
    }
    return 0;
}

static void a_full_quota_is_waited_out_without_loss(void **state)
{
    struct memory memory = {.refuse_seq = 2, .refusals = 2, .refuse_with = 0x97};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(refuse_some, &memory, &peer, &rig);
    peer_begin(peer);
    rig_start(rig);
    rig_offer(rig, 5);
    assert_true(rig_wait_event(rig, OUTLET_NOTICE, text));
    advance_until_sent(rig, 2, &memory, 2, 2);
    advance_until_sent(rig, 4, &memory, 2, 3);
    assert_true(rig_wait_delivered(rig, 6));
    assert_int_equal(rig_count(rig, OUTLET_ALARM, ""), 0);
    assert_int_equal(rig->parked_count, 0);
    end(peer, rig);
    assert_int_equal(memory.sent[2], 3);
    assert_false(memory.retained[2]); // number 5 is of the same sensor and newer
    assert_true(memory.retained[5]);
    assert_int_equal(memory.sent[1], 1);
}

static void a_payload_refused_three_times_is_parked(void **state)
{
    struct memory memory = {.refuse_seq = 2, .refusals = 100, .refuse_with = 0x99};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(refuse_some, &memory, &peer, &rig);
    peer_begin(peer);
    rig_start(rig);
    rig_offer(rig, 5);
    advance_until_sent(rig, 2, &memory, 2, 2);
    advance_until_sent(rig, 4, &memory, 2, 3);
    assert_true(rig_wait_parked(rig, 1));
    assert_non_null(strstr(rig->parked_text, "citygw/v1/271004/umeda-01/parking/bay-2"));
    assert_true(rig_wait_delivered(rig, 6));
    assert_int_equal(rig->delivered_count, 4);
    assert_int_equal(rig->parked_count, 1);
    end(peer, rig);
    assert_int_equal(memory.sent[2], 3);
}

static size_t small_packets(struct peer *peer, uint8_t *ret_bytes)
{
    static const uint8_t connack[] = {0, 0, 5, 0x27, 0, 0, 0, 128}; // bytes
    (void)peer;
    memcpy(ret_bytes, connack, sizeof connack);
    return sizeof connack;
}

static void what_is_larger_than_the_server_takes_is_parked_unsent(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(accept_all, &memory, &peer, &rig);
    peer->connack = small_packets;
    peer_begin(peer);
    rig_start(rig);
    rig_offer(rig, 2);
    assert_true(rig_wait_delivered(rig, 3));
    assert_int_equal(rig->parked_count, 2);
    assert_int_equal(rig->delivered_count, 0);
    end(peer, rig);
    assert_int_equal(memory.sent[1] + memory.sent[2], 0);
}

static void an_unreadable_record_is_parked(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(accept_all, &memory, &peer, &rig);
    peer_begin(peer);
    bytes_clear(&rig->payload);
    bytes_text(&rig->payload, "\xff\xff garbage");
    rig_start(rig);
    rig_offer(rig, 2);
    assert_true(rig_wait_delivered(rig, 3));
    assert_int_equal(rig->parked_count, 2);
    assert_int_equal(rig->delivered_count, 0);
    end(peer, rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_servers_receive_maximum_is_never_reached),
        cmocka_unit_test(the_cursor_waits_for_the_oldest_reading),
        cmocka_unit_test(a_full_quota_is_waited_out_without_loss),
        cmocka_unit_test(a_payload_refused_three_times_is_parked),
        cmocka_unit_test(what_is_larger_than_the_server_takes_is_parked_unsent),
        cmocka_unit_test(an_unreadable_record_is_parked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
