// SPDX-License-Identifier: Apache-2.0
#include "outlet/outlet.h"

#include "base/files.h"
#include "base/messages.h"
#include "base/text.h"
#include "influxdb_address.h"
#include "iota_json.h"
#include "mqtt_format.h"
#include "mqtt_url.h"
#include "topics.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_MAX = 256 };

// What one outlet's findings have in common.
struct section {
    struct findings *findings;
    struct origin origin;
    char section[ID_MAX + 16];
};

static struct section subject_of(struct findings *findings, struct origin origin, const char *type, const char *name)
{
    struct section subject = {.findings = findings, .origin = origin};
    bool plain = strcmp(type, name) == 0;
    snprintf(subject.section, sizeof subject.section, "%s%s%s", type, plain ? "" : ":", plain ? "" : name);
    return subject;
}

static void stops(const struct section *subject, const char *key, const char *text)
{
    findings_add(subject->findings, FINDING_STOPS, subject->origin, subject->section, key, "%s", text);
}

static void check_secret(const struct section *subject, const char *key, const char *path)
{
    struct fault why;
    char *secret = NULL;
    if (!path[0]) {
        return;
    }
    if (file_read_secret(path, &secret, &why)) {
        stops(subject, key, why.text);
        return;
    }
    explicit_bzero(secret, strlen(secret));
    free(secret);
}

static void check_file(const struct section *subject, const char *key, const char *path, bool private)
{
    struct stat stat;
    struct fault why;
    if (!path[0]) {
        return;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &stat)) {
        fault_errno(&why, -errno, _("%s cannot be read"), path);
        stops(subject, key, why.text);
    } else if (!S_ISREG(stat.st_mode)) {
        fault_set(&why, -EINVAL, _("%s is not a file; expected a file in PEM format"), path);
        stops(subject, key, why.text);
    } else if (private && (stat.st_mode & (S_IRWXG | S_IRWXO))) {
        fault_set(&why, -EPERM, _("%s can be read by others; expected mode 0600 (chmod 600 %s)"), path, path);
        stops(subject, key, why.text);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void check_mqtt_tls(const struct section *subject, const struct settings_mqtt *mqtt, bool tls)
{
    check_file(subject, "ca_file", mqtt->ca_file, false);
    check_file(subject, "cert_file", mqtt->cert_file, false);
    check_file(subject, "key_file", mqtt->key_file, true);
    if (mqtt->key_file[0] && !mqtt->cert_file[0]) {
        stops(subject, "key_file", _("a key without its certificate; expected cert_file too"));
    }
    if (!tls && (mqtt->ca_file[0] || mqtt->cert_file[0])) {
        findings_add(subject->findings, FINDING_WARNING, subject->origin, subject->section, "url",
                     _("certificates are not used over mqtt://; expected mqtts://"));
    }
}

static void check_mqtt_user(const struct section *subject, const struct settings_mqtt *mqtt, const struct mqtt_url *url)
{
    check_secret(subject, "password_file", mqtt->password_file);
    if (mqtt->password_file[0] && !mqtt->username[0]) {
        stops(subject, "username", _("a password without a user name; expected username too"));
    }
    if (mqtt->password_file[0] && !url->tls && !mqtt_url_is_loopback(url)) {
        findings_add(subject->findings, FINDING_WARNING, subject->origin, subject->section, "url",
                     _("the password travels unencrypted; expected mqtts://"));
    }
}

static void warns(const struct section *subject, const char *key, const char *text)
{
    findings_add(subject->findings, FINDING_WARNING, subject->origin, subject->section, key, "%s", text);
}

static bool is_given(struct origin origin, const char *key)
{
    const struct key_line *line = origin.keys;
    while (line && line->key && strcmp(line->key, key) != 0) {
        line++;
    }
    return line && line->key;
}

static bool has_kind(const struct settings *settings, enum kind kind)
{
    for (size_t i = 0; i < settings->sensor_count; i++) {
        if (settings->sensor[i].kind == (int)kind && !settings->sensor[i].disabled) {
            return true;
        }
    }
    return false;
}

static const char *extra_kind(const struct settings_extra *extra)
{
    return extra->key + strlen("apikey.");
}

static void check_apikey_names(const struct section *subject, const struct settings_mqtt *mqtt)
{
    struct fault why;
    for (size_t i = 0; i < mqtt->extra_count; i++) {
        const struct settings_extra *extra = &mqtt->extras[i];
        struct section there = *subject;
        int kind = 0;
        there.origin = extra->origin;
        while (kind < KIND_COUNT && strcmp(kind_names[kind], extra_kind(extra)) != 0) {
            kind++;
        }
        if (kind == KIND_COUNT && strcmp(extra_kind(extra), iota_alert) != 0) {
            fault_set(&why, -EINVAL, _("there is no kind \"%s\"; expected one such as apikey.parking"),
                      extra_kind(extra));
            stops(&there, extra->key, why.text);
        } else if (!iota_apikey_valid(extra->value)) {
            stops(&there, extra->key,
                  _("this cannot be an API key; expected letters, digits and signs of ASCII, without "
                    "blanks, quotes and any of / + # & ? < > = ; ( )"));
        }
    }
}

static void check_apikeys(const struct section *subject, const struct settings *settings,
                          const struct settings_mqtt *mqtt)
{
    struct fault why;
    check_apikey_names(subject, mqtt);
    if (mqtt->apikey[0]) {
        if (!iota_apikey_valid(mqtt->apikey)) {
            stops(subject, "apikey",
                  _("this cannot be an API key; expected letters, digits and signs of ASCII, without "
                    "blanks, quotes and any of / + # & ? < > = ; ( )"));
        }
        return;
    }
    if (mqtt->extra_count == 0) {
        stops(subject, "apikey",
              _("this key is missing; expected the key of the IoT agent's service group, since "
                "readings go to /json/APIKEY/SENSOR/attrs"));
        return;
    }
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        if (has_kind(settings, (enum kind)kind) && !iota_apikey(mqtt, (enum kind)kind)[0]) {
            fault_set(&why, -EINVAL, _("sensors of kind %s have no API key; expected apikey or apikey.%s"),
                      kind_names[kind], kind_names[kind]);
            stops(subject, "apikey", why.text);
        }
    }
}

// ParkingSpot requires a place and a site.
static void check_bays(const struct section *subject, const char *key, const struct settings *settings)
{
    const struct settings_sensor *first = NULL;
    size_t count = 0;
    struct fault why;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        bool whole = isfinite(sensor->latitude) && isfinite(sensor->longitude) && sensor->zone[0];
        if (sensor->kind == KIND_PARKING && !sensor->disabled && !whole) {
            first = first ? first : sensor;
            count++;
        }
    }
    if (count > 0) {
        fault_set(
            &why, 0,
            _("%zu parking sensors (the first: %s) lack latitude, longitude or zone, which ParkingSpot requires, and "
              "become Device instead"),
            count, first->id);
        warns(subject, key, why.text);
    }
}

// So do the models of a car park.
static void check_car_parks(const struct section *subject, const char *key, const struct settings *settings)
{
    struct fault why;
    for (size_t i = 0; i < settings->zone_count; i++) {
        const struct settings_zone *zone = &settings->zone[i];
        bool whole = isfinite(zone->latitude) && isfinite(zone->longitude);
        if (zone->kind != KIND_PARKING || zone->disabled || whole) {
            continue;
        }
        fault_set(&why, 0, _("[zone:%s] lacks latitude or longitude, and becomes Device instead of a car park"),
                  zone->id);
        warns(subject, key, why.text);
    }
}

static void check_format(const struct section *subject, const struct settings *settings,
                         const struct settings_mqtt *mqtt)
{
    const struct mqtt_format *format = mqtt_format(mqtt->format);
    if (!format->batches && mqtt->batch != BATCH_NO) {
        stops(subject, "batch", _("this format has no batches; expected batch = no"));
    }
    if (format->in_order && mqtt->drain == DRAIN_LIVE_FIRST && is_given(subject->origin, "drain")) {
        warns(subject, "drain", _("this format always drains in order, since its consumers keep what came last"));
    }
    if (mqtt->format == FORMAT_IOTA_JSON) {
        check_apikeys(subject, settings, mqtt);
    } else if (mqtt->apikey[0] || mqtt->extra_count > 0) {
        warns(subject, mqtt->apikey[0] ? "apikey" : NULL, _("an API key has an effect with format = iota-json only"));
    }
    if (mqtt->format != FORMAT_CITYGW) {
        check_bays(subject, "format", settings);
        check_car_parks(subject, "format", settings);
    }
}

static void check_mqtt(const struct settings *settings, const struct settings_mqtt *mqtt, struct findings *findings)
{
    struct section subject = subject_of(findings, mqtt->origin, "mqtt", mqtt->name);
    struct mqtt_url url = {0};
    struct fault why;
    char tree[TOPIC_SIZE];
    if (mqtt->url[0] && mqtt_url_parse(mqtt->url, &url, &why)) {
        stops(&subject, "url", why.text);
    } else if (mqtt->url[0]) { // otherwise settings have refused it already
        check_mqtt_user(&subject, mqtt, &url);
        check_mqtt_tls(&subject, mqtt, url.tls);
    }
    check_format(&subject, settings, mqtt);
    bool identified = settings->gateway.id[0] && settings->gateway.municipality[0]; // settings have told it otherwise
    if (identified && topic_tree(mqtt->topic_prefix, &settings->gateway, tree)) {
        fault_set(&why, -EINVAL, _("\"%s\" cannot begin a topic; expected words separated by /"), mqtt->topic_prefix);
        stops(&subject, "topic_prefix", why.text);
    }
}

static void check_influxdb(const struct settings_influxdb *influxdb, struct findings *findings)
{
    struct section subject = subject_of(findings, influxdb->origin, "influxdb", influxdb->name);
    struct influxdb_address address;
    struct fault why;
    if (influxdb->url[0] && influxdb_address_init(&address, influxdb, &why)) {
        stops(&subject, "url", why.text);
    } else if (influxdb->url[0]) {
        influxdb_address_finish(&address);
    }
    check_secret(&subject, "token_file", influxdb->token_file);
}

static void check_header(const struct section *subject, const char *key, const char *text)
{
    size_t size = strlen(text);
    if (size > HEADER_MAX || !text_is_plain(text, size)) {
        stops(subject, key,
              _("this cannot stand in a request; expected up to 256 characters, none of them a control character"));
    }
}

static void check_ngsi_ld(const struct settings *settings, const struct settings_ngsi_ld *broker,
                          struct findings *findings)
{
    struct section subject = subject_of(findings, broker->origin, "ngsi-ld", broker->name);
    char *label = broker->url[0] ? influxdb_address_label(broker->url) : NULL;
    if (broker->url[0] && !label) {
        stops(&subject, "url", _("url: expected http://HOST:PORT or https://HOST:PORT, without ? and #"));
    }
    check_header(&subject, "tenant", broker->tenant);
    check_header(&subject, "service_path", broker->service_path);
    check_secret(&subject, "token_file", broker->token_file);
    check_bays(&subject, NULL, settings);
    check_car_parks(&subject, NULL, settings);
    free(label);
}

// Two outlets with one client id would throw each other out for ever.
static void check_client_ids(const struct settings *settings, struct findings *findings)
{
    for (size_t i = 1; i < settings->mqtt_count; i++) {
        const struct settings_mqtt *mqtt = &settings->mqtt[i];
        struct section subject = subject_of(findings, mqtt->origin, "mqtt", mqtt->name);
        for (size_t j = 0; j < i; j++) {
            const struct settings_mqtt *other = &settings->mqtt[j];
            if (strcmp(mqtt->client_id, other->client_id) == 0 && strcmp(mqtt->url, other->url) == 0) {
                stops(&subject, "client_id",
                      _("another outlet has this client id at the same broker; "
                        "expected one of its own"));
            }
        }
    }
}

// One would overwrite what the other says.
static void check_trees(const struct settings *settings, struct findings *findings)
{
    for (size_t i = 1; i < settings->mqtt_count; i++) {
        const struct settings_mqtt *mqtt = &settings->mqtt[i];
        struct section subject = subject_of(findings, mqtt->origin, "mqtt", mqtt->name);
        for (size_t j = 0; j < i; j++) {
            const struct settings_mqtt *other = &settings->mqtt[j];
            if (mqtt->format != other->format && strcmp(mqtt->url, other->url) == 0 &&
                strcmp(mqtt->topic_prefix, other->topic_prefix) == 0) {
                stops(&subject, "topic_prefix",
                      _("another outlet writes to these topics at the same broker in another format; expected a "
                        "topic_prefix of its own"));
            }
        }
    }
}

void outlets_check(const struct settings *settings, struct findings *findings)
{
    if (!settings->mqtt_count && !settings->influxdb_count && !settings->ngsi_ld_count) {
        findings_add(findings, FINDING_WARNING, settings->gateway.origin, NULL, NULL,
                     _("no outlet: readings go nowhere; expected an [mqtt] or [influxdb] section"));
    }
    for (size_t i = 0; i < settings->mqtt_count; i++) {
        check_mqtt(settings, &settings->mqtt[i], findings);
    }
    for (size_t i = 0; i < settings->influxdb_count; i++) {
        check_influxdb(&settings->influxdb[i], findings);
    }
    for (size_t i = 0; i < settings->ngsi_ld_count; i++) {
        check_ngsi_ld(settings, &settings->ngsi_ld[i], findings);
    }
    check_client_ids(settings, findings);
    check_trees(settings, findings);
}
