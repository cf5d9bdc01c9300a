// SPDX-License-Identifier: Apache-2.0
#include "mqtt_memory.h"

// drain = in-order: what is retained of a state is the newest in the end, also of what came to be while the broker was away.

#define ALERT "citygw/v1/271004/umeda-01/alert/crowd/plaza"

struct plaza { // what the broker has of its alert
    atomic_uint retained, emptied, plain;
    bool cuts; // the connection, instead of an answer to the first that is retained
};

static int note_alert(struct peer *peer, const struct peer_publish *publish)
{
    struct plaza *plaza = peer->test;
    if (strcmp(publish->topic, ALERT) != 0) {
        return 0;
    }
    plaza->retained += publish->retained && publish->seq > 0;
    plaza->emptied += publish->retained && publish->seq == 0;
    plaza->plain += !publish->retained;
    return plaza->cuts && plaza->retained == 1 && publish->retained ? PEER_CUT : 0;
}

static void begin_plaza(struct plaza *plaza, bool is_active, struct peer **ret_peer, struct rig **ret_rig)
{
    static struct settings_zone zone = {.id = "plaza", .kind = KIND_CROWD};
    struct reading reading = {.kind = KIND_CROWD, .zone = "", .time_us = INT64_C(1795316645678000), .value_count = 1};
    *ret_peer = peer_start(note_alert, plaza);
    struct rig *rig = *ret_rig = rig_make((*ret_peer)->port);
    rig->settings.zone = &zone;
    rig->settings.zone_count = 1;
    rig->stream = "alert/crowd/plaza";
    reading.values[0] = (struct value){.name = "active", .type = VALUE_BOOL, .boolean = is_active};
    bytes_clear(&rig->payload);
    reading_encode(&reading, &rig->payload);
    rig->available = 3;
    rig->late_to = 4;
}

static void finish_plaza(struct rig *rig, struct peer *peer)
{
    assert_true(rig_stop(rig));
    assert_false(rig->misdelivered);
    rig_finish(rig);
    peer_stop(peer);
}

static void an_alert_of_meanwhile_is_retained(void **state)
{
    struct plaza plaza = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_plaza(&plaza, true, &peer, &rig);
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 4));
    finish_plaza(rig, peer);
    assert_int_equal(plaza.retained, 3);
    assert_int_equal(plaza.plain + plaza.emptied, 0);
}

static void wait_for(struct rig *rig, const atomic_uint *count)
{
    for (int i = 0; i < 4000 && atomic_load(count) == 0; i++) {
        rig_advance(rig, i % 100 ? 0 : 1);
        rig_nap();
    }
}

static void an_alert_that_went_in_a_batch_is_retained(void **state)
{
    struct plaza plaza = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_plaza(&plaza, true, &peer, &rig);
    rig->mqtt.batch = BATCH_BACKLOG;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 4));
    wait_for(rig, &plaza.retained);
    finish_plaza(rig, peer);
    assert_int_equal(plaza.retained, 1);
    assert_int_equal(plaza.plain + plaza.emptied, 0);
}

static void lose(int batch, int drain)
{
    struct plaza plaza = {.cuts = true};
    struct peer *peer;
    struct rig *rig;
    begin_plaza(&plaza, true, &peer, &rig);
    rig->mqtt.batch = batch;
    rig->mqtt.drain = drain;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 4));
    for (int i = 0; i < 4000 && atomic_load(&plaza.retained) < 2; i++) {
        rig_advance(rig, i % 100 ? 0 : 10);
        rig_nap();
    }
    finish_plaza(rig, peer);
    assert_int_equal(plaza.retained, 2);
}

static void what_was_lost_with_its_connection_is_retained_after_the_next(void **state)
{
    (void)state;
    lose(BATCH_BACKLOG, DRAIN_IN_ORDER);
    lose(BATCH_ALWAYS, DRAIN_IN_ORDER);
}

static void an_alert_that_ended_in_a_batch_is_emptied(void **state)
{
    struct plaza plaza = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_plaza(&plaza, false, &peer, &rig);
    rig->mqtt.batch = BATCH_BACKLOG;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 4));
    wait_for(rig, &plaza.plain);
    finish_plaza(rig, peer);
    assert_int_equal(plaza.retained, 0);
    assert_int_equal(plaza.emptied, 1);
}

static int note_reading(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    return 0;
}

// It may have sent all of them before it was killed, and their answers never came.
static void what_an_earlier_run_may_have_retained_is_not_gone_over_by_what_is_older(void **state)
{
    struct memory memory = {0};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin(note_reading, &memory, &peer, &rig);
    rig->available = 30;
    rig->late_to = 31;
    peer_begin(peer);
    rig_start(rig);
    assert_true(rig_wait_delivered(rig, 31));
    rig_offer(rig, 36);
    assert_true(rig_wait_delivered(rig, 37));
    end(peer, rig);
    for (unsigned seq = 1; seq <= 36; seq++) {
        assert_int_equal(memory.sent[seq], 1);
        assert_int_equal(memory.retained[seq], seq > 27);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_of_meanwhile_is_retained),
        cmocka_unit_test(an_alert_that_went_in_a_batch_is_retained),
        cmocka_unit_test(what_was_lost_with_its_connection_is_retained_after_the_next),
        cmocka_unit_test(an_alert_that_ended_in_a_batch_is_emptied),
        cmocka_unit_test(what_an_earlier_run_may_have_retained_is_not_gone_over_by_what_is_older),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
