// SPDX-License-Identifier: Apache-2.0
#include "loading.h"

#include "base/messages.h"
#include "settings/address.h"
#include "zones.h"
#include <math.h>
#include <string.h>

enum {
    ADDRESS_SIZE = 128,
};

// A path is as seen from the folder of the main file, whatever the daemon's own folder is.
static void check_known_objects(struct loading *loading, struct section *section)
{
    (void)section;
    struct settings_gateway *gateway = &loading->settings->gateway;
    const char *slash = strrchr(loading->main_file, '/');
    if (*gateway->known_objects && *gateway->known_objects != '/' && slash)
        gateway->known_objects = memory_printf(loading->memory, "%.*s%s", (int)(slash + 1 - loading->main_file),
                                               loading->main_file, gateway->known_objects);
}

static bool is_plain_and_far(const char *text)
{
    struct url url;
    return url_parse(text, &url) && strcmp(url.scheme, "mqtt") == 0 && !address_is_loopback(&url.address);
}

static void check_mqtt(struct loading *loading, struct section *section)
{
    struct settings_mqtt *mqtt = section->object;
    const struct settings_gateway *gateway = &loading->settings->gateway;
    if (!*mqtt->client_id)
        mqtt->client_id =
            memory_printf(loading->memory, "citygw-%s-%s-%s", gateway->municipality, gateway->id, mqtt->name);
    if (*mqtt->username && *mqtt->password_file && is_plain_and_far(mqtt->url))
        section_warning(loading, section, section_line(section, "url"), "url",
                        _("user name and password go unencrypted to another machine; better mqtts://"));
    if (!*mqtt->cert_file != !*mqtt->key_file)
        section_error(loading, section, section_line(section, *mqtt->cert_file ? "cert_file" : "key_file"),
                      *mqtt->cert_file ? "cert_file" : "key_file",
                      _("only one of the two is given; expected cert_file and key_file"));
}

static void check_influxdb(struct loading *loading, struct section *section)
{
    const struct settings_influxdb *influxdb = section->object;
    if (influxdb->api == 2 && !*influxdb->bucket)
        section_error(loading, section, 0, "bucket",
                      _("this key is missing; expected the bucket that api = v2 writes to"));
}

static void check_http(struct loading *loading, struct section *section)
{
    const struct settings_http *http = section->object;
    struct address address;
    int line = section_line(section, "listen");
    if (!address_parse(http->listen, &address) || address_is_loopback(&address))
        return;
    if (*http->token_file)
        section_warning(
            loading, section, line, "listen",
            _("%s can be reached from other machines and TLS is not built yet: the token crosses the network "
              "in clear"),
            http->listen);
    else
        section_error(loading, section, line, "listen",
                      _("%s can be reached from other machines; expected token_file to be set, or 127.0.0.1"),
                      http->listen);
}

// Takes the first address of a blank-separated list and moves on behind it. False at the end.
static bool next_address(const char **list, char *ret_text, size_t size)
{
    size_t length = strcspn(*list, " ");
    if (!length || length >= size)
        return false;
    memcpy(ret_text, *list, length);
    ret_text[length] = '\0';
    *list += length + strspn(*list + length, " ");
    return true;
}

static bool same_address(const char *one, const char *other)
{
    struct address a, b;
    return address_parse(one, &a) && address_parse(other, &b) && address_same(&a, &b);
}

// The first address of `list` that comes again behind it, or in `others`; false when there is none.
static bool find_twice(const char *list, const char *others, char ret_text[ADDRESS_SIZE])
{
    char one[ADDRESS_SIZE];
    while (next_address(&list, one, sizeof one)) {
        for (const char *rest = list; next_address(&rest, ret_text, ADDRESS_SIZE);)
            if (same_address(one, ret_text))
                return true;
        for (const char *rest = others; next_address(&rest, ret_text, ADDRESS_SIZE);)
            if (same_address(one, ret_text))
                return true;
    }
    return false;
}

static void check_listen_twice(struct loading *loading, struct section *section)
{
    const struct settings_coap *coap = section->object;
    char text[ADDRESS_SIZE];
    if (find_twice(coap->listen, "", text))
        section_error(loading, section, section_line(section, "listen"), "listen",
                      _("%s is given twice; expected each address once"), text);
    else if (find_twice(coap->dtls_listen, coap->listen, text))
        section_error(loading, section, section_line(section, "dtls_listen"), "dtls_listen",
                      _("%s is given twice; expected each address once"), text);
}

static void check_coap(struct loading *loading, struct section *section)
{
    struct settings_coap *coap = section->object;
    coap->present = true;
    coap->psk_file_given = *coap->psk_file && strcmp(coap->psk_file, PSK_FILE_DEFAULT) != 0;
    coap->limits_loopback = section_entry(section, "rate_limit") != NULL;
    check_listen_twice(loading, section);
}

static void check_serial(struct loading *loading, struct section *section)
{
    (void)loading;
    struct settings_serial *serial = section->object;
    serial->report_interval_given = section_entry(section, "report_interval") != NULL;
}

static void check_position(struct loading *loading, struct section *section, double latitude, double longitude)
{
    if (isnan(latitude) == isnan(longitude))
        return;
    const char *given = isnan(latitude) ? "longitude" : "latitude";
    if (section_entry(section, "latitude") && section_entry(section, "longitude"))
        return; // one of them is wrong, which has been told
    section_warning(loading, section, section_line(section, given), given,
                    _("this is half a position; expected latitude and longitude"));
}

static void check_zone(struct loading *loading, struct section *section)
{
    const struct settings_zone *zone = section->object;
    check_position(loading, section, zone->latitude, zone->longitude);
}

// What a sensor's key names must exist and work: a port, a zone, a profile. NULL when it does not.
static struct section *check_reference(struct loading *loading, struct section *section, const char *key,
                                       const char *type, const char *name)
{
    struct section *found = section_find(loading, type, name);
    int line = section_line(section, key);
    const char *nearest = found ? NULL : section_nearest(loading, type, name);
    if (nearest)
        section_error(loading, section, line, key,
                      _("there is no section [%s:%s], perhaps \"%s\" is meant; expected the ID of a [%s:ID]"), type,
                      name, nearest, type);
    else if (!found)
        section_error(loading, section, line, key, _("there is no section [%s:%s]; expected the ID of a [%s:ID]"), type,
                      name, type);
    else if (found->bad && strcmp(type, "zone") != 0) // a wrong zone harms itself alone
        section_error(loading, section, line, key, _("section [%s:%s] is wrong; expected it to be put right first"),
                      type, name);
    return found;
}

static const struct source {
    const char *prefix;
    int type;
    const char *section; // that it needs
} sources[] = {
    {"coap://", SOURCE_COAP_OBSERVE, NULL}, {"coaps://", SOURCE_COAP_OBSERVE, NULL}, {"coap", SOURCE_COAP, NULL},
    {"serial:", SOURCE_SERIAL, "serial"},   {"modbus:", SOURCE_MODBUS, "modbus"},    {"sim", SOURCE_SIM, NULL},
    {"gpsd://", SOURCE_GPSD, NULL},
};

static void check_source(struct loading *loading, struct section *section)
{
    struct settings_sensor *sensor = section->object;
    const struct source *source = sources;
    sensor->source_name = "";
    while (strncmp(source->prefix, sensor->source, strlen(source->prefix)) != 0)
        if (++source == sources + sizeof sources / sizeof *sources)
            return;
    sensor->source_type = source->type;
    if (source->section) {
        sensor->source_name = strchr(sensor->source, ':') + 1;
        check_reference(loading, section, "source", source->section, sensor->source_name);
    } else if (source->type == SOURCE_COAP_OBSERVE || source->type == SOURCE_GPSD) {
        sensor->source_name = sensor->source;
    }
    int line = section_line(section, "source");
    if (source->type == SOURCE_COAP && !*loading->settings->coap.listen)
        section_warning(loading, section, line, "source", _("[coap] listen is empty; nothing will arrive"));
}

static void check_device(struct loading *loading, struct section *section)
{
    struct settings_sensor *sensor = section->object;
    const struct section *device = NULL;
    if (*sensor->device)
        device = check_reference(loading, section, "device", "device", sensor->device);
    const struct settings_device *profile = device ? device->object : NULL;
    if (profile && !*sensor->codec)
        sensor->codec = profile->codec;
    const struct entry *kind = section_entry(section, "kind");
    if (kind && *kind->value)
        return;
    if (profile)
        sensor->kind = profile->kind;
    else
        section_error(loading, section, 0, "kind",
                      _("this key is missing; expected what the sensor measures, such as parking"));
}

static void check_address(struct loading *loading, struct section *section, struct names *addresses)
{
    struct settings_sensor *sensor = section->object;
    char place[PLACE_MAX];
    if (!*sensor->address)
        sensor->address = sensor->id;
    const char *both = memory_printf(loading->scratch, "%s\n%s", sensor->source, sensor->address);
    const struct section *first = names_put(addresses, both, section);
    if (!first)
        return;
    struct origin origin = {.file = first->origin.file, .line = section_line(first, "address")};
    section_error(loading, section, section_line(section, "address"), "address",
                  _("this address belongs already to [%s] in %s; expected each address once"), first->label,
                  origin_place(origin, section->origin, place));
}

// A head on a line measures again and again, and people walk by; what posts by itself has made up its mind.
static const int64_t line_hold_us = 2000000;

static void check_bay(struct loading *loading, struct section *section)
{
    struct settings_sensor *sensor = section->object;
    if (!(sensor->occupied_below_m > 0)) {
        if (sensor->free_above_m > 0)
            section_error(loading, section, section_line(section, "free_above"), "free_above",
                          _("it says nothing alone; expected occupied_below, too"));
        return;
    }
    if (sensor->kind != KIND_PARKING)
        section_error(loading, section, section_line(section, "occupied_below"), "occupied_below",
                      _("only a bay is occupied; expected kind = parking"));
    if (!(sensor->free_above_m > 0))
        sensor->free_above_m = 1.25 * sensor->occupied_below_m;
    if (!section_entry(section, "hold") &&
        (sensor->source_type == SOURCE_SERIAL || sensor->source_type == SOURCE_MODBUS))
        sensor->hold_us = line_hold_us;
    if (sensor->free_above_m < sensor->occupied_below_m)
        section_error(loading, section, section_line(section, "free_above"), "free_above",
                      _("it is nearer than occupied_below; expected the same or more"));
}

// What a healthy sensor does for an hour, too, is no sign of trouble.
static void check_soon(struct loading *loading, struct section *section, const char *key, int64_t after_us)
{
    static const int64_t hour_us = 3600 * INT64_C(1000000);
    if (after_us > 0 && after_us < hour_us)
        section_warning(loading, section, section_line(section, key), key,
                        _("this is so short that healthy sensors will be reported; expected 1 h or more, or 0 s"));
}

static void check_health(struct loading *loading, struct section *section)
{
    static const int64_t environment_us = 24 * 3600 * INT64_C(1000000);
    struct settings_sensor *sensor = section->object;
    const struct entry *stuck = section_entry(section, "stuck_after");
    if ((!stuck || !*stuck->value) && sensor->kind == KIND_ENVIRONMENT)
        sensor->stuck_after_us = environment_us;
    check_soon(loading, section, "stuck_after", sensor->stuck_after_us);
    check_soon(loading, section, "frozen_after", sensor->frozen_after_us);
    const struct entry *percent = section_entry(section, "battery_low");
    if (sensor->battery_low_v > 0 && percent && *percent->value)
        section_warning(loading, section, percent->line, "battery_low",
                        _("this is not looked at where battery_low_v is given; expected one of the two"));
}

static void check_sensor(struct loading *loading, struct section *section)
{
    struct settings_sensor *sensor = section->object;
    check_source(loading, section);
    check_device(loading, section);
    if (*sensor->zone)
        check_reference(loading, section, "zone", "zone", sensor->zone);
    check_position(loading, section, sensor->latitude, sensor->longitude);
    check_bay(loading, section);
    check_health(loading, section);
}

static const struct check {
    const char *type;
    void (*check)(struct loading *loading, struct section *section);
} checks[] = {
    {"gateway", check_known_objects},
    {"mqtt", check_mqtt},
    {"influxdb", check_influxdb},
    {"http", check_http},
    {"coap", check_coap},
    {"serial", check_serial},
    {"zone", check_zone},
    {"sensor", check_sensor},
};

static void check_fields(struct loading *loading, struct section *section)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        if (strcmp(checks[i].type, section->type->type) == 0)
            checks[i].check(loading, section);
}

static void check_outlet_name(struct loading *loading, struct section *section, struct names *outlets)
{
    char place[PLACE_MAX];
    const char *name = *section->name ? section->name : section->type->type;
    const struct section *first = section->type->outlet ? names_put(outlets, name, section) : NULL;
    if (first)
        section_error(loading, section, 0, NULL,
                      _("the outlet name \"%s\" belongs already to [%s] in %s; expected another name"), name,
                      first->label, origin_place(first->origin, section->origin, place));
}

static void check_when_full(struct loading *loading)
{
    const struct settings *settings = loading->settings;
    const struct section *section = section_find(loading, "buffer", "");
    if (section && settings->buffer.when_full == FULL_REFUSE && !settings->mqtt_count && !settings->influxdb_count &&
        !settings->ngsi_ld_count)
        section_warning(
            loading, section, section_line(section, "when_full"), "when_full",
            _("no outlet takes readings away, so a full buffer refuses every further one; expected an [mqtt] "
              "or [influxdb] section"));
}

// Even if every sensor were silent as long as it may be. How much there really is, only the running gateway knows.
static void check_autonomy(struct loading *loading)
{
    enum { READING_BYTES = 250 }; // in the buffer, of a parking bay with four quantities
    const struct settings *settings = loading->settings;
    const struct section *section = section_find(loading, "buffer", "");
    double per_hour = 0, wanted_h = (double)settings->buffer.min_autonomy_us / 3.6e9;
    for (size_t i = 0; i < settings->sensor_count; i++)
        if (!settings->sensor[i].disabled && settings->sensor[i].stale_after_us > 0)
            per_hour += 3.6e9 / (double)settings->sensor[i].stale_after_us;
    double holds_h = per_hour > 0 ? (double)settings->buffer.max_size_bytes / READING_BYTES / per_hour : wanted_h;
    if (section && holds_h < wanted_h)
        section_warning(loading, section, section_line(section, "max_size"), "max_size",
                        _("this holds about %.1f h of readings even if every sensor reports only once per stale_after; "
                          "min_autonomy wants %.1f h"),
                        holds_h, wanted_h);
}

static void mark_disabled(struct section *section)
{
    const struct section_type *type = section->type;
    if (!section->object || !type->disabled_offset)
        return;
    *((bool *)section->object + type->disabled_offset) = section->bad;
    if (strcmp(type->type, "sensor") == 0)
        ((struct settings_sensor *)section->object)->disabled_reason = section->reason;
}

static void check_gateway(struct loading *loading)
{
    struct origin nowhere = {.file = loading->main_file};
    bool found = section_find(loading, "gateway", "");
    bool told = !loading->section_count && loading->findings->stops; // the file is empty
    if (!found && !told)
        findings_add(loading->findings, FINDING_STOPS, nowhere, "gateway", NULL,
                     _("this section is missing; expected it with id and municipality"));
}

void loading_check(struct loading *loading)
{
    struct names outlets, addresses;
    check_gateway(loading);
    check_when_full(loading);
    if (names_init(&outlets, loading->scratch, loading->section_count) != 0 ||
        names_init(&addresses, loading->scratch, loading->section_count) != 0)
        return;
    for (size_t i = 0; i < loading->section_count; i++) {
        struct section *section = &loading->sections[i];
        if (!section->type || section->unusable)
            continue;
        check_outlet_name(loading, section, &outlets);
        if (section->object)
            check_fields(loading, section);
        if (section->object)
            machine_check(loading, section);
        if (strcmp(section->type->type, "sensor") == 0)
            check_address(loading, section, &addresses);
    }
    zones_check(loading);
    for (size_t i = 0; i < loading->section_count; i++)
        if (loading->sections[i].type)
            mark_disabled(&loading->sections[i]);
    check_autonomy(loading);
}
