// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gnss.h"

/*
 * A sentence of NMEA 0183, taken apart into its fields. What cannot be read is noted in `wrong`, so that who reads them asks
 * once, at the end.
 */

enum { FIELDS_MAX = 40 };

struct sentence {
    char text[SENTENCE_MAX];
    const char *field[FIELDS_MAX]; // 0 is talker and type; those that were not sent are ""
    size_t count;
    size_t wrong; // a field that cannot be read; 0: none
};

// Checks envelope and checksum; *ret_is_checked is false when there was no checksum.
enum refusal sentence_read(const struct frame *frame, struct sentence *ret_sentence, bool *ret_is_checked,
                           struct fault *why);

// False when the field is empty or wrong.
bool sentence_number(struct sentence *sentence, size_t at, double *ret_number);

// The place of a field's one letter in `letters`; -1 when it is empty or wrong.
int sentence_letter(struct sentence *sentence, size_t at, const char *letters);

// Degrees to seven decimals, a centimetre: "4807.038" in one field are 48 degrees and 7.038 minutes, and the next has one of the
// two signs. `digits` are those of the degrees. False when both are empty.
bool sentence_angle(struct sentence *sentence, size_t at, size_t digits, const char *signs, double *ret_degrees);
