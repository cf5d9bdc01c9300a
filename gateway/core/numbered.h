// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * Sensors that number their frames: the quantity `frame` of a reading is not for those who want readings, but tells how many never came
 * (city/frames.h). What was counted is forgotten with a restart.
 */

struct intake;

// Takes the numbers out of the readings of the intake's pack. A reading that says nothing else is left out.
void numbered_take(struct intake *intake);
