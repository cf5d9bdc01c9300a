// SPDX-License-Identifier: Apache-2.0
#include "record.h"

int record_reading(const struct outlet_record *record, struct reading *ret_reading)
{
    int error = reading_decode(record->payload, record->size, ret_reading);
    if (!error && record->corrected_us) {
        ret_reading->time_us = record->corrected_us;
        ret_reading->time_quality = TIME_CORRECTED;
    }
    return error;
}
