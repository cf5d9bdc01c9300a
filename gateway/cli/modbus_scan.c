// SPDX-License-Identifier: Apache-2.0
#include "cli/verb.h"
#include "complain.h"
#include "interrupt.h"
#include "scan_show.h"

#include "base/messages.h"
#include "base/number.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t baud_default = 9600, timeout_default_us = 100000;

// One line that is written over and over.
static void tell_progress(const struct scan_result *result, int64_t baud, unsigned unit)
{
    if (!isatty(STDERR_FILENO))
        return;
    fputc('\r', stderr);
    fprintf(stderr, _("citygw: %lld baud, unit %u of %u; found: %zu "), (long long)baud, unit, result->to,
            scan_count(result, scan_is_there));
}

static void end_progress(void)
{
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
}

// A unit that was silent when it was asked, and answered while another was.
static void mark_late(struct scan_bus *bus, const struct scan_finding *finding)
{
    if (finding->is_late)
        bus->findings[finding->foreign].verdict = SCAN_LATE;
}

static int scan_units(struct scan_result *result, struct scan_bus *bus, struct modbus_scan *scan)
{
    for (unsigned unit = result->from; unit <= result->to && !interrupt_came(); unit++) {
        tell_progress(result, bus->baud, unit);
        int error = modbus_scan_ask(scan, unit, &bus->findings[unit]);
        if (error)
            return error;
        bus->asked[unit] = true;
        mark_late(bus, &bus->findings[unit]);
    }
    return 0;
}

static int scan_bus(struct scan_result *result, int64_t baud, struct fault *why)
{
    const struct port *port = result->port;
    struct settings_modbus section = {.device = port->device,
                                      .baud = baud,
                                      .parity = port->parity,
                                      .stop_bits = port->stop_bits,
                                      .rs485 = port->rs485,
                                      .timeout_us = port->timeout_us};
    struct modbus_scan *scan = NULL;
    int error = modbus_scan_open(&section, &clock_system, &scan, why);
    if (error)
        return error;
    struct scan_bus *bus = &result->list[result->count++];
    bus->baud = baud;
    error = scan_units(result, bus, scan);
    end_progress();
    modbus_scan_close(scan);
    return error ? fault_errno(why, error, _("%s is gone"), port->device) : 0;
}

static bool read_units(const struct options *options, struct scan_result *result)
{
    int64_t from = 1, to = SCAN_UNIT_MAX;
    if (options->from)
        integer_parse(options->from, strlen(options->from), 1, SCAN_UNIT_MAX, &from); // was checked
    if (options->to)
        integer_parse(options->to, strlen(options->to), 1, SCAN_UNIT_MAX, &to);
    result->from = (unsigned)from;
    result->to = (unsigned)to;
    if (from <= to)
        return true;
    complain(_("--from %u is beyond --to %u"), result->from, result->to);
    return false;
}

static void choose_defaults(struct port *port)
{
    if (port->baud_count == 0)
        port->bauds[port->baud_count++] = port->section_baud ? port->section_baud : baud_default;
    if (port->timeout_us == 0)
        port->timeout_us = timeout_default_us;
}

static int show(const struct scan_result *result, bool as_json)
{
    if (as_json)
        scan_print_json(result, stdout);
    else
        scan_print(result, stdout);
    return scan_count(result, scan_is_there) > 0 && scan_count(result, scan_is_trouble) == 0 && scan_is_whole(result)
               ? VERB_FINE
               : VERB_PROBLEM;
}

int verb_modbus_scan(int argc, char **argv)
{
    static const char *const kinds[] = {"modbus", "serial", NULL};
    struct options options;
    struct port port;
    struct scan_result result = {.port = &port};
    struct fault why = {""};
    int exit, error = 0;
    if (!options_read(argc, argv,
                      OPTION_CONFIG | OPTION_OPERAND | OPTION_JSON | OPTION_LINE | OPTION_FROM | OPTION_TO |
                          OPTION_UNITS,
                      &options, &exit))
        return exit;
    if (!port_read(&options, kinds, argv[0], &port) || !read_units(&options, &result))
        return VERB_USAGE;
    choose_defaults(&port);
    result.list = calloc(port.baud_count, sizeof *result.list);
    if (!result.list)
        return VERB_PROBLEM;
    interrupt_catch();
    for (size_t i = 0; i < port.baud_count && !error && !interrupt_came(); i++)
        error = scan_bus(&result, port.bauds[i], &why);
    if (error)
        complain("%s", why.text);
    exit = result.count ? show(&result, options.json) : VERB_PROBLEM;
    free(result.list);
    return error ? VERB_PROBLEM : exit;
}
