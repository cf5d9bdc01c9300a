// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What could be the identifier of somebody's device: the MAC address of a phone that a Wi-Fi or Bluetooth counter overheard, an
 * IMSI, an IMEI, a telephone number, a UUID, a hash of one of these. No such text may reach the disk, the log or a topic.
 *
 * It is told by its looks alone, with or without separators (one of : - . _ between digits):
 *
 *   24:0a:c4:9b:01:7f  240A.C49B.017F  240ac49b017f   ten hexadecimal digits and more, one of them 0-9 at least
 *   aabbccddeeff                                      twelve and more, even if none is 0-9
 *   440101234567890    9f86d081884c7d65...            the same: an IMSI, a hash
 *   n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=      twenty and more of base64, with both cases and two of 0-9
 *   mfrggzdfmztwq2lk3nwg23tpoi                        a word of twenty and more letters and figures, three of 0-9 among them
 *
 * So it also takes serial numbers and the addresses of sensors for such; whoever may show those says which are ours.
 */

bool identifier_within(const char *text, size_t size);

// The same of a number: counters count within 32 bits, telephones and SIM cards are numbered beyond them.
bool identifier_number(double number);

// Puts "…(17)", its length in bytes, in the place of each one in `text`, which gets no longer by it. `is_ours` may excuse one; NULL
// excuses none. Returns how many were hidden.
size_t identifier_hide(char *text, bool (*is_ours)(const void *context, const char *found, size_t size),
                       const void *context);
