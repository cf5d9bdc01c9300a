// SPDX-License-Identifier: Apache-2.0
#include "meter.h"

static const int64_t interval_us = 10 * 1000000LL;

void meter_sample(struct meter *meter, int64_t boot_us, uint64_t readings, uint64_t bytes)
{
    size_t last = (meter->next + METER_SAMPLES - 1) % METER_SAMPLES;
    if (meter->count && boot_us - meter->samples[last].boot_us < interval_us)
        return;
    meter->samples[meter->next].boot_us = boot_us;
    meter->samples[meter->next].readings = readings;
    meter->samples[meter->next].bytes = bytes;
    meter->next = (meter->next + 1) % METER_SAMPLES;
    if (meter->count < METER_SAMPLES)
        meter->count++;
}

void meter_rates(const struct meter *meter, int64_t boot_us, uint64_t readings, uint64_t bytes,
                 double *ret_readings_per_s, double *ret_bytes_per_s)
{
    *ret_readings_per_s = *ret_bytes_per_s = 0;
    if (!meter->count)
        return;
    size_t oldest = (meter->next + METER_SAMPLES - meter->count) % METER_SAMPLES;
    double seconds = (double)(boot_us - meter->samples[oldest].boot_us) / 1e6;
    if (seconds < 1)
        return;
    *ret_readings_per_s = (double)(readings - meter->samples[oldest].readings) / seconds;
    *ret_bytes_per_s = (double)(bytes - meter->samples[oldest].bytes) / seconds;
}
