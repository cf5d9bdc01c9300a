// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"
#include <stddef.h>

/*
 * Readings that were heard, and are not stored: they leave the intake's pack.
 */

struct intake;
struct normalised;

// Leaves out each of which `is_out` says so, in their order; `before` of the pack stay so far. Returns how many went.
size_t leave_out(struct intake *intake, bool (*is_out)(struct intake *intake, struct normalised *one, size_t before));

// A state that was asked for again, or once more after a restart, is not a second reading.
size_t leave_out_known(struct intake *intake);

// Of a bump within the vehicle's `private_area` nothing is told.
size_t leave_out_private(struct intake *intake);

// With `report = changes` only news is stored.
size_t leave_out_unchanged(struct intake *intake);
