// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "losses.h"
#include <string.h>

static void add(struct losses *losses, const struct loss *batch, size_t count, size_t max)
{
    struct loss copy[1024];
    struct losses fresh;
    memcpy(copy, batch, count * sizeof *batch);
    assert_int_equal(losses_with(losses, copy, count, max, &fresh), 0);
    losses_finish(losses);
    *losses = fresh;
}

static void what_touches_is_one_entry(void **state)
{
    (void)state;
    struct losses losses;
    losses_init(&losses);
    uint8_t mqtt = losses_outlet(&losses, "mqtt");
    assert_int_equal(losses_outlet(&losses, "mqtt"), mqtt);
    add(&losses, (struct loss[]){{11, 20, 10, 5, 5, 1, mqtt, 0}, {1, 4, 4, 5, 5, 0, mqtt, 0}}, 2, 100);
    add(&losses, (struct loss[]){{21, 30, 7, 9, 9, 1, mqtt, 0}, {1, 10, 2, 7, 7, 1, mqtt, 2}}, 2, 100);
    assert_int_equal(losses.count, 3);
    assert_int_equal(losses.list[1].first, 11);
    assert_int_equal(losses.list[1].last, 30);
    assert_int_equal(losses.list[1].count, 17);
    assert_int_equal(losses.list[1].since_us, 5);
    assert_int_equal(losses.list[1].until_us, 9);
    assert_int_equal(losses.lost[0], 21);
    assert_int_equal(losses.lost[2], 2);
    assert_int_equal(losses.joined, 0);
    losses_finish(&losses);
}

// With room for few, entries of one outlet and stream are joined first; nothing that was lost is left uncovered.
static void too_many_are_joined_and_the_counts_stay_exact(void **state)
{
    (void)state;
    struct losses losses;
    losses_init(&losses);
    uint8_t outlets[2] = {losses_outlet(&losses, "mqtt"), losses_outlet(&losses, "influxdb")};
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 500; i++) {
        struct loss loss = {3 * i + 1, 3 * i + 2, 2, 1, 1, (uint32_t)(i % 5), outlets[i % 2], (uint8_t)(i % 3)};
        add(&losses, &loss, 1, 32);
        sum += 2;
        assert_true(losses.count <= 32);
    }
    uint64_t counted = 0;
    for (size_t i = 0; i < losses.count; i++)
        counted += losses.list[i].count;
    assert_int_equal(counted, sum);
    assert_int_equal(losses.lost[0] + losses.lost[1] + losses.lost[2], sum);
    assert_true(losses.joined > 400);
    for (uint64_t i = 0; i < 500; i++) {
        uint64_t first, last;
        struct loss loss = {3 * i + 1, 3 * i + 2, 2, 1, 1, (uint32_t)(i % 5), outlets[i % 2], 0};
        assert_false(losses_uncovered(&losses, &loss, &first, &last));
    }
    losses_finish(&losses);
}

static void with_more_streams_than_room_one_entry_stays_for_each(void **state)
{
    (void)state;
    struct losses losses;
    losses_init(&losses);
    uint8_t outlets[2] = {losses_outlet(&losses, "mqtt"), losses_outlet(&losses, "influxdb")};
    struct loss batch[80];
    for (uint32_t i = 0; i < 80; i++)
        batch[i] = (struct loss){1, 9, 9, 1, 1, i / 2, outlets[i % 2], 0};
    add(&losses, batch, 80, 40);
    assert_in_range(losses.count, 40, 40);
    assert_int_equal(losses.list[7].outlet, LOSS_SEVERAL);
    assert_int_equal(losses.list[7].count, 18);
    losses_finish(&losses);
}

static void what_is_uncovered_is_found_part_by_part(void **state)
{
    (void)state;
    struct losses losses;
    losses_init(&losses);
    uint8_t mqtt = losses_outlet(&losses, "mqtt");
    add(&losses, (struct loss[]){{5, 9, 5, 1, 1, 3, mqtt, 0}, {15, 19, 5, 1, 1, 3, mqtt, 1}}, 2, 100);
    uint64_t first, last;
    assert_true(
        losses_uncovered(&losses, &(struct loss){.first = 1, .last = 30, .stream = 3, .outlet = mqtt}, &first, &last));
    assert_int_equal(first, 1);
    assert_int_equal(last, 4);
    assert_true(
        losses_uncovered(&losses, &(struct loss){.first = 6, .last = 30, .stream = 3, .outlet = mqtt}, &first, &last));
    assert_int_equal(first, 10);
    assert_int_equal(last, 14);
    assert_false(
        losses_uncovered(&losses, &(struct loss){.first = 15, .last = 19, .stream = 3, .outlet = mqtt}, &first, &last));
    assert_true(losses_uncovered(&losses, &(struct loss){.first = 15, .last = 19, .stream = 3, .outlet = LOSS_NOBODY},
                                 &first, &last));
    losses_finish(&losses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_touches_is_one_entry),
        cmocka_unit_test(too_many_are_joined_and_the_counts_stay_exact),
        cmocka_unit_test(with_more_streams_than_room_one_entry_stays_for_each),
        cmocka_unit_test(what_is_uncovered_is_found_part_by_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
