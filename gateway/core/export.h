// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "buffer/buffer.h"
#include "control/control.h"
#include "hold.h"
#include "settings/settings.h"

/*
 * What the buffer keeps, as a text to carry away: `GET /api/v1/export`, and through it `citygw export`. The text is lines
 * of JSON in UTF-8, each ended by a line feed:
 *
 *   {"citygw_export":1,"municipality":"271004","gateway":"umeda-01","epoch":"k7f3","tree":"citygw/v1/271004/umeda-01",
 *    "outlet":null,"sensor":null,"from":null,"to":null,"made":"2026-11-22T03:04:05.678Z"}      (one line)
 *   {"topic":"citygw/v1/271004/umeda-01/parking/bay-0123","payload":{...}}                     a line for each reading
 *   {"readings":1,"crc32c":"9a71bb4c"}                                                         the last line
 *
 * "sensor" may also be a zone, "zone/umeda-lot", or an alert, "alert/crowd/plaza", and so may what a topic ends in. The payload is
 * what MQTT carries, byte for byte, marked as backlog. The CRC32C is that of all bytes before the last line.
 * "from" and "to" are times of reading, [from, to), and null when not asked for. When readings were stored that this
 * version cannot put into words, the last line says how many in "left_out"; in "waiting", how many wait for the clock
 * to be set and are not told before. What is committed after the beginning is not
 * part of it.
 */

struct exports;

// Borrows all four; `hold` may be NULL. NULL: out of memory.
struct exports *exports_create(const struct settings *settings, struct buffer *buffer, const struct clock *clock,
                               struct hold *hold);
// What control needs; `context` is the exports.
extern const struct control_export exports_face;
// No more reads, and none is under way when it returns: the buffer may go. NULL is fine.
void exports_end(struct exports *exports);
void exports_destroy(struct exports *exports);
