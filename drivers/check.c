// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/text.h"
#include "check_columns.h"
#include "check_gives.h"
#include "check_position.h"
#include "coap_keys.h"
#include "coap_observe_uri.h"
#include "drivers/codec.h"
#include "drivers/driver.h"
#include "modbus_check.h"
#include "serial_name.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODECS_MAX = 64, SECTION_SIZE = ID_MAX + 16 };

static const char *nearest_codec(const char *name)
{
    const char *names[CODECS_MAX];
    size_t count = 0;
    for (; codecs[count] && count < CODECS_MAX; count++)
        names[count] = codecs[count]->name;
    return text_nearest(name, names, count);
}

// Why no port or sensor can have that codec, or NULL. The result stands in `ret_text`.
static const char *codec_problem(const char *name, char *ret_text, size_t size)
{
    char shown[ID_MAX];
    if (codec_find(name))
        return NULL;
    text_escape(name, strlen(name), shown, sizeof shown);
    const char *nearest = nearest_codec(name);
    if (nearest)
        snprintf(ret_text, size, _("\"%s\" is not a codec; did you mean \"%s\"?"), shown, nearest);
    else
        snprintf(ret_text, size, _("\"%s\" is not a codec; expected one such as \"%s\""), shown, codecs[0]->name);
    return ret_text;
}

struct port { // a [serial:...] or a [modbus:...]
    const char *type, *name, *device;
    struct origin origin;
    bool *disabled;
};

struct checked {
    struct settings *settings;
    struct findings *findings;
};

static void add_finding(struct findings *findings, enum finding_level level, const struct port *port, const char *key,
                        const char *sentence)
{
    char section[SECTION_SIZE];
    snprintf(section, sizeof section, "%s:%s", port->type, port->name);
    findings_add(findings, level, port->origin, section, key, "%s", sentence);
}

static bool reports_through(const struct settings_sensor *sensor, const struct port *port)
{
    enum source_type type = strcmp(port->type, "serial") == 0 ? SOURCE_SERIAL : SOURCE_MODBUS;
    return sensor->source_type == (int)type && strcmp(sensor->source_name, port->name) == 0;
}

// The port and, since nothing can arrive for them, its sensors.
static void disable(const struct checked *checked, struct port *port, const char *key, const char *sentence)
{
    struct settings *settings = checked->settings;
    add_finding(checked->findings, FINDING_DISABLES, port, key, sentence);
    *port->disabled = true;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        struct settings_sensor *sensor = &settings->sensor[i];
        if (!sensor->disabled && reports_through(sensor, port))
            settings_disable_sensor(settings, sensor, checked->findings, sensor->origin, "source",
                                    _("section [%s:%s] is wrong; expected it to be put right first"), port->type,
                                    port->name);
    }
}

static void check_codec(const struct checked *checked, struct port *port, struct settings_serial *serial)
{
    char text[300];
    const char *name = serial->codec;
    const struct codec *codec = codec_find(name);
    if (codec && codec->composed && !serial->report_interval_given)
        serial->report_interval_us = 0;
    if (name[0] == '\0') {
        snprintf(text, sizeof text, _("missing; expected the format of the device, such as \"%s\""), codecs[0]->name);
        disable(checked, port, "codec", text);
    } else if (!codec) {
        disable(checked, port, "codec", codec_problem(name, text, sizeof text));
    } else if (!codec->delimit) {
        snprintf(text, sizeof text, _("\"%s\" does not work on a serial line; expected one such as \"%s\""), name,
                 codecs[0]->name);
        disable(checked, port, "codec", text);
    }
}

static void check_columns(const struct checked *checked, struct port *port, const struct settings_serial *serial)
{
    char text[400];
    if (columns_problem(serial, text, sizeof text))
        disable(checked, port, "columns", text);
    else if (columns_doubt(checked->settings, serial, text, sizeof text))
        add_finding(checked->findings, FINDING_WARNING, port, "columns", text);
}

static bool has_sensors(const struct settings *settings, const struct port *port)
{
    for (size_t i = 0; i < settings->sensor_count; i++)
        if (reports_through(&settings->sensor[i], port))
            return true;
    return false;
}

// Frames that name no sensor are the only one's; of two, nobody knows whose.
static void check_alone(const struct checked *checked, const struct port *port, const char *name)
{
    const struct codec *codec = codec_find(name);
    const struct settings_sensor *first = NULL;
    char text[300];
    for (size_t i = 0; codec && !codec->addressed && i < checked->settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &checked->settings->sensor[i];
        if (!reports_through(sensor, port))
            continue;
        if (first) {
            snprintf(text, sizeof text,
                     _("its frames name no sensor, and both %s and %s report through it, so that nothing can be taken; "
                       "expected one sensor"),
                     first->id, sensor->id);
            add_finding(checked->findings, FINDING_WARNING, port, "codec", text);
            return;
        }
        first = sensor;
    }
}

// What the device really is, as far as it exists now: by-path names are links.
static bool same_device(const char *one, const char *other)
{
    char real_one[PATH_MAX], real_other[PATH_MAX];
    if (strcmp(one, other) == 0)
        return true;
    return realpath(one, real_one) && realpath(other, real_other) && strcmp(real_one, real_other) == 0;
}

static void check_shared(const struct checked *checked, struct port *ports, size_t count)
{
    for (size_t later = 1; later < count; later++)
        for (size_t first = 0; first < later && !*ports[later].disabled; first++) {
            if (*ports[first].disabled || !same_device(ports[first].device, ports[later].device))
                continue;
            char text[600], device[128], place[PLACE_MAX];
            snprintf(text, sizeof text, _("%s is already used by [%s:%s] in %s; expected a device of its own"),
                     text_escape(ports[later].device, strlen(ports[later].device), device, sizeof device),
                     ports[first].type, ports[first].name,
                     origin_place(ports[first].origin, ports[later].origin, place));
            disable(checked, &ports[later], "device", text);
        }
}

static size_t collect_ports(struct settings *settings, struct port *ret_ports)
{
    size_t count = 0;
    for (size_t i = 0; i < settings->serial_count; i++) {
        struct settings_serial *serial = &settings->serial[i];
        ret_ports[count++] = (struct port){"serial", serial->name, serial->device, serial->origin, &serial->disabled};
    }
    for (size_t i = 0; i < settings->modbus_count; i++) {
        struct settings_modbus *modbus = &settings->modbus[i];
        ret_ports[count++] = (struct port){"modbus", modbus->name, modbus->device, modbus->origin, &modbus->disabled};
    }
    return count;
}

static void check_name(struct findings *findings, const struct port *port)
{
    static const char folder[] = "/dev/serial/by-path";
    char name[PATH_MAX], text[2 * PATH_MAX];
    if (!serial_name_changes(port->device))
        return;
    if (serial_name_lasting(folder, port->device, name))
        snprintf(text, sizeof text,
                 _("%s may be another port after the next start; expected %s, which is the same now"), port->device,
                 name);
    else
        snprintf(text, sizeof text, _("%s may be another port after the next start; expected a name below %s"),
                 port->device, folder);
    add_finding(findings, FINDING_WARNING, port, "device", text);
}

static void check_ports(struct settings *settings, struct findings *findings)
{
    struct checked checked = {settings, findings};
    struct port *ports = calloc(settings->serial_count + settings->modbus_count + 1, sizeof *ports);
    if (!ports)
        return;
    size_t count = collect_ports(settings, ports);
    for (size_t i = 0; i < settings->serial_count; i++) // also of a port that is wrong otherwise: all is told at once
        check_codec(&checked, &ports[i], &settings->serial[i]);
    for (size_t i = 0; i < settings->serial_count; i++)
        if (!*ports[i].disabled)
            check_columns(&checked, &ports[i], &settings->serial[i]);
    for (size_t i = 0; i < settings->serial_count; i++)
        if (!*ports[i].disabled)
            check_alone(&checked, &ports[i], settings->serial[i].codec);
    check_shared(&checked, ports, count);
    for (size_t i = 0; i < count; i++)
        check_name(findings, &ports[i]);
    for (size_t i = 0; i < count; i++)
        if (!*ports[i].disabled && !has_sensors(settings, &ports[i]) &&
            !gives_position(settings, ports[i].type, ports[i].name))
            add_finding(findings, FINDING_WARNING, &ports[i], NULL,
                        _("no sensor reports through this port; expected a [sensor:...] with it as its source"));
    free(ports);
}

static void check_sensors(struct settings *settings, struct findings *findings)
{
    char text[300];
    for (size_t i = 0; i < settings->sensor_count; i++) {
        struct settings_sensor *sensor = &settings->sensor[i];
        if (sensor->disabled || sensor->codec[0] == '\0' || codec_find(sensor->codec))
            continue;
        settings_disable_sensor(settings, sensor, findings, sensor->origin, "codec", "%s",
                                codec_problem(sensor->codec, text, sizeof text));
    }
}

// Blank-separated addresses, of which any that is not loopback listens to other machines.
static bool listens_beyond_loopback(const char *listen)
{
    static const char *const loopbacks[] = {"127.", "[::1]:", "localhost:"};
    while (*(listen += strspn(listen, " "))) {
        bool loopback = false;
        for (size_t i = 0; i < sizeof loopbacks / sizeof *loopbacks; i++)
            loopback |= strncmp(listen, loopbacks[i], strlen(loopbacks[i])) == 0;
        if (!loopback)
            return true;
        listen += strcspn(listen, " ");
    }
    return false;
}

static bool is_coap(const struct settings_sensor *sensor)
{
    return sensor->source_type == SOURCE_COAP && !sensor->disabled;
}

static bool has_identity(const struct settings_sensor *sensor)
{
    return sensor->psk_identity && *sensor->psk_identity;
}

// A sensor that only one identity may report, and no key for it: nobody could.
static void check_identities(struct settings *settings, const struct keys *keys, const struct fault *why,
                             struct findings *findings)
{
    for (size_t i = 0; i < settings->sensor_count; i++) {
        struct settings_sensor *sensor = &settings->sensor[i];
        const char *identity = sensor->psk_identity;
        if (!is_coap(sensor) || !has_identity(sensor))
            continue;
        if (!keys)
            settings_disable_sensor(settings, sensor, findings, sensor->origin, "psk_identity", "%s", why->text);
        else if (!keys_identity(keys, identity, strlen(identity)))
            settings_disable_sensor(settings, sensor, findings, sensor->origin, "psk_identity",
                                    _("%s has no key for it; expected a line such as NAME = 0123456789abcdef"),
                                    settings->coap.psk_file);
    }
}

static void check_keys(struct settings *settings, struct findings *findings)
{
    const struct settings_coap *coap = &settings->coap;
    struct keys *keys = NULL;
    struct fault why = {""};
    if (!coap->psk_file || !*coap->psk_file)
        fault_set(&why, -ENOENT, _("[coap] psk_file is empty; expected a file of keys"));
    else if (coap->dtls_listen && !*coap->dtls_listen)
        fault_set(&why, -ENOENT, _("[coap] dtls_listen is empty; expected an address such as 0.0.0.0:5684"));
    else if (coap->psk_file[0] != '/') {
        fault_set(&why, -EINVAL,
                  _("\"%s\" depends on where the gateway is started; expected a path that begins with /"),
                  coap->psk_file);
        findings_add(findings, FINDING_STOPS, coap->origin, "coap", "psk_file", "%s", why.text);
    } else if (keys_load(coap->psk_file, &keys, &why) != 0 && coap->psk_file_given)
        findings_add(findings, FINDING_STOPS, coap->origin, "coap", "psk_file", "%s", why.text);
    check_identities(settings, keys, &why, findings);
    keys_destroy(keys);
}

static void check_plain(const struct settings *settings, struct findings *findings)
{
    bool sensors = false;
    for (size_t i = 0; i < settings->sensor_count; i++)
        sensors |= is_coap(&settings->sensor[i]) && !has_identity(&settings->sensor[i]);
    if (!sensors || settings->coap.allow_plain || !listens_beyond_loopback(settings->coap.listen))
        return;
    struct origin origin = settings->coap.present ? settings->coap.origin : settings->gateway.origin;
    findings_add(findings, FINDING_WARNING, origin, "coap", "allow_plain",
                 _("sensors on other devices are refused without encryption; expected a psk_identity for each, "
                   "allow_plain = yes, or listen on this machine alone"));
}

// Efento's sensors name themselves by their serial number alone.
static void check_serial_numbers(struct settings *settings, struct findings *findings)
{
    enum { DIGITS = 12 };
    for (size_t i = 0; i < settings->sensor_count; i++) {
        struct settings_sensor *sensor = &settings->sensor[i];
        if (sensor->disabled || strcmp(sensor->codec, "efento") != 0 ||
            (strspn(sensor->address, "0123456789abcdef") == DIGITS && sensor->address[DIGITS] == '\0'))
            continue;
        settings_disable_sensor(
            settings, sensor, findings, sensor->origin, "address",
            _("expected the serial number that stands on the sensor, as twelve digits in small letters, such as "
              "282c02424eed"));
    }
}

// Each takes three file descriptors of the 1 024 that a process usually has.
enum { OBSERVED_MAX = 200 };

struct observed { // resources, each with the first of its sensors
    const struct settings_sensor *first[OBSERVED_MAX];
    size_t count;
};

// The first sensor of that one's resource; NULL when there are too many resources.
static const struct settings_sensor *first_of(struct observed *observed, const struct settings_sensor *sensor)
{
    for (size_t i = 0; i < observed->count; i++)
        if (strcmp(observed->first[i]->source, sensor->source) == 0)
            return observed->first[i];
    if (observed->count == OBSERVED_MAX)
        return NULL;
    return observed->first[observed->count++] = sensor;
}

static int check_resource(struct settings *settings, struct observed *observed, const struct settings_sensor *sensor,
                          struct fault *why)
{
    struct observe_uri uri;
    int error = observe_uri_read(settings, sensor, &uri, why);
    observe_uri_finish(&uri);
    if (error < 0)
        return error;
    const struct settings_sensor *first = first_of(observed, sensor);
    if (!first)
        return fault_set(why, -E2BIG, _("more than %d resources are observed; expected fewer"), OBSERVED_MAX);
    if (uri.secure && strcmp(first->psk_identity, sensor->psk_identity) != 0)
        return fault_set(why, -EINVAL, _("[sensor:%s] asks the same resource as %s; expected the same psk_identity"),
                         first->id, first->psk_identity);
    return 0;
}

static void check_observed(struct settings *settings, struct findings *findings)
{
    struct observed observed = {.count = 0};
    for (size_t i = 0; i < settings->sensor_count; i++) {
        struct settings_sensor *sensor = &settings->sensor[i];
        struct fault why = {""};
        if (sensor->disabled || sensor->source_type != SOURCE_COAP_OBSERVE)
            continue;
        if (check_resource(settings, &observed, sensor, &why) < 0)
            settings_disable_sensor(settings, sensor, findings, sensor->origin, "source", "%s", why.text);
    }
}

void drivers_check(struct settings *settings, struct findings *findings)
{
    check_ports(settings, findings);
    check_sensors(settings, findings);
    modbus_check(settings, findings);
    check_keys(settings, findings);
    check_plain(settings, findings);
    check_observed(settings, findings);
    check_serial_numbers(settings, findings);
    check_positions(settings, findings);
    check_heads(settings, findings);
    check_places(settings, findings);
}
