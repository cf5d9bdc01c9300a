// SPDX-License-Identifier: Apache-2.0
#include "reading/refusal.h"

static const char *const names[REFUSAL_COUNT] = {
    [REFUSAL_NONE] = "none",
    [REFUSAL_LENGTH] = "length",
    [REFUSAL_CHECKSUM] = "checksum",
    [REFUSAL_SYNTAX] = "syntax",
    [REFUSAL_RANGE] = "range",
    [REFUSAL_FORMAT] = "format",
    [REFUSAL_UNKNOWN_SENSOR] = "unknown_sensor",
    [REFUSAL_UNKNOWN_FIELD] = "unknown_field",
    [REFUSAL_UNIT] = "unit",
    [REFUSAL_IDENTITY] = "identity",
    [REFUSAL_RATE] = "rate",
    [REFUSAL_FULL] = "full",
    [REFUSAL_STORAGE] = "storage",
};

const char *refusal_name(enum refusal refusal)
{
    return (unsigned)refusal < REFUSAL_COUNT ? names[refusal] : "unknown";
}
