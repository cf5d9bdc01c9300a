// SPDX-License-Identifier: Apache-2.0
#include "city/frames.h"

#include "check.h"
#include "dice.h"
#include <stdlib.h>
#include <string.h>

// What is lost when the numbers come in that order; those that are only late count apart.
#define LOST(modulus, ...)                                                                                             \
    lost_of(modulus, (const uint32_t[]){__VA_ARGS__}, sizeof(uint32_t[]){__VA_ARGS__} / sizeof(uint32_t))

static uint64_t lost_of(uint64_t modulus, const uint32_t *numbers, size_t count)
{
    struct frames frames = {0};
    for (size_t i = 0; i < count; i++)
        frames_take(&frames, numbers[i], modulus);
    return frames.lost + frames_missing(&frames);
}

static void what_was_passed_over_is_missing_then_lost(void **state)
{
    (void)state;
    struct frames frames = {0};
    for (uint32_t i = 10; i < 20; i++)
        frames_take(&frames, i, 65536);
    assert_int_equal(frames.lost + frames_missing(&frames), 0);
    frames_take(&frames, 22, 65536);
    assert_int_equal(frames.lost, 0);
    assert_int_equal(frames_missing(&frames), 2);
    frames_take(&frames, 21, 65536); // late
    assert_int_equal(frames_missing(&frames), 1);
    for (uint32_t i = 23; i < 20 + FRAMES_WINDOW; i++)
        frames_take(&frames, i, 65536);
    assert_int_equal(frames.lost, 0);
    frames_take(&frames, 20 + FRAMES_WINDOW, 65536);
    assert_int_equal(frames.lost, 1);
    frames_take(&frames, 20, 65536); // too late to be anything but old
    frames_take(&frames, 21 + FRAMES_WINDOW, 65536);
    assert_int_equal(frames.lost, 1);
    assert_int_equal(frames_missing(&frames), 0);
}

static void numbers_go_through_their_end(void **state)
{
    (void)state;
    assert_int_equal(LOST(256, 253, 254, 255, 0, 1, 2), 0);
    assert_int_equal(LOST(256, 253, 255, 2), 3);
    assert_int_equal(LOST(65536, 65534, 0, 65535, 1), 0);
    assert_int_equal(LOST(UINT64_C(1) << 32, 4294967294, 4294967295, 0, 1), 0);
    assert_int_equal(LOST(256, 200, 201, 250, 251, 40, 41), 48 + 44);
    assert_int_equal(LOST(0, 253, 254, 255, 0, 1, 2), 0);
    assert_int_equal(LOST(0, 65534, 65535, 1, 0, 2), 0);
    assert_int_equal(LOST(0, 4294967295, 0, 1), 0);
    assert_int_equal(LOST(0, 254, 255, 0, 1, 255, 2), 0);
    assert_int_equal(LOST(0, 254, 255, 256, 257, 258), 0);
}

static void a_sensor_that_begins_again_has_lost_nothing(void **state)
{
    (void)state;
    assert_int_equal(LOST(65536, 500, 501, 0, 1, 2, 3), 0);
    assert_int_equal(LOST(65536, 500, 501, 7, 8, 9), 0);
    assert_int_equal(LOST(256, 120, 121, 0, 1, 2), 0);
    assert_int_equal(LOST(0, 40000, 0, 1), 0);
    assert_int_equal(LOST(65536, 500, 502, 0, 501, 1, 2), 0);  // what it had said before came late
    assert_int_equal(LOST(65536, 500, 503, 0, 1, 502, 2), 1);  // and this never did
    assert_int_equal(LOST(65536, 20, 21, 0, 1, 2, 21, 22), 0); // soon after the first beginning
}

static void what_was_missing_when_a_sensor_began_again_is_lost_in_the_end(void **state)
{
    (void)state;
    struct frames frames = {0};
    frames_take(&frames, 500, 65536);
    frames_take(&frames, 502, 65536);
    for (uint32_t i = 0; i < 2 * FRAMES_WINDOW; i++) {
        frames_take(&frames, i, 65536);
        assert_int_equal(frames.lost + frames_missing(&frames), 1);
    }
    assert_int_equal(frames.lost, 1);
    assert_int_equal(frames_missing(&frames), 0);
}

static void a_leap_is_lost_frames_when_the_next_one_goes_on_from_there(void **state)
{
    (void)state;
    assert_int_equal(LOST(65536, 100, 101, 301), 0); // nobody knows yet
    assert_int_equal(LOST(65536, 100, 101, 301, 302), 199);
    assert_int_equal(LOST(65536, 100, 101, 301, 300, 302), 198);
    assert_int_equal(LOST(65536, 100, 101, 301, 102, 103), 0); // a stray
    assert_int_equal(LOST(65536, 100, 101, 301, 5000, 102), 0);
    assert_int_equal(LOST(65536, 100, 101, 103, 301, 104, 105), 1);
    assert_int_equal(LOST(65536, 100, 101, 20, 102, 103), 0); // very late
    assert_int_equal(LOST(0, 100, 101, 4000000000, 4000000001), 0);
    assert_int_equal(LOST(0, 100, 101 + FRAMES_LEAP, 102 + FRAMES_LEAP), 0);
    assert_int_equal(LOST(16, 1, 5, 15, 2), 0); // too few numbers to tell anything
}

enum { FRAMES = 600, BLOCK = 12 };

// Some of the frames, in blocks that are shuffled, some twice. What is lost lies between the first block and the last.
static size_t deal(uint64_t *dice, bool loses, uint32_t ret_numbers[], size_t *ret_lost)
{
    size_t count = 0;
    *ret_lost = 0;
    for (uint32_t block = 0; block < FRAMES; block += BLOCK) {
        size_t first = count;
        bool inner = block > 0 && block + BLOCK < FRAMES;
        for (uint32_t i = block; i < block + BLOCK; i++) {
            bool is_lost = loses && inner && dice_even(dice) < 0.2;
            *ret_lost += is_lost;
            for (unsigned copies = is_lost ? 0 : 1 + (dice_even(dice) < 0.3); copies > 0; copies--)
                ret_numbers[count++] = i;
        }
        for (size_t i = count; inner && i > first + 1; i--) {
            size_t other = first + (size_t)(dice_even(dice) * (double)(i - first));
            uint32_t kept = ret_numbers[i - 1];
            ret_numbers[i - 1] = ret_numbers[other];
            ret_numbers[other] = kept;
        }
    }
    return count;
}

static void in_any_order_and_doubled_only_what_never_came_is_lost(void **state)
{
    (void)state;
    static const uint64_t moduli[] = {256, 65536, UINT64_C(1) << 32};
    static uint32_t numbers[2 * FRAMES];
    for (uint64_t seed = 1; seed <= 600; seed++) {
        uint64_t dice = seed, modulus = moduli[seed % 3], lost;
        bool told = seed % 2;
        size_t dropped, count = deal(&dice, seed % 5 != 0, numbers, &dropped);
        uint32_t start = (uint32_t)(modulus - 1 - (uint64_t)(dice_even(&dice) * 200)); // it goes through the end
        for (size_t i = 0; i < count; i++)
            numbers[i] = (uint32_t)((start + (uint64_t)numbers[i]) % modulus);
        lost = lost_of(told ? modulus : 0, numbers, count);
        if (lost != dropped)
            fail_msg("seed %d: %d lost; expected %d", (int)seed, (int)lost, (int)dropped);
    }
}

// Whatever comes, the count only grows.
static void no_sequence_of_numbers_takes_a_loss_back(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct frames frames = {0};
        uint64_t dice = seed, lost = 0;
        uint32_t number = 0;
        for (int i = 0; i < 500; i++) {
            double way = dice_even(&dice);
            number = way < 0.6   ? number + 1
                     : way < 0.9 ? number + (uint32_t)(dice_even(&dice) * 80) - 40
                                 : (uint32_t)(dice_even(&dice) * 4294967295.0);
            frames_take(&frames, number, 0);
            assert_true(frames.lost >= lost);
            assert_in_range(frames_missing(&frames), 0, 2 * FRAMES_WINDOW);
            lost = frames.lost;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_passed_over_is_missing_then_lost),
        cmocka_unit_test(numbers_go_through_their_end),
        cmocka_unit_test(a_sensor_that_begins_again_has_lost_nothing),
        cmocka_unit_test(what_was_missing_when_a_sensor_began_again_is_lost_in_the_end),
        cmocka_unit_test(a_leap_is_lost_frames_when_the_next_one_goes_on_from_there),
        cmocka_unit_test(in_any_order_and_doubled_only_what_never_came_is_lost),
        cmocka_unit_test(no_sequence_of_numbers_takes_a_loss_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
