// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "control/status.h"
#include "reading/reading.h"

// The values of a reading as status shows them: JSON texts, which stand in `texts`. None when that has no room. Returns how many.
size_t status_values(const struct reading *reading, struct bytes *texts,
                     struct status_value ret_values[STATUS_VALUES_MAX]);
