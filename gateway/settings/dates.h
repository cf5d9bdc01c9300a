// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "value.h"

// Parsers of times of day and of days; see value.h.
int parse_time_of_day(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_days(const struct value_input *input, struct value *ret_value, struct fault *why);
