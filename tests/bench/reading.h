// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>
#include <stdio.h>

// A reading of 200 bytes with its serial number, as the gateway's peers send it in scripts/bench.
enum { READING_SIZE = 256 };

static inline size_t reading_write(char text[READING_SIZE], uint64_t serial)
{
    return (size_t)snprintf(text, READING_SIZE,
                            "[{\"bn\":\"urn:dev:mac:0024befffe800000:\",\"n\":\"occupied\",\"vb\":true},"
                            "{\"n\":\"duration\",\"u\":\"s\",\"duration_s\":%llu},"
                            "{\"n\":\"battery_v\",\"u\":\"V\",\"v\":3.61},{\"n\":\"temperature_c\",\"v\":18.5}]",
                            100000000ULL + (unsigned long long)serial);
}
