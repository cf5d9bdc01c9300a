// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"

/*
 * Several readings of one sensor that become one, because they come faster than anybody wants to keep them.
 */

// Merges the later reading into the earlier one, which has its time from then on: of numbers the last counts, but what was counted
// since the reading before ("in", "rain_mm") is added up. False, and nothing is changed, when a switch or a text differs, since
// a change of state is not to be lost; or when it would be too many values. Texts of `later` have to live as long as `into`.
bool reading_merge(struct reading *into, const struct reading *later);
