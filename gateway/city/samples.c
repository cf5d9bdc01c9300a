// SPDX-License-Identifier: Apache-2.0
#include "samples.h"

#include "base/number.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t samples_who(const char *id)
{
    return fnv64(FNV_START, id, strlen(id));
}

// The last step of SplitMix64 (Steele, Lea, Flood 2014), of which 60 bits are kept.
int64_t samples_key(uint64_t who, int64_t time_us)
{
    uint64_t z = who + (uint64_t)time_us * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (int64_t)((z ^ z >> 31) >> 4);
}

// Where the key stands, or would stand.
static uint32_t place_of(const struct samples *samples, int64_t key)
{
    uint32_t low = 0, high = samples->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (samples->list[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void samples_take(struct samples *samples, int64_t key, double value)
{
    struct sample *list = samples->list;
    uint32_t place = place_of(samples, key);
    if (place == SAMPLES_MAX || (place < samples->count && list[place].key == key))
        return;
    if (samples->count < SAMPLES_MAX)
        samples->count++;
    memmove(list + place + 1, list + place, (samples->count - 1 - place) * sizeof *list);
    list[place] = (struct sample){key, value};
}

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

double samples_median(const struct samples *samples)
{
    double sorted[SAMPLES_MAX];
    size_t count = samples->count;
    if (count == 0)
        return (double)NAN;
    for (size_t i = 0; i < count; i++)
        sorted[i] = samples->list[i].value;
    qsort(sorted, count, sizeof *sorted, compare);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

void keep_samples(struct keep *keep, struct samples *samples)
{
    keep_number(keep, &samples->count, SAMPLES_MAX);
    for (uint32_t i = 0; i < samples->count; i++) {
        keep_time(keep, &samples->list[i].key);
        keep_amount(keep, &samples->list[i].value);
        if (keep->in && i > 0 && samples->list[i].key <= samples->list[i - 1].key)
            keep->in->bad = true;
    }
}
