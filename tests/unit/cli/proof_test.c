// SPDX-License-Identifier: Apache-2.0
#include "proof.h"

#include "check.h"
#include <stdio.h>
#include <string.h>

#define TREE "citygw/v1/271004/g"
#define BARE(seq)                                                                                                      \
    "{\"sensor\":\"b1\",\"kind\":\"parking\",\"epoch\":\"k7f3\",\"seq\":" #seq ",\"values\":{\"occupied\":true}}"
#define SAID(seq, more)                                                                                                \
    "{\"sensor\":\"b1\",\"kind\":\"parking\",\"epoch\":\"k7f3\",\"seq\":" #seq ",\"values\":{\"occupied\":true}," more \
    "}"

enum { MESSAGES_MAX = 8 };

struct message {
    const char *topic, *payload;
    bool retained;
};

#define OF(subject, kind, seq, more)                                                                                   \
    "{" subject ",\"kind\":\"" kind "\",\"epoch\":\"k7f3\",\"seq\":" #seq ",\"values\":{" more "}}"
#define ZONE(seq) OF("\"zone\":\"lot\"", "parking", seq, "\"free\":3")
#define ALERT(seq, more) OF("\"alert\":\"lot\"", "crowd", seq, more)
#define LIVE(seq)                                                                                                      \
    {                                                                                                                  \
        TREE "/parking/b1", BARE(seq), false                                                                           \
    }
#define MARKED(seq, more)                                                                                              \
    {                                                                                                                  \
        TREE "/parking/b1", SAID(seq, more), false                                                                     \
    }
#define BACKLOG(seq) MARKED(seq, "\"backlog\":true")

static void messages_add_up(void **state)
{
    static const struct {
        struct message messages[MESSAGES_MAX];
        struct proof_totals expected; // of these: readings, missing, explained, duplicates, changed, disorder, other,
                                      // retained, unreadable
        bool complete;
    } cases[] = {
        {{{"x", "y", false}}, {.other = 1}, false}, // nothing is proved
        {{LIVE(5), LIVE(6), LIVE(7)}, {.readings = 3}, true},
        {{LIVE(5), LIVE(7)}, {.readings = 2, .missing = 1}, false},
        {{LIVE(5), LIVE(7), BACKLOG(6)}, {.readings = 3}, true},
        {{LIVE(5), LIVE(7), LIVE(6)}, {.readings = 3, .disorder = 1}, false},
        // What was sent ahead of its turn comes again in its turn.
        {{LIVE(4), LIVE(1), LIVE(2), LIVE(3), LIVE(4), LIVE(5)}, {.readings = 5, .duplicates = 1}, true},
        {{LIVE(7), LIVE(8), LIVE(10), LIVE(9), LIVE(10), LIVE(11)}, {.readings = 5, .duplicates = 1}, true},
        {{LIVE(8), LIVE(10), LIVE(12), LIVE(9), LIVE(10), LIVE(11), LIVE(12)}, {.readings = 5, .duplicates = 2}, true},
        {{LIVE(8), LIVE(10), LIVE(9), LIVE(11), LIVE(10)}, {.readings = 4, .duplicates = 1, .disorder = 1}, false},
        {{LIVE(4), LIVE(2), LIVE(1), LIVE(3), LIVE(4)}, {.readings = 4, .duplicates = 1, .disorder = 1}, false},
        {{LIVE(7), LIVE(8), LIVE(10), LIVE(9), LIVE(6), LIVE(10)},
         {.readings = 5, .duplicates = 1, .disorder = 1},
         false},
        {{LIVE(5), LIVE(6), LIVE(5)}, {.readings = 2, .duplicates = 1}, true},
        // How a reading was sent does not make it another one; another time does.
        {{LIVE(5), BACKLOG(5), MARKED(5, "\"replay\":true")}, {.readings = 1, .duplicates = 1}, true},
        // A replay fills gaps and makes none, unless there is nothing else.
        {{LIVE(8), LIVE(10), MARKED(1, "\"replay\":true"), MARKED(9, "\"replay\":true"), MARKED(20, "\"replay\":true")},
         {.readings = 5},
         true},
        {{MARKED(1, "\"replay\":true"), LIVE(8), LIVE(10)}, {.readings = 3, .missing = 1}, false},
        {{MARKED(1, "\"replay\":true"), MARKED(3, "\"replay\":true")}, {.readings = 2, .missing = 1}, false},
        {{LIVE(5), MARKED(5, "\"time\":\"x\"")}, {.readings = 1, .duplicates = 1, .changed = 1}, false},
        {{LIVE(5), MARKED(5, "\"time_quality\":\"corrected\"")}, {.readings = 1, .duplicates = 1, .changed = 1}, false},
        {{LIVE(5), MARKED(5, "\"quality\":\"stuck\"")}, {.readings = 1, .duplicates = 1, .changed = 1}, false},
        {{LIVE(5), LIVE(7), {TREE "/replay/parking/b1", SAID(6, "\"replay\":true"), false}}, {.readings = 3}, true},
        {{{TREE "/batch", "[" BARE(1) "," BARE(2) "," BARE(4) "]", false}}, {.readings = 3, .missing = 1}, false},
        {{{TREE "/batch", "[" BARE(1) ",5]", false}}, {.readings = 1, .unreadable = 1}, false},
        {{LIVE(1),
          LIVE(4),
          {TREE "/loss",
           "{\"entries\":[{\"outlet\":\"m\",\"sensor\":\"b1\",\"first_seq\":2,"
           "\"last_seq\":3,\"count\":2,\"reason\":\"full\"}]}",
           true}},
         {.readings = 2, .missing = 2, .explained = 2, .other = 1},
         true},
        // The ledger of another gateway, and one that came before the buffer was made anew.
        {{LIVE(1),
          LIVE(3),
          {"citygw/v1/271004/h/loss",
           "{\"entries\":[{\"outlet\":\"m\",\"sensor\":\"b1\",\"first_seq\":2,"
           "\"last_seq\":2,\"count\":1,\"reason\":\"full\"}]}",
           true}},
         {.readings = 2, .missing = 1, .other = 1},
         false},
        // The newest state, which the broker had kept, says nothing about what was sent meanwhile.
        {{{TREE "/parking/b1", BARE(3), true}, LIVE(9)}, {.readings = 1, .retained = 1}, true},
        {{LIVE(1),
          {TREE "/parking/b1", "", true},
          {TREE "/status", "{\"state\":\"online\"}", true},
          {TREE "/about/b1", "{\"sensor\":\"b1\"}", true}},
         {.readings = 1, .other = 3},
         true},
        {{LIVE(1), {TREE "/parking/b2", BARE(2), false}}, {.readings = 1, .unreadable = 1}, false},
        {{LIVE(1), {TREE "/parking/b1", "{\"sensor\":\"b1\"", false}}, {.readings = 1, .unreadable = 1}, false},
        {{LIVE(1), {TREE "/parking/b1", "{\"sensor\":\"b1\",\"epoch\":\"k7f3\",\"seq\":0}", false}},
         {.readings = 1, .unreadable = 1},
         false},
        {{LIVE(1), {TREE "/parking/b1", "{\"sensor\":\"b1\",\"seq\":2}", false}},
         {.readings = 1, .unreadable = 1},
         false},
        // A gateway may be called like a kind.
        {{LIVE(1), {"citygw/v1/271004/parking/status", "{\"state\":\"online\"}", true}},
         {.readings = 1, .other = 1},
         true},
        {{LIVE(18446744073709551615)}, {.unreadable = 1}, false},
        // Zones and alerts are numbered by themselves, each as a sensor is.
        {{LIVE(5), {TREE "/zone/lot", ZONE(1), false}, {TREE "/zone/lot", ZONE(3), false}},
         {.readings = 3, .missing = 1},
         false},
        {{{TREE "/alert/crowd/lot", ALERT(1, "\"active\":true"), false},
          {TREE "/alert/crowd/lot", ALERT(2, "\"active\":false"), false},
          {TREE "/alert/crowd/lot", "", true},
          {TREE "/alert/gateway/clock", OF("\"alert\":\"clock\"", "gateway", 1, ""), false},
          {TREE "/alert/crowd/lot", ALERT(4, "\"active\":true"), false}},
         {.readings = 4, .missing = 1, .other = 1},
         false},
        {{{TREE "/alert/crowd/lot", ALERT(1, "\"active\":true"), true},
          {TREE "/zone/lot", ZONE(1), true},
          {TREE "/zone/lot", ZONE(2), false}},
         {.readings = 1, .retained = 2},
         true},
        {{{TREE "/zone/lot", ZONE(1), false},
          {TREE "/zone/lot", ZONE(3), false},
          {TREE "/replay/zone/lot", ZONE(2), false},
          {TREE "/alert/crowd/lot", ALERT(1, ""), false},
          {TREE "/replay/alert/crowd/lot", ALERT(1, ""), false}},
         {.readings = 4},
         true},
        {{{TREE "/batch", "[" BARE(1) "," ZONE(1) "," ALERT(1, "") "," ZONE(3) "]", false}},
         {.readings = 4, .missing = 1},
         false},
        {{{TREE "/zone/lot", ZONE(1), false},
          {TREE "/zone/lot", ZONE(4), false},
          {TREE "/loss",
           "{\"entries\":[{\"outlet\":\"m\",\"sensor\":\"zone/lot\",\"first_seq\":2,"
           "\"last_seq\":3,\"count\":2,\"reason\":\"full\"}]}",
           true}},
         {.readings = 2, .missing = 2, .explained = 2, .other = 1},
         true},
        // What stands at another's place is nobody's.
        {{{TREE "/zone/lot", BARE(1), false}}, {.unreadable = 1}, false},
        {{{TREE "/zone/other", ZONE(1), false}}, {.unreadable = 1}, false},
        {{{TREE "/parking/lot", ZONE(1), false}}, {.unreadable = 1}, false},
        {{{TREE "/alert/parking/lot", ALERT(1, ""), false}}, {.unreadable = 1}, false},
        {{{TREE "/zone/lot", "{\"zone\":\"lot\",\"kind\":\"parking\"}", false},
          {TREE "/alert/crowd/lot", "{\"alert\":\"lot\",\"kind\":\"crowd\"}", false}},
         {.unreadable = 2},
         false},
        {{{TREE "/alert/gateway/clock", "{\"alert\":", false}}, {.unreadable = 1}, false},
        {{{TREE "/batch", "[" OF("\"sensor\":\"zone/lot\"", "parking", 1, "") "]", false}}, {.unreadable = 1}, false},
        // A gateway may be called like a branch.
        {{{"citygw/v1/271004/alert/parking/b1", BARE(1), false},
          {"citygw/v1/271004/alert/zone/lot", ZONE(1), false},
          {"citygw/v1/271004/alert/alert/crowd/lot", ALERT(1, ""), false},
          {"citygw/v1/271004/zone/parking/b1", BARE(1), false},
          {"citygw/v1/271004/zone/status", "{\"state\":\"online\"}", true}},
         {.readings = 4, .other = 1},
         true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct proof_totals *expected = &cases[i].expected;
        struct proof *proof = proof_create(NULL);
        struct proof_totals got;
        for (size_t m = 0; m < MESSAGES_MAX && cases[i].messages[m].topic; m++) {
            const struct message *message = &cases[i].messages[m];
            proof_take(proof, message->topic, message->payload, strlen(message->payload), message->retained);
        }
        proof_settle(proof, &got);
        const struct proof_totals some = {.messages = got.messages,
                                          .readings = expected->readings,
                                          .missing = expected->missing,
                                          .explained = expected->explained,
                                          .duplicates = expected->duplicates,
                                          .changed = expected->changed,
                                          .disorder = expected->disorder,
                                          .other = expected->other,
                                          .retained = expected->retained,
                                          .unreadable = expected->unreadable};
        if (memcmp(&got, &some, sizeof got) != 0)
            fail_msg("case %zu does not add up", i);
        if (proof_complete(&got) != cases[i].complete)
            fail_msg("case %zu is complete or not", i);
        proof_destroy(proof);
    }
}

static void the_ledger_speaks_of_the_newest_epoch(void **state)
{
    static const char form[] = "{\"sensor\":\"b1\",\"kind\":\"parking\",\"epoch\":\"%s\",\"seq\":%d}";
    static const char ledger[] = "{\"entries\":[{\"outlet\":\"m\",\"sensor\":\"b1\",\"first_seq\":2,\"last_seq\":2,"
                                 "\"count\":1,\"reason\":\"age\"}],\"more\":7}";
    struct proof *proof = proof_create("m");
    struct proof_totals totals;
    (void)state;
    for (int i = 0; i < 4; i++) {
        char text[200];
        snprintf(text, sizeof text, form, i < 2 ? "old1" : "new1", i % 2 ? 3 : 1);
        proof_take(proof, TREE "/parking/b1", text, strlen(text), false);
    }
    proof_take(proof, TREE "/loss", ledger, strlen(ledger), true);
    proof_settle(proof, &totals);
    assert_int_equal(totals.missing, 2);
    assert_int_equal(totals.explained, 1);
    assert_int_equal(totals.ledger_more, 7);
    assert_int_equal(proof_sensor_count(proof), 2);
    assert_string_equal(proof_sensor(proof, 0)->epoch, "new1");
    assert_true(proof_sensor_complete(proof_sensor(proof, 0)));
    assert_false(proof_sensor_complete(proof_sensor(proof, 1)));
    proof_destroy(proof);
}

static void zones_and_alerts_are_called_as_their_topics_are(void **state)
{
    static const char *const names[] = {"alert/crowd/lot", "b1", "zone/lot"};
    struct proof *proof = proof_create(NULL);
    struct proof_totals totals;
    (void)state;
    proof_take(proof, TREE "/zone/lot", ZONE(1), strlen(ZONE(1)), false);
    proof_take(proof, TREE "/parking/b1", BARE(1), strlen(BARE(1)), false);
    proof_take(proof, TREE "/alert/crowd/lot", ALERT(1, ""), strlen(ALERT(1, "")), false);
    proof_settle(proof, &totals);
    assert_int_equal(proof_sensor_count(proof), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(proof_sensor(proof, i)->sensor, names[i]);
        assert_string_equal(proof_sensor(proof, i)->tree, TREE);
    }
    proof_destroy(proof);
}

static void more_sensors_than_are_kept_speak_against_completeness(void **state)
{
    enum { MORE = 5 };
    struct proof *proof = proof_create(NULL);
    struct proof_totals totals;
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < PROOF_SENSORS_MAX + MORE; i++) {
            char topic[100], text[100];
            snprintf(topic, sizeof topic, TREE "/parking/s%d", i);
            int size = snprintf(text, sizeof text, "{\"sensor\":\"s%d\",\"epoch\":\"e\",\"seq\":%d}", i, round + 1);
            proof_take(proof, topic, text, (size_t)size, false);
        }
    }
    proof_settle(proof, &totals);
    assert_int_equal(proof_sensor_count(proof), PROOF_SENSORS_MAX);
    assert_int_equal(totals.readings, 2 * PROOF_SENSORS_MAX);
    assert_int_equal(totals.untracked, 2 * MORE);
    assert_int_equal(totals.missing, 0);
    assert_false(proof_complete(&totals));
    proof_destroy(proof);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_add_up),
        cmocka_unit_test(the_ledger_speaks_of_the_newest_epoch),
        cmocka_unit_test(zones_and_alerts_are_called_as_their_topics_are),
        cmocka_unit_test(more_sensors_than_are_kept_speak_against_completeness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
