// SPDX-License-Identifier: Apache-2.0
#include "codec_check.h"

#include "senml_vectors.h"

static struct codec_run run;

static void decode(const char *json)
{
    codec_try(&run, "senml", json, strlen(json), false);
}

static void assert_values(const char *json, const char *values)
{
    decode(json);
    if (run.result != CODEC_TAKEN)
        fail_msg("%s: refused: %s", json, run.why.text);
    assert_int_equal(run.used, strlen(json));
    assert_string_equal(codec_describe(&run), values);
}

static void assert_refused(const char *json, enum refusal refusal, const char *said)
{
    decode(json);
    if (run.result != CODEC_REFUSED || run.refusal != refusal || !strstr(run.why.text, said))
        fail_msg("%s: result %d, %s: %s; expected %s: %s", json, run.result, refusal_name(run.refusal), run.why.text,
                 refusal_name(refusal), said);
    assert_int_equal(run.used, strlen(json));
    assert_int_equal(run.pack.count, 0);
}

static void the_examples_of_the_rfc_give_its_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof senml_vectors / sizeof *senml_vectors; i++)
        assert_values(senml_vectors[i].json, senml_vectors[i].values);
}

static void every_record_of_the_negative_list_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *said;
    } rows[] = {
        {"[]", "expected a JSON array of one record or more"},
        {"{}", "expected a JSON array of one record or more"},
        {"[{\"n\":\"a\"}]", "record 1: no value"},
        {"[{\"n\":\"a\",\"v\":1,\"vb\":true}]", "record 1: more than one value"},
        {"[{\"v\":1}]", "record 1, field n: no name"},
        {"[{\"n\":\"-a\",\"v\":1}]", "\"-a\" is not a name"},
        {"[{\"n\":\"a b\",\"v\":1}]", "\"a b\" is not a name"},
        {"[{\"n\":\"a\",\"v\":\"1\"}]", "record 1, field v: wrong type; expected a number"},
        {"[{\"n\":\"a\",\"vb\":1}]", "record 1, field vb: wrong type; expected true or false"},
        {"[{\"n\":\"a\",\"v\":1,\"x_\":0}]", "record 1, field x_: labels that end in"},
        {"[{\"bver\":11,\"n\":\"a\",\"v\":1}]", "record 1, field bver: version 11"},
        {"[{\"bver\":10,\"n\":\"a\",\"v\":1},{\"bver\":5,\"n\":\"a\",\"v\":1}]",
         "record 2, field bver: version 5, but 10"},
        {"[{\"n\":\"a\",\"v\":NaN}]", "line 1, column"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(rows[i].json, REFUSAL_SYNTAX, rows[i].said);
}

static void a_field_of_the_wrong_type_is_named(void **state)
{
    (void)state;
    assert_refused("[{\"n\":1,\"v\":1}]", REFUSAL_SYNTAX, "record 1, field n: wrong type; expected a text");
    assert_refused("[{\"bn\":null,\"n\":\"a\",\"v\":1}]", REFUSAL_SYNTAX, "field bn: wrong type");
    assert_refused("[{\"n\":\"a\",\"u\":[],\"v\":1}]", REFUSAL_SYNTAX, "field u: wrong type");
    assert_refused("[{\"n\":\"a\",\"vs\":1}]", REFUSAL_SYNTAX, "field vs: wrong type");
    assert_refused("[{\"n\":\"a\",\"vd\":true}]", REFUSAL_SYNTAX, "field vd: wrong type");
    assert_refused("[{\"n\":\"a\",\"v\":1},{\"n\":\"a\",\"s\":true}]", REFUSAL_SYNTAX, "record 2, field s: wrong type");
    assert_refused("[{\"n\":\"a\",\"v\":1,\"ut\":\"1\"}]", REFUSAL_SYNTAX, "field ut: wrong type");
    assert_refused("[1]", REFUSAL_SYNTAX, "record 1: not an object");
    assert_refused("[{\"n\":\"a\",\"v\":1},[]]", REFUSAL_SYNTAX, "record 2: not an object");
}

static void a_time_in_exponent_form_is_exact_to_the_microsecond(void **state)
{
    (void)state;
    assert_values("[{\"bt\":1.276020076001e+09,\"n\":\"a\",\"v\":1}]", "a - v=1 @1276020076001000\n");
    assert_values("[{\"bt\":1.276020076e+09,\"n\":\"a\",\"t\":0.000001,\"v\":1}]", "a - v=1 @1276020076000001\n");
    assert_values("[{\"n\":\"a\",\"t\":1700000000.123457,\"v\":1}]", "a - v=1 @1700000000123457\n");
    assert_values("[{\"n\":\"a\",\"t\":-8.03,\"v\":1}]", "a - v=1 now-8030000\n"); // times 1e6 a little less in doubles
}

static void the_sum_of_both_times_decides_whether_it_is_relative(void **state)
{
    (void)state;
    assert_values("[{\"bt\":-10,\"n\":\"a\",\"t\":-5,\"v\":1}]", "a - v=1 now-15000000\n");
    assert_values("[{\"bt\":268435455,\"n\":\"a\",\"t\":1,\"v\":1}]", "a - v=1 @268435456000000\n");
    assert_values("[{\"n\":\"a\",\"t\":0,\"v\":1}]", "a - v=1 now+0\n");
    assert_values("[{\"bt\":-1.5,\"n\":\"a\",\"v\":1},{\"n\":\"b\",\"t\":1,\"v\":2}]",
                  "a - v=1 now-1500000\nb - v=2 now-500000\n");
}

static void a_time_that_cannot_be_is_out_of_range(void **state)
{
    (void)state;
    assert_refused("[{\"n\":\"a\",\"t\":1e300,\"v\":1}]", REFUSAL_RANGE, "record 1, field t");
    assert_refused("[{\"bt\":-253402300800,\"n\":\"a\",\"v\":1}]", REFUSAL_RANGE, "record 1, field bt");
    assert_refused("[{\"bt\":253402300799,\"n\":\"a\",\"t\":1,\"v\":1}]", REFUSAL_RANGE, "record 1, field t");
    assert_values("[{\"bt\":253402300798,\"n\":\"a\",\"t\":1,\"v\":1}]", "a - v=1 @253402300799000000\n");
}

static void a_base_field_holds_until_it_comes_again(void **state)
{
    (void)state;
    assert_values(
        "[{\"bn\":\"a:\",\"bu\":\"V\",\"bv\":1,\"bs\":10,\"n\":\"x\",\"v\":1},{\"n\":\"y\",\"v\":2,\"u\":\"A\"},"
        "{\"bn\":\"b:\",\"bv\":100,\"n\":\"x\",\"v\":1},{\"bu\":\"\",\"bs\":0,\"n\":\"y\",\"s\":3}]",
        "a:x V v=2 s=10\na:y A v=3 s=10\nb:x V v=101 s=10\nb:y - s=3\n");
    assert_values("[{\"bu\":\"V\",\"n\":\"a\",\"u\":\"\",\"v\":1},{\"n\":\"b\",\"v\":1}]", "a - v=1\nb V v=1\n");
}

static void base_fields_in_a_record_of_their_own_give_nothing(void **state)
{
    (void)state;
    assert_values("[{\"bn\":\"a\"}]", "");
    assert_values("[{}]", "");
    assert_values("[{\"bn\":\"a\",\"foo\":1},{\"v\":1}]", "a - v=1\n");
    assert_refused("[{\"bn\":\"a\",\"t\":1}]", REFUSAL_SYNTAX, "record 1: no value");
    assert_refused("[{\"N\":\"a\",\"V\":1}]", REFUSAL_SYNTAX, "record 1: no value");
}

static void a_base_name_alone_names_the_value(void **state)
{
    (void)state;
    assert_values("[{\"bn\":\"a\",\"v\":1},{\"v\":2}]", "a - v=1\na - v=2\n");
    assert_values("[{\"bn\":\"\",\"n\":\"a\",\"v\":1}]", "a - v=1\n");
    assert_refused("[{\"bn\":\":\",\"n\":\"a\",\"v\":1}]", REFUSAL_SYNTAX, "\":a\" is not a name");
    assert_refused("[{\"bn\":\"\",\"n\":\"\",\"v\":1}]", REFUSAL_SYNTAX, "no name");
}

static void a_name_is_shown_escaped_and_cut(void **state)
{
    (void)state;
    assert_refused("[{\"n\":\"a\\u0007\\u001b[31m\",\"v\":1}]", REFUSAL_SYNTAX, "\"a\\x07\\x1b[31m\" is not a name");
    assert_null(strchr(run.why.text, '\x1b'));
    assert_refused("[{\"n\":\"温度\",\"v\":1}]", REFUSAL_SYNTAX, "\"温度\" is not a name");

    char json[700] = "[{\"n\":\"";
    memset(json + 7, 'n', 520);
    strcpy(json + 527, "\",\"v\":1}]");
    assert_refused(json, REFUSAL_LENGTH, "a name of 520 bytes; expected 512 at most");
}

static void versions_up_to_ten_and_twenty_six_are_understood(void **state)
{
    (void)state;
    assert_values("[{\"bver\":26,\"n\":\"a\",\"u\":\"km/h\",\"v\":1},{\"n\":\"a\",\"v\":2}]", "a km/h v=1\na - v=2\n");
    assert_values("[{\"n\":\"a\",\"v\":1},{\"bver\":10,\"n\":\"a\",\"v\":2}]", "a - v=1\na - v=2\n");
    assert_values("[{\"bver\":10.0,\"n\":\"a\",\"v\":1}]", "a - v=1\n");
    static const char *const versions[] = {"0", "-1", "25", "27", "9.5", "1e30"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        char json[100];
        snprintf(json, sizeof json, "[{\"bver\":%s,\"n\":\"a\",\"v\":1}]", versions[i]);
        assert_refused(json, REFUSAL_SYNTAX, "record 1, field bver: version");
    }
    assert_refused("[{\"n\":\"a\",\"v\":1},{\"bver\":5,\"n\":\"a\",\"v\":2}]", REFUSAL_SYNTAX, "record 2, field bver");
}

static void unknown_fields_are_ignored_whatever_they_hold(void **state)
{
    (void)state;
    assert_values("[{\"n\":\"a\",\"v\":1,\"foo\":\"bar\",\"bar\":{\"a\":[1,[2,{\"b\":[[null]]}]]},\"_x\":1,\"N\":2}]",
                  "a - v=1\n");
    assert_refused("[{\"n\":\"a\",\"v\":1,\"foo\":[[[[[[[[[1]]]]]]]]]}]", REFUSAL_SYNTAX, "nested deeper");
    assert_values("[{\"n\":\"a\",\"v\":1,\"foo\":[[[[[[[[1]]]]]]]],\"[[[[[[[[[[[\":\"]\\\"[[[[[[[[[[[[[[\"}]",
                  "a - v=1\n");
    assert_refused("[{\"n\":\"a\",\"v\":1,\"_\":0}]", REFUSAL_SYNTAX, "field _: labels that end in");

    char json[1024] = "[{\"n\":\"a\",\"v\":1";
    for (int i = 0; i < 33; i++)
        sprintf(json + strlen(json), ",\"x%d\":0", i);
    strcat(json, "}]");
    assert_refused(json, REFUSAL_LENGTH, "field x32: more than 32 unknown fields");
}

static void what_is_not_json_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_refused("", REFUSAL_SYNTAX, "line 1");
    assert_refused("[{\"n\":\"a\",\n\"v\":012}]", REFUSAL_SYNTAX, "line 2, column");
    assert_refused("[{\"n\":\"a\",\"v\":1}", REFUSAL_SYNTAX, "the JSON ends in the middle");
    assert_refused("[{\"n\":\"a\",\"v\":1}] [", REFUSAL_SYNTAX, "something follows the end");
    assert_refused("[{\"n\":\"a\",\"v\":1,\"v\":2}]", REFUSAL_SYNTAX, "a field stands twice");
    assert_refused("[{\"n\":\"a\",\"v\":1e400}]", REFUSAL_SYNTAX, "a number is too large");
    assert_refused("[{\"n\":\"a\",\"vs\":\"\x83\x5c\"}]", REFUSAL_SYNTAX, "not UTF-8");
    assert_refused("[{\"n\":\"a\",\"vs\":\"a\\u0000b\"}]", REFUSAL_SYNTAX, "not JSON");
    assert_refused("\"a\"", REFUSAL_SYNTAX, "not JSON");
    assert_refused("[{\"n\":\"a\",\"v\":1,}]", REFUSAL_SYNTAX, "not JSON");
}

static void data_is_base64url_without_padding(void **state)
{
    (void)state;
    assert_values("[{\"n\":\"a\",\"vd\":\"\"},{\"n\":\"a\",\"vd\":\"_-8\"},{\"n\":\"a\",\"vd\":\"AA\"}]",
                  "a - vd=\na - vd=ffef\na - vd=00\n");
    static const char *const wrong[] = {"A", "AAAAA", "AA==", "+/8", "AB", "A A", "aGkgCgë"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char json[100];
        snprintf(json, sizeof json, "[{\"n\":\"a\",\"vd\":\"%s\"}]", wrong[i]);
        assert_refused(json, REFUSAL_SYNTAX, "record 1, field vd: not base64url");
    }
}

static void sums_that_overflow_are_out_of_range(void **state)
{
    (void)state;
    assert_refused("[{\"bv\":1e308,\"n\":\"a\",\"v\":1e308}]", REFUSAL_RANGE, "record 1, field v");
    assert_refused("[{\"bs\":-1e308,\"n\":\"a\",\"s\":-1e308}]", REFUSAL_RANGE, "record 1, field s");
    assert_values("[{\"n\":\"a\",\"v\":9007199254740993}]", "a - v=9.00719925474e+15\n");
}

static void a_pack_larger_than_a_pack_is_refused_whole(void **state)
{
    (void)state;
    static char json[70 * 1024];
    char *at = json + sprintf(json, "[{\"bn\":\"a\",\"v\":0}");
    for (int i = 1; i < RAW_VALUES_MAX; i++)
        at += sprintf(at, ",{\"v\":%d}", i);
    strcpy(at, "]");
    decode(json);
    assert_int_equal(run.result, CODEC_TAKEN);
    assert_int_equal(run.pack.count, RAW_VALUES_MAX);
    assert_int_equal(run.pack.values[511].number, 511);
    strcpy(at, ",{\"v\":512}]");
    assert_refused(json, REFUSAL_LENGTH, "record 513: more than 512 values");

    at = json + sprintf(json, "[{\"n\":\"a\",\"vs\":\"");
    memset(at, 't', RAW_ARENA_SIZE);
    strcpy(at + RAW_ARENA_SIZE, "\"}]");
    assert_refused(json, REFUSAL_LENGTH, "record 1: names and texts");

    memset(json, ' ', 66000);
    json[66000] = '\0';
    assert_refused(json, REFUSAL_LENGTH, "a pack of 66000 bytes");
}

static void deep_brackets_do_not_reach_the_parser(void **state)
{
    (void)state;
    static char json[60001];
    memset(json, '[', 60000);
    assert_refused(json, REFUSAL_SYNTAX, "nested deeper");
    for (size_t i = 0; i < 59995; i += 5)
        memcpy(json + i, "{\"a\":", 5);
    assert_refused(json, REFUSAL_SYNTAX, "nested deeper");
}

static void a_cut_pack_is_refused_at_every_byte(void **state)
{
    (void)state;
    const char *json = senml_vectors[6].json; // all four kinds of value
    for (size_t size = 0; size < strlen(json); size++) {
        codec_try(&run, "senml", json, size, false);
        assert_int_equal(run.result, CODEC_REFUSED);
        assert_int_equal(run.refusal, REFUSAL_SYNTAX);
    }
}

static void stream(const char *text)
{
    codec_try(&run, "senml", text, strlen(text), true);
}

static void a_serial_line_holds_one_pack(void **state)
{
    (void)state;
    stream("[{\"n\":\"a\",\"v\":1}]\r\n[{\"n\":\"b\",\"v\":2}]\n");
    assert_int_equal(run.result, CODEC_TAKEN);
    assert_int_equal(run.used, 19);
    assert_string_equal(codec_describe(&run), "a - v=1\n");
}

static void an_unfinished_line_needs_more(void **state)
{
    (void)state;
    stream("");
    assert_int_equal(run.result, CODEC_NEED_MORE);
    stream("[{\"n\":\"a\",\"v\":1}]");
    assert_int_equal(run.result, CODEC_NEED_MORE);
}

static void blank_lines_are_taken_and_give_nothing(void **state)
{
    (void)state;
    stream("\r\n[]\n");
    assert_int_equal(run.result, CODEC_TAKEN);
    assert_int_equal(run.used, 2);
    assert_int_equal(run.pack.count, 0);
    stream(" \t\n");
    assert_int_equal(run.result, CODEC_TAKEN);
    assert_int_equal(run.used, 3);
}

static void a_bad_line_is_skipped_whole(void **state)
{
    (void)state;
    stream("[{\"n\":\"a\",\"v\":1}\n[{\"n\":\"b\",\"v\":2}]\n");
    assert_int_equal(run.result, CODEC_REFUSED);
    assert_int_equal(run.refusal, REFUSAL_SYNTAX);
    assert_int_equal(run.used, 17);
}

// Feeds what a port would: the codec's leftovers with the next bytes behind them.
static size_t feed(char *held, size_t held_size, const char *more, size_t more_size)
{
    memcpy(held + held_size, more, more_size);
    held_size += more_size;
    for (;;) {
        codec_try(&run, "senml", held, held_size, true);
        if (run.result == CODEC_NEED_MORE)
            return held_size;
        assert_in_range(run.used, 1, held_size);
        held_size -= run.used;
        memmove(held, held + run.used, held_size);
        if (run.result == CODEC_TAKEN)
            return held_size;
        assert_int_equal(run.refusal, REFUSAL_LENGTH);
    }
}

static void a_line_too_long_is_refused_up_to_its_end(void **state)
{
    (void)state;
    static char held[16384], line[1000];
    size_t size = 0;
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 20; i++) {
        size = feed(held, size, line, sizeof line);
        assert_int_equal(run.result, CODEC_NEED_MORE);
        assert_true(size <= 8192);
    }
    // Looks like a pack, but stands in the middle of the long line.
    size = feed(held, size, "[{\"n\":\"a\",\"v\":1}]", 17);
    assert_int_equal(run.result, CODEC_NEED_MORE);
    size = feed(held, size, "\n", 1);
    assert_int_equal(run.result, CODEC_NEED_MORE);
    assert_int_equal(size, 0);
    size = feed(held, size, "[{\"n\":\"b\",\"v\":2}]\n", 18);
    assert_int_equal(size, 0);
    assert_string_equal(codec_describe(&run), "b - v=2\n");
}

static void the_longest_line_is_still_taken(void **state)
{
    (void)state;
    static char line[8300];
    memset(line, ' ', sizeof line);
    memcpy(line, "[{\"n\":\"a\",\"v\":1}]", 17);
    line[8191] = '\n';
    codec_try(&run, "senml", line, 8192, true);
    assert_int_equal(run.result, CODEC_TAKEN);
    assert_int_equal(run.pack.count, 1);
    line[8191] = ' ';
    line[8192] = '\n';
    codec_try(&run, "senml", line, 8193, true);
    assert_int_equal(run.result, CODEC_REFUSED);
    assert_int_equal(run.refusal, REFUSAL_LENGTH);
    assert_int_equal(run.used, 8193);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc_give_its_values),
        cmocka_unit_test(every_record_of_the_negative_list_is_refused),
        cmocka_unit_test(a_field_of_the_wrong_type_is_named),
        cmocka_unit_test(a_time_in_exponent_form_is_exact_to_the_microsecond),
        cmocka_unit_test(the_sum_of_both_times_decides_whether_it_is_relative),
        cmocka_unit_test(a_time_that_cannot_be_is_out_of_range),
        cmocka_unit_test(a_base_field_holds_until_it_comes_again),
        cmocka_unit_test(base_fields_in_a_record_of_their_own_give_nothing),
        cmocka_unit_test(a_base_name_alone_names_the_value),
        cmocka_unit_test(a_name_is_shown_escaped_and_cut),
        cmocka_unit_test(versions_up_to_ten_and_twenty_six_are_understood),
        cmocka_unit_test(unknown_fields_are_ignored_whatever_they_hold),
        cmocka_unit_test(what_is_not_json_is_refused_with_its_place),
        cmocka_unit_test(data_is_base64url_without_padding),
        cmocka_unit_test(sums_that_overflow_are_out_of_range),
        cmocka_unit_test(a_pack_larger_than_a_pack_is_refused_whole),
        cmocka_unit_test(deep_brackets_do_not_reach_the_parser),
        cmocka_unit_test(a_cut_pack_is_refused_at_every_byte),
        cmocka_unit_test(a_serial_line_holds_one_pack),
        cmocka_unit_test(an_unfinished_line_needs_more),
        cmocka_unit_test(blank_lines_are_taken_and_give_nothing),
        cmocka_unit_test(a_bad_line_is_skipped_whole),
        cmocka_unit_test(a_line_too_long_is_refused_up_to_its_end),
        cmocka_unit_test(the_longest_line_is_still_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
