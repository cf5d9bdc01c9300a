// SPDX-License-Identifier: Apache-2.0
#include "mqtt_memory.h"

// What is sent at a bounded rate: replays, and everything under max_rate.

struct copies {
    struct memory memory;
    atomic_uint replayed[64];
    bool retained, misplaced;
};

static int keep_copies(struct peer *peer, const struct peer_publish *publish)
{
    struct copies *copies = peer->test;
    if (!publish->replay) {
        note(&copies->memory, publish);
        return 0;
    }
    copies->retained = copies->retained || publish->retained;
    copies->misplaced = copies->misplaced || !strstr(publish->topic, "umeda-01/replay/parking/bay-");
    copies->replayed[publish->seq]++;
    return 0;
}

static void replays_go_to_topics_of_their_own_at_the_backlogs_rate(void **state)
{
    struct copies copies = {0};
    struct peer *peer = peer_start(keep_copies, &copies);
    struct rig *rig = rig_make(peer->port);
    (void)state;
    rig->mqtt.drain = DRAIN_LIVE_FIRST;
    rig->mqtt.backlog_rate = 20; // a burst of two
    rig->replay_at = 1;
    rig->replay_to = 41;
    peer_begin(peer);
    rig_start(rig);
    for (int i = 0; i < 4000 && atomic_load(&copies.replayed[2]) == 0; i++) {
        rig_nap();
    }
    rig_offer(rig, 45);
    assert_true(rig_wait_delivered(rig, 46));
    assert_int_equal(copies.replayed[40], 0);
    for (int i = 0; i < 400 && atomic_load(&copies.replayed[40]) == 0; i++) {
        rig_advance(rig, 1);
        rig_nap();
    }
    assert_true(rig_stop(rig));
    assert_int_equal(rig->replayed, 40);
    assert_int_equal(rig->delivered_count, 45);
    assert_false(rig->misdelivered);
    assert_false(copies.retained);
    assert_false(copies.misplaced);
    for (unsigned seq = 1; seq <= 40; seq++) {
        assert_int_equal(copies.replayed[seq], 1);
    }
    rig_finish(rig);
    peer_stop(peer);
}

static void no_more_bytes_go_out_than_max_rate_allows(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    struct outlet_figures figures;
    (void)state;
    begin(accept_all, &memory, &peer, &rig);
    rig->mqtt.max_rate_bytes = 2000; // about six readings
    rig->available = 100;
    peer_begin(peer);
    rig_start(rig);
    for (int i = 0; i < 4000 && atomic_load(&memory.sent[4]) == 0; i++) {
        rig_nap();
    }
    assert_true(memory.sent[4] > 0);
    assert_true(rig_cursor(rig) < 40);
    for (int i = 0; i < 400 && rig_cursor(rig) < 101; i++) {
        rig_advance(rig, 1);
        rig_nap();
    }
    assert_true(rig_wait_delivered(rig, 101));
    assert_true(atomic_load(&rig->clock.ahead_us) > 10 * INT64_C(1000000)); // 100 of them take longer than this
    rig->type->figures(rig->state, &figures);
    assert_true(figures.throttled_us > 0);
    end(peer, rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replays_go_to_topics_of_their_own_at_the_backlogs_rate),
        cmocka_unit_test(no_more_bytes_go_out_than_max_rate_allows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
