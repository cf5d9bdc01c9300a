// SPDX-License-Identifier: Apache-2.0
#include "mqtt_memory.h"

/*
 * drain = live-first: what is new goes out at once, what is old follows beside it, and nothing is lost or settled unsent
 * whatever happens in between.
 */

static void begin_live(int (*answer)(struct peer *peer, const struct peer_publish *publish), struct memory *memory,
                       struct peer **ret_peer, struct rig **ret_rig)
{
    begin(answer, memory, ret_peer, ret_rig);
    (*ret_rig)->mqtt.drain = DRAIN_LIVE_FIRST;
}

// Until the lanes have begun, so that what is offered from now on is new.
static void wait_begun(struct rig *rig)
{
    size_t rounds = 0;
    for (int i = 0; i < 4000 && rounds == 0; i++) {
        rig_nap();
        pthread_mutex_lock(&rig->lock);
        rounds = rig->states_read;
        pthread_mutex_unlock(&rig->lock);
    }
    assert_true(rounds > 0);
}

// Readings 1..count wait when the outlet starts.
static void begin_with_backlog(struct memory *memory, uint64_t count, double rate, struct peer **ret_peer,
                               struct rig **ret_rig)
{
    begin_live(accept_all, memory, ret_peer, ret_rig);
    (*ret_rig)->available = count;
    (*ret_rig)->late_to = count + 1;
    (*ret_rig)->mqtt.backlog_rate = rate;
    peer_begin(*ret_peer);
    rig_start(*ret_rig);
    wait_begun(*ret_rig);
}

static void wait_sent(const struct memory *memory, unsigned seq)
{
    for (int i = 0; i < 4000 && atomic_load(&memory->sent[seq]) == 0; i++) {
        rig_nap();
    }
    assert_true(memory->sent[seq] > 0);
}

static void states_go_first_then_the_backlog_in_its_order_beside_what_is_new(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_with_backlog(&memory, 40, 1000000, &peer, &rig);
    assert_true(rig_wait_delivered(rig, 41));
    rig_offer(rig, 44);
    assert_true(rig_wait_delivered(rig, 45));
    assert_int_equal(rig->delivered_count, 44);
    end(peer, rig);
    static const unsigned states[] = {40, 39, 38};
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(memory.order[i], states[i]);
        assert_int_equal(memory.sent[states[i]], 1); // they have had their turn
        assert_true(memory.retained[states[i]]);
    }
    for (unsigned seq = 1; seq <= 37; seq++) {
        assert_int_equal(memory.order[2 + seq], seq);
        assert_false(memory.retained[seq]);
    }
    for (unsigned seq = 1; seq <= 40; seq++) {
        assert_true(memory.backlog[seq]);
    }
    for (unsigned seq = 41; seq <= 44; seq++) {
        assert_int_equal(memory.sent[seq], 1);
        assert_false(memory.backlog[seq]);
        assert_true(memory.retained[seq]);
    }
    assert_false(memory.state_went_back);
}

static void the_backlog_keeps_its_pace_and_what_is_new_does_not_wait_for_it(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_with_backlog(&memory, 1000, 20, &peer, &rig); // a burst of two, then one in 50 ms
    wait_sent(&memory, 1);
    rig_offer(rig, 1001);
    wait_sent(&memory, 1001);
    assert_int_equal(memory.sent[30], 0);
    assert_true(rig_cursor(rig) < 31);
    end(peer, rig);
    assert_true(memory.retained[1001]);
}

static int forget_all(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    return publish->seq > 0 ? PEER_SILENT : 0;
}

static void places_are_kept_for_what_is_new(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_live(forget_all, &memory, &peer, &rig); // nothing is acknowledged until the test is over
    rig->mqtt.in_flight = 20;
    rig->available = 200;
    rig->late_to = 201;
    rig->old = true;
    peer_begin(peer);
    rig_start(rig);
    wait_begun(rig);
    wait_sent(&memory, 1);
    rig_offer(rig, 204);
    wait_sent(&memory, 204);
    assert_int_equal(memory.sent[20], 0);
    rig_stop(rig);
    assert_int_equal(rig->delivered, 1);
    rig_finish(rig);
    peer_stop(peer);
}

static int hold_until_released(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    return publish->seq > 0 && !atomic_load(&peer->release) ? PEER_SILENT : 0;
}

static void what_the_live_lane_cannot_send_in_time_becomes_backlog(void **state)
{
    struct memory memory = {0};
    struct peer *peer = peer_start(hold_until_released, &memory);
    struct rig *rig = rig_make(peer->port);
    (void)state;
    rig->mqtt.drain = DRAIN_LIVE_FIRST;
    rig->mqtt.in_flight = 4;
    peer_begin(peer);
    rig_start(rig);
    wait_begun(rig);
    rig_offer(rig, 20);
    wait_sent(&memory, 4);
    pthread_mutex_lock(&rig->lock);
    rig->late_to = 21; // they have grown old meanwhile
    pthread_mutex_unlock(&rig->lock);
    rig_advance(rig, 6);
    atomic_store(&peer->release, true);
    assert_true(rig_wait_delivered(rig, 21));
    rig_offer(rig, 23);
    assert_true(rig_wait_delivered(rig, 24));
    assert_true(rig_stop(rig));
    assert_false(rig->misdelivered);
    for (unsigned seq = 1; seq <= 23; seq++) {
        assert_int_equal(memory.sent[seq], 1);
        assert_int_equal(memory.backlog[seq], seq > 4 && seq <= 20);
        assert_int_equal(memory.retained[seq], seq <= 4 || seq >= 18); // of what fell behind, the three newest states
    }
    rig_finish(rig);
    peer_stop(peer);
}

// Answers the first half of twenty.
static void release_half(struct peer *peer)
{
    if (peer->held_count == 20 && atomic_load(&peer->release_half)) {
        for (size_t i = 0; i < 10; i++) {
            peer_puback(peer, peer->held[i], 0);
            peer->held[i] = peer->held[i + 10];
        }
        peer->held_count = 10;
    }
}

// Nothing new comes that would wake the outlet, and the live lane has messages under way when the rest of it becomes backlog.
static void what_fell_behind_goes_without_being_woken(void **state)
{
    struct memory memory = {0};
    struct peer *peer = peer_start(hold_until_released, &memory);
    struct rig *rig = rig_make(peer->port);
    (void)state;
    peer->idle = release_half;
    rig->mqtt.drain = DRAIN_LIVE_FIRST;
    rig->mqtt.in_flight = 20;
    peer_begin(peer);
    rig_start(rig);
    wait_begun(rig);
    rig_offer(rig, 40);
    wait_sent(&memory, 20);
    pthread_mutex_lock(&rig->lock);
    rig->late_to = 41;
    pthread_mutex_unlock(&rig->lock);
    rig_advance(rig, 6);
    atomic_store(&peer->release_half, true);
    wait_sent(&memory, 40); // a state of what fell behind
    atomic_store(&peer->release, true);
    assert_true(rig_wait_delivered(rig, 41));
    assert_true(rig_stop(rig));
    rig_finish(rig);
    peer_stop(peer);
}

static void what_waits_for_the_clock_is_left_and_goes_later(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_live(accept_all, &memory, &peer, &rig);
    rig->held_from = 3;
    rig->held_to = 6;
    peer_begin(peer);
    rig_start(rig);
    wait_begun(rig);
    rig_offer(rig, 9);
    wait_sent(&memory, 9);
    pthread_mutex_lock(&rig->lock);
    rig->held_to = 0;
    pthread_mutex_unlock(&rig->lock);
    rig->type->wake(rig->state);
    assert_true(rig_wait_delivered(rig, 10));
    end(peer, rig);
    for (unsigned seq = 1; seq <= 9; seq++) {
        assert_int_equal(memory.sent[seq], 1);
        assert_int_equal(memory.backlog[seq], seq >= 3 && seq < 6);
    }
}

// Until its thread has come round that much later, without being woken.
static void wait_beat(struct rig *rig, int64_t later_us)
{
    int64_t due_us = rig_boot_us(&rig->clock.clock) + later_us;
    while (rig->type->beat_boot_us(rig->state) < due_us) {
        sched_yield();
    }
}

static void what_waits_for_the_clock_is_not_read_again_and_again(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_live(accept_all, &memory, &peer, &rig);
    rig->held_from = 1;
    rig->held_to = RIG_READINGS_MAX;
    peer_begin(peer);
    rig_start(rig);
    wait_begun(rig);
    rig_offer(rig, 9);
    wait_beat(rig, 500000); // it has looked at what was offered, and once more
    pthread_mutex_lock(&rig->lock);
    size_t passed_over = rig->passed_over;
    pthread_mutex_unlock(&rig->lock);
    wait_beat(rig, 1000000);
    pthread_mutex_lock(&rig->lock);
    assert_int_equal(rig->passed_over, passed_over);
    rig->held_to = 0;
    pthread_mutex_unlock(&rig->lock);
    rig->type->wake(rig->state);
    assert_true(rig_wait_delivered(rig, 10));
    end(peer, rig);
}

static void holes_of_an_earlier_run_are_not_sent_again(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_live(accept_all, &memory, &peer, &rig);
    rig->available = 300;
    rig->late_to = 301;
    for (uint64_t number = 1; number <= 300; number++) {
        rig->settled[number] = number % 10 == 3 || (number > 100 && number < 190);
    }
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 301));
    end(peer, rig);
    for (unsigned seq = 1; seq < 298; seq++) {
        assert_int_equal(memory.sent[seq], !(seq % 10 == 3 || (seq > 100 && seq < 190)));
    }
}

static void in_order_an_older_reading_holds_back_the_newer_ones(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(accept_all, &memory, &peer, &rig);
    rig->available = 5;
    rig->held_from = 3;
    rig->held_to = 4;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 3));
    rig_offer(rig, 6);
    pthread_mutex_lock(&rig->lock);
    rig->held_to = 0;
    pthread_mutex_unlock(&rig->lock);
    rig->type->wake(rig->state);
    assert_true(rig_wait_delivered(rig, 7));
    end(peer, rig);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(memory.order[i], i + 1);
    }
    assert_int_equal(memory.order_count, 6); // and no state beside its turn
}

struct ban {
    struct memory memory;
    atomic_bool lifted;
};

static int forbid_one_topic(struct peer *peer, const struct peer_publish *publish)
{
    struct ban *ban = peer->test;
    note(&ban->memory, publish);
    return publish->seq % 3 == 1 && publish->seq > 0 && !atomic_load(&ban->lifted) ? 0x87 : 0;
}

static void a_forbidden_topic_holds_up_no_other_until_too_many_stand_aside(void **state)
{
    struct ban ban = {0};
    struct peer *peer = peer_start(forbid_one_topic, &ban);
    struct rig *rig = rig_make(peer->port);
    char text[400];
    (void)state;
    rig->mqtt.drain = DRAIN_LIVE_FIRST;
    peer_begin(peer);
    rig_start(rig);
    wait_begun(rig);
    for (uint64_t last = 3; last <= 96; last += 3) { // 32 readings of the forbidden topic
        rig_offer(rig, last);
        wait_sent(&ban.memory, (unsigned)last);
    }
    assert_true(rig_wait_event(rig, OUTLET_ALARM, text));
    assert_int_equal(rig_cursor(rig), 1);
    rig_offer(rig, 97); // one more, which finds no room
    wait_sent(&ban.memory, 97);
    rig_offer(rig, 99);
    atomic_store(&ban.lifted, true);
    assert_true(rig_advance_until(rig, 400, OUTLET_ALARM_ENDED, text));
    assert_true(rig_wait_delivered(rig, 100));
    assert_true(rig_stop(rig));
    assert_false(rig->misdelivered);
    assert_int_equal(rig->parked_count, 0);
    assert_int_equal(rig->delivered_count, 99);
    for (unsigned seq = 1; seq <= 99; seq++) {
        assert_int_equal(ban.memory.sent[seq] > 1, seq % 3 == 1 && seq < 98);
    }
    rig_finish(rig);
    peer_stop(peer);
}

static int refuse_one_payload(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    return publish->seq == 2 ? 0x99 : 0;
}

static void a_reading_that_is_parked_holds_up_no_other_meanwhile(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_live(refuse_one_payload, &memory, &peer, &rig);
    peer_begin(peer);
    rig_start(rig);
    wait_begun(rig);
    rig_offer(rig, 5);
    wait_sent(&memory, 5);
    rig_offer(rig, 8);
    wait_sent(&memory, 8);
    assert_int_equal(memory.sent[2], 1);
    assert_int_equal(rig->parked_count, 0);
    advance_until_sent(rig, 2, &memory, 2, 2);
    advance_until_sent(rig, 4, &memory, 2, 3);
    assert_true(rig_wait_delivered(rig, 9));
    assert_int_equal(rig->parked_count, 1);
    assert_int_equal(rig->delivered_count, 7);
    end(peer, rig);
}

static void the_newest_states_go_again_when_asked_for(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_with_backlog(&memory, 3, 1000000, &peer, &rig);
    assert_true(rig_wait_delivered(rig, 4));
    rig_offer(rig, 6);
    assert_true(rig_wait_delivered(rig, 7));
    pthread_mutex_lock(&rig->lock);
    rig->settled[6] = false; // it is pending, as one whose time was not known until now
    pthread_mutex_unlock(&rig->lock);
    assert_int_equal(memory.sent[6], 1);
    rig->type->refresh(rig->state);
    advance_until_sent(rig, 0, &memory, 6, 2);
    assert_true(rig_stop(rig));
    assert_true(memory.retained[6]);
    assert_int_equal(memory.sent[4], 1);
    assert_int_equal(memory.sent[5], 1);
    rig_finish(rig);
    peer_stop(peer);
}

// The batch knows where in its file the next read begins, so that what is new costs no walk over what was sent.
static void what_the_live_lane_read_with_is_kept_for_its_next_read(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_live(accept_all, &memory, &peer, &rig);
    peer_begin(peer);
    rig_start(rig);
    wait_begun(rig);
    for (uint64_t number = 1; number <= 5; number++) {
        rig_offer(rig, number);
        assert_true(rig_wait_delivered(rig, number + 1));
    }
    pthread_mutex_lock(&rig->lock);
    size_t let_go = rig->let_go;
    pthread_mutex_unlock(&rig->lock);
    assert_int_equal(let_go, 0);
    assert_true(rig_stop(rig));
    rig_finish(rig);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_go_first_then_the_backlog_in_its_order_beside_what_is_new),
        cmocka_unit_test(the_backlog_keeps_its_pace_and_what_is_new_does_not_wait_for_it),
        cmocka_unit_test(places_are_kept_for_what_is_new),
        cmocka_unit_test(what_the_live_lane_cannot_send_in_time_becomes_backlog),
        cmocka_unit_test(what_fell_behind_goes_without_being_woken),
        cmocka_unit_test(what_waits_for_the_clock_is_left_and_goes_later),
        cmocka_unit_test(what_waits_for_the_clock_is_not_read_again_and_again),
        cmocka_unit_test(holes_of_an_earlier_run_are_not_sent_again),
        cmocka_unit_test(in_order_an_older_reading_holds_back_the_newer_ones),
        cmocka_unit_test(a_forbidden_topic_holds_up_no_other_until_too_many_stand_aside),
        cmocka_unit_test(a_reading_that_is_parked_holds_up_no_other_meanwhile),
        cmocka_unit_test(the_newest_states_go_again_when_asked_for),
        cmocka_unit_test(what_the_live_lane_read_with_is_kept_for_its_next_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
