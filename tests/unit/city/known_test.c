// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "city/known.h"
#include "dice.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_MAX = 32 };

static struct known *known;
static struct {
    size_t lines[FAULTS_MAX];
    enum known_fault faults[FAULTS_MAX];
    size_t count;
} told;

static int begin(void **state)
{
    (void)state;
    told.count = 0;
    known = known_create(20);
    return known ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    known_destroy(known);
    return 0;
}

static void note(void *context, size_t line, enum known_fault fault)
{
    (void)context;
    assert_true(told.count < FAULTS_MAX);
    told.lines[told.count] = line;
    told.faults[told.count++] = fault;
}

static size_t read_text(const char *text)
{
    return known_read(known, text, strlen(text), note, NULL);
}

static void said(size_t which, size_t line, enum known_fault fault)
{
    assert_true(which < told.count);
    assert_int_equal(told.lines[which], line);
    assert_int_equal(told.faults[which], fault);
}

static void an_office_writes_semicolons_and_decimal_commas(void **state)
{
    (void)state;
    assert_int_equal(read_text("\xef\xbb\xbflatitude;longitude;kind;radius_m;label\r\n"
                               "34,702500;135,495900;hump;12,5;梅田駅前\r\n"
                               "\r\n"
                               " 34.71 ; 135.5 ; manhole ;;\r\n"),
                     2);
    assert_int_equal(told.count, 0);
    const struct known_object *object = known_find(known, 34.7025, 135.4959, 0);
    assert_non_null(object);
    assert_true(object->radius_m == 12.5 && object->latitude == 34.7025 && object->longitude == 135.4959);
    assert_string_equal(object->kind, "hump");
    assert_string_equal(object->label, "梅田駅前");
    object = known_find(known, 34.71, 135.5, 0);
    assert_string_equal(object->kind, "manhole");
    assert_string_equal(object->label, "");
    assert_true(object->radius_m == 15);
}

static void columns_may_have_japanese_names(void **state)
{
    (void)state;
    assert_int_equal(read_text("種別,緯度,経度,半径,名称\r\nハンプ,34.7025,135.4959,12,梅田駅前\r\n"), 1);
    const struct known_object *object = known_find(known, 34.7025, 135.4959, 0);
    assert_string_equal(object->kind, "ハンプ");
    assert_string_equal(object->label, "梅田駅前");
    assert_true(object->radius_m == 12);
}

static void columns_have_any_order_and_others_are_not_read(void **state)
{
    (void)state;
    assert_int_equal(read_text("# of the road department, 2026\n"
                               "id,Kind,LONGITUDE,owner,latitude\n"
                               "1,\"rail, tram\",\"135,5\",\"the \"\"city\"\"\",\"34,7\"\n"
                               "2,rail,135.6,x,34.8\n"
                               "# 3,rail,135.6,x,34.8\n"),
                     2);
    assert_int_equal(told.count, 0);
    assert_string_equal(known_find(known, 34.7, 135.5, 0)->kind, "rail, tram");
    assert_int_equal(read_text("latitude\tlongitude\tkind\n34,9\t135,9\tgrating"), 1);
    assert_string_equal(known_find(known, 34.9, 135.9, 0)->kind, "grating");
}

static void bad_lines_are_named_and_the_others_count(void **state)
{
    (void)state;
    assert_int_equal(read_text("latitude,longitude,kind,radius_m\n"
                               "34.7,135.5,hump,10\n"
                               "34.7,135.5\n"
                               "34.7,abc,hump,10\n"
                               "91,135.5,hump,10\n"
                               "34.7,135.5,hump,0\n"
                               "34.7,135.5,hump,1000\n"
                               "34.7,135.5,,10\n"
                               "34.7,135.5,\xff\xfe,10\n"
                               "34.7,135.5,hu\x01mp,10\n"
                               "nan,135.5,hump,10\n"
                               ",,,\n"
                               "34.7,135.6,hump,20\n"),
                     2);
    assert_int_equal(told.count, 10);
    said(0, 3, KNOWN_TOO_FEW);
    said(1, 4, KNOWN_BAD_POSITION);
    said(2, 5, KNOWN_BAD_POSITION);
    said(3, 6, KNOWN_BAD_RADIUS);
    said(4, 7, KNOWN_BAD_RADIUS);
    said(5, 8, KNOWN_NO_KIND);
    said(6, 9, KNOWN_NOT_UTF8);
    said(7, 10, KNOWN_NOT_UTF8);
    said(8, 11, KNOWN_BAD_POSITION);
    said(9, 12, KNOWN_BAD_POSITION);
    for (size_t i = 0; i < KNOWN_FAULT_COUNT; i++)
        assert_non_null(known_fault_texts[i]);
}

static void a_text_without_its_header_is_not_read(void **state)
{
    (void)state;
    assert_int_equal(read_text("\n34.7,135.5,hump\n34.8,135.5,hump\n"), 0);
    assert_int_equal(told.count, 1);
    said(0, 2, KNOWN_NO_HEADER);
    assert_int_equal(read_text(""), 0);
    assert_int_equal(told.count, 1);
}

static void no_more_are_read_than_there_is_room_for(void **state)
{
    (void)state;
    char text[4096] = "latitude,longitude,kind\n";
    for (size_t i = 0; i < 30; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "34.%02zu,135.5,hump\n", i);
    assert_int_equal(read_text(text), 20);
    assert_int_equal(known_count(known), 20);
    assert_int_equal(told.count, 1);
    said(0, 22, KNOWN_TOO_MANY);
    assert_null(known_find(known, 34.20, 135.5, 0));
    assert_non_null(known_find(known, 34.19, 135.5, 0));
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    assert_int_equal(read_text("latitude,longitude,kind,label\n34.7,135.5,"
                               "段差段差段差段差段差段差段差段差,"
                               "あいうえおかきくけこさしすせそたちつてとなにぬねの\n"),
                     1);
    const struct known_object *object = known_find(known, 34.7, 135.5, 0);
    assert_string_equal(object->kind, "段差段差段差段差段差");
    assert_string_equal(object->label, "あいうえおかきくけこさしすせそたちつてとな");
}

static void the_nearest_object_within_reach_is_found(void **state)
{
    (void)state;
    read_text("latitude,longitude,kind,radius_m\n34.7,135.5,wide,200\n34.7005,135.5,narrow,10\n");
    assert_string_equal(known_find(known, 34.70049, 135.5, 0)->kind, "narrow");
    assert_string_equal(known_find(known, 34.7004, 135.5, 0)->kind, "wide"); // 11 m from the other one
    assert_string_equal(known_find(known, 34.7004, 135.5, 3)->kind, "narrow");
    assert_string_equal(known_find(known, 34.7017, 135.5, 0)->kind, "wide"); // 189 m
    assert_null(known_find(known, 34.7019, 135.5, 0));                       // 211 m
    assert_non_null(known_find(known, 34.7019, 135.5, 12));
    assert_null(known_find(known, 34.71, 135.5, 1e9)); // a position that may be anywhere is nowhere
    assert_non_null(known_find(known, 34.7, 135.5, NAN));
}

static void any_bytes_are_read_without_harm(void **state)
{
    (void)state;
    static const char seeds[] = "latitude,longitude,kind\n34.7,\"135,5\";\"\"hump\"\r\n\t#\xe6\xae\xb5\xff.-";
    char text[600];
    uint64_t dice = 5;
    for (size_t round = 0; round < 3000; round++) {
        size_t size = (size_t)(dice_even(&dice) * sizeof text), head = round % 2 ? 24 : 0;
        for (size_t i = 0; i < size; i++)
            text[i] = i < head ? seeds[i] : seeds[(size_t)(dice_even(&dice) * (sizeof seeds - 1))];
        char *exact = malloc(size ? size : 1);
        memcpy(exact, text, size);
        known_read(known, exact, size, NULL, NULL);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(columns_may_have_japanese_names),
        TEST(an_office_writes_semicolons_and_decimal_commas),
        TEST(columns_have_any_order_and_others_are_not_read),
        TEST(bad_lines_are_named_and_the_others_count),
        TEST(a_text_without_its_header_is_not_read),
        TEST(no_more_are_read_than_there_is_room_for),
        TEST(long_texts_are_cut_between_characters),
        TEST(the_nearest_object_within_reach_is_found),
        TEST(any_bytes_are_read_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
