// SPDX-License-Identifier: Apache-2.0
#include "documents.h"

#include "base/files.h"
#include "base/json.h"
#include "base/number.h"
#include "gateway.h"
#include "loss.h"
#include "snapshot.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DOCUMENT_MAX = 64 * 1024,
    ALL_MAX = 32 * 1024 * 1024,
    REPORT_MAX = 250 * 1024, // below what a message may hold
    TOPIC_MAX = 80,
    OTHERS = 4 /* info, health, loss, report */
};

// One line of a small file of the system, without its end; false when there is none.
static bool system_line(const char *path, char *ret_line, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool got = fgets(ret_line, (int)size, file) != NULL;
    fclose(file);
    ret_line[got ? strcspn(ret_line, "\n") : 0] = '\0';
    return got && ret_line[0];
}

static void write_info(const struct gateway *gateway, const struct status *status, struct json *json)
{
    char line[80];
    size_t by_kind[KIND_COUNT] = {0};
    for (size_t i = 0; i < gateway->settings->sensor_count; i++)
        by_kind[gateway->settings->sensor[i].kind]++;
    json_object_begin(json);
    json_key_text(json, "version", status->version);
    json_key_text(json, "schema", "citygw/v1");
    json_key_text(json, "epoch", status->epoch);
    if (system_line("/proc/sys/kernel/random/boot_id", line, sizeof line))
        json_key_text(json, "boot", line);
    json_key_text(json, "config", status->config_hash);
    if (system_line("/sys/firmware/devicetree/base/serial-number", line, sizeof line))
        json_key_text(json, "hardware_serial", line);
    json_key_text(json, "municipality_name", status->municipality_name);
    json_key(json, "sensors");
    json_object_begin(json);
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (by_kind[kind])
            json_key_unsigned(json, kind_names[kind], by_kind[kind]);
    json_object_end(json);
    json_object_end(json);
}

static void write_machine(struct json *json)
{
    char line[80];
    int64_t number;
    if (system_line("/sys/class/thermal/thermal_zone0/temp", line, sizeof line) &&
        integer_parse(line, strlen(line), -100000, 200000, &number))
        json_key_number(json, "temperature_c", (double)number / 1000);
    // Raspberry Pi: bit 0 of the firmware's word says that the supply is too low now.
    if (system_line("/sys/devices/platform/soc/soc:firmware/get_throttled", line, sizeof line))
        json_key_bool(json, "undervoltage", strtoul(line, NULL, 16) & 1);
}

// Rounded to 1/parts, so that noise alone makes no new document; null when not known.
static void write_known(struct json *json, const char *key, double value, double parts)
{
    json_key_number(json, key, value < 0 ? NAN : round(value * parts) / parts);
}

static void write_health(const struct status *status, struct json *json)
{
    const struct status_buffer *buffer = &status->buffer;
    char time[UTC_TEXT_SIZE];
    json_object_begin(json);
    json_key_text(json, "time", utc_text(status->now_us, time));
    json_key_unsigned(json, "buffered", buffer->readings);
    write_known(json, "autonomy_h", buffer->autonomy_h, 10);
    json_key(json, "outlets");
    json_object_begin(json);
    for (size_t i = 0; i < status->outlet_count; i++) {
        json_key(json, status->outlets[i].name);
        json_object_begin(json);
        json_key_bool(json, "connected", status->outlets[i].connected);
        json_key_unsigned(json, "lag", status->outlets[i].lag_readings);
        json_object_end(json);
    }
    json_object_end(json);
    json_key_unsigned(json, "lost", buffer->lost_full + buffer->lost_age + buffer->lost_damage);
    write_known(json, "used", buffer->used, 1000);
    json_key_text(json, "oldest", buffer->oldest_us ? utc_text(buffer->oldest_us, time) : NULL);
    write_known(json, "drained_in_s", buffer->drained_s, 1);
    json_key_unsigned(json, "written_bytes", buffer->written_bytes);
    json_key_text(json, "clock", status->clock_synchronised ? "synchronised" : "unsynchronised");
    write_machine(json);
    json_key_signed(json, "disk_free_bytes", buffer->free_bytes);
    json_object_end(json);
}

static void write_quantity(struct json *json, const char *name, enum kind kind)
{
    const struct quantity *quantity = vocabulary_find(name, kind);
    json_key_text(json, name, quantity ? quantity->unit : "");
}

static bool is_mapped(const struct settings_map maps[], size_t count, const char *name)
{
    for (size_t m = 0; m < count; m++)
        if (strcmp(maps[m].quantity, name) == 0)
            return true;
    return false;
}

static const struct settings_device *find_device(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->device_count; i++)
        if (strcmp(settings->device[i].name, name) == 0)
            return &settings->device[i];
    return NULL;
}

// What its section and its device's profile map, and what it was seen to report.
static void write_quantities(const struct settings *all, const struct settings_sensor *settings,
                             const struct sensor_live *live, struct json *json)
{
    static const struct settings_device none;
    const struct settings_device *device = find_device(all, settings->device);
    if (!device)
        device = &none;
    enum kind kind = (enum kind)settings->kind;
    json_key(json, "quantities");
    json_object_begin(json);
    for (size_t i = 0; i < settings->map_count; i++)
        write_quantity(json, settings->maps[i].quantity, kind);
    for (size_t i = 0; i < device->map_count; i++)
        if (!is_mapped(settings->maps, settings->map_count, device->maps[i].quantity))
            write_quantity(json, device->maps[i].quantity, kind);
    for (size_t i = 0; live && i < live->quantity_count; i++)
        if (!is_mapped(settings->maps, settings->map_count, live->quantities[i]) &&
            !is_mapped(device->maps, device->map_count, live->quantities[i]))
            write_quantity(json, live->quantities[i], kind);
    json_object_end(json);
}

static void write_about(const struct settings *all, const struct settings_sensor *settings,
                        const struct sensor_live *live, struct json *json)
{
    json_object_begin(json);
    json_key_text(json, "sensor", settings->id);
    json_key_text(json, "kind", kind_names[settings->kind]);
    if (*settings->name)
        json_key_text(json, "name", settings->name);
    if (isfinite(settings->latitude) && isfinite(settings->longitude)) {
        json_key_number(json, "latitude", settings->latitude);
        json_key_number(json, "longitude", settings->longitude);
    }
    if (*settings->zone)
        json_key_text(json, "zone", settings->zone);
    write_quantities(all, settings, live, json);
    json_key_number(json, "stale_after_s",
                    settings->stale_after_us ? (double)settings->stale_after_us / 1e6 : (double)NAN); // null: never
    if (*settings->device)
        json_key_text(json, "device", settings->device);
    if (settings->disabled)
        json_key_text(json, "disabled", settings->disabled_reason);
    json_object_end(json);
}

// All documents stand one behind the other in one buffer, so that handing them over is one call.
struct drafts {
    struct bytes text;
    size_t *ends;
    char (*topics)[TOPIC_MAX];
    struct outlet_document *documents;
    size_t count;
};

static void draft_end(struct drafts *drafts, const char *topic, const char *id)
{
    snprintf(drafts->topics[drafts->count], TOPIC_MAX, "%s%s", topic, id);
    drafts->ends[drafts->count++] = drafts->text.used;
}

// Yesterday's, once there is one.
static void draft_report(struct gateway *gateway, struct drafts *drafts)
{
    struct bytes report;
    struct fault why;
    bytes_init(&report, REPORT_MAX);
    if (account_report(gateway->account, NULL, &report, &why) == 0) {
        bytes_append(&drafts->text, report.data, report.used);
        draft_end(drafts, "report", "");
    }
    bytes_finish(&report);
}

static void draft_all(struct gateway *gateway, struct drafts *drafts)
{
    const struct status *status = snapshot_take(gateway->snapshot);
    struct json json;
    json_begin(&json, &drafts->text);
    write_info(gateway, status, &json);
    draft_end(drafts, "info", "");
    json_begin(&json, &drafts->text);
    write_health(status, &json);
    draft_end(drafts, "health", "");
    json_begin(&json, &drafts->text);
    loss_write(gateway->buffer, 0, LOSS_BYTES_MAX, &json);
    draft_end(drafts, "loss", "");
    draft_report(gateway, drafts);
    for (size_t i = 0; i < gateway->settings->sensor_count; i++) {
        const struct settings_sensor *settings = &gateway->settings->sensor[i];
        const struct sensor *sensor = sensors_find(gateway->sensors, settings->id);
        json_begin(&json, &drafts->text);
        write_about(gateway->settings, settings, sensor ? &gateway->intake.live[sensor->index] : NULL, &json);
        draft_end(drafts, "about/", settings->id);
    }
}

void documents_publish(struct gateway *gateway)
{
    size_t max = gateway->settings->sensor_count + OTHERS, from = 0;
    struct drafts drafts = {.ends = calloc(max, sizeof *drafts.ends),
                            .topics = calloc(max, sizeof *drafts.topics),
                            .documents = calloc(max, sizeof *drafts.documents)};
    bytes_init(&drafts.text, ALL_MAX);
    if (drafts.ends && drafts.topics && drafts.documents)
        draft_all(gateway, &drafts);
    if (drafts.text.overflow)
        drafts.count = 0;
    for (size_t i = 0; i < drafts.count; from = drafts.ends[i++])
        drafts.documents[i] = (struct outlet_document){
            .topic = drafts.topics[i], .json = (const char *)drafts.text.data + from, .size = drafts.ends[i] - from};
    for (size_t i = 0; i < gateway->outlet_count; i++)
        outlet_documents(&gateway->outlets[i], drafts.documents, drafts.count);
    free(drafts.ends);
    free(drafts.topics);
    free(drafts.documents);
    bytes_finish(&drafts.text);
}
