// SPDX-License-Identifier: Apache-2.0
#include "modbus_field.h"

#include "check.h"
#include <errno.h>
#include <math.h>
#include <string.h>

static void fields_are_read_as_they_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct modbus_field field;
        unsigned width;
    } cases[] = {
        {"coil:0", {MODBUS_COIL, MODBUS_BIT, 0, 0, false, false}, 1},
        {"discrete:1", {MODBUS_DISCRETE, MODBUS_BIT, 1, 0, false, false}, 1},
        {"discrete:65535 bit", {MODBUS_DISCRETE, MODBUS_BIT, 65535, 0, false, false}, 1},
        {"input:10 u16", {MODBUS_INPUT, MODBUS_U16, 10, 0, false, false}, 1},
        {"input:65535 s16", {MODBUS_INPUT, MODBUS_S16, 65535, 0, false, false}, 1},
        {"input:10 u32", {MODBUS_INPUT, MODBUS_U32, 10, 0, false, false}, 2},
        {"holding:9  u32\tswapped", {MODBUS_HOLDING, MODBUS_U32, 9, 0, true, false}, 2},
        {"holding:9 s32", {MODBUS_HOLDING, MODBUS_S32, 9, 0, false, false}, 2},
        {"holding:9 f32 swapped", {MODBUS_HOLDING, MODBUS_F32, 9, 0, true, false}, 2},
        {"holding:65532 u64", {MODBUS_HOLDING, MODBUS_U64, 65532, 0, false, false}, 4},
        {"input:10 u16 resets", {MODBUS_INPUT, MODBUS_U16, 10, 0, false, true}, 1},
        {"input:10 u32 resets swapped", {MODBUS_INPUT, MODBUS_U32, 10, 0, true, true}, 2},
        {"input:10 u32 swapped resets", {MODBUS_INPUT, MODBUS_U32, 10, 0, true, true}, 2},
        {"input:2 bit 0", {MODBUS_INPUT, MODBUS_BIT, 2, 0, false, false}, 1},
        {"input:2 bit 15", {MODBUS_INPUT, MODBUS_BIT, 2, 15, false, false}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct modbus_field field;
        struct fault why = {""};
        if (modbus_field_parse(cases[i].text, &field, &why) != 0)
            fail_msg("%s: %s", cases[i].text, why.text);
        assert_int_equal(field.table, cases[i].field.table);
        assert_int_equal(field.type, cases[i].field.type);
        assert_int_equal(field.address, cases[i].field.address);
        assert_int_equal(field.bit, cases[i].field.bit);
        assert_int_equal(field.swapped, cases[i].field.swapped);
        assert_int_equal(field.resets, cases[i].field.resets);
        assert_int_equal(modbus_field_width(&field), cases[i].width);
    }
}

static void what_is_no_field_is_refused_with_what_was_expected(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "coil:N"},
        {"input", "coil:N"},
        {"input:", "coil:N"},
        {"input:-1 u16", "coil:N"},
        {"input:65536 u16", "coil:N"},
        {"input:0x10 u16", "coil:N"},
        {"Input:1 u16", "coil:N"},
        {"register:1 u16", "coil:N"},
        {"3431/0/1", "coil:N"},
        {"input:10", "a type after the address"},
        {"input:10 u8", "a type after the address"},
        {"input:10 U16", "a type after the address"},
        {"input:10 swapped", "a type after the address"},
        {"input:10 u32 reversed", "a type and perhaps swapped or resets"},
        {"input:10 u32 swapped swapped", "a type and perhaps swapped or resets"},
        {"input:10 u32 swapped 1 2 3 4", "a type and perhaps swapped or resets"},
        {"input:10 u16 swapped", "swapped only with"},
        {"input:10 u16 resets resets", "a type and perhaps swapped or resets"},
        {"input:10 s16 resets", "resets only with u16, u32 and u64"},
        {"input:10 f32 resets", "resets only with u16, u32 and u64"},
        {"input:65535 u32", "addresses up to"},
        {"input:65533 u64", "addresses up to"},
        {"input:1 bit", "the number of a bit"},
        {"input:1 bit 16", "the number of a bit"},
        {"input:1 bit -1", "the number of a bit"},
        {"input:1 bit 1 swapped", "the number of a bit"},
        {"coil:1 u16", "a coil or an input alone"},
        {"discrete:1 bit 0", "a coil or an input alone"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct modbus_field field = {.address = 4711};
        struct fault why = {""};
        assert_int_equal(modbus_field_parse(cases[i].text, &field, &why), -EINVAL);
        if (!strstr(why.text, cases[i].said))
            fail_msg("%s: %s", cases[i].text, why.text);
        assert_int_equal(field.address, 4711);
    }
}

static const struct decoding {
    const char *text;
    uint16_t values[4];
    double number;
} decodings[] = {
    {"discrete:1", {1}, 1},
    {"coil:1", {0}, 0},
    {"input:0 u16", {0xffff}, 65535},
    {"input:0 s16", {0xffff}, -1},
    {"input:0 s16", {0x8000}, -32768},
    {"input:0 u32", {0x0001, 0x0002}, 65538},
    {"input:0 u32 swapped", {0x0001, 0x0002}, 131073},
    {"input:0 u32", {0xffff, 0xffff}, 4294967295.0},
    {"input:0 s32", {0xffff, 0xfffe}, -2},
    {"input:0 s32 swapped", {0xfffe, 0xffff}, -2},
    {"input:0 f32", {0x41c8, 0x0000}, 25},
    {"input:0 f32 swapped", {0x0000, 0xc1c8}, -25},
    {"input:0 u64", {0x0001, 0x0002, 0x0003, 0x0004}, 281483566841860.0},
    {"input:0 u64 swapped", {0x0004, 0x0003, 0x0002, 0x0001}, 281483566841860.0},
    {"input:0 bit 0", {0x0001}, 1},
    {"input:0 bit 1", {0xfffd}, 0},
    {"input:0 bit 15", {0x8000}, 1},
};

static void registers_become_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decodings / sizeof *decodings; i++) {
        struct modbus_field field;
        assert_int_equal(modbus_field_parse(decodings[i].text, &field, NULL), 0);
        double number = modbus_field_decode(&field, decodings[i].values);
        if (number != decodings[i].number)
            fail_msg("%s: %g, expected %g", decodings[i].text, number, decodings[i].number);
    }
    struct modbus_field field;
    assert_int_equal(modbus_field_parse("input:0 f32", &field, NULL), 0);
    assert_true(isnan(modbus_field_decode(&field, (uint16_t[]){0x7fc0, 0})));
}

static void numbers_become_the_registers_they_came_from(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decodings / sizeof *decodings; i++) {
        struct modbus_field field;
        uint16_t values[4];
        memcpy(values, decodings[i].values, sizeof values);
        assert_int_equal(modbus_field_parse(decodings[i].text, &field, NULL), 0);
        modbus_field_encode(&field, decodings[i].number, values);
        assert_memory_equal(values, decodings[i].values, sizeof values);
    }
}

static void what_a_type_cannot_hold_is_held_at_its_end(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double number, held;
    } cases[] = {
        {"input:0 u16", -5, 0},
        {"input:0 u16", 70000, 65535},
        {"input:0 s16", 1e9, 32767},
        {"input:0 u32", 1e300, 4294967295.0},
        {"input:0 u64", 1e300, 9007199254740992.0},
        {"input:0 u16", 1.6, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct modbus_field field;
        uint16_t values[4] = {0};
        assert_int_equal(modbus_field_parse(cases[i].text, &field, NULL), 0);
        modbus_field_encode(&field, cases[i].number, values);
        assert_true(modbus_field_decode(&field, values) == cases[i].held);
    }
}

static void a_unit_is_1_to_247(void **state)
{
    (void)state;
    unsigned unit = 0;
    struct fault why = {""};
    static const char *const wrong[] = {"", "0", "248", "254", "-1", "0x11", "17 ", "17/", "/a", "bay-1", "1.5"};
    assert_int_equal(modbus_unit_parse("1", &unit, &why), 0);
    assert_int_equal(unit, 1);
    assert_int_equal(modbus_unit_parse("247", &unit, &why), 0);
    assert_int_equal(unit, 247);
    assert_int_equal(modbus_unit_parse("17/north gate", &unit, &why), 0);
    assert_int_equal(unit, 17);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(modbus_unit_parse(wrong[i], &unit, &why), -EINVAL);
        assert_non_null(strstr(why.text, "1 to 247"));
    }
    assert_int_equal(unit, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_read_as_they_are_written),
        cmocka_unit_test(what_is_no_field_is_refused_with_what_was_expected),
        cmocka_unit_test(registers_become_numbers),
        cmocka_unit_test(numbers_become_the_registers_they_came_from),
        cmocka_unit_test(what_a_type_cannot_hold_is_held_at_its_end),
        cmocka_unit_test(a_unit_is_1_to_247),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
