// SPDX-License-Identifier: Apache-2.0
#include "scan_show.h"

#include "base/json.h"
#include "base/messages.h"
#include "base/text.h"
#include "drivers/modbus_exception.h"
#include "table.h"
#include <string.h>

enum { NOTE_MAX = 300, HEX_SIZE = 3 * SCAN_RAW_MAX + 1, HEX_SHOWN = 16, OUT_MAX = 4 << 20 };

bool scan_is_trouble(enum scan_verdict verdict)
{
    return verdict == SCAN_GARBAGE || verdict == SCAN_TWO || verdict == SCAN_FOREIGN;
}

size_t scan_count(const struct scan_result *result, bool (*is_such)(enum scan_verdict verdict))
{
    size_t count = 0;
    for (size_t i = 0; i < result->count; i++)
        for (unsigned unit = 1; unit <= SCAN_UNIT_MAX; unit++)
            count += result->list[i].asked[unit] && is_such(result->list[i].findings[unit].verdict);
    return count;
}

static bool is_garbage(enum scan_verdict verdict)
{
    return verdict == SCAN_GARBAGE;
}

static bool is_asked(enum scan_verdict verdict)
{
    (void)verdict;
    return true;
}

bool scan_is_whole(const struct scan_result *result)
{
    return scan_count(result, is_asked) == result->port->baud_count * (result->to - result->from + 1);
}

static bool has_echo(const struct scan_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        for (unsigned unit = 1; unit <= SCAN_UNIT_MAX; unit++)
            if (result->list[i].asked[unit] && result->list[i].findings[unit].echo)
                return true;
    return false;
}

static const char *describe(const struct scan_finding *finding, char ret_text[NOTE_MAX])
{
    switch (finding->verdict) {
    case SCAN_ANSWER:
        snprintf(ret_text, NOTE_MAX, _("answers: input:0 is %u%s"), finding->value,
                 finding->disturbed ? _("; disturbed: look at termination, ground and cable") : "");
        return ret_text;
    case SCAN_EXCEPTION:
        snprintf(ret_text, NOTE_MAX, _("is there, and refuses input:0 with exception %u (%s)%s"), finding->exception,
                 modbus_exception_text(finding->exception),
                 finding->disturbed ? _("; disturbed: look at termination, ground and cable") : "");
        return ret_text;
    case SCAN_LATE:
        return _("is there, and answers late: --timeout must be longer");
    case SCAN_TWO:
        return finding->two_whole
                   ? _("two devices have this id: give one of them another")
                   : _("an answer with a wrong checksum, twice: two devices with this id, or a bad line");
    case SCAN_FOREIGN:
        snprintf(ret_text, NOTE_MAX, _("unit %d answered instead"), finding->foreign);
        return ret_text;
    case SCAN_GARBAGE:
        return _("garbage: bytes that are no answer");
    default:
        return _("no answer");
    }
}

static void write_hex(const struct scan_finding *finding, size_t most, char ret_text[HEX_SIZE])
{
    size_t size = finding->raw_size < most ? finding->raw_size : most;
    ret_text[0] = '\0';
    for (size_t i = 0; i < size; i++)
        snprintf(ret_text + 3 * i, 4, "%02x%s", finding->raw[i], i + 1 < size ? " " : "");
}

static void finding_row(struct table *table, int64_t baud, const struct scan_finding *finding)
{
    char text[NOTE_MAX], hex[HEX_SIZE];
    write_hex(finding, HEX_SHOWN, hex);
    table_cell(table, scan_is_trouble(finding->verdict) ? "!" : "");
    table_cellf(table, "%u", finding->unit);
    table_cellf(table, "%lld", (long long)baud);
    table_cell(table, describe(finding, text));
    table_cellf(table, "%s%s", hex, finding->raw_size > HEX_SHOWN ? " ..." : "");
}

// Silent ones are in no row.
static void print_table(const struct scan_result *result, FILE *to)
{
    static const char *const heads[] = {N_("UNIT"), N_("BAUD"), N_("FOUND"), N_("RAW BYTES")};
    struct table table;
    size_t rows = 0;
    table_init(&table, 1 + sizeof heads / sizeof *heads, 1 << 1 | 1 << 2);
    table_cell(&table, "");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        table_cell(&table, _(heads[i]));
    for (size_t i = 0; i < result->count; i++)
        for (unsigned unit = 1; unit <= SCAN_UNIT_MAX; unit++) {
            const struct scan_bus *bus = &result->list[i];
            if (!bus->asked[unit] || bus->findings[unit].verdict == SCAN_SILENT)
                continue;
            finding_row(&table, bus->baud, &bus->findings[unit]);
            rows++;
        }
    if (rows)
        table_print(&table, to, 0);
    table_finish(&table);
}

static void print_advice(const struct scan_result *result, FILE *to)
{
    size_t there = scan_count(result, scan_is_there), garbage = scan_count(result, is_garbage);
    if (has_echo(result))
        fprintf(
            to, "%s\n",
            _("The adapter gives back what it sends (echo). The gateway does not work with it: switch its echo off."));
    if (there == 0 && garbage > 0)
        fprintf(
            to, "%s\n",
            _("Something answers that cannot be read: another rate (--baud 19200,38400), parity (--parity even), or A "
              "and B swapped."));
    if (scan_count(result, is_asked) > 0 && there == 0 && scan_count(result, scan_is_trouble) == 0)
        fprintf(to, "%s",
                _("Nobody answered. Check:\n"
                  "  - A and B swapped? (other makers call them D+ and D-)\n"
                  "  - power of the device, the common ground, termination at both ends\n"
                  "  - another rate or parity: --baud 9600,19200,38400,115200 --parity even\n"
                  "  - a device that thinks longer: --timeout 500ms\n"
                  "  - a device that sends by itself: citygw sniff PORT\n"));
}

// The best rate: where most units are.
static const struct scan_bus *best_of(const struct scan_result *result)
{
    const struct scan_bus *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < result->count; i++) {
        size_t there = 0;
        for (unsigned unit = 1; unit <= SCAN_UNIT_MAX; unit++)
            there += result->list[i].asked[unit] && scan_is_there(result->list[i].findings[unit].verdict);
        if (there > most)
            best = &result->list[i];
        most = there > most ? there : most;
    }
    return best;
}

static void paste(const struct scan_result *result, struct bytes *out)
{
    static const int64_t default_us = 300000;
    const struct port *port = result->port;
    const struct scan_bus *bus = best_of(result);
    char shown[PATH_MAX];
    if (!bus)
        return;
    bytes_printf(out, "[modbus:%s]\ndevice = %s\nbaud = %lld\nparity = %s\nstop_bits = %lld\n", port->name,
                 text_escape(port->lasting, strlen(port->lasting), shown, sizeof shown), (long long)bus->baud,
                 parity_name((enum parity)port->parity), (long long)port->stop_bits);
    if (port->rs485)
        bytes_printf(out, "rs485 = yes\n");
    if (port->timeout_us > default_us)
        bytes_printf(out, "timeout = %lld ms\n", (long long)(port->timeout_us / 1000));
    for (unsigned unit = 1; unit <= SCAN_UNIT_MAX; unit++) {
        if (!bus->asked[unit] || !scan_is_there(bus->findings[unit].verdict))
            continue;
        bytes_printf(out, "\n[sensor:%s-%u]\nkind = generic", port->name, unit);
        bytes_printf(out, _("    ; parking, bump, crowd, traffic, environment or generic\n"));
        bytes_printf(out, "source = modbus:%s\naddress = %u\n", port->name, unit);
        bytes_printf(out, "map.input_0_count = input:0 u16");
        bytes_printf(out, _("    ; as the manual says, or device = a profile of config/devices\n"));
    }
}

void scan_print(const struct scan_result *result, FILE *to)
{
    struct bytes ini;
    print_table(result, to);
    fprintf(to, _("Units asked: %zu, there: %zu, trouble: %zu\n"), scan_count(result, is_asked),
            scan_count(result, scan_is_there), scan_count(result, scan_is_trouble));
    if (!scan_is_whole(result))
        fprintf(to, "%s\n", _("Ended early: the other units were not asked."));
    else
        print_advice(result, to);
    bytes_init(&ini, OUT_MAX);
    paste(result, &ini);
    if (ini.used)
        fprintf(to, _("\nFor the configuration:\n\n%.*s"), (int)ini.used, (const char *)ini.data);
    bytes_finish(&ini);
}

static void json_finding(struct json *json, int64_t baud, const struct scan_finding *finding)
{
    char hex[HEX_SIZE];
    json_object_begin(json);
    json_key_unsigned(json, "unit", finding->unit);
    json_key_signed(json, "baud", baud);
    json_key_text(json, "verdict", scan_verdict_name(finding->verdict));
    if (finding->verdict == SCAN_ANSWER)
        json_key_unsigned(json, "value", finding->value);
    if (finding->verdict == SCAN_EXCEPTION) {
        json_key_unsigned(json, "exception", finding->exception);
        json_key_text(json, "exception_text", modbus_exception_text(finding->exception));
    }
    if (finding->foreign >= 0)
        json_key_signed(json, "other_unit", finding->foreign);
    json_key_bool(json, "disturbed", finding->disturbed);
    json_key_bool(json, "echo", finding->echo);
    write_hex(finding, SCAN_RAW_MAX, hex);
    json_key_text(json, "raw", hex);
    json_object_end(json);
}

void scan_print_json(const struct scan_result *result, FILE *to)
{
    struct bytes out, ini;
    struct json json;
    bytes_init(&out, OUT_MAX);
    bytes_init(&ini, OUT_MAX);
    paste(result, &ini);
    json_begin(&json, &out);
    json_object_begin(&json);
    json_key_text(&json, "device", result->port->device);
    json_key_text(&json, "lasting_name", result->port->lasting);
    json_key_unsigned(&json, "asked", scan_count(result, is_asked));
    json_key_bool(&json, "whole", scan_is_whole(result));
    json_key_unsigned(&json, "there", scan_count(result, scan_is_there));
    json_key(&json, "units");
    json_array_begin(&json);
    for (size_t i = 0; i < result->count; i++)
        for (unsigned unit = 1; unit <= SCAN_UNIT_MAX; unit++)
            if (result->list[i].asked[unit])
                json_finding(&json, result->list[i].baud, &result->list[i].findings[unit]);
    json_array_end(&json);
    json_key(&json, "ini");
    json_text_n(&json, ini.used ? (const char *)ini.data : "", ini.used);
    json_object_end(&json);
    if (!out.overflow)
        fprintf(to, "%.*s\n", (int)out.used, (const char *)out.data);
    bytes_finish(&ini);
    bytes_finish(&out);
}
