// SPDX-License-Identifier: Apache-2.0
#include "codec_check.h"

#include "senml_vectors.h"

static struct codec_run run;

static void decode(const char *hex)
{
    static uint8_t data[64 * 1024];
    codec_try(&run, "senml-cbor", data, codec_unhex(hex, data), false);
}

static void assert_values(const char *hex, const char *values)
{
    decode(hex);
    if (run.result != CODEC_TAKEN)
        fail_msg("%s: refused: %s", hex, run.why.text);
    assert_string_equal(codec_describe(&run), values);
}

static void assert_refused(const char *hex, enum refusal refusal, const char *said)
{
    decode(hex);
    if (run.result != CODEC_REFUSED || run.refusal != refusal || !strstr(run.why.text, said))
        fail_msg("%s: result %d, %s: %s; expected %s: %s", hex, run.result, refusal_name(run.refusal), run.why.text,
                 refusal_name(refusal), said);
    assert_int_equal(run.pack.count, 0);
}

static void the_examples_of_the_rfc_give_its_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof senml_vectors / sizeof *senml_vectors; i++)
        assert_values(senml_vectors[i].cbor, senml_vectors[i].values);
}

static void an_explicit_time_of_zero_is_the_base_time(void **state)
{
    (void)state;
    char hex[500]; // the RFC's own bytes of V03: its last record has t: 0
    snprintf(hex, sizeof hex, "%s", senml_vectors[2].cbor);
    char *last = strstr(hex, "a2006763757272656e7402fb3ffb333333333333");
    assert_non_null(last);
    strcpy(last, "a3006763757272656e74060002fb3ffb333333333333");
    assert_values(hex, senml_vectors[2].values);
}

static void a_cut_pack_is_refused_at_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof senml_vectors / sizeof *senml_vectors; i++) {
        uint8_t data[512];
        size_t whole = codec_unhex(senml_vectors[i].cbor, data);
        for (size_t size = 0; size < whole; size++) {
            codec_try(&run, "senml-cbor", data, size, false);
            assert_int_equal(run.result, CODEC_REFUSED);
            assert_int_equal(run.refusal, REFUSAL_SYNTAX);
            assert_int_equal(run.used, size);
        }
    }
    assert_non_null(strstr(run.why.text, "the CBOR ends in the middle, after 74 bytes"));
}

static void bytes_after_the_pack_are_refused(void **state)
{
    (void)state;
    assert_refused("81a2 006161 0201 00", REFUSAL_SYNTAX, "1 bytes follow the end of the pack");
}

static void the_outer_array_has_a_definite_length_of_one_at_least(void **state)
{
    (void)state;
    assert_refused("9f a2 006161 0201 ff", REFUSAL_SYNTAX, "indefinite length");
    assert_refused("80", REFUSAL_SYNTAX, "an empty pack");
    assert_refused("", REFUSAL_SYNTAX, "not a SenML pack");
    assert_refused("a2 006161 0201", REFUSAL_SYNTAX, "not a SenML pack");
    assert_refused("81 01", REFUSAL_SYNTAX, "record 1: not a record");
    assert_refused("ff", REFUSAL_SYNTAX, "not a SenML pack");
}

static void a_map_may_be_of_indefinite_length(void **state)
{
    (void)state;
    assert_values("82 bf 006161 0201 ff a2 006162 0202", "a - v=1\nb - v=2\n");
    assert_refused("81 bf 006161 0201", REFUSAL_SYNTAX, "ends in the middle");
    assert_refused("81 bf 006161 02ff", REFUSAL_SYNTAX, "record 1, field v: wrong type");
    assert_refused("81 a2 006161 ff01", REFUSAL_SYNTAX, "neither an integer nor a text");
}

static void a_string_may_not(void **state)
{
    (void)state;
    assert_refused("81 a2 00 7f6161ff 0201", REFUSAL_SYNTAX, "record 1, field n: wrong type");
    assert_refused("81 a2 006161 08 5f4161ff", REFUSAL_SYNTAX, "record 1, field vd: wrong type");
    assert_refused("81 a3 006161 0201 7f6161ff 00", REFUSAL_SYNTAX, "neither an integer nor a text");
}

static void numbers_come_in_every_size(void **state)
{
    (void)state;
    assert_values("81a2 006161 02 1bffffffffffffffff", "a - v=1.84467440737e+19\n");
    assert_values("81a2 006161 02 3bffffffffffffffff", "a - v=-1.84467440737e+19\n");
    assert_values("81a2 006161 02 3b7fffffffffffffff", "a - v=-9.22337203685e+18\n");
    assert_values("81a2 006161 02 f93e00", "a - v=1.5\n");
    assert_values("81a2 006161 02 f98001", "a - v=-5.96046447754e-08\n");
    assert_values("81a2 006161 02 fa47c35000", "a - v=100000\n");
    assert_values("81a2 006161 02 fbc010666666666666", "a - v=-4.1\n");
    assert_values("81a2 006161 02 1900ff", "a - v=255\n");
    assert_values("81a2 006161 02 39ffff", "a - v=-65536\n");
}

static void numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"f97e00", "f97c00", "f9fc00", "fa7fc00000", "fb7ff0000000000000",
                                        "f6",     "f7",     "f4",     "6131",       "4101",
                                        "8101",   "a0",     "c101"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char hex[64];
        snprintf(hex, sizeof hex, "81a2 006161 02 %s", wrong[i]);
        assert_refused(hex, REFUSAL_SYNTAX, "record 1, field v: wrong type; expected a number");
    }
}

static void a_time_may_be_a_decimal_fraction(void **state)
{
    (void)state;
    assert_values("81a3 006161 0201 06 c4 82 22 1b0000012918b92de1",
                  "a - v=1 @1276020076001000\n"); // -3, 1276020076001
    assert_values("81a2 006161 02 c4 82 20 18e7", "a - v=23.1\n");
    assert_values("81a2 006161 02 c4 82 02 2b", "a - v=-1200\n");
}

static void a_decimal_fraction_has_two_integers(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "c480",       "c48101",       "c483010203",
        "c49f0102ff", "c482f93c0001", "c48201f93c00",
        "c482187f01", "c48238ff01",   "c4820a 1bffffffffffffffff",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char hex[64];
        snprintf(hex, sizeof hex, "81a2 006161 02 %s", wrong[i]);
        assert_refused(hex, REFUSAL_SYNTAX, "record 1, field v: wrong type");
    }
    assert_refused("81a2 006161 02 c4", REFUSAL_SYNTAX, "ends in the middle");
    assert_refused("81a2 006161 02 c48201", REFUSAL_SYNTAX, "ends in the middle");
}

static void a_version_is_an_unsigned_integer_alone(void **state)
{
    (void)state;
    assert_values("81a3 200a 006161 0201", "a - v=1\n");
    assert_values("81a3 20181a 006161 0201", "a - v=1\n");
    assert_refused("81a3 20f94900 006161 0201", REFUSAL_SYNTAX, "field bver: wrong type");
    assert_refused("81a3 2029 006161 0201", REFUSAL_SYNTAX, "field bver: wrong type");
    assert_refused("81a3 200b 006161 0201", REFUSAL_SYNTAX, "field bver: version 11");
}

static void fields_of_the_wrong_type_are_named(void **state)
{
    (void)state;
    assert_refused("81a2 004161 0201", REFUSAL_SYNTAX, "field n: wrong type; expected a text");
    assert_refused("81a2 006161 04f6", REFUSAL_SYNTAX, "field vb: wrong type; expected true or false");
    assert_refused("81a2 006161 0401", REFUSAL_SYNTAX, "field vb: wrong type");
    assert_refused("81a2 006161 086161", REFUSAL_SYNTAX, "field vd: wrong type; expected data");
    assert_refused("81a2 006161 034161", REFUSAL_SYNTAX, "field vs: wrong type");
    assert_refused("81a2 006161 0361ff", REFUSAL_SYNTAX, "field vs: wrong type");   // not UTF-8
    assert_refused("81a2 006161 03620061", REFUSAL_SYNTAX, "field vs: wrong type"); // a NUL inside
    assert_values("81a2 006161 0360", "a - vs=\n");
    assert_values("81a2 006161 0840", "a - vd=\n");
}

static void a_label_stands_once(void **state)
{
    (void)state;
    assert_refused("81a3 006161 0201 0202", REFUSAL_SYNTAX, "record 1, field v: stands twice");
    assert_refused("81a4 006161 0201 617800 617801", REFUSAL_SYNTAX, "record 1, field x: stands twice");
}

static void unknown_integer_labels_are_refused(void **state)
{
    (void)state;
    assert_refused("81a3 006161 0201 0900", REFUSAL_SYNTAX, "record 1: label 9 is not known");
    assert_refused("81a3 006161 0201 2600", REFUSAL_SYNTAX, "record 1: label -7 is not known");
    assert_refused("81a3 006161 0201 3bffffffffffffffff00", REFUSAL_SYNTAX, "is not known");
    assert_refused("81a3 006161 0201 1bffffffffffffffff00", REFUSAL_SYNTAX, "is not known");
    assert_refused("81a3 006161 0201 412000", REFUSAL_SYNTAX, "neither an integer nor a text");
}

static void a_known_label_as_text_is_not_ignored(void **state)
{
    (void)state;
    assert_refused("81a2 616e6161 617601", REFUSAL_SYNTAX, "field n: the label is a text; expected the integer 0");
    assert_refused("81a1 62627600", REFUSAL_SYNTAX, "field bv: the label is a text; expected the integer -5");
}

static void unknown_text_labels_are_ignored_whatever_they_hold(void **state)
{
    (void)state;
    assert_values("81a3 006161 0201 63666f6f f6", "a - v=1\n");
    assert_values("81a3 63666f6f a2 01 9f 5f4101ff 7fff ff 02 bf ff 006161 0201", "a - v=1\n");
    assert_values("81a3 63666f6f d9d9f7 c1 f97e00 006161 0201", "a - v=1\n");
    assert_values("81a3 63666f6f 81818181818181 8100 006161 0201", "a - v=1\n");
    assert_refused("81a3 63666f6f 81818181818181 818100 006161 0201", REFUSAL_SYNTAX, "nested deeper");
    assert_refused("81a3 63666f6f c1c1c1c1c1c1c1c1c100 006161 0201", REFUSAL_SYNTAX, "nested deeper");
    assert_refused("81a3 006161 0201 62785f 00", REFUSAL_SYNTAX, "field x_: labels that end in");
    assert_refused("81a3 63666f6f bf00ff 006161 0201", REFUSAL_SYNTAX, "not CBOR"); // half a pair
    assert_refused("81a3 63666f6f ff 006161 0201", REFUSAL_SYNTAX, "not CBOR");
}

static void lengths_that_lie_take_neither_time_nor_memory(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "9b0000000010000000",
        "9bffffffffffffffff",
        "81bbffffffffffffffff",
        "81a1 61789b0000000010000000",
        "81a1 6178bbffffffffffffffff 00",
        "81a1 007bffffffffffffffff",
        "81a1 085bffffffffffffffff",
        "81a1 61785bfffffffffffffff0 00",
        "81a1 7bffffffffffffffff",
    };
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        assert_refused(hostile[i], REFUSAL_SYNTAX, "ends in the middle");
}

static void bytes_that_are_not_cbor_are_refused_with_their_place(void **state)
{
    (void)state;
    assert_refused("81a2 006161 02 1c", REFUSAL_SYNTAX, "record 1: not CBOR at byte 6");
    assert_refused("81a2 006161 02 fc", REFUSAL_SYNTAX, "record 1: not CBOR at byte 6");
    assert_refused("81a2 006161 02 df", REFUSAL_SYNTAX, "record 1: not CBOR at byte 6");
    assert_refused("82a2 006161 0201 3f", REFUSAL_SYNTAX, "record 2: not CBOR at byte 7");
}

static void more_values_than_a_pack_holds_are_refused(void **state)
{
    (void)state;
    static uint8_t data[4096] = {0x99, 0x02, 0x01, 0xa2, 0x21, 0x61, 'a', 0x02, 0x00}; // 513 records
    size_t size = 9;
    for (int i = 1; i < 513; i++, size += 3)
        memcpy(data + size, (uint8_t[]){0xa1, 0x02, 0x01}, 3);
    codec_try(&run, "senml-cbor", data, size, false);
    assert_int_equal(run.refusal, REFUSAL_LENGTH);
    data[2] = 0;
    codec_try(&run, "senml-cbor", data, size - 3, false);
    assert_int_equal(run.result, CODEC_TAKEN);
    assert_int_equal(run.pack.count, 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc_give_its_values),
        cmocka_unit_test(an_explicit_time_of_zero_is_the_base_time),
        cmocka_unit_test(a_cut_pack_is_refused_at_every_byte),
        cmocka_unit_test(bytes_after_the_pack_are_refused),
        cmocka_unit_test(the_outer_array_has_a_definite_length_of_one_at_least),
        cmocka_unit_test(a_map_may_be_of_indefinite_length),
        cmocka_unit_test(a_string_may_not),
        cmocka_unit_test(numbers_come_in_every_size),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(a_time_may_be_a_decimal_fraction),
        cmocka_unit_test(a_decimal_fraction_has_two_integers),
        cmocka_unit_test(a_version_is_an_unsigned_integer_alone),
        cmocka_unit_test(fields_of_the_wrong_type_are_named),
        cmocka_unit_test(a_label_stands_once),
        cmocka_unit_test(unknown_integer_labels_are_refused),
        cmocka_unit_test(a_known_label_as_text_is_not_ignored),
        cmocka_unit_test(unknown_text_labels_are_ignored_whatever_they_hold),
        cmocka_unit_test(lengths_that_lie_take_neither_time_nor_memory),
        cmocka_unit_test(bytes_that_are_not_cbor_are_refused_with_their_place),
        cmocka_unit_test(more_values_than_a_pack_holds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
