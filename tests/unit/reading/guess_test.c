// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "reading/guess.h"
#include <string.h>

static struct raw_pack pack;

static void add(const char *name, size_t base_size)
{
    struct raw_value *value = raw_pack_add(&pack);
    value->name = name;
    value->base_size = base_size;
    value->type = RAW_NUMBER;
}

static struct guess guess_of(const char *named)
{
    struct guess guess;
    guess_sensor(&pack, 0, named, &guess);
    return guess;
}

static int clear(void **state)
{
    (void)state;
    raw_pack_clear(&pack);
    return 0;
}

static void the_address_is_what_stands_before_the_field(void **state)
{
    static const struct {
        const char *name, *base, *address, *id;
    } cases[] = {
        {"urn:dev:mac:0024befffe804ff1:occupied", "urn:dev:mac:0024befffe804ff1:", "urn:dev:mac:0024befffe804ff1",
         "0024befffe804ff1"},
        {"bay-9/3431/0/1", "", "bay-9", "bay-9"},
        {"bay-9/3431/0/1", "bay-9/3431/0/", "bay-9", "bay-9"},
        {"bay-9/3431/0/1", "bay-9/3431/0/1", "bay-9", "bay-9"},
        {"umeda/12/temperature", "umeda/12/", "umeda/12", "12"},
        {"umeda/12/temperature_c", "", "umeda/12", "12"},
        {"umeda/12/blue", "", "umeda/12/blue", "blue"},
        {"occupied", "", "occupied", "occupied"},
        {"3431/0/1", "", "3431", "3431"},
        {"/3431/0/1", "", "/3431", "3431"},
        {"a:", "a:", "a", "a"},
        {":", ":", ":", "-"},
        {"", "", "", "sensor"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        raw_pack_clear(&pack);
        add(cases[i].name, strlen(cases[i].base));
        struct guess guess = guess_of(NULL);
        assert_string_equal(guess.address, cases[i].address);
        assert_string_equal(guess.id, cases[i].id);
    }
}

static void the_sensor_of_the_request_is_the_address(void **state)
{
    (void)state;
    add("occupied", 0);
    add("/3303/0/5700", 0);
    add("bay-9/3302/0/5500", 0);
    struct guess guess = guess_of("bay-9");
    assert_string_equal(guess.address, "bay-9");
    assert_string_equal(guess_field(&guess, &pack.values[0]), "occupied");
    assert_string_equal(guess_field(&guess, &pack.values[1]), "3303/0/5700");
    assert_string_equal(guess_field(&guess, &pack.values[2]), "3302/0/5500");
    assert_int_equal(guess.kind, KIND_PARKING);
}

static void fields_of_another_sender_are_not_its_own(void **state)
{
    (void)state;
    add("a:battery_v", 2);
    add("ab:people", 3);
    add("b:occupied", 2);
    struct guess guess = guess_of(NULL);
    assert_string_equal(guess_field(&guess, &pack.values[0]), "battery_v");
    assert_null(guess_field(&guess, &pack.values[1]));
    assert_null(guess_field(&guess, &pack.values[2]));
    assert_int_equal(guess.kind, KIND_ENVIRONMENT);
}

static void the_kind_is_the_one_that_has_most_of_the_quantities(void **state)
{
    static const struct {
        const char *names[3];
        enum kind kind;
    } cases[] = {
        {{"a:occupied", "a:temperature_c", "a:x"}, KIND_PARKING},
        {{"a:3434/0/1", "a:battery_v"}, KIND_CROWD},
        {{"a:vehicles", "a:speed_mps"}, KIND_TRAFFIC},
        {{"a:peak_mps2"}, KIND_BUMP},
        {{"a:temperature_c", "a:humidity_pct"}, KIND_ENVIRONMENT},
        {{"a:pm25_ugm3"}, KIND_ENVIRONMENT},
        {{"a:blue", "a:soil_temperature_c"}, KIND_GENERIC},
        {{"a"}, KIND_GENERIC},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        raw_pack_clear(&pack);
        for (size_t n = 0; n < 3 && cases[i].names[n]; n++)
            add(cases[i].names[n], 2);
        assert_int_equal(guess_of(NULL).kind, cases[i].kind);
    }
}

static void a_field_fits_when_its_kind_has_the_quantity(void **state)
{
    (void)state;
    assert_true(guess_fits("occupied", KIND_PARKING));
    assert_true(guess_fits("3431/0/1", KIND_PARKING));
    assert_false(guess_fits("3431/0/1", KIND_CROWD));
    assert_false(guess_fits("battery", KIND_PARKING));
    assert_false(guess_fits("", KIND_GENERIC));
}

static void long_names_and_ids_are_cut(void **state)
{
    char name[GUESS_ADDRESS_MAX + 100];
    (void)state;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    name[3] = '~';
    add(name, 0);
    struct guess guess = guess_of(NULL);
    assert_int_equal(strlen(guess.address), GUESS_ADDRESS_MAX);
    assert_int_equal(strlen(guess.id), ID_MAX);
    assert_true(text_is_id(guess.id, ID_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_address_is_what_stands_before_the_field, clear),
        cmocka_unit_test_setup(the_sensor_of_the_request_is_the_address, clear),
        cmocka_unit_test_setup(fields_of_another_sender_are_not_its_own, clear),
        cmocka_unit_test_setup(the_kind_is_the_one_that_has_most_of_the_quantities, clear),
        cmocka_unit_test_setup(a_field_fits_when_its_kind_has_the_quantity, clear),
        cmocka_unit_test_setup(long_names_and_ids_are_cut, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
