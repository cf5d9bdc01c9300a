// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/number.h"
#include "check.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Makes an export of so many readings of one sensor, seq 1 to `count`.
 */

static inline char *carried_make(unsigned count)
{
    static const char head[] = "{\"citygw_export\":1,\"municipality\":\"271004\",\"gateway\":\"g\",\"epoch\":\"k7f3\","
                               "\"tree\":\"citygw/v1/271004/g\"}\n";
    static const char form[] = "{\"topic\":\"citygw/v1/271004/g/parking/b1\",\"payload\":{\"sensor\":\"b1\","
                               "\"kind\":\"parking\",\"epoch\":\"k7f3\",\"seq\":%u,\"backlog\":true}}\n";
    size_t size = sizeof head + (sizeof form + 16) * count + 100, used = sizeof head - 1;
    char *text = malloc(size);
    assert_non_null(text);
    memcpy(text, head, sizeof head);
    for (unsigned i = 1; i <= count; i++)
        used += (size_t)snprintf(text + used, size - used, form, i);
    snprintf(text + used, size - used, "{\"readings\":%u,\"crc32c\":\"%08" PRIx32 "\"}\n", count,
             crc32c(0, text, used));
    return text;
}
