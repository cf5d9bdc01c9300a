// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/status.h"

/*
 * The snapshot for control: filled anew at each call from the gateway's rooms, on the loop's thread.
 */

struct gateway;
struct snapshot;

struct snapshot *snapshot_create(struct gateway *gateway); // NULL: out of memory
void snapshot_destroy(struct snapshot *snapshot);
// `context` is the snapshot. The result lives until the next call.
const struct status *snapshot_take(void *context);
