// SPDX-License-Identifier: Apache-2.0
#include "sniff_show.h"

#include "base/messages.h"
#include "base/text.h"
#include <string.h>

enum { SHOWN_SIZE = 300 };

static const struct profile {
    const char *codec, *device;
    enum kind kind;
} profiles[] = {
    {"ld2450", "ld2450", KIND_CROWD},     {"ld2410", "ld2410", KIND_CROWD},
    {"a02yyuw", "a02yyuw", KIND_PARKING}, {"tfmini", "tfmini", KIND_PARKING},
    {"wt901", "wt901", KIND_BUMP},        {"terabee-people", "terabee-people", KIND_CROWD},
    {"nmea", "nmea-gnss", KIND_BUMP},     {"ubx", "ublox-gnss", KIND_BUMP},
};

static const char *const separators[] = {[SEPARATOR_AUTO] = "auto",
                                         [SEPARATOR_COMMA] = "comma",
                                         [SEPARATOR_SEMICOLON] = "semicolon",
                                         [SEPARATOR_TAB] = "tab",
                                         [SEPARATOR_BLANK] = "blank"};

const char *sniff_profile(const char *codec, enum kind *ret_kind)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (strcmp(profiles[i].codec, codec) == 0) {
            *ret_kind = profiles[i].kind;
            return profiles[i].device;
        }
    return NULL;
}

static void paste_port(const struct port *port, const struct sniff_trial *trial, struct bytes *out)
{
    char shown[PATH_MAX];
    const struct sniff_findings *findings = &trial->findings;
    bytes_printf(out, "[serial:%s]\ndevice = %s\nbaud = %lld\nparity = %s\ncodec = %s\n", port->name,
                 text_escape(port->lasting, strlen(port->lasting), shown, sizeof shown), (long long)trial->baud,
                 parity_name(trial->parity), findings->best->codec->name);
    if (*findings->columns) {
        bytes_printf(out, "columns = %s", findings->columns);
        bytes_printf(
            out, _("    ; put the names of quantities here (citygw keys quantities), and - for what is not wanted\n"));
        bytes_printf(out, "separator = %s\n", separators[findings->separator]);
    }
}

static void paste_sensor(const struct port *port, const struct sniff_findings *findings, struct bytes *out)
{
    enum kind kind = findings->kind;
    char address[SHOWN_SIZE];
    const char *device = sniff_profile(findings->best->codec->name, &kind);
    bytes_printf(out, "\n[sensor:%s]\n", *findings->id ? findings->id : port->name);
    bytes_printf(out, "kind = %s", kind_names[kind]);
    bytes_printf(out, device ? "\n" : _("    ; a guess; parking, bump, crowd, traffic, environment or generic\n"));
    bytes_printf(out, "source = serial:%s\n", port->name);
    if (strcmp(findings->best->codec->name, "text") == 0)
        bytes_printf(
            out, _("; map.temperature_c = value    or what else the number is (citygw keys quantities lists all)\n"));
    if (*findings->address && strcmp(findings->address, findings->id) != 0)
        bytes_printf(out, "address = %s\n",
                     text_escape(findings->address, strlen(findings->address), address, sizeof address));
    if (device) {
        bytes_printf(out, "device = %s", device);
        bytes_printf(out, _("    ; wants in [gateway]: include = /usr/share/citygw/devices/*.ini\n"));
    }
}

void sniff_paste(const struct port *port, const struct sniff_trial *trial, struct bytes *out)
{
    if (!trial->findings.best)
        return;
    paste_port(port, trial, out);
    paste_sensor(port, &trial->findings, out);
}
