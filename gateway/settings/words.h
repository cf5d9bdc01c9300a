// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "value.h"

// Parsers of words, names and addresses; see value.h.
int parse_text(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_id(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_gateway_id(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_municipality(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_timezone(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_topic(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_url(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_source(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_address(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_addresses(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_bool(const struct value_input *input, struct value *ret_value, struct fault *why);
int parse_choice(const struct value_input *input, struct value *ret_value, struct fault *why);
