// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * How fast the buffer fills, over the last minutes: a sample every ten seconds, thirty of them.
 */

enum { METER_SAMPLES = 30 };

struct meter {
    struct {
        int64_t boot_us;
        uint64_t readings, bytes;
    } samples[METER_SAMPLES];
    size_t count, next;
};

// Takes a sample when ten seconds have passed since the last one.
void meter_sample(struct meter *meter, int64_t boot_us, uint64_t readings, uint64_t bytes);

// Between the oldest sample and now. Zeros until a second has passed.
void meter_rates(const struct meter *meter, int64_t boot_us, uint64_t readings, uint64_t bytes,
                 double *ret_readings_per_s, double *ret_bytes_per_s);
