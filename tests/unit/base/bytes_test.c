// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/bytes.h"
#include <string.h>

static void an_overflow_leaves_what_was_there_and_stays(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 10);
    bytes_text(&bytes, "12345");
    bytes_text(&bytes, "678901");
    assert_true(bytes.overflow);
    bytes_text(&bytes, "x");
    assert_int_equal(bytes.used, 5);
    assert_memory_equal(bytes.data, "12345", 5);
    bytes_clear(&bytes);
    bytes_text(&bytes, "1234567890");
    assert_false(bytes.overflow);
    bytes_finish(&bytes);
}

static void integers_come_back_and_the_end_is_noticed(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 100);
    bytes_u8(&bytes, 0xab);
    bytes_u16(&bytes, 0x1234);
    bytes_u32(&bytes, 0xdeadbeef);
    bytes_u64(&bytes, UINT64_C(0x0123456789abcdef));
    assert_int_equal(bytes.data[1], 0x34); // little-endian
    struct view view = {.data = bytes.data, .left = bytes.used};
    assert_int_equal(view_u8(&view), 0xab);
    assert_int_equal(view_u16(&view), 0x1234);
    assert_int_equal(view_u32(&view), 0xdeadbeef);
    assert_true(view_u64(&view) == UINT64_C(0x0123456789abcdef));
    assert_false(view.bad);
    assert_int_equal(view_u8(&view), 0);
    assert_true(view.bad);
    assert_null(view_take(&view, 0));
    bytes_finish(&bytes);
}

static void formatted_text_uses_no_more_than_its_length(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 6);
    bytes_printf(&bytes, "%d-%s", 12, "ab");
    assert_int_equal(bytes.used, 5);
    assert_memory_equal(bytes.data, "12-ab", 5);
    bytes_finish(&bytes);
    bytes_finish(&bytes);
}

static void what_is_kept_takes_about_its_size(void **state)
{
    (void)state;
    struct bytes bytes;
    char data[200];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)i;
    bytes_init(&bytes, 150);
    bytes_keep(&bytes, data, 0);
    assert_int_equal(bytes.used, 0);
    static const struct {
        size_t kept, size; // what is kept next, and the memory then
    } steps[] = {{100, 100}, {60, 100}, {101, 101}, {40, 40}, {150, 150}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        bytes_keep(&bytes, data + i, steps[i].kept);
        assert_int_equal(bytes.used, steps[i].kept);
        assert_int_equal(bytes.size, steps[i].size);
        assert_memory_equal(bytes.data, data + i, steps[i].kept);
    }
    bytes_keep(&bytes, data, 151);
    assert_true(bytes.overflow);
    bytes_keep(&bytes, data, 10);
    assert_false(bytes.overflow);
    assert_memory_equal(bytes.data, data, 10);
    bytes_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_overflow_leaves_what_was_there_and_stays),
        cmocka_unit_test(integers_come_back_and_the_end_is_noticed),
        cmocka_unit_test(formatted_text_uses_no_more_than_its_length),
        cmocka_unit_test(what_is_kept_takes_about_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
