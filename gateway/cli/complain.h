// SPDX-License-Identifier: Apache-2.0
#pragma once

// One line on stderr, "citygw: ...", for the person at the keyboard. Text from outside must come escaped.
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
