// SPDX-License-Identifier: Apache-2.0
#include "drivers/modbus_scan.h"

#include "base/messages.h"
#include "modbus_crc.h"
#include "modbus_line.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 *   request    unit 1 | 04 | address 2 | count 2 | CRC 2
 *   answer     unit 1 | 04 | bytes n 1 | n bytes | CRC 2
 *   exception  unit 1 | 84 | code 1 | CRC 2
 */

enum { FUNCTION = 0x04, REFUSAL = 0x84, REQUEST = 8, EXCEPTION = 5, AROUND = 5, VALUE = 2, RAW_MAX = 512, BYTE = 0xff };

struct modbus_scan {
    struct modbus_line *line;
    bool was_silent[SCAN_UNIT_MAX + 1];
};

static const struct modbus_read question = {.table = MODBUS_INPUT, .address = 0, .count = 1};

const char *scan_verdict_name(enum scan_verdict verdict)
{
    static const char *const names[SCAN_VERDICTS] = {
        [SCAN_SILENT] = "silent",   [SCAN_ANSWER] = "answer",   [SCAN_EXCEPTION] = "exception", [SCAN_LATE] = "late",
        [SCAN_GARBAGE] = "garbage", [SCAN_TWO] = "two-devices", [SCAN_FOREIGN] = "other-unit",
    };
    return names[verdict];
}

bool scan_is_there(enum scan_verdict verdict)
{
    return verdict == SCAN_ANSWER || verdict == SCAN_EXCEPTION || verdict == SCAN_LATE;
}

// The size of a whole answer of any unit that the bytes begin with; 0: none.
static size_t answer_size(const uint8_t *raw, size_t left)
{
    size_t size = 0;
    if (left >= EXCEPTION && raw[1] == REFUSAL)
        size = EXCEPTION;
    else if (left >= EXCEPTION && raw[1] == FUNCTION && raw[2] > 0 && raw[2] % VALUE == 0)
        size = AROUND + (size_t)raw[2];
    return size > 0 && size <= left && modbus_is_sealed(raw, size) ? size : 0;
}

static bool is_echo(unsigned unit, const uint8_t *raw, size_t size)
{
    const uint8_t asked[] = {(uint8_t)unit, FUNCTION, 0, 0, 0, 1};
    return size >= REQUEST && memcmp(raw, asked, sizeof asked) == 0 && modbus_is_sealed(raw, REQUEST);
}

static void take_own(const uint8_t *answer, struct scan_finding *finding)
{
    finding->verdict = answer[1] == REFUSAL ? SCAN_EXCEPTION : SCAN_ANSWER;
    finding->exception = answer[1] == REFUSAL ? answer[2] : 0;
    finding->value = (uint16_t)(answer[1] == REFUSAL ? 0 : answer[3] << 8 | answer[4]);
}

// How many whole answers of the unit there are; what is no answer is counted, and another unit noted.
static size_t count_answers(unsigned unit, const uint8_t *raw, size_t size, size_t *ret_garbage,
                            struct scan_finding *finding)
{
    size_t own = 0, answer;
    for (size_t at = 0; at < size; at += answer ? answer : 1) {
        answer = answer_size(raw + at, size - at);
        bool is_own = answer && raw[at] == unit;
        *ret_garbage += !answer;
        if (is_own && own++ == 0)
            take_own(raw + at, finding);
        if (answer && !is_own)
            finding->foreign = raw[at];
    }
    return own;
}

void modbus_scan_judge(unsigned unit, const uint8_t *raw, size_t size, struct scan_finding *ret_finding)
{
    struct scan_finding finding = {.unit = unit, .verdict = SCAN_SILENT, .foreign = -1};
    size_t garbage = 0, from = is_echo(unit, raw, size) ? REQUEST : 0;
    finding.raw_size = size < SCAN_RAW_MAX ? size : SCAN_RAW_MAX;
    memcpy(finding.raw, raw, finding.raw_size);
    finding.echo = from > 0;
    size_t own = count_answers(unit, raw + from, size - from, &garbage, &finding);
    finding.two_whole = own > 1;
    finding.disturbed = own == 1 && garbage > 0;
    if (own > 1 || (own == 0 && garbage >= EXCEPTION && raw[from] == unit))
        finding.verdict = SCAN_TWO;
    else if (own == 0 && finding.foreign >= 0)
        finding.verdict = SCAN_FOREIGN;
    else if (own == 0 && garbage > 0)
        finding.verdict = SCAN_GARBAGE;
    *ret_finding = finding;
}

int modbus_scan_open(const struct settings_modbus *bus, const struct clock *clock, struct modbus_scan **ret_scan,
                     struct fault *why)
{
    enum { NOBODY_STOPS_IT = -1 }; // poll() passes over it
    struct modbus_scan *scan = calloc(1, sizeof *scan);
    if (!scan)
        return fault_errno(why, -ENOMEM, _("%s cannot be opened"), bus->device);
    int error = modbus_line_open(bus, clock, NOBODY_STOPS_IT, &scan->line, why);
    if (error) {
        free(scan);
        return error;
    }
    *ret_scan = scan;
    return 0;
}

void modbus_scan_close(struct modbus_scan *scan)
{
    if (!scan)
        return;
    modbus_line_close(scan->line);
    free(scan);
}

static int ask_once(struct modbus_scan *scan, unsigned unit, struct scan_finding *ret_finding)
{
    uint8_t raw[RAW_MAX];
    size_t size;
    if (modbus_line_hear(scan->line, unit, &question, raw, sizeof raw, &size) != MODBUS_FINE)
        return -EIO;
    modbus_scan_judge(unit, raw, size, ret_finding);
    return 0;
}

static bool is_clear(const struct scan_finding *finding)
{
    return finding->verdict == SCAN_SILENT || finding->two_whole || scan_is_there(finding->verdict);
}

int modbus_scan_ask(struct modbus_scan *scan, unsigned unit, struct scan_finding *ret_finding)
{
    struct scan_finding first, second;
    int error = ask_once(scan, unit, &first);
    if (error)
        return error;
    bool is_late = first.foreign > 0 && first.foreign <= SCAN_UNIT_MAX && scan->was_silent[first.foreign];
    if (!is_clear(&first)) {
        error = ask_once(scan, unit, &second);
        if (error)
            return error;
        if (is_late || scan_is_there(second.verdict)) {
            second.disturbed |= !is_late;
            second.foreign = first.foreign;
            first = second;
        }
    }
    first.is_late = is_late;
    scan->was_silent[unit] = first.verdict == SCAN_SILENT;
    *ret_finding = first;
    return 0;
}
