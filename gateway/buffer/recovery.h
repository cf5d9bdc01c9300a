// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "inside.h"

// Fills the buffer from what stands in its folder: identity, streams, segments, cursors and the next number. Damaged files
// are set aside and reported. Fails only for want of memory or when the folder cannot be listed.
int recovery_run(struct buffer *buffer, struct fault *why);
