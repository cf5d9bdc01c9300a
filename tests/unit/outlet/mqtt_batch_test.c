// SPDX-License-Identifier: Apache-2.0
#include "mosquitto.h"
#include "mqtt_memory.h"

/*
 * batch = backlog | always: many readings in one message, each exactly once, and states still by themselves.
 */

#define BATCH "0 citygw/v1/271004/umeda-01/batch ["
#define LINES "%r %t %p"

enum { READINGS = 3000 };

static void all_of_a_backlog_arrives_in_few_messages(void **state)
{
    struct broker broker;
    struct listener listener;
    struct rig *rig;
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    listener_start(&listener, &broker, LINES);
    rig = rig_make(broker.port);
    rig->mqtt.drain = DRAIN_LIVE_FIRST;
    rig->mqtt.backlog_rate = 1000000;
    rig->mqtt.batch = BATCH_BACKLOG;
    rig->available = READINGS;
    rig->late_to = READINGS + 1;
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, READINGS + 1));
    rig_offer(rig, READINGS + 3);
    assert_true(rig_wait_delivered(rig, READINGS + 4));
    assert_true(listener_wait(&listener, "\"seq\":3003,"));
    assert_int_equal(rig->delivered_count, READINGS + 3);
    assert_false(rig->misdelivered);
    size_t batches = listener_count(&listener, BATCH);
    assert_true(batches > 0 && batches <= READINGS / 100);
    assert_int_equal(listener_count(&listener, "\"seq\":"), READINGS + 3 + 3); // and three states beside their turn
    assert_int_equal(listener_count(&listener, "/parking/bay-0 {"), 2);        // its state first, then what is new
    assert_true(rig_stop(rig));
    rig_finish(rig);
    listener_stop(&listener);
    broker_stop(&broker);
}

static void what_is_new_goes_in_batches_and_each_state_by_itself_too(void **state)
{
    struct broker broker;
    struct listener listener;
    struct rig *rig;
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    listener_start(&listener, &broker, LINES);
    rig = rig_make(broker.port);
    rig->mqtt.drain = DRAIN_LIVE_FIRST;
    rig->mqtt.batch = BATCH_ALWAYS;
    rig_start(rig);
    wait_begun(rig);
    rig_offer(rig, READINGS);
    assert_true(rig_wait_delivered(rig, READINGS + 1));
    rig_advance(rig, 2);
    assert_true(listener_wait(&listener, "0 citygw/v1/271004/umeda-01/parking/bay-0 {\"sensor\":\"bay-0\",\"kind\":"
                                         "\"parking\",\"epoch\":\"k7f3\",\"seq\":3000,"));
    assert_int_equal(rig->delivered_count, READINGS);
    assert_true(listener_count(&listener, BATCH) <= READINGS / 50);
    assert_int_equal(listener_count(&listener, "\"backlog\":true"), 0);
    assert_true(rig_stop(rig));
    rig_finish(rig);
    listener_stop(&listener);
    broker_stop(&broker);
}

static int refuse_batches(struct peer *peer, const struct peer_publish *publish)
{
    size_t size = strlen(publish->topic);
    bool batch = size > 6 && strcmp(publish->topic + size - 6, "/batch") == 0;
    if (!batch) {
        note(peer->test, publish);
    }
    return batch ? 0x87 : 0;
}

static void a_broker_that_refuses_batches_gets_readings_one_by_one(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(refuse_batches, &memory, &peer, &rig);
    rig->mqtt.drain = DRAIN_LIVE_FIRST;
    rig->mqtt.backlog_rate = 1000000;
    rig->mqtt.batch = BATCH_ALWAYS;
    rig->available = 50;
    rig->late_to = 51;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 51));
    assert_int_equal(rig->delivered_count, 50);
    assert_int_equal(rig->parked_count, 0);
    for (unsigned seq = 1; seq <= 50; seq++) {
        assert_true(memory.sent[seq] > 0);
    }
    end(peer, rig);
}

static void bytes_on_the_wire_keep_to_max_rate(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    struct outlet_figures figures;
    (void)state;
    begin(accept_all, &memory, &peer, &rig);
    rig->mqtt.drain = DRAIN_LIVE_FIRST;
    rig->mqtt.max_rate_bytes = 4000; // a dozen messages; `status` and more go first
    peer_begin(peer);
    rig_start(rig);
    rig_offer(rig, 60);
    for (int i = 0; i < 400 && rig_cursor(rig) == 1; i++) {
        rig_nap();
    }
    uint64_t first = rig_cursor(rig);
    assert_true(first > 1 && first < 40);
    for (int i = 0; i < 40 && rig_cursor(rig) <= 60; i++) {
        rig_advance(rig, 1);
        for (int naps = 0; naps < 4; naps++) {
            rig_nap();
        }
    }
    assert_true(rig_wait_delivered(rig, 61));
    rig->type->figures(rig->state, &figures);
    assert_true(figures.throttled_us > 2000000);
    end(peer, rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_backlog_arrives_in_few_messages),
        cmocka_unit_test(what_is_new_goes_in_batches_and_each_state_by_itself_too),
        cmocka_unit_test(a_broker_that_refuses_batches_gets_readings_one_by_one),
        cmocka_unit_test(bytes_on_the_wire_keep_to_max_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
