// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/vocabulary.h"

// The quantity that a name such as "soil_temperature_c" says by its last part. Made at the first call and kept; NULL when
// the name is not made of a-z 0-9 _, ends in no known suffix, or too many were made. Thread-safe.
const struct quantity *suffix_quantity(const char *name);
