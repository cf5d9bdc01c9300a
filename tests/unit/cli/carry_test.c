// SPDX-License-Identifier: Apache-2.0
#include "carry.h"

#include "base/number.h"
#include "check.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD                                                                                                           \
    "{\"citygw_export\":1,\"municipality\":\"271004\",\"gateway\":\"g\",\"epoch\":\"k7f3\",\"tree\":\"citygw/v1/"      \
    "271004/g\"}\n"
#define READING(sensor, seq)                                                                                           \
    "{\"topic\":\"citygw/v1/271004/g/parking/" sensor "\",\"payload\":{\"sensor\":\"" sensor                           \
    "\",\"kind\":\"parking\",\"epoch\":\"k7f3\",\"seq\":" #seq ",\"values\":{\"text\":\"\\\"}\"}}}\n"

#define LINE(topic, subject, kind)                                                                                     \
    "{\"topic\":\"citygw/v1/271004/g/" topic "\",\"payload\":{" subject ",\"kind\":\"" kind                            \
    "\",\"epoch\":\"k7f3\",\"seq\":1}}\n"

static const char body[] = HEAD READING("b1", 1) READING("b2", 1) READING("b1", 2);

// The body and its last line; the caller frees.
static char *whole(const char *text, int readings)
{
    char *file = NULL;
    assert_true(asprintf(&file, "%s{\"readings\":%d,\"crc32c\":\"%08" PRIx32 "\"}\n", text, readings,
                         crc32c(0, text, strlen(text))) > 0);
    return file;
}

static int read_all(const char *data, size_t size, size_t step, bool deep, struct fault *why)
{
    struct carry carry;
    int error = 0;
    carry_init(&carry, deep);
    for (size_t at = 0; !error && at < size; at += step)
        error = carry_feed(&carry, data + at, size - at < step ? size - at : step, why);
    error = error ? error : carry_end(&carry, why);
    if (!error)
        assert_int_equal(carry.readings, 3);
    carry_finish(&carry);
    return error;
}

static void a_whole_file_is_taken_however_it_is_cut_into_pieces(void **state)
{
    char *file = whole(body, 3);
    struct fault why = {""};
    (void)state;
    for (size_t step = 1; step <= strlen(file); step++) {
        assert_int_equal(read_all(file, strlen(file), step, true, &why), 0);
        assert_int_equal(read_all(file, strlen(file), step, false, &why), 0);
    }
    free(file);
}

static void zones_and_alerts_have_topics_of_their_own(void **state)
{
    static const char lines[] = HEAD READING("b1", 1) LINE("zone/lot", "\"zone\":\"lot\"", "parking")
        LINE("alert/gateway/clock", "\"alert\":\"clock\"", "gateway");
    struct fault why = {""};
    char *file = whole(lines, 3);
    (void)state;
    assert_int_equal(read_all(file, strlen(file), 1000, true, &why), 0);
    assert_string_equal(why.text, "");
    free(file);
}

static void a_file_that_ends_anywhere_before_is_refused(void **state)
{
    char *file = whole(body, 3);
    (void)state;
    for (size_t size = 0; size < strlen(file); size++) {
        struct fault why = {""};
        assert_int_equal(read_all(file, size, size + 1, false, &why), -EBADMSG);
        assert_non_null(strstr(why.text, "line"));
    }
    free(file);
}

static void a_file_with_any_bit_changed_is_refused(void **state)
{
    char *file = whole(body, 3);
    size_t size = strlen(file);
    (void)state;
    for (size_t bit = 0; bit < size * 8; bit++) {
        struct fault why = {""};
        file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
        if (read_all(file, size, size, bit % 2 == 0, &why) == 0)
            fail_msg("bit %zu is not noticed", bit);
        assert_non_null(strstr(why.text, "line"));
        file[bit / 8] = (char)(file[bit / 8] ^ 1 << bit % 8);
    }
    free(file);
}

// With a right checksum: somebody made it so.
static void a_line_that_is_no_reading_of_the_gateway_is_named(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"{}\n", "line 1 is not the header"},
        {"{\"citygw_export\":2}\n", "version 2"},
        {"{\"citygw_export\":1,\"municipality\":\"2\",\"gateway\":\"g\",\"epoch\":\"e\",\"tree\":\"a/#\"}\n", "line 1"},
        {"{\"citygw_export\":1,\"municipality\":\"2\",\"gateway\":\"g\",\"epoch\":\"e\",\"tree\":\"$SYS\"}\n",
         "line 1"},
        {HEAD "5\n", "line 2 is no reading"},
        {HEAD READING("b1", 0), "line 2 is no reading of this gateway: its seq"},
        {HEAD READING("b1", 1) "{\"topic\":\"other/parking/b1\",\"payload\":{\"sensor\":\"b1\",\"kind\":\"parking\","
                               "\"epoch\":\"k7f3\",\"seq\":2}}\n",
         "line 3 is no reading of this gateway: its topic"},
        {HEAD "{\"topic\":\"citygw/v1/271004/g/parking/b1\",\"payload\":{\"sensor\":\"b1\",\"kind\":\"parking\","
              "\"epoch\":\"xxxx\",\"seq\":2}}\n",
         "line 2 is no reading of this gateway: its epoch"},
        {HEAD "{\"payload\":{\"sensor\":\"b1\",\"kind\":\"parking\",\"epoch\":\"k7f3\",\"seq\":2},"
              "\"topic\":\"citygw/v1/271004/g/parking/b1\"}\n",
         "does not have a topic and a payload"},
        {HEAD "{\"topic\":\"citygw/v1/271004/g/parking/b1\",\"payload\":{},\"payload\":{}}\n", "no JSON object"},
        {HEAD "{\"topic\":\"citygw/v1/271004/g/+/b1\",\"payload\":{\"sensor\":\"b1\",\"kind\":\"+\",\"epoch\":\"k7f3\","
              "\"seq\":2}}\n",
         "its topic"},
        {HEAD LINE("zone/lot", "\"zone\":\"square\"", "parking"), "its topic"},
        {HEAD LINE("zone/lot", "\"sensor\":\"lot\"", "zone") LINE("zone/lot", "\"sensor\":\"zone/lot\"", "parking"),
         "line 3 is no reading of this gateway: its topic"},
        {HEAD LINE("alert/crowd/lot", "\"alert\":\"lot\"", "parking"), "its topic"},
        {HEAD LINE("alert/a/b/lot", "\"alert\":\"lot\"", "a/b"), "its topic"},
        {HEAD "{\"topic\":\"\\", "line 2"},
        {HEAD "{\"topic\":\"\\\n", "line 2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault why = {""};
        char *file = whole(cases[i].text, 1);
        assert_int_equal(read_all(file, strlen(file), 1000, true, &why), -EBADMSG);
        if (!strstr(why.text, cases[i].expected))
            fail_msg("case %zu: %s", i, why.text);
        free(file);
    }
}

static void counts_and_ends_that_do_not_fit_are_named(void **state)
{
    struct fault why = {""};
    char *file = whole(body, 4), *longer = NULL;
    (void)state;
    assert_int_equal(read_all(file, strlen(file), 100, true, &why), -EBADMSG);
    assert_non_null(strstr(why.text, "line 5: 3 readings stand before it, expected 4"));
    free(file);
    file = whole(body, 3);
    assert_true(asprintf(&longer, "%s%s", file, READING("b1", 3)) > 0);
    assert_int_equal(read_all(longer, strlen(longer), 100, true, &why), -EBADMSG);
    assert_non_null(strstr(why.text, "line 6 stands behind the last line"));
    free(longer);
    free(file);
}

static void a_line_without_end_is_not_kept_for_ever(void **state)
{
    struct carry carry;
    struct fault why = {""};
    char piece[4096];
    int error = 0;
    size_t fed = 0;
    (void)state;
    carry_init(&carry, true);
    memset(piece, 'x', sizeof piece);
    for (; !error && fed < 2 * CARRY_LINE_MAX; fed += sizeof piece)
        error = carry_feed(&carry, piece, sizeof piece, &why);
    assert_int_equal(error, -EBADMSG);
    assert_true(fed <= CARRY_LINE_MAX + 2 * sizeof piece);
    carry_finish(&carry);
}

static void a_reading_is_taken_apart_byte_for_byte(void **state)
{
    static const char line[] = "{\"topic\":\"t\\\"/parking/b1\",\"payload\":{ \"sensor\":\"b1\", "
                               "\"kind\":\"parking\",\"epoch\":\"k7f3\",\"seq\":12}}";
    struct carry_head head = {.tree = "t\"", .epoch = "k7f3"};
    struct carry_reading reading;
    (void)state;
    assert_null(carry_take_apart(&head, line, strlen(line), &reading));
    assert_string_equal(reading.topic, "t\"/parking/b1");
    assert_string_equal(reading.seq, "12");
    assert_int_equal(reading.size, strlen("{ \"sensor\":\"b1\", \"kind\":\"parking\",\"epoch\":\"k7f3\",\"seq\":12}"));
    assert_memory_equal(reading.payload, "{ \"sensor\"", 10);
    assert_int_equal(reading.payload[reading.size - 1], '}');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_is_taken_however_it_is_cut_into_pieces),
        cmocka_unit_test(zones_and_alerts_have_topics_of_their_own),
        cmocka_unit_test(a_file_that_ends_anywhere_before_is_refused),
        cmocka_unit_test(a_file_with_any_bit_changed_is_refused),
        cmocka_unit_test(a_line_that_is_no_reading_of_the_gateway_is_named),
        cmocka_unit_test(counts_and_ends_that_do_not_fit_are_named),
        cmocka_unit_test(a_line_without_end_is_not_kept_for_ever),
        cmocka_unit_test(a_reading_is_taken_apart_byte_for_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
