// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/reading.h"
#include <stdbool.h>

/*
 * What a pack's readings mean, before they are stored: where their sensors stand (standing.h), and what the city room makes of them (city.h).
 *
 * A sensor whose clock is ahead must not make all that it says once that is put right come late. So what it says is judged as if
 * it had been said when it came; the readings keep their times.
 */

struct intake;
struct source;

// The times by which they are judged are theirs, those of each sensor moved back together until none is later than `now_us`; 0: that is
// not known.
void meaning_take(struct intake *intake, struct source *source, int64_t now_us);

// The pack was refused; whoever sent it sends it again, or not.
void meaning_undo(struct intake *intake, bool comes_again);

// The same of one reading that is read back, which came then; 0: that is not known.
struct reading meaning_recalled(const struct reading *reading, int64_t came_us);
