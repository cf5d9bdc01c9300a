// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "keep.h"

/*
 * Numbers that a median is made of, at most so many. Each has a key that is drawn from who said it and when (samples_key()), and of more
 * than there is room for those with the smallest keys stay (bottom-k sampling: Cohen and Kaplan, PODC 2007): which these are depends
 * neither on the numbers nor on the order in which they come, and what comes twice is there once.
 */

enum { SAMPLES_MAX = 256 };

struct samples {
    uint32_t count;
    struct sample {
        int64_t key;
        double value;
    } list[SAMPLES_MAX]; // by rising key
};

// `who` is a hash of the sensor's id (samples_who()).
uint64_t samples_who(const char *id);
int64_t samples_key(uint64_t who, int64_t time_us);

void samples_take(struct samples *samples, int64_t key, double value);

// The middle one, or the mean of both in the middle; NAN: there is none.
double samples_median(const struct samples *samples);

void keep_samples(struct keep *keep, struct samples *samples); // u32 count, each: key, value
