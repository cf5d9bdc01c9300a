// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inside.h"

/*
 * The oldest segment leaves: what some outlet had not had of it is in the ledger first.
 */

enum evict_reason { EVICT_DELIVERED, EVICT_FULL, EVICT_AGE };

// False: it stays, since the disk does not take what must be written before. Writer's thread.
bool evict_oldest(struct buffer *buffer, enum evict_reason reason);
