// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stddef.h>

enum { MUNICIPALITY_DIGITS = 6 };

// Reads `271004 大阪市`: the code with its check digit (全国地方公共団体コード), then the name or nothing. The name of
// Osaka prefecture's 43 municipalities must match and is filled in when left out; others are taken as they are given.
int municipality_parse(const char *text, char ret_code[MUNICIPALITY_DIGITS + 1], const char **ret_name,
                       struct fault *why);
