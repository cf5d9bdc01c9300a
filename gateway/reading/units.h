// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cuts a computed value to 12 significant digits, so that 3 * 0.1 is 0.3 for whoever reads it. Whole numbers stay.
double number_tidy(double value);

// The spelling that the vocabulary uses: "Cel" for "°C"; NULL for an unknown unit.
const char *unit_canonical(const char *unit);
