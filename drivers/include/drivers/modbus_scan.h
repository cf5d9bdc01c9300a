// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/fault.h"
#include "settings/settings.h"
#include <stdbool.h>

/*
 * Asks units of a Modbus RTU bus whether they are there, by reading one register (function 4, input:0). An exception is an
 * answer, too. It reads and cannot do anything else (modbus_line.h).
 */

enum { SCAN_UNIT_MAX = 247, SCAN_RAW_MAX = 64 };

enum scan_verdict {
    SCAN_SILENT,
    SCAN_ANSWER,    // with the register's value
    SCAN_EXCEPTION, // it is there, and refuses
    SCAN_LATE,      // it answered while another unit was asked
    SCAN_GARBAGE,   // bytes that are no answer
    SCAN_TWO,       // two answers, or one that begins as it should and has a wrong checksum
    SCAN_FOREIGN,   // only another unit answered
    SCAN_VERDICTS
};

struct scan_finding {
    unsigned unit;
    enum scan_verdict verdict;
    uint16_t value;
    uint8_t exception;
    int foreign;    // the other unit that answered; -1: none did
    bool is_late;   // that one was silent when it was asked itself
    bool two_whole; // of SCAN_TWO: both answers came whole, so that it is certain
    bool disturbed; // there was garbage around the answer, or it came at the second attempt only
    bool echo;      // the adapter gave back what was sent
    size_t raw_size;
    uint8_t raw[SCAN_RAW_MAX]; // what came, or its beginning
};

// "answer", "two-devices": for machines.
const char *scan_verdict_name(enum scan_verdict verdict);
bool scan_is_there(enum scan_verdict verdict); // a unit is at that id: it answered, refused or was late

// What the bytes are that came after that unit was asked. Pure.
void modbus_scan_judge(unsigned unit, const uint8_t *raw, size_t size, struct scan_finding *ret_finding);

struct modbus_scan;

// Of the section device, baud, parity, stop_bits, rs485 and timeout count. Faults say who holds the port, and what to do.
int modbus_scan_open(const struct settings_modbus *bus, const struct clock *clock, struct modbus_scan **ret_scan,
                     struct fault *why);
void modbus_scan_close(struct modbus_scan *scan); // NULL is fine

// Asks one unit, and once more when what came is unclear. 0, or -EIO: the port is gone.
int modbus_scan_ask(struct modbus_scan *scan, unsigned unit, struct scan_finding *ret_finding);
