// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>

/*
 * Readings that come faster than they are kept: a radar says ten times a second how many people it sees. The first of a sensor goes
 * at once; those that follow within the source's report_interval are merged, and go when it is over, or before a reading that
 * says another state. Readings with a time of the sensor's own, and events, are never merged.
 */

struct intake;
struct source;

// Takes out of the intake's pack what is to wait, and puts in what has waited and must go first.
void fast_hold_back(struct intake *intake, struct source *source);
// The pack of then, or of fast_collect, is stored: what had waited in it waits no more. Or it is not, and all waits on.
void fast_settle(struct intake *intake, bool stored);
// What waited of the sensors in the intake's pack waits no more.
void fast_drop(struct intake *intake);
// Fills the intake's pack with what waits of that source; false when that is nothing. It is called until then.
bool fast_collect(struct intake *intake, const struct source *source);
