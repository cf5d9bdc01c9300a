// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reading/raw.h"
#include <stdbool.h>

/*
 * What gpsd reports, one JSON object a line, read by libgps: the protocol is gpsd's own to change.
 */

struct gpsd_report;

enum gpsd_class { GPSD_OTHER, GPSD_VERSION, GPSD_POSITION, GPSD_SKY, GPSD_ERROR };

struct gpsd_report *gpsd_report_create(void); // NULL: no memory
void gpsd_report_destroy(struct gpsd_report *report);

// Reads one line, terminated, which libgps may change. Clears the pack, and adds what a position or a view of the sky holds.
enum gpsd_class gpsd_report_read(struct gpsd_report *report, char *line, struct raw_pack *pack);

// Of the line that was read last: the receiver ("/dev/ttyACM0", "" when not told), gpsd's words of an error, and the major version of
// its protocol.
const char *gpsd_report_device(const struct gpsd_report *report);
const char *gpsd_report_error(const struct gpsd_report *report);
int gpsd_report_protocol(const struct gpsd_report *report);
