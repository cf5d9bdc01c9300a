// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "reading/counters.h"
#include <jansson.h>
#include <stdint.h>

/*
 * The file of running counters:
 *
 *   {"epoch": "k7f3", "reading": 4711, "sensors": {
 *      "gate-1": {"source": "modbus:garage", "address": "17", "in_total": [12, 65548, 1800000000000000, false]}}}
 *
 * `reading` is the buffer's number up to which it is true, in the buffer of that epoch. A counter is the device's own number, the
 * total, the reading's time in microseconds since 1970, and whether another device is in its place since.
 */

// Fills `counters` (by sensor index) for the sensors that are configured, and takes the entries of others into *ret_others (the caller
// has json_decref'd to do), as many as are kept. *ret_from: the number to read on from; 0: that is not known. -ENOENT, or -errno and
// what is wrong with the file; nothing is filled then.
int counts_file_read(const char *path, const char *epoch, const struct sensors *sensors, struct counters *counters,
                     json_t **ret_others, uint64_t *ret_from, struct fault *why);

// The file's text, which the caller frees. NULL: out of memory.
char *counts_file_text(const struct sensors *sensors, const struct counters *counters, json_t *others,
                       const char *epoch, uint64_t number);
