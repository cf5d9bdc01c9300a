// SPDX-License-Identifier: Apache-2.0
#include "start.h"

#include "base/files.h"
#include "base/log.h"
#include "base/messages.h"
#include "city/bump.h"
#include "documents.h"
#include "gateway.h"
#include "reading/stream.h"
#include "snapshot.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

// How long a request may be repeated (RFC 7252, 4.8.2: EXCHANGE_LIFETIME).
static const int64_t keys_age_us = 247 * 1000000LL;

// With commit_interval = 0 the end of the loop's turn commits; this is for a turn that takes long.
static const int64_t turn_max_us = 1000;

static void tell_findings(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        log_line(findings->list[i].level == FINDING_WARNING ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "config", "%s",
                 findings->list[i].text);
    if (findings->dropped)
        log_line(LOG_LEVEL_WARNING, "config", _("%zu more findings are not shown"), findings->dropped);
}

int start_settings(struct gateway *gateway)
{
    messages_use(settings_language(gateway->config_path)); // first: findings are put into words while the file is read
    int error = settings_load(gateway->config_path, &gateway->findings, &gateway->settings);
    if (!error) {
        drivers_check(gateway->settings, &gateway->findings);
        outlets_check(gateway->settings, &gateway->findings);
        bump_check(gateway->settings, &gateway->findings);
        error = sensors_create(gateway->settings, &gateway->findings, &gateway->sensors);
    }
    tell_findings(&gateway->findings);
    if (!error && !gateway->findings.stops) {
        setenv("TZ", gateway->settings->gateway.timezone, 1); // days are those of the gateway's place
        tzset();
        return 0;
    }
    log_line(LOG_LEVEL_ERROR, "config",
             _("the gateway does not start; correct the lines above, 'citygw check' shows them again"));
    sensors_destroy(gateway->sensors);
    return error ? error : -EINVAL;
}

static void make_session(char *ret_session, size_t size)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        number = (uint64_t)clock_wall_us(&clock_system);
    snprintf(ret_session, size, "%016llx", (unsigned long long)number);
}

int start_buffer(struct gateway *gateway, void (*wake)(void *), void (*report)(void *, const char *), struct fault *why)
{
    const struct settings_buffer *settings = &gateway->settings->buffer;
    struct buffer_options options = {.path = settings->path,
                                     .clock = gateway->clock,
                                     .max_size_bytes = (uint64_t)settings->max_size_bytes,
                                     .max_age_us = settings->max_age_us,
                                     .keep_delivered_us = settings->keep_delivered_us,
                                     .commit_interval_us =
                                         settings->commit_interval_us ? settings->commit_interval_us : turn_max_us,
                                     .refuse_when_full = settings->when_full == FULL_REFUSE,
                                     .wake = wake,
                                     .report = report,
                                     .context = gateway};
    gateway->started_wall_us = clock_wall_us(gateway->clock);
    gateway->started_boot_us = clock_boot_us(gateway->clock);
    make_session(gateway->session, sizeof gateway->session);
    return buffer_open(&options, &gateway->buffer, why);
}

static void add_state(void *context, uint32_t stream)
{
    struct gateway *gateway = context;
    size_t count = gateway->outlet_common.state_count;
    if (!gateway->states || count == gateway->state_max) // before there are any, list_states() will find it
        return;
    gateway->states[count] = stream;
    gateway->outlet_common.state_count = count + 1;
}

static void note_reading(void *context, const struct sensor *sensor, const struct reading *reading)
{
    struct gateway *gateway = context;
    intake_note(&gateway->intake, sensor, reading);
}

static void take_sample(void *context, const struct sensor *sensor, const struct ride_sample *sample)
{
    city_sample(context, sensor, sample);
}

int start_intake(struct gateway *gateway, struct fault *why)
{
    hold_init(&gateway->hold, gateway->clock, gateway->buffer, gateway->settings->gateway.clock_wait_us);
    int error = intake_init(&gateway->intake, gateway->clock, gateway->sensors, gateway->buffer, why);
    gateway->intake.hold = &gateway->hold;
    const struct city_options city = {.clock = gateway->clock,
                                      .settings = gateway->settings,
                                      .sensors = gateway->sensors,
                                      .buffer = gateway->buffer,
                                      .hold = &gateway->hold,
                                      .made = add_state,
                                      .told = note_reading,
                                      .context = gateway};
    if (!error)
        error = city_create(&city, &gateway->city, why);
    const struct standing_options options = {.clock = gateway->clock,
                                             .sensors = gateway->sensors,
                                             .buffer = gateway->buffer,
                                             .loop = &gateway->loop,
                                             .city = gateway->city,
                                             .folder = gateway->settings->buffer.path};
    if (!error)
        error = standing_create(&options, &gateway->standing, why);
    gateway->intake.standing = gateway->standing;
    gateway->intake.city = gateway->city;
    if (!error && vehicles_create(gateway->settings, gateway->sensors, gateway->clock, &gateway->vehicles) != 0)
        error = fault_set(why, -ENOMEM, _("out of memory"));
    gateway->intake.vehicles = gateway->vehicles;
    vehicles_consume(gateway->vehicles, take_sample, gateway->city);
    return error;
}

static void account_reported(void *context)
{
    documents_publish(context);
}

int start_account(struct gateway *gateway, struct fault *why)
{
    size_t count = sensors_count(gateway->sensors);
    gateway->sensor_ids = calloc(count + 1, sizeof *gateway->sensor_ids);
    if (!gateway->sensor_ids)
        return fault_set(why, -ENOMEM, _("out of memory"));
    for (size_t i = 0; i < count; i++)
        gateway->sensor_ids[i] = sensors_at(gateway->sensors, i)->settings->id;
    struct account_options options = {.clock = gateway->clock,
                                      .buffer = gateway->buffer,
                                      .loop = &gateway->loop,
                                      .folder = gateway->settings->buffer.path,
                                      .sensors = gateway->sensor_ids,
                                      .sensor_count = count,
                                      .outlets = gateway->outlet_names,
                                      .outlet_count = gateway->outlet_count,
                                      .reported = account_reported,
                                      .context = gateway};
    gateway->account = account_create(&options);
    gateway->intake.account = gateway->account;
    return gateway->account ? 0 : fault_set(why, -ENOMEM, _("out of memory"));
}

static int start_outlet(struct gateway *gateway, const struct outlet_type *type, size_t index, struct fault *why)
{
    struct outlet *outlet = &gateway->outlets[gateway->outlet_count];
    int error = outlet_init(outlet, &gateway->outlet_common, type, index, why);
    if (!error)
        error = outlet_start(outlet, why);
    if (error)
        outlet_finish(outlet);
    else
        gateway->outlet_names[gateway->outlet_count++] = outlet->name;
    return error;
}

// The streams whose newest reading is a state: those of sensors, and of zones and alerts that there were before; with room for those
// that there may come to be, an alert of each sensor and zone.
static int list_states(struct gateway *gateway)
{
    size_t count = sensors_count(gateway->sensors), streams = buffer_stream_count(gateway->buffer);
    gateway->state_max = streams + 2 * count + 2 * gateway->settings->zone_count + GATEWAY_ALERT_COUNT;
    gateway->states = calloc(gateway->state_max, sizeof *gateway->states);
    gateway->outlet_common.states = gateway->states;
    if (!gateway->states)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (kind_is_state((enum kind)sensors_at(gateway->sensors, i)->settings->kind))
            add_state(gateway, gateway->intake.live[i].stream);
    for (size_t i = 0; i < streams; i++) {
        const char *id, *name = buffer_stream_name(gateway->buffer, (uint32_t)i);
        if (name && stream_subject(name, &id) != SUBJECT_SENSOR)
            add_state(gateway, (uint32_t)i);
    }
    return 0;
}

static int share_with_outlets(struct gateway *gateway, struct fault *why)
{
    gateway->commands = commands_create(gateway);
    gateway->outlet_common = (struct outlet_common){.settings = gateway->settings,
                                                    .buffer = gateway->buffer,
                                                    .loop = &gateway->loop,
                                                    .clock = gateway->clock,
                                                    .hold = &gateway->hold,
                                                    .command = commands_take,
                                                    .context = gateway->commands};
    if (!gateway->commands || list_states(gateway) != 0)
        return fault_set(why, -ENOMEM, _("out of memory"));
    return 0;
}

// Cursors of outlets that left the configuration go first: there is room for so many only.
static int forget_other_cursors(struct gateway *gateway, struct fault *why)
{
    const struct settings *settings = gateway->settings;
    const char *names[OUTLETS_MAX];
    size_t count = 0;
    if (settings->mqtt_count + settings->influxdb_count + settings->ngsi_ld_count > OUTLETS_MAX)
        return fault_set(why, -ENOSPC, _("more than %d outlets"), OUTLETS_MAX);
    for (size_t i = 0; i < settings->mqtt_count; i++)
        names[count++] = settings->mqtt[i].name;
    for (size_t i = 0; i < settings->influxdb_count; i++)
        names[count++] = settings->influxdb[i].name;
    for (size_t i = 0; i < settings->ngsi_ld_count; i++)
        names[count++] = settings->ngsi_ld[i].name;
    buffer_cursor_keep(gateway->buffer, names, count);
    return 0;
}

int start_outlets(struct gateway *gateway, struct fault *why)
{
    const struct settings *settings = gateway->settings;
    int error = forget_other_cursors(gateway, why);
    if (!error)
        error = share_with_outlets(gateway, why);
    for (size_t i = 0; !error && i < settings->mqtt_count; i++)
        error = start_outlet(gateway, &outlet_mqtt, i, why);
    for (size_t i = 0; !error && i < settings->influxdb_count; i++)
        error = start_outlet(gateway, &outlet_influxdb, i, why);
    for (size_t i = 0; !error && i < settings->ngsi_ld_count; i++)
        error = start_outlet(gateway, &outlet_ngsi_ld, i, why);
    return error;
}

static bool any_sensor(const struct settings *settings, enum source_type type)
{
    for (size_t i = 0; i < settings->sensor_count; i++)
        if (settings->sensor[i].source_type == (int)type && !settings->sensor[i].disabled)
            return true;
    return false;
}

// `name` as sensors name it, `port` what the driver gets of it.
static int add_source(struct gateway *gateway, const char *type, const char *name, const char *port, struct fault *why)
{
    const struct driver *driver = driver_find(type);
    if (!driver)
        return fault_set(why, -ENOENT, "no driver %s", type);
    struct source *source = &gateway->sources[gateway->source_count++];
    return source_init(source, driver, name, port, gateway->settings, gateway->clock, &gateway->loop, &gateway->intake,
                       why);
}

static const char *gpsd_of_position(const struct settings_sensor *sensor)
{
    bool is_asked = !sensor->disabled && sensor->kind == KIND_BUMP && strncmp(sensor->position, "gpsd://", 7) == 0;
    return is_asked ? sensor->position : NULL;
}

// The gpsd that the sensor's position comes from, when no sensor has it as its source, and none before has the same; else NULL.
static const char *further_gpsd(const struct settings *settings, size_t index)
{
    const char *position = gpsd_of_position(&settings->sensor[index]);
    for (size_t i = 0; position && i < settings->sensor_count; i++) {
        const struct settings_sensor *other = &settings->sensor[i];
        const char *earlier = i < index ? gpsd_of_position(other) : NULL;
        if ((!other->disabled && strcmp(other->source, position) == 0) || (earlier && strcmp(earlier, position) == 0))
            return NULL;
    }
    return position;
}

// The driver of a source that is named by a URI; NULL for others.
static const char *uri_driver(const struct settings_sensor *sensor)
{
    if (sensor->disabled)
        return NULL;
    return sensor->source_type == SOURCE_COAP_OBSERVE ? "observe" : sensor->source_type == SOURCE_GPSD ? "gpsd" : NULL;
}

// The first of the sensors that share a URI.
static bool is_first(const struct settings *settings, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (uri_driver(&settings->sensor[i]) && !strcmp(settings->sensor[i].source, settings->sensor[index].source))
            return false;
    return true;
}

static int add_sources(struct gateway *gateway, struct fault *why)
{
    const struct settings *settings = gateway->settings;
    int error = 0;
    if (*settings->coap.listen && (settings->coap.present || any_sensor(settings, SOURCE_COAP)))
        error = add_source(gateway, "coap", "coap", "", why);
    for (size_t i = 0; !error && i < settings->serial_count; i++) {
        char name[ID_MAX + 16];
        snprintf(name, sizeof name, "serial:%s", settings->serial[i].name);
        if (settings->serial[i].disabled)
            continue;
        error = add_source(gateway, "serial", name, settings->serial[i].name, why);
        if (!error)
            gateway->sources[gateway->source_count - 1].merge_us = settings->serial[i].report_interval_us;
    }
    for (size_t i = 0; !error && i < settings->modbus_count; i++) {
        char name[ID_MAX + 16];
        snprintf(name, sizeof name, "modbus:%s", settings->modbus[i].name);
        if (!settings->modbus[i].disabled)
            error = add_source(gateway, "modbus", name, settings->modbus[i].name, why);
    }
    if (!error && any_sensor(settings, SOURCE_SIM))
        error = add_source(gateway, "sim", "sim", "", why);
    for (size_t i = 0; !error && i < settings->sensor_count; i++)
        if (uri_driver(&settings->sensor[i]) && is_first(settings, i))
            error = add_source(gateway, uri_driver(&settings->sensor[i]), settings->sensor[i].source,
                               settings->sensor[i].source, why);
    for (size_t i = 0; !error && i < settings->sensor_count; i++) {
        const char *position = further_gpsd(settings, i);
        if (position)
            error = add_source(gateway, "gpsd", position, position, why);
    }
    return error;
}

static void restore_key(const uint8_t *key, size_t size, int64_t age_us, void *context)
{
    struct gateway *gateway = context;
    for (size_t i = 0; i < gateway->source_count; i++)
        if (gateway->sources[i].driver->restore_key)
            gateway->sources[i].driver->restore_key(gateway->sources[i].driver_state, key, size, age_us);
}

int start_sources(struct gateway *gateway, struct fault *why)
{
    const struct settings *settings = gateway->settings;
    size_t most = settings->serial_count + settings->modbus_count + 2;
    most += 2 * settings->sensor_count; // each one's source, and that of its position
    gateway->sources = calloc(most, sizeof *gateway->sources);
    if (!gateway->sources)
        return fault_set(why, -ENOMEM, _("out of memory"));
    int error = add_sources(gateway, why);
    if (error)
        return error;
    buffer_recent_keys(gateway->buffer, keys_age_us, restore_key, gateway);
    for (size_t i = 0; i < gateway->source_count; i++)
        source_start(&gateway->sources[i]);
    return 0;
}

int start_control(struct gateway *gateway, struct fault *why)
{
    const struct settings_http *settings = &gateway->settings->http;
    gateway->snapshot = snapshot_create(gateway);
    gateway->exports = exports_create(gateway->settings, gateway->buffer, gateway->clock, &gateway->hold);
    if (!gateway->snapshot || !gateway->exports)
        return fault_set(why, -ENOMEM, _("out of memory"));
    if (*settings->token_file) {
        int error = file_read_secret(settings->token_file, &gateway->http_token, why);
        if (error)
            return error;
    }
    struct control_options options = {.loop = &gateway->loop,
                                      .clock = gateway->clock,
                                      .socket = settings->socket,
                                      .listen = settings->listen,
                                      .token = gateway->http_token,
                                      .context = gateway->snapshot,
                                      .snapshot = snapshot_take,
                                      .commander = gateway,
                                      .command = commands_run,
                                      .export = &exports_face,
                                      .export_context = gateway->exports};
    return control_create(&options, &gateway->control, why);
}
