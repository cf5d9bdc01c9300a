// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "city/parking.h"
#include "reading/counters.h"
#include <jansson.h>
#include <stdint.h>

/*
 * The file of where the sensors stand:
 *
 *   {"epoch": "k7f3", "reading": 4711, "sensors": {
 *      "gate-1": {"source": "modbus:garage", "address": "17", "in_total": [12, 65548, 1800000000000000, false]},
 *      "bay-1": {"source": "coap", "address": "bay-1", "state": ["occupied", 1800000000000000, 1800000060000000]}},
 *    "city": {...}}
 *
 * With a city every sensor has an entry, so that it is known when another device is in its place. `reading` is the buffer's number up to which it is true, in the buffer of that epoch. A counter is the device's own number, the
 * total, the reading's time in microseconds since 1970, and whether another device is in its place since. A state has the time when it
 * began (0: not known, also where nobody had set the clock) and that of the newest reading.
 */

// Where one sensor stands.
struct stand {
    struct counters counters;
    struct parking *parking; // NULL: it is no parking sensor
    bool is_replaced;        // the file is of another source or address: another device is in its place since
};

// *ret_city: what city_save() made, NULL when there is none; the caller has json_decref to do. Fills `stands` (by sensor index) for the
// sensors that are configured, and takes the entries of others into *ret_others (the caller has json_decref to do), as many as are kept. *ret_from: the number to read on from; 0: that is not known. -ENOENT, or -errno and
// what is wrong with the file; nothing is filled then.
int standing_file_read(const char *path, const char *epoch, const struct sensors *sensors, struct stand *stands,
                       json_t **ret_others, json_t **ret_city, uint64_t *ret_from, struct fault *why);

// What the file is to say; the caller has json_decref to do. NULL: out of memory. Takes over `city`, which may be NULL.
json_t *standing_file_make(const struct sensors *sensors, const struct stand *stands, json_t *others, json_t *city,
                           const char *epoch, uint64_t number);

// Its text, which the caller frees. NULL: out of memory. A city with which the file would be too large to be read (24 MB: some thousands
// of sensors that count) is taken out, rather than that all is lost. For a large city this takes long: any thread may do it.
char *standing_file_text(json_t *file, bool *ret_without_city);
