// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdbool.h>

/*
 * What is known of the gateway itself: of its clock, disk and power. The city room tells what of it is an alert.
 */

struct gateway;

// Loop, once a second: the city room's tick.
void facts_tick(struct gateway *gateway);

// One line of a small file of the system, without its end; false when there is none.
bool system_line(const char *path, char *ret_line, size_t size);

// Raspberry Pi: whether the supply is too low now. False when nobody knows.
bool system_undervoltage(bool *ret_now);
