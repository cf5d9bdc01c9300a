// SPDX-License-Identifier: Apache-2.0
#include "codec_check.h"

static struct codec_run run;

static void every_codec_is_found_by_name_and_by_content_format(void **state)
{
    (void)state;
    for (size_t i = 0; codecs[i]; i++) {
        assert_ptr_equal(codec_find(codecs[i]->name), codecs[i]);
        assert_true(codecs[i]->description[0]);
        if (codecs[i]->content_format >= 0)
            assert_ptr_equal(codec_for_content_format(codecs[i]->content_format), codecs[i]);
    }
    assert_string_equal(codec_for_content_format(110)->name, "senml");
    assert_string_equal(codec_for_content_format(112)->name, "senml-cbor");
    assert_string_equal(codec_for_content_format(0)->name, "text");
}

static void what_is_not_in_the_table_is_not_found(void **state)
{
    (void)state;
    assert_null(codec_find("senm"));
    assert_null(codec_find("SENML"));
    assert_null(codec_find(""));
    assert_null(codec_for_content_format(50));
    assert_null(codec_for_content_format(111));
    assert_null(codec_for_content_format(-1));
}

// Whatever the bytes, a codec uses some of them, not more than there are, and never says nothing about a refusal.
static void check_contract(const struct codec *codec, const uint8_t *data, size_t size, bool stream)
{
    codec_try(&run, codec->name, data, size, stream);
    if (run.result == CODEC_NEED_MORE) {
        assert_true(stream);
        return;
    }
    assert_true(run.used <= size);
    assert_true(run.used > 0 || size == 0);
    assert_true(run.result == CODEC_TAKEN ? run.refusal == REFUSAL_NONE : run.refusal != REFUSAL_NONE);
    assert_true(run.result == CODEC_TAKEN || run.why.text[0]);
    assert_true(run.result == CODEC_TAKEN || run.pack.count == 0);
}

static void every_codec_keeps_the_contract_for_any_bytes(void **state)
{
    (void)state;
    uint64_t random = 42;
    for (size_t i = 0; codecs[i]; i++)
        for (int round = 0; round < 3000; round++) {
            uint8_t data[48];
            size_t size = (size_t)round % sizeof data;
            for (size_t at = 0; at < size; at++) {
                random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                data[at] = (uint8_t)(random >> 56);
            }
            check_contract(codecs[i], data, size, false);
            if (codecs[i]->delimit)
                check_contract(codecs[i], data, size, true);
        }
}

static void nothing_at_all_is_refused_or_waited_for(void **state)
{
    (void)state;
    for (size_t i = 0; codecs[i]; i++) {
        codec_try(&run, codecs[i]->name, "", 0, false);
        assert_int_equal(run.result, CODEC_REFUSED);
        assert_true(run.why.text[0]);
        if (!codecs[i]->delimit)
            continue;
        codec_try(&run, codecs[i]->name, "", 0, true);
        assert_int_equal(run.result, CODEC_NEED_MORE);
    }
}

static void a_refusal_needs_no_fault(void **state)
{
    (void)state;
    for (size_t i = 0; codecs[i]; i++) {
        struct frame frame = {.data = (const uint8_t *)"\x81\xa1\n\n", .size = 4};
        assert_int_not_equal(codec_decode(codecs[i], &frame, &run.pack, NULL), REFUSAL_NONE);
    }
}

static void assert_text(const char *text, const char *values)
{
    codec_try(&run, "text", text, strlen(text), false);
    if (run.result != CODEC_TAKEN)
        fail_msg("%s: refused: %s", text, run.why.text);
    assert_string_equal(codec_describe(&run), values);
}

static void plain_text_is_one_value_without_a_name(void **state)
{
    (void)state;
    assert_text("21.5", " - v=21.5\n");
    assert_text(" -4e-3\r\n", " - v=-0.004\n");
    assert_text("true", " - vb=true\n");
    assert_text("\tfalse ", " - vb=false\n");
    assert_text("0", " - v=0\n");
}

static void other_text_is_refused_and_shown(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "  \n", "True", "1 2", "nan", "inf", "0x10", "1,5", "1e400", "on", "21.5C"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        codec_try(&run, "text", wrong[i], strlen(wrong[i]), false);
        assert_int_equal(run.result, CODEC_REFUSED);
        assert_int_equal(run.refusal, REFUSAL_SYNTAX);
        assert_non_null(strstr(run.why.text, "expected one number, or true or false"));
    }
    codec_try(&run, "text", "1\0002", 3, false);
    assert_int_equal(run.result, CODEC_REFUSED);
    assert_non_null(strstr(run.why.text, "\"1\\x002\""));
}

static void text_on_a_serial_line_comes_line_by_line(void **state)
{
    (void)state;
    codec_try(&run, "text", "21.5\r\n22\n", 9, true);
    assert_int_equal(run.result, CODEC_TAKEN);
    assert_int_equal(run.used, 6);
    assert_string_equal(codec_describe(&run), " - v=21.5\n");
    codec_try(&run, "text", "21.5", 4, true);
    assert_int_equal(run.result, CODEC_NEED_MORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_codec_is_found_by_name_and_by_content_format),
        cmocka_unit_test(what_is_not_in_the_table_is_not_found),
        cmocka_unit_test(every_codec_keeps_the_contract_for_any_bytes),
        cmocka_unit_test(nothing_at_all_is_refused_or_waited_for),
        cmocka_unit_test(a_refusal_needs_no_fault),
        cmocka_unit_test(plain_text_is_one_value_without_a_name),
        cmocka_unit_test(other_text_is_refused_and_shown),
        cmocka_unit_test(text_on_a_serial_line_comes_line_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
