// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/modbus_scan.h"
#include "port.h"
#include <stdio.h>

/*
 * What `citygw modbus-scan` found, for people and for programs.
 */

struct scan_bus { // at one rate
    int64_t baud;
    bool asked[SCAN_UNIT_MAX + 1];
    struct scan_finding findings[SCAN_UNIT_MAX + 1]; // by unit
};

struct scan_result {
    const struct port *port;
    unsigned from, to;
    struct scan_bus *list;
    size_t count;
};

// How many findings of all rates are such ones.
size_t scan_count(const struct scan_result *result, bool (*is_such)(enum scan_verdict verdict));
bool scan_is_trouble(enum scan_verdict verdict);      // garbage, two devices on one id, another unit's answer
bool scan_is_whole(const struct scan_result *result); // every unit was asked at every rate

void scan_print(const struct scan_result *result, FILE *to);
void scan_print_json(const struct scan_result *result, FILE *to);
