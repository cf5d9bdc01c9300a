// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.h"
#include "reading/raw.h"
#include "settings/settings.h"

/*
 * What a sender that is not configured could be: what a section for it would begin with. Looks at the first 16 values of a
 * pack and makes no quantities, so that strangers cost little.
 */

enum { GUESS_ADDRESS_MAX = 512, GUESS_VALUES_MAX = 16 };

struct guess {
    char address[GUESS_ADDRESS_MAX + 1]; // what its names begin with, without the ':' or '/' behind
    char id[ID_MAX + 1];                 // made from the address; not looked up whether another sensor has it
    enum kind kind;                      // whose quantities it names; generic when there is no telling
    bool named;                          // the request named it, so that names may be fields alone
};

// `named` is the sensor that the request was for, or NULL: then the name of that record tells, its base name first. What
// follows the address in numbers alone (".../3431/0/1") is an LwM2M path.
void guess_sensor(const struct raw_pack *pack, size_t record, const char *named, struct guess *ret_guess);

// The field of a record, which may be ""; NULL when its name begins with another address.
const char *guess_field(const struct guess *guess, const struct raw_value *record);

// Whether a sensor of that kind would take the field as it is: else it needs a map.
bool guess_fits(const char *field, enum kind kind);
