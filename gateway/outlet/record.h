// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/outlet.h"
#include "reading/reading.h"

// The reading of a record, for every format: its stored bytes, and the time that the clock gave it later, if it did. Texts
// point into the record's payload. -errno as reading_decode().
int record_reading(const struct outlet_record *record, struct reading *ret_reading);
