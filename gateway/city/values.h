// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"

// Adding values to a reading, by names that live as long as the program.

// Adding to a full reading does nothing. A value of that name is replaced.
void value_put(struct reading *reading, const struct value *value);
void value_put_integer(struct reading *reading, const char *name, double number);
void value_put_number(struct reading *reading, const char *name, double number);
void value_put_text(struct reading *reading, const char *name, const char *text);
void value_put_true(struct reading *reading, const char *name);
void value_remove(struct reading *reading, const char *name);
