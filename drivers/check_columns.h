// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings/settings.h"

// Why the port's columns cannot be used, or NULL. The sentence stands in `ret_text`.
const char *columns_problem(const struct settings_serial *serial, char *ret_text, size_t size);

// What is odd about them, or NULL.
const char *columns_doubt(const struct settings *settings, const struct settings_serial *serial, char *ret_text,
                          size_t size);
