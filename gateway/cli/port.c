// SPDX-License-Identifier: Apache-2.0
#include "port.h"

#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/verb.h"
#include "complain.h"
#include "drivers/serial_listen.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_SIZE = 100, BAUD_MAX = 10000000 };

static const char *const parities[] = {[PARITY_NONE] = "none", [PARITY_EVEN] = "even", [PARITY_ODD] = "odd"};

const char *parity_name(enum parity parity)
{
    return parities[parity];
}

static bool complain_of_value(const char *option, const char *text, const char *expected)
{
    char shown[SHOWN_SIZE];
    complain(_("\"%s\" does not fit %s; expected a value such as %s"),
             text_escape(text, strlen(text), shown, sizeof shown), option, expected);
    return false;
}

static bool read_bauds(const char *text, struct port *port)
{
    for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        int64_t baud;
        if (port->baud_count == PORT_BAUDS_MAX || !integer_parse(at, strcspn(at, ","), 50, BAUD_MAX, &baud))
            return complain_of_value("--baud", text, "9600,19200");
        port->bauds[port->baud_count++] = baud;
    }
    port->baud_given = port->baud_count > 0;
    return true;
}

static bool read_parity(const char *text, struct port *port)
{
    for (size_t i = 0; i < sizeof parities / sizeof *parities; i++)
        if (strcmp(text, parities[i]) == 0) {
            port->parity = (int)i;
            port->parity_given = true;
            return true;
        }
    return complain_of_value("--parity", text, "even");
}

static bool read_stop_bits(const char *text, struct port *port)
{
    return integer_parse(text, strlen(text), 1, 2, &port->stop_bits) || complain_of_value("--stop-bits", text, "1");
}

// "100 ms", "100ms", "1 s" or "100", which are milliseconds.
static bool read_timeout(const char *text, struct port *port)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {{"", 1000}, {"ms", 1000}, {"s", 1000000}};
    size_t digits = strspn(text, "0123456789");
    int64_t number;
    const char *unit = text + digits + strspn(text + digits, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].unit) == 0 && integer_parse(text, digits, 1, 60000, &number) &&
            number * units[i].us <= 60000000) {
            port->timeout_us = number * units[i].us;
            return true;
        }
    return complain_of_value("--timeout", text, "\"100 ms\"");
}

static bool read_options(const struct options *options, struct port *port)
{
    const struct {
        const char *text;
        bool (*read)(const char *text, struct port *port);
    } readers[] = {{options->baud, read_bauds},
                   {options->parity, read_parity},
                   {options->stop_bits, read_stop_bits},
                   {options->timeout, read_timeout}};
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (readers[i].text && !readers[i].read(readers[i].text, port))
            return false;
    return true;
}

static void take_section(struct port *port, const char *name, const char *device, int64_t baud, int parity,
                         int64_t stop_bits)
{
    snprintf(port->name, sizeof port->name, "%s", name);
    snprintf(port->device, sizeof port->device, "%s", device);
    port->section_baud = baud;
    port->parity = parity;
    port->stop_bits = stop_bits;
}

static bool take_serial(const struct settings *settings, const char *name, struct port *port)
{
    for (size_t i = 0; i < settings->serial_count; i++) {
        const struct settings_serial *serial = &settings->serial[i];
        if (strcmp(serial->name, name) != 0)
            continue;
        take_section(port, name, serial->device, serial->baud, serial->parity, serial->stop_bits);
        port->rs485 = serial->rs485;
        return true;
    }
    return false;
}

static bool take_modbus(const struct settings *settings, const char *name, struct port *port)
{
    for (size_t i = 0; i < settings->modbus_count; i++) {
        const struct settings_modbus *modbus = &settings->modbus[i];
        if (strcmp(modbus->name, name) != 0)
            continue;
        take_section(port, name, modbus->device, modbus->baud, modbus->parity, modbus->stop_bits);
        port->rs485 = modbus->rs485;
        return true;
    }
    return false;
}

static bool take_named(const struct settings *settings, const char *const kinds[], const char *name, struct port *port)
{
    for (; *kinds; kinds++) {
        bool is_modbus = strcmp(*kinds, "modbus") == 0;
        if (is_modbus ? take_modbus(settings, name, port) : take_serial(settings, name, port))
            return true;
    }
    return false;
}

static bool complain_of_name(const char *name, const char *config, const char *kind)
{
    char shown[SHOWN_SIZE], path[SHOWN_SIZE];
    complain(_("%s has no [%s:%s] with a device; expected a name from there, or a path such as /dev/ttyUSB0"),
             text_escape(config, strlen(config), path, sizeof path), kind,
             text_escape(name, strlen(name), shown, sizeof shown));
    return false;
}

static bool find_section(const struct options *options, const char *const kinds[], struct port *port)
{
    const char *config = options->config ? options->config : CONFIG_DEFAULT;
    struct findings findings = {0};
    struct settings *settings = NULL;
    int error = settings_load(config, &findings, &settings);
    bool found = settings && take_named(settings, kinds, options->operand, port) && *port->device;
    for (size_t i = 0; error < 0 && i < findings.count; i++)
        complain("%s", findings.list[i].text);
    if (error == 0 && !found)
        complain_of_name(options->operand, config, kinds[0]);
    settings_destroy(settings);
    findings_finish(&findings);
    return found;
}

bool port_read(const struct options *options, const char *const kinds[], const char *verb, struct port *ret_port)
{
    struct port port = {.name = "port-1", .stop_bits = 1, .parity = PARITY_NONE};
    const char *config = options->config ? options->config : CONFIG_DEFAULT;
    if (options->config || access(config, R_OK) == 0)
        options_use_language(config);
    if (!options->operand) {
        complain(_("which port? expected a path such as /dev/ttyUSB0, or the name of a section"));
        complain(_("expected: citygw %s %s"), verb, _(verb_find(verb)->usage));
        return false;
    }
    if (strchr(options->operand, '/'))
        snprintf(port.device, sizeof port.device, "%s", options->operand);
    else if (!find_section(options, kinds, &port))
        return false;
    if (!read_options(options, &port))
        return false;
    serial_lasting_name(port.device, port.lasting);
    *ret_port = port;
    return true;
}
