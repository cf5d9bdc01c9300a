// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * Telling systemd how we are (sd_notify(3)): one datagram to the socket that NOTIFY_SOCKET names. Nothing happens when we
 * were not started by systemd.
 */

void notify(const char *state); // "READY=1", "WATCHDOG=1", "STOPPING=1", "STATUS=..."

// How often the watchdog wants to hear from us, a third of WATCHDOG_USEC; 0 when it does not.
unsigned notify_watchdog_ms(void);
