// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "street.h"

/*
 * A street with one CoAP sensor, "one", and what its packs become.
 */

static struct street *street;

static inline int set_up(void **state)
{
    (void)state;
    street = street_create();
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    street_destroy(street);
    return 0;
}

static inline struct settings_sensor *open_one(enum kind kind)
{
    struct settings_sensor *sensor = street_sensor(street, "one", kind, "coap", "one");
    street_open(street);
    return sensor;
}

static inline void assert_taken(void)
{
    enum refusal refusal = street_take(street);
    if (refusal)
        fail_msg("refused (%s): %s", refusal_name(refusal), street->why.text);
}

static inline void assert_refused(enum refusal expected, const char *words)
{
    assert_string_equal(refusal_name(street_take(street)), refusal_name(expected));
    assert_int_equal(street->pack.count, 0);
    if (!strstr(street->why.text, words))
        fail_msg("\"%s\" expected, told: %s", words, street->why.text);
}

// The one number that a number in a unit becomes, or NAN when it was left out.
static inline double taken_as(const char *field, const char *unit, double number, const char *quantity)
{
    char name[96];
    snprintf(name, sizeof name, "one%s%s", field[0] ? ":" : "", field);
    street_number(street, name, unit, number);
    assert_taken();
    assert_int_equal(street->pack.count, 1);
    return street_number_of(street, 0, quantity);
}
