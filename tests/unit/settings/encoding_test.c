// SPDX-License-Identifier: Apache-2.0
#include "encoding.h"
#include "loaded.h"
#include <iconv.h>
#include <stdlib.h>

static const char japanese[] = "; 設定\n[gateway]\nid = umeda-01\nmunicipality = 271004 大阪市\n"
                               "[sensor:plaza]\nkind = crowd\nname = 梅田広場 😀\n";

// The text in another encoding, after a mark of `mark_size` bytes. The caller frees.
static char *convert(const char *text, const char *encoding, const char *mark, size_t mark_size, size_t *ret_size)
{
    iconv_t converter = iconv_open(encoding, "UTF-8");
    assert_true(converter != (iconv_t)-1);
    size_t left = strlen(text), room = 4 * left + 8;
    char *data = malloc(mark_size + room), *to = data + mark_size, *from = (char *)(uintptr_t)text;
    memcpy(data, mark, mark_size);
    assert_true(iconv(converter, &from, &left, &to, &room) != (size_t)-1);
    iconv_close(converter);
    *ret_size = (size_t)(to - data);
    return data;
}

static void the_encoding_is_told(void **state)
{
    (void)state;
    const struct {
        const char *name, *mark;
        enum encoding encoding;
    } cases[] = {{"UTF-8", "", ENCODING_UTF8},
                 {"UTF-16LE", "\xff\xfe", ENCODING_UTF16_LE},
                 {"UTF-16BE", "\xfe\xff", ENCODING_UTF16_BE},
                 {"UTF-16LE", "", ENCODING_UTF16_LE},
                 {"UTF-16BE", "", ENCODING_UTF16_BE},
                 {"CP932", "", ENCODING_CP932}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size;
        struct bytes text;
        enum encoding encoding;
        int line;
        char *data = convert("[a]\nb = 梅\n", cases[i].name, cases[i].mark, strlen(cases[i].mark), &size);
        bytes_init(&text, 1000);
        assert_int_equal(encoding_to_utf8((const uint8_t *)data, size, &text, &encoding, &line, NULL), 0);
        assert_int_equal(encoding, cases[i].encoding);
        assert_string_equal((const char *)text.data, "[a]\nb = 梅\n");
        bytes_finish(&text);
        free(data);
    }
}

static void expect_same_text(const char *encoding, const char *mark, size_t mark_size)
{
    size_t size;
    char *data = convert(japanese, encoding, mark, mark_size, &size);
    struct loaded loaded = load_bytes(data, size);
    assert_nothing_found(&loaded);
    assert_string_equal(loaded.settings->gateway.municipality_name, "大阪市");
    assert_string_equal(loaded.settings->sensor[0].name, "梅田広場 😀");
    unload(&loaded);
    free(data);
}

static void utf8_is_read_with_and_without_mark(void **state)
{
    (void)state;
    expect_same_text("UTF-8", "", 0);
    expect_same_text("UTF-8", "\xef\xbb\xbf", 3);
}

static void utf16_is_read_with_and_without_mark_in_both_orders(void **state)
{
    (void)state;
    expect_same_text("UTF-16LE", "\xff\xfe", 2);
    expect_same_text("UTF-16BE", "\xfe\xff", 2);
    expect_same_text("UTF-16LE", "", 0);
    expect_same_text("UTF-16BE", "", 0);
}

static void shift_jis_is_read_with_a_warning_that_names_the_line(void **state)
{
    (void)state;
    size_t size;
    // The second byte of 表 is a backslash, and that of ー and ｿ are other traps.
    const char *text = GATEWAY "[sensor:plaza]\nkind = crowd\nname = 表参道ﾌﾟﾗｻﾞー①\n";
    char *data = convert(text, "CP932", "", 0, &size);
    struct loaded loaded = load_bytes(data, size);
    assert_only(&loaded, FINDING_WARNING,
                "c.ini:6: this is not Unicode and was read as Shift_JIS (CP932); better save the file as UTF-8");
    assert_string_equal(loaded.settings->sensor[0].name, "表参道ﾌﾟﾗｻﾞー①");
    assert_false(loaded.settings->sensor[0].disabled);
    unload(&loaded);
    free(data);
}

static void expect_refused(const char *data, size_t size, const char *line)
{
    struct loaded loaded = load_bytes(data, size);
    assert_only(&loaded, FINDING_STOPS, line);
    assert_int_not_equal(loaded.error, 0);
    assert_null(loaded.settings);
    unload(&loaded);
}

static void a_nul_is_refused_with_its_line(void **state)
{
    (void)state;
    const char text[] = "[gateway]\nid = a\0b\nmunicipality = 271004\n";
    expect_refused(text, sizeof text - 1, "c.ini:2: a NUL character stands in the file; expected text");
    const char utf16[] = "\xff\xfe[\0g\0\n\0\0\0";
    expect_refused(utf16, sizeof utf16 - 1, "c.ini:2: a NUL character stands in the file; expected text");
    expect_refused("\0\0\0\0", 4, "c.ini:1: a NUL character stands in the file; expected text");
}

static void bytes_that_are_no_text_are_refused_with_their_line(void **state)
{
    (void)state;
    const char text[] = "[gateway]\nid = \x81\xff\n";
    expect_refused(text, sizeof text - 1,
                   "c.ini:2: this is neither UTF-8, UTF-16 nor Shift_JIS; expected text, best saved as UTF-8");
    const char cut[] = "[gateway]\nid = \x93";
    expect_refused(cut, sizeof cut - 1,
                   "c.ini:2: this is neither UTF-8, UTF-16 nor Shift_JIS; expected text, best saved as UTF-8");
}

static void torn_utf16_is_refused(void **state)
{
    (void)state;
    const char lone[] = "\xff\xfe[\0\x00\xd8]\0";
    expect_refused(lone, sizeof lone - 1, "c.ini:1: this is not valid UTF-16; expected text, best saved as UTF-8");
    const char odd[] = "\xff\xfe[\0g";
    expect_refused(odd, sizeof odd - 1,
                   "c.ini:1: the file ends within a UTF-16 character; expected text, best saved as UTF-8");
    const char end[] = "\xff\xfe\x00\xd8";
    expect_refused(end, sizeof end - 1, "c.ini:1: this is not valid UTF-16; expected text, best saved as UTF-8");
}

static void every_cut_of_a_marked_file_ends_in_a_result(void **state)
{
    (void)state;
    size_t size;
    char *data = convert(japanese, "UTF-16LE", "\xff\xfe", 2, &size);
    for (size_t cut = 1; cut < size; cut++) {
        char *exact = malloc(cut); // so that reading beyond is noticed
        memcpy(exact, data, cut);
        struct loaded loaded = load_bytes(exact, cut);
        assert_true(loaded.settings || loaded.findings.stops);
        unload(&loaded);
        free(exact);
    }
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_encoding_is_told),
        cmocka_unit_test(utf8_is_read_with_and_without_mark),
        cmocka_unit_test(utf16_is_read_with_and_without_mark_in_both_orders),
        cmocka_unit_test(shift_jis_is_read_with_a_warning_that_names_the_line),
        cmocka_unit_test(a_nul_is_refused_with_its_line),
        cmocka_unit_test(bytes_that_are_no_text_are_refused_with_their_line),
        cmocka_unit_test(torn_utf16_is_refused),
        cmocka_unit_test(every_cut_of_a_marked_file_ends_in_a_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
