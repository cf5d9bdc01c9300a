// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/sniff.h"

/*
 * Lines of numbers: which separator gives as many columns on nearly every line, and which of them are numbers.
 */

// Fills `columns` ("value_1 - value_3"; "-" is what is no number) and `separator`; false when the bytes are no such lines.
bool sniff_columns(const uint8_t *data, size_t size, char ret_columns[SNIFF_TEXT_SIZE], enum separator *ret_separator);
