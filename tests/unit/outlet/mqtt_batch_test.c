// SPDX-License-Identifier: Apache-2.0
#include "mqtt_memory.h"

// batch = always | backlog: many readings in one message.

struct tally {
    struct memory memory;
    size_t batches, batched[64]; // how many readings the first batches held
    size_t largest;              // packet, without its fixed header
    bool retained, broken, misplaced;
    atomic_uint alone, states;
    unsigned bad; // the seq that is refused for good
    bool silent;
};

static bool holds(const struct peer_publish *publish, unsigned seq)
{
    char text[32];
    int size = snprintf(text, sizeof text, "\"seq\":%u,", seq);
    return memmem(publish->payload, publish->size, text, (size_t)size) != NULL;
}

static void tally_batch(struct tally *tally, const struct peer_publish *publish)
{
    size_t count = note_batch(&tally->memory, publish), size = publish->size + strlen(publish->topic) + 4;
    if (tally->batches < 64) {
        tally->batched[tally->batches] = count;
    }
    tally->batches++;
    tally->retained = tally->retained || publish->retained;
    tally->largest = size > tally->largest ? size : tally->largest;
    tally->misplaced = tally->misplaced || strcmp(publish->topic, "citygw/v1/271004/umeda-01/batch") != 0;
    tally->broken = tally->broken || publish->payload[publish->size - 1] != ']' ||
                    !memmem(publish->payload, publish->size, "[{\"sensor\"", 10);
}

static int tally_all(struct peer *peer, const struct peer_publish *publish)
{
    struct tally *tally = peer->test;
    if (publish->seq == 0) {
        return 0;
    }
    if (!strstr(publish->topic, "/parking/")) {
        tally_batch(tally, publish);
    } else if (publish->retained) {
        tally->states++;
    } else {
        tally->alone++;
        note(&tally->memory, publish);
    }
    if (tally->bad && !publish->retained && holds(publish, tally->bad)) {
        return 0x99;
    }
    return tally->silent && !atomic_load(&peer->release) ? PEER_SILENT : 0;
}

static void begin_batches(struct tally *tally, int mode, struct peer **ret_peer, struct rig **ret_rig)
{
    *ret_peer = peer_start(tally_all, tally);
    *ret_rig = rig_make((*ret_peer)->port);
    (*ret_rig)->mqtt.batch = mode;
}

static void what_is_durable_goes_in_one_message_and_states_by_themselves(void **state)
{
    struct tally tally = {0};
    struct peer *peer;
    struct rig *rig;
    struct outlet_figures figures;
    (void)state;
    begin_batches(&tally, BATCH_ALWAYS, &peer, &rig);
    rig->available = 300;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 301));
    assert_int_equal(tally.batches, 1);
    assert_int_equal(tally.batched[0], 300);
    for (int i = 0; i < 4000 && atomic_load(&tally.states) < 3; i++) {
        rig_advance(rig, i % 100 ? 0 : 1);
        rig_nap();
    }
    rig_offer(rig, 301);
    assert_true(rig_wait_delivered(rig, 302)); // its state waits for the second to end
    rig->type->figures(rig->state, &figures);
    assert_int_equal(figures.batches, 2);
    assert_true(rig_stop(rig));
    assert_int_equal(tally.states, 3);
    assert_int_equal(tally.alone, 0);
    assert_false(tally.retained || tally.broken || tally.misplaced || rig->misdelivered);
    assert_int_equal(rig->delivered_count, 301);
    rig_finish(rig);
    peer_stop(peer);
}

static void while_no_place_is_free_readings_gather(void **state)
{
    struct tally tally = {.silent = true};
    struct peer *peer;
    struct rig *rig;
    struct outlet_figures figures = {0};
    (void)state;
    begin_batches(&tally, BATCH_ALWAYS, &peer, &rig);
    rig->mqtt.in_flight = 2;
    peer_begin(peer);
    rig_start(rig);
    for (uint64_t last = 1; last <= 2; last++) {
        rig_offer(rig, last);
        for (int i = 0; i < 4000 && atomic_load(&tally.memory.sent[last]) == 0; i++) {
            rig_nap();
        }
    }
    for (uint64_t last = 3; last <= 50; last++) {
        rig_offer(rig, last);
    }
    for (int i = 0; i < 4000 && figures.in_flight < 2; i++) {
        rig_nap();
        rig->type->figures(rig->state, &figures);
    }
    assert_int_equal(figures.in_flight, 2);
    atomic_store(&peer->release, true);
    assert_true(rig_wait_delivered(rig, 51));
    assert_int_equal(tally.batches, 3);
    assert_int_equal(tally.batched[2], 48);
    assert_true(rig_stop(rig));
    assert_false(rig->misdelivered);
    rig_finish(rig);
    peer_stop(peer);
}

static void only_the_backlog_goes_in_batches_at_its_rate(void **state)
{
    struct tally tally = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_batches(&tally, BATCH_BACKLOG, &peer, &rig);
    rig->mqtt.drain = DRAIN_LIVE_FIRST;
    rig->mqtt.backlog_rate = 200; // a burst of twenty
    rig->old = true;
    rig->available = 100;
    rig->late_to = 101;
    rig->settled[5] = rig->settled[50] = true; // an earlier run's
    peer_begin(peer);
    rig_start(rig);
    for (int i = 0; i < 4000 && atomic_load(&tally.memory.sent[1]) == 0; i++) {
        rig_nap();
    }
    rig_offer(rig, 104);
    assert_true(rig_wait_delivered(rig, 105));
    assert_true(rig_stop(rig));
    assert_false(tally.retained || tally.broken || tally.misplaced || rig->misdelivered);
    assert_int_equal(tally.batched[0], 4); // never across what it was not given
    for (size_t i = 0; i < tally.batches; i++) {
        assert_in_range(tally.batched[i], 1, 20);
    }
    assert_int_equal(tally.alone, 4);
    assert_int_equal(tally.states, 3);
    for (unsigned seq = 1; seq <= 104; seq++) {
        bool sent = seq != 5 && seq != 50 && !(seq >= 98 && seq <= 100); // those three have had their turn
        assert_int_equal(tally.memory.sent[seq], sent);
        assert_int_equal(tally.memory.backlog[seq], sent && seq <= 100);
    }
    rig_finish(rig);
    peer_stop(peer);
}

static size_t packets_of_1000(struct peer *peer, uint8_t *ret_bytes)
{
    static const uint8_t connack[] = {0, 0, 5, 0x27, 0, 0, 3, 0xe8};
    (void)peer;
    memcpy(ret_bytes, connack, sizeof connack);
    return sizeof connack;
}

static void a_batch_is_no_larger_than_the_broker_takes(void **state)
{
    struct tally tally = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_batches(&tally, BATCH_ALWAYS, &peer, &rig);
    peer->connack = packets_of_1000;
    rig->available = 60;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 61));
    assert_true(rig_stop(rig));
    assert_in_range(tally.largest, 500, 996);
    assert_int_equal(rig->parked_count, 0);
    assert_true(tally.batched[0] > 1);
    rig_finish(rig);
    peer_stop(peer);
}

static void a_batch_is_no_larger_than_256_kilobytes(void **state)
{
    struct tally tally = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_batches(&tally, BATCH_ALWAYS, &peer, &rig);
    rig->available = 3000;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 3001));
    assert_true(rig_stop(rig));
    assert_in_range(tally.largest, 128 * 1024, 256 * 1024 + 200);
    rig_finish(rig);
    peer_stop(peer);
}

static void of_a_refused_batch_only_the_bad_reading_is_parked(void **state)
{
    struct tally tally = {.bad = 7};
    struct peer *peer;
    struct rig *rig;
    struct outlet_figures figures;
    char text[400];
    (void)state;
    begin_batches(&tally, BATCH_ALWAYS, &peer, &rig);
    rig->old = true;
    rig->available = 10;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_event(rig, OUTLET_CONNECTED, text));
    for (int i = 0; i < 4000 && rig_cursor(rig) < 11; i++) {
        rig->type->figures(rig->state, &figures);
        rig_advance(rig, figures.in_flight ? 0 : 5); // while an answer is on its way, time would make us ask again
        rig_nap();
    }
    assert_int_equal(rig->parked_count, 1);
    assert_int_equal(rig->delivered_count, 9);
    assert_int_equal(tally.batches, 3); // the same one, three times
    assert_int_equal(tally.memory.sent[6], 4);
    assert_int_equal(tally.memory.sent[7], 6);
    rig_offer(rig, 12);
    assert_true(rig_wait_delivered(rig, 13));
    assert_true(rig_stop(rig));
    assert_int_equal(tally.batches, 4);
    assert_false(rig->misdelivered);
    rig_finish(rig);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_durable_goes_in_one_message_and_states_by_themselves),
        cmocka_unit_test(while_no_place_is_free_readings_gather),
        cmocka_unit_test(only_the_backlog_goes_in_batches_at_its_rate),
        cmocka_unit_test(a_batch_is_no_larger_than_the_broker_takes),
        cmocka_unit_test(a_batch_is_no_larger_than_256_kilobytes),
        cmocka_unit_test(of_a_refused_batch_only_the_bad_reading_is_parked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
