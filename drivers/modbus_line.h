// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/fault.h"
#include "modbus_plan.h"
#include "settings/settings.h"
#include <stdint.h>

/*
 * A Modbus RTU line that we are the master of: one request, one answer, at most one timeout. It reads and cannot do
 * anything else: the four functions it knows are read coils, read discrete inputs, read holding registers and read input
 * registers.
 *
 * libmodbus frames and checks what comes; the port is opened by our own rules (serial_port.h), because it must be ours
 * alone and may have any speed. All calls belong to one thread; the answer is waited for in them.
 */

enum modbus_outcome {
    MODBUS_FINE,
    MODBUS_SILENT,    // nothing came in time
    MODBUS_CHECKSUM,  // an answer came, its CRC is wrong
    MODBUS_GARBLED,   // something came in time that was no answer, or not all of it
    MODBUS_EXCEPTION, // the device refuses
    MODBUS_GONE,      // the port
    MODBUS_STOPPED,   // from outside
};

struct modbus_answer {
    enum modbus_outcome outcome;
    uint8_t exception;            // its code
    int error;                    // -errno of a port that is gone
    unsigned requests, checksums; // how many were sent, and how many answers to them had a wrong CRC
    unsigned foreign; // answers that came meanwhile and were for other questions, mostly late ones; not taken
    uint16_t values[MODBUS_BITS_MAX]; // registers, or bits as 0 and 1
};

struct modbus_line;

// Opens the port. `stop_fd` becomes readable when waiting must end. Borrows both.
int modbus_line_open(const struct settings_modbus *settings, const struct clock *clock, int stop_fd,
                     struct modbus_line **ret_line, struct fault *why);
void modbus_line_close(struct modbus_line *line); // NULL is fine

// Waits for silence on the line, asks, and waits for the answer: `timeout_us` and the time that the bytes take. Twice, when
// the checksum was wrong and there is time left.
void modbus_line_ask(struct modbus_line *line, unsigned unit, const struct modbus_read *read,
                     struct modbus_answer *ret_answer);

// The same, once, for who judges what comes himself: gives all bytes (those beyond `size` are lost) that came within
// `timeout_us` and the time that the bytes take, and then until nothing came any more. MODBUS_FINE also when none did;
// MODBUS_STOPPED, MODBUS_GONE.
enum modbus_outcome modbus_line_hear(struct modbus_line *line, unsigned unit, const struct modbus_read *read,
                                     uint8_t *ret_raw, size_t size, size_t *ret_used);

// Waits until `until_us`. MODBUS_FINE, or why not: MODBUS_STOPPED, MODBUS_GONE.
enum modbus_outcome modbus_line_rest(struct modbus_line *line, int64_t until_us);
