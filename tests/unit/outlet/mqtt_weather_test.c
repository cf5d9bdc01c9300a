// SPDX-License-Identifier: Apache-2.0
#include "mqtt_memory.h"

/*
 * A long bad day: connections cut at any point, refusals of several sorts, and new readings all the while.
 */

// A broker that cuts the connection and refuses, by a fixed sequence of chances.
struct weather {
    struct memory memory;
    atomic_uint chance;
    unsigned fair; // a power of two less one: of one more than these, one goes wrong
    atomic_bool calm;
};

static int anything(struct peer *peer, const struct peer_publish *publish)
{
    static const int codes[] = {PEER_CUT, 0x87, 0x97, PEER_CUT, 0x80, 0x89};
    struct weather *weather = peer->test;
    unsigned chance = atomic_load(&weather->chance) * 1103515245u + 12345u;
    atomic_store(&weather->chance, chance);
    note_batch(&weather->memory, publish);
    if (publish->seq == 0 || atomic_load(&weather->calm) || chance >> 16 & weather->fair) {
        return 0;
    }
    return codes[(chance >> 20) % 6];
}

static void bear_it(int batch, unsigned fair)
{
    enum { READINGS = 600 };
    struct weather weather = {.chance = 4711, .fair = fair};
    struct peer *peer = peer_start(anything, &weather);
    struct rig *rig = rig_make(peer->port);
    rig->mqtt.batch = batch;
    rig->mqtt.drain = DRAIN_LIVE_FIRST;
    rig->available = 100;
    rig->late_to = 101;
    peer_begin(peer);
    rig_start(rig);
    for (int i = 0; i < 800 && rig_cursor(rig) <= READINGS; i++) {
        pthread_mutex_lock(&rig->lock);
        rig->late_to = rig->available > 20 ? rig->available - 20 : 0;
        rig->available += rig->available < READINGS ? 4 : 0;
        pthread_mutex_unlock(&rig->lock);
        atomic_store(&weather.calm, i > 120 && peer->connections > 3);
        bool online = rig_count(rig, OUTLET_CONNECTED, "") > rig_count(rig, OUTLET_DISCONNECTED, "");
        rig_advance(rig, !online ? 2 : i % 4 ? 0 : 40); // offline gently: the library connects in a time of its own
        for (int naps = 0; naps < 8; naps++) {
            rig_nap();
        }
    }
    assert_true(rig_wait_delivered(rig, READINGS + 1));
    assert_true(rig_stop(rig));
    assert_false(rig->misdelivered);
    assert_int_equal(rig->delivered_count, READINGS);
    assert_int_equal(rig->parked_count, 0);
    assert_true(peer->connections > 3);
    for (unsigned seq = 1; seq <= READINGS; seq++) {
        assert_true(weather.memory.sent[seq] > 0);
    }
    rig_finish(rig);
    peer_stop(peer);
}

static void nothing_is_lost_whatever_the_broker_does(void **state)
{
    (void)state;
    bear_it(BATCH_NO, 15);
}

static void nothing_is_lost_in_batches_either(void **state)
{
    (void)state;
    bear_it(BATCH_ALWAYS, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_whatever_the_broker_does),
        cmocka_unit_test(nothing_is_lost_in_batches_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
