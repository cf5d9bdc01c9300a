// SPDX-License-Identifier: Apache-2.0
#include "mqtt_peer.h"
#include "mqtt_rig.h"

/*
 * What the broker refuses: nothing is given up that could be taken one day, and a person is told, but not flooded.
 */

#define ABOUTS 20

struct refusals {
    atomic_int readings, documents; // the reason codes with which they are answered
    atomic_uint reading_tries;      // of the first reading
    atomic_uint document_tries;     // of about/...
};

static int answer(struct peer *peer, const struct peer_publish *publish)
{
    struct refusals *refusals = peer->test;
    int reading = atomic_load(&refusals->readings), document = atomic_load(&refusals->documents);
    if (publish->seq > 0) {
        atomic_fetch_add(&refusals->reading_tries, publish->seq == 1);
        return reading;
    }
    if (strstr(publish->topic, "/about/")) {
        atomic_fetch_add(&refusals->document_tries, 1);
        return document;
    }
    return 0;
}

// The answer before may still be on its way, and its pause begins only when it is there: so step after step.
static bool advance_until_tried(struct rig *rig, int seconds, atomic_uint *tries, unsigned count)
{
    for (int i = 0; i < 2000 && atomic_load(tries) < count; i++) {
        if (i % 40 == 0) {
            rig_advance(rig, seconds);
        }
        rig_nap();
    }
    return atomic_load(tries) >= count;
}

static void begin(struct refusals *refusals, const char *user, struct peer **ret_peer, struct rig **ret_rig)
{
    char text[400];
    *ret_peer = peer_start(answer, refusals);
    *ret_rig = rig_make((*ret_peer)->port);
    (*ret_rig)->mqtt.username = user;
    peer_begin(*ret_peer);
    rig_start(*ret_rig);
    assert_true(rig_wait_event(*ret_rig, OUTLET_CONNECTED, text));
}

static void end(struct peer *peer, struct rig *rig)
{
    assert_true(rig_stop(rig));
    assert_false(rig->misdelivered);
    rig_finish(rig);
    peer_stop(peer);
}

static void what_a_person_must_allow_is_kept_until_then(void **state)
{
    static const int codes[] = {0x87, 0x86, 0x8a, 0x8c, 0x9a, 0x9b, 0xfe};
    struct refusals refusals = {0};
    struct peer *peer;
    struct rig *rig;
    char text[400], code[8];
    (void)state;
    begin(&refusals, "city", &peer, &rig);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        uint64_t before = rig_cursor(rig);
        atomic_store(&refusals.readings, codes[i]);
        rig_offer(rig, before + 4);
        assert_true(rig_wait_event(rig, OUTLET_ALARM, text));
        snprintf(code, sizeof code, "0x%02X", (unsigned)codes[i]);
        assert_non_null(strstr(text, codes[i] == 0x87 ? "\"city\"" : code));
        assert_non_null(strstr(text, "citygw/v1/271004/umeda-01/parking/bay-"));
        for (int tries = 0; tries < 5; tries++) {
            rig_advance(rig, 400);
        }
        assert_int_equal(rig_cursor(rig), before);
        atomic_store(&refusals.readings, 0);
        assert_true(rig_advance_until(rig, 400, OUTLET_ALARM_ENDED, text));
        assert_true(rig_wait_delivered(rig, before + 5));
    }
    assert_int_equal(rig->parked_count, 0);
    assert_int_equal(rig->delivered_count, 5 * sizeof codes / sizeof *codes);
    end(peer, rig);
}

static void it_is_asked_again_after_half_a_minute_at_first_and_five_at_most(void **state)
{
    struct refusals refusals = {.readings = 0x87};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(&refusals, "", &peer, &rig);
    rig_offer(rig, 1);
    assert_true(rig_wait_event(rig, OUTLET_ALARM, text));
    assert_null(strstr(text, "user"));
    rig_advance(rig, 29);
    assert_true(advance_until_tried(rig, 10, &refusals.reading_tries, 2));
    for (unsigned tries = 3; tries < 9; tries++) {
        assert_int_equal(atomic_load(&refusals.reading_tries), tries - 1);
        // Five minutes and a quarter by chance.
        assert_true(advance_until_tried(rig, 376, &refusals.reading_tries, tries));
    }
    assert_int_equal(rig_count(rig, OUTLET_ALARM, ""), 1);
    assert_int_equal(rig_count(rig, OUTLET_ALARM_ENDED, ""), 0);
    end(peer, rig);
}

static void a_protocol_error_makes_a_new_connection_and_holds_the_reading(void **state)
{
    struct refusals refusals = {.readings = 0x82};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(&refusals, "", &peer, &rig);
    rig_offer(rig, 3);
    assert_true(rig_wait_event(rig, OUTLET_ALARM, text));
    assert_non_null(strstr(text, "0x82"));
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text));
    rig_advance(rig, 2);
    assert_true(rig_wait_event(rig, OUTLET_CONNECTED, text));
    assert_int_equal(atomic_load(&refusals.reading_tries), 1);
    atomic_store(&refusals.readings, 0);
    assert_true(rig_advance_until(rig, 40, OUTLET_ALARM_ENDED, text));
    assert_true(rig_wait_delivered(rig, 4));
    assert_int_equal(rig->parked_count, 0);
    end(peer, rig);
}

static void a_passing_refusal_is_told_once_and_alarmed_after_a_minute(void **state)
{
    struct refusals refusals = {.readings = 0x97};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(&refusals, "", &peer, &rig);
    rig_offer(rig, 1);
    assert_true(rig_wait_event(rig, OUTLET_NOTICE, text));
    assert_non_null(strstr(text, "citygw/v1/271004/umeda-01/parking/bay-1"));
    assert_non_null(strstr(text, "0x97"));
    assert_true(advance_until_tried(rig, 5, &refusals.reading_tries, 2));
    assert_true(advance_until_tried(rig, 5, &refusals.reading_tries, 3));
    assert_int_equal(rig_count(rig, OUTLET_ALARM, ""), 0);
    assert_true(rig_advance_until(rig, 60, OUTLET_ALARM, text));
    assert_non_null(strstr(text, "0x97"));
    atomic_store(&refusals.readings, 0);
    assert_true(rig_advance_until(rig, 100, OUTLET_ALARM_ENDED, text));
    assert_true(rig_wait_delivered(rig, 2));
    assert_int_equal(rig_count(rig, OUTLET_NOTICE, ""), 1);
    end(peer, rig);
}

static void a_short_refusal_is_told_at_its_begin_and_at_its_end(void **state)
{
    struct refusals refusals = {.readings = 0x88};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(&refusals, "", &peer, &rig);
    rig_offer(rig, 3);
    assert_true(rig_wait_event(rig, OUTLET_NOTICE, text));
    atomic_store(&refusals.readings, 0);
    assert_true(rig_advance_until(rig, 2, OUTLET_NOTICE, text));
    assert_true(rig_wait_delivered(rig, 4));
    assert_int_equal(rig_count(rig, OUTLET_NOTICE, ""), 2);
    assert_int_equal(rig_count(rig, OUTLET_ALARM, ""), 0);
    end(peer, rig);
}

static void put_abouts(struct rig *rig)
{
    struct outlet_document documents[ABOUTS];
    char topics[ABOUTS][32];
    for (int i = 0; i < ABOUTS; i++) {
        snprintf(topics[i], sizeof topics[i], "about/bay-%d", i);
        documents[i] = (struct outlet_document){topics[i], "{}", 2};
    }
    rig->type->documents(rig->state, documents, ABOUTS);
}

static void refused_documents_are_told_in_one_line_and_hold_nothing_up(void **state)
{
    struct refusals refusals = {.documents = 0x87};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin(&refusals, "", &peer, &rig);
    put_abouts(rig);
    assert_true(rig_wait_event(rig, OUTLET_NOTICE, text));
    assert_non_null(strstr(text, "20 documents"));
    assert_non_null(strstr(text, "about/bay-0"));
    rig_offer(rig, 10);
    assert_true(rig_wait_delivered(rig, 11));
    assert_true(advance_until_tried(rig, 40, &refusals.document_tries, 2 * ABOUTS));
    atomic_store(&refusals.documents, 0);
    assert_true(rig_advance_until(rig, 400, OUTLET_NOTICE, text)); // they are taken again
    assert_null(strstr(text, "about"));
    assert_int_equal(rig_count(rig, OUTLET_NOTICE, ""), 2);
    assert_int_equal(rig_count(rig, OUTLET_ALARM, ""), 0);
    end(peer, rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_person_must_allow_is_kept_until_then),
        cmocka_unit_test(it_is_asked_again_after_half_a_minute_at_first_and_five_at_most),
        cmocka_unit_test(a_protocol_error_makes_a_new_connection_and_holds_the_reading),
        cmocka_unit_test(a_passing_refusal_is_told_once_and_alarmed_after_a_minute),
        cmocka_unit_test(a_short_refusal_is_told_at_its_begin_and_at_its_end),
        cmocka_unit_test(refused_documents_are_told_in_one_line_and_hold_nothing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
