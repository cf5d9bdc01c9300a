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

static void a_trimmed_one_keeps_its_bytes_and_grows_again(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 1000);
    bytes_trim(&bytes);
    assert_int_equal(bytes.size, 0);
    for (int i = 0; i < 100; i++)
        bytes_char(&bytes, (char)i);
    bytes_trim(&bytes);
    assert_int_equal(bytes.size, 100);
    bytes_char(&bytes, 100);
    assert_int_equal(bytes.used, 101);
    for (int i = 0; i <= 100; i++)
        assert_int_equal(bytes.data[i], i);
    bytes_clear(&bytes);
    bytes_trim(&bytes);
    assert_true(bytes.size > 100);
    bytes_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_overflow_leaves_what_was_there_and_stays),
        cmocka_unit_test(integers_come_back_and_the_end_is_noticed),
        cmocka_unit_test(formatted_text_uses_no_more_than_its_length),
        cmocka_unit_test(a_trimmed_one_keeps_its_bytes_and_grows_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
