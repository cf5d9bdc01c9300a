// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "value.h"

// Parsers of numbers and of numbers with a unit; see value.h.
int parse_integer(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_number(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_numbers(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_duration(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_size(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_rate(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_byte_rate(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_metres(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_area(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_percent(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_volts(const struct value_input *input, struct value *ret_value, struct fault *why);
