// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "coap_dedup.h"
#include <string.h>

#define SECOND INT64_C(1000000)

static const struct dedup_answer changed = {.code = 0x44, .text = ""};
static const struct dedup_answer unknown = {.text = "", .ticket = 77};

static struct dedup_key key(bool confirmable, unsigned number)
{
    uint8_t token[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
    return dedup_key_of(&(struct dedup_message){
        .confirmable = confirmable, .id = (uint16_t)number, .token = token, .token_size = sizeof token});
}

static bool knows(struct dedup *dedup, struct dedup_key wanted, int64_t now_us)
{
    struct dedup_answer answer;
    return dedup_find(dedup, dedup_digest_of(dedup, &wanted), now_us, &answer);
}

static struct dedup *make(size_t max)
{
    struct dedup *dedup;
    assert_int_equal(dedup_create(max, &dedup), 0);
    return dedup;
}

static void a_key_has_the_layout_that_is_stored(void **state)
{
    (void)state;
    struct dedup_message message = {.confirmable = false,
                                    .id = 0x1234,
                                    .token = (const uint8_t *)"abc",
                                    .token_size = 3,
                                    .address = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1},
                                    .port = 5683,
                                    .scope = 0x01020304,
                                    .payload_size = 0x0a0b0c0d,
                                    .hash = UINT64_C(0x1122334455667788)};
    static const char expected[] = "\x01\x01\x12\x34\x03"
                                   "abc\0\0\0\0\0"
                                   "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01"
                                   "\x16\x33\x01\x02\x03\x04\x0a\x0b\x0c\x0d\x11\x22\x33\x44\x55\x66\x77\x88";
    assert_int_equal(sizeof expected - 1, DEDUP_KEY_SIZE);
    assert_memory_equal(dedup_key_of(&message).bytes, expected, DEDUP_KEY_SIZE);
}

static void a_digest_is_this_tables_own(void **state)
{
    (void)state;
    struct dedup *one = make(256), *other = make(256);
    struct dedup_key con = key(true, 1), non = key(false, 1);
    struct dedup_digest digest = dedup_digest_of(one, &con);
    assert_int_equal(digest.words[0], dedup_digest_of(one, &con).words[0]);
    assert_int_not_equal(digest.words[0], dedup_digest_of(other, &con).words[0]);
    assert_int_not_equal(digest.words[0], dedup_digest_of(one, &non).words[0]);
    assert_int_equal(digest.words[1] & 1, 0);
    assert_int_equal(dedup_digest_of(one, &non).words[1] & 1, 1);
    dedup_destroy(one);
    dedup_destroy(other);
}

static void an_answer_is_found_once_it_is_known(void **state)
{
    (void)state;
    struct dedup *dedup = make(256);
    struct dedup_key asked = key(true, 1);
    struct dedup_answer answer;
    assert_false(dedup_find(dedup, dedup_digest_of(dedup, &asked), 0, &answer));
    dedup_add(dedup, dedup_digest_of(dedup, &asked), 0, &unknown);
    assert_true(dedup_find(dedup, dedup_digest_of(dedup, &asked), 0, &answer));
    assert_int_equal(answer.code, 0);
    assert_int_equal(answer.ticket, 77);
    dedup_update(dedup, dedup_digest_of(dedup, &asked), 0, &(struct dedup_answer){.code = 0x96, .text = "too hot"});
    assert_true(dedup_find(dedup, dedup_digest_of(dedup, &asked), 0, &answer));
    assert_int_equal(answer.code, 0x96);
    assert_string_equal(answer.text, "too hot");
    dedup_destroy(dedup);
}

static void requests_are_forgotten_when_no_copy_can_come_any_more(void **state)
{
    (void)state;
    struct dedup *dedup = make(256);
    struct dedup_key con = key(true, 1), non = key(false, 1);
    dedup_add(dedup, dedup_digest_of(dedup, &con), 0, &changed);
    dedup_add(dedup, dedup_digest_of(dedup, &non), 0, &changed);
    assert_true(knows(dedup, non, 145 * SECOND - 1));
    assert_false(knows(dedup, non, 145 * SECOND));
    assert_true(knows(dedup, con, 247 * SECOND - 1));
    assert_false(knows(dedup, con, 247 * SECOND));
    assert_int_equal(dedup_count(dedup, 247 * SECOND), 0);
    assert_int_equal(dedup_evicted(dedup), 0);
    dedup_destroy(dedup);
}

static void no_request_is_forgotten_before_its_time(void **state)
{
    (void)state;
    struct dedup *dedup = make(256);
    struct dedup_key con = key(true, 1), restored = key(true, 2);
    const int64_t came_us = 50000, lives_us = 247 * SECOND; // between two of the table's own ticks
    dedup_add(dedup, dedup_digest_of(dedup, &con), came_us, &changed);
    assert_true(knows(dedup, con, came_us + lives_us - 1));
    assert_false(knows(dedup, con, came_us + lives_us + SECOND));
    assert_true(
        dedup_restore(dedup, restored.bytes, sizeof restored, lives_us - 1, came_us, &changed)); // came before boot
    assert_true(knows(dedup, restored, came_us));
    assert_false(knows(dedup, restored, came_us + SECOND));
    dedup_destroy(dedup);
}

static void a_key_that_returns_after_its_time_is_known_again(void **state)
{
    (void)state;
    struct dedup *dedup = make(256);
    struct dedup_key con = key(true, 1), non = key(false, 2);
    dedup_add(dedup, dedup_digest_of(dedup, &con), 0, &changed); // keeps the expired one behind it in the ring
    dedup_add(dedup, dedup_digest_of(dedup, &non), 0, &changed);
    assert_false(knows(dedup, non, 150 * SECOND));
    dedup_add(dedup, dedup_digest_of(dedup, &non), 150 * SECOND, &changed);
    assert_true(knows(dedup, non, 290 * SECOND));
    dedup_destroy(dedup);
}

static void a_full_table_gives_up_its_oldest_and_counts(void **state)
{
    (void)state;
    enum { MAX = 4096 };
    struct dedup *dedup = make(MAX);
    for (unsigned i = 0; i < 2 * MAX; i++) {
        struct dedup_key added = key(true, i);
        dedup_add(dedup, dedup_digest_of(dedup, &added), i, &changed);
    }
    assert_int_equal(dedup_count(dedup, 0), MAX);
    assert_int_equal(dedup_evicted(dedup), MAX);
    for (unsigned i = 0; i < 2 * MAX; i++)
        assert_int_equal(knows(dedup, key(true, i), 2 * MAX), i >= MAX);
    dedup_destroy(dedup);
}

static void growing_in_the_middle_of_the_ring_loses_nothing(void **state)
{
    (void)state;
    struct dedup *dedup = make(DEDUP_ENTRIES_MAX);
    for (unsigned i = 0; i < 1200; i++) { // the first 200 are long gone when the ring is full
        struct dedup_key added = key(true, i);
        dedup_add(dedup, dedup_digest_of(dedup, &added), i < 200 ? 0 : 300 * SECOND, &changed);
    }
    for (unsigned i = 0; i < 1200; i++)
        assert_int_equal(knows(dedup, key(true, i), 301 * SECOND), i >= 200);
    assert_int_equal(dedup_evicted(dedup), 0);
    dedup_destroy(dedup);
}

static void diagnostics_stay_within_their_bound(void **state)
{
    (void)state;
    struct dedup *dedup = make(DEDUP_ENTRIES_MAX);
    char text[DEDUP_TEXT_MAX + 2];
    memset(text, 'x', sizeof text);
    text[DEDUP_TEXT_MAX + 1] = '\0';
    struct dedup_key added = key(true, 0);
    struct dedup_answer answer = {.code = 0x80, .text = text}, found;
    dedup_add(dedup, dedup_digest_of(dedup, &added), 0, &answer);
    assert_true(dedup_find(dedup, dedup_digest_of(dedup, &added), 0, &found));
    assert_string_equal(found.text, ""); // too long

    text[DEDUP_TEXT_MAX] = '\0';
    unsigned kept = 0;
    for (unsigned i = 1; i < 20000; i++) {
        added = key(true, i);
        dedup_add(dedup, dedup_digest_of(dedup, &added), 0, &answer);
        assert_true(dedup_find(dedup, dedup_digest_of(dedup, &added), 0, &found));
        assert_int_equal(found.code, 0x80);
        kept += found.text[0] != '\0';
    }
    assert_int_equal(kept, DEDUP_TEXTS_MAX_BYTES / (DEDUP_TEXT_MAX + 1));
    added = key(true, 30000);
    dedup_add(dedup, dedup_digest_of(dedup, &added), 300 * SECOND,
              &answer); // the others have gone, and their texts with them
    assert_true(dedup_find(dedup, dedup_digest_of(dedup, &added), 300 * SECOND, &found));
    assert_string_equal(found.text, text);
    dedup_destroy(dedup);
}

static void stored_keys_are_taken_back_with_their_age(void **state)
{
    (void)state;
    struct dedup *dedup = make(256);
    struct dedup_key young = key(true, 1), old = key(true, 2), strange = key(true, 3);
    strange.bytes[0] = 2;
    assert_true(dedup_restore(dedup, young.bytes, sizeof young, 200 * SECOND, 10 * SECOND, &changed));
    assert_false(dedup_restore(dedup, young.bytes, sizeof young, 200 * SECOND, 10 * SECOND, &changed));
    assert_false(dedup_restore(dedup, old.bytes, sizeof old, 247 * SECOND, 10 * SECOND, &changed));
    assert_false(dedup_restore(dedup, strange.bytes, sizeof strange, 0, 10 * SECOND, &changed));
    assert_false(dedup_restore(dedup, young.bytes, sizeof young - 1, 0, 10 * SECOND, &changed));
    assert_false(dedup_restore(dedup, old.bytes, sizeof old, INT64_MAX, 0, &changed));
    assert_true(knows(dedup, young, 56 * SECOND));
    assert_false(knows(dedup, young, 57 * SECOND));
    dedup_destroy(dedup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_the_layout_that_is_stored),
        cmocka_unit_test(a_digest_is_this_tables_own),
        cmocka_unit_test(an_answer_is_found_once_it_is_known),
        cmocka_unit_test(requests_are_forgotten_when_no_copy_can_come_any_more),
        cmocka_unit_test(no_request_is_forgotten_before_its_time),
        cmocka_unit_test(a_key_that_returns_after_its_time_is_known_again),
        cmocka_unit_test(a_full_table_gives_up_its_oldest_and_counts),
        cmocka_unit_test(growing_in_the_middle_of_the_ring_loses_nothing),
        cmocka_unit_test(diagnostics_stay_within_their_bound),
        cmocka_unit_test(stored_keys_are_taken_back_with_their_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
