// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include "base/clock.h"
#include "base/json.h"
#include <errno.h>
#include <string.h>

static void key_text_or_null(struct json *json, const char *key, const char *text)
{
    json_key_text(json, key, text && *text ? text : NULL);
}

static void key_time(struct json *json, const char *key, int64_t time_us)
{
    char text[UTC_TEXT_SIZE];
    json_key_text(json, key, utc_text(time_us, text));
}

static void key_seconds(struct json *json, const char *key, int64_t duration_us)
{
    json_key_number(json, key, (double)duration_us / 1e6);
}

static void key_null(struct json *json, const char *key)
{
    json_key(json, key);
    json_null_value(json);
}

// What is not known yet is below 0.
static void key_known(struct json *json, const char *key, double value)
{
    if (value >= 0)
        json_key_number(json, key, value);
    else
        key_null(json, key);
}

static void write_config(struct json *json, const struct status *status)
{
    json_key(json, "config");
    json_object_begin(json);
    json_key_text(json, "file", status->config_file);
    json_key_text(json, "hash", status->config_hash);
    json_object_end(json);
}

static void write_source(struct json *json, const struct status_source *source)
{
    json_object_begin(json);
    json_key_text(json, "name", source->name);
    json_key_text(json, "state", source->state);
    key_text_or_null(json, "fault", source->fault);
    if (source->state && strcmp(source->state, "waiting") == 0)
        key_seconds(json, "retry_in_s", source->retry_in_us);
    else
        key_null(json, "retry_in_s");
    json_key_unsigned(json, "received", source->received);
    json_key_unsigned(json, "reopened", source->reopened);
    json_key_unsigned(json, "unknown_fields", source->unknown_fields);
    json_key(json, "refused");
    json_object_begin(json);
    for (size_t i = 0; i < source->refused_count; i++)
        json_key_unsigned(json, source->refused[i].reason, source->refused[i].count);
    json_object_end(json);
    json_object_end(json);
}

static void write_outlet(struct json *json, const struct status_outlet *outlet)
{
    json_object_begin(json);
    json_key_text(json, "name", outlet->name);
    json_key_text(json, "type", outlet->type);
    json_key_text(json, "url", outlet->url);
    json_key_bool(json, "connected", outlet->connected);
    if (outlet->since_us > 0)
        key_time(json, "since", outlet->since_us);
    else
        key_null(json, "since");
    key_text_or_null(json, "alarm", outlet->alarm);
    key_text_or_null(json, "fault", outlet->fault);
    json_key_unsigned(json, "position", outlet->position);
    json_key_unsigned(json, "lag_readings", outlet->lag_readings);
    key_seconds(json, "lag_s", outlet->lag_us);
    json_key_unsigned(json, "sent", outlet->sent);
    json_key_unsigned(json, "parked", outlet->parked);
    key_known(json, "drained_in_s", outlet->drained_s);
    json_key_unsigned(json, "ranges", outlet->ranges);
    json_key_unsigned(json, "replays", outlet->replays);
    json_key_unsigned(json, "replayed", outlet->replayed);
    json_object_end(json);
}

static void write_vehicle(struct json *json, const struct status_vehicle *vehicle)
{
    json_object_begin(json);
    json_key_text(json, "sensor", vehicle->sensor);
    json_key_unsigned(json, "received", vehicle->received);
    json_key_unsigned(json, "samples", vehicle->samples);
    json_key_unsigned(json, "waiting", vehicle->waiting);
    key_known(json, "rate_hz", vehicle->rate_hz);
    key_seconds(json, "jitter_s", vehicle->jitter_us);
    json_key_unsigned(json, "duplicates", vehicle->duplicates);
    json_key_unsigned(json, "backward", vehicle->backward);
    json_key_unsigned(json, "leaps", vehicle->leaps);
    json_key_unsigned(json, "gaps", vehicle->gaps);
    key_seconds(json, "largest_gap_s", vehicle->largest_gap_us);
    json_key_unsigned(json, "repeated", vehicle->repeated);
    json_key_unsigned(json, "incomplete", vehicle->incomplete);
    json_key_unsigned(json, "located", vehicle->located);
    json_key_unsigned(json, "fixes", vehicle->fixes);
    json_key_unsigned(json, "no_fixes", vehicle->no_fixes);
    key_known(json, "position_age_s", vehicle->position_age_us < 0 ? -1 : (double)vehicle->position_age_us / 1e6);
    json_object_end(json);
}

static void write_lost(struct json *json, const struct status_buffer *buffer)
{
    json_key(json, "lost");
    json_object_begin(json);
    json_key_unsigned(json, "full", buffer->lost_full);
    json_key_unsigned(json, "age", buffer->lost_age);
    json_key_unsigned(json, "damage", buffer->lost_damage);
    json_object_end(json);
}

static void write_buffer(struct json *json, const struct status_buffer *buffer)
{
    json_object_begin(json);
    json_key_text(json, "path", buffer->path);
    json_key_bool(json, "failing", buffer->failing);
    json_key_unsigned(json, "readings", buffer->readings);
    json_key_unsigned(json, "oldest", buffer->oldest);
    json_key_unsigned(json, "next", buffer->next);
    if (buffer->oldest_us)
        key_time(json, "oldest_time", buffer->oldest_us);
    else
        key_null(json, "oldest_time");
    key_seconds(json, "oldest_age_s", buffer->oldest_age_us);
    json_key_unsigned(json, "bytes", buffer->bytes);
    json_key_unsigned(json, "max_bytes", buffer->max_bytes);
    json_key_signed(json, "free_bytes", buffer->free_bytes);
    json_key_unsigned(json, "written_bytes", buffer->written_bytes);
    json_key_unsigned(json, "committed", buffer->committed);
    json_key_unsigned(json, "commits", buffer->commits);
    if (buffer->commits)
        json_key_number(json, "commit_mean_s", (double)buffer->commit_us_sum / (double)buffer->commits / 1e6);
    else
        key_null(json, "commit_mean_s");
    json_key_unsigned(json, "waiting", buffer->waiting);
    write_lost(json, buffer);
    json_key_bool(json, "losing", buffer->losing);
    json_key_unsigned(json, "ledger_entries", buffer->ledger_entries);
    json_key_unsigned(json, "events_copied", buffer->events_copied);
    json_key_unsigned(json, "events_dropped", buffer->events_dropped);
    json_key_unsigned(json, "condemned", buffer->condemned);
    json_key_unsigned(json, "set_aside", buffer->set_aside);
    json_key_number(json, "readings_per_s", buffer->readings_per_s);
    json_key_number(json, "used", buffer->used);
    key_known(json, "autonomy_h", buffer->autonomy_h);
    json_key_number(json, "min_autonomy_h", buffer->min_autonomy_h);
    key_known(json, "drained_in_s", buffer->drained_s);
    json_object_end(json);
}

static void write_values(struct json *json, const struct status_value values[], size_t count)
{
    json_key(json, "values");
    json_object_begin(json);
    for (size_t i = 0; i < count; i++) {
        const struct status_value *value = &values[i];
        json_key(json, value->name);
        if (value->json)
            json_raw(json, value->json, strlen(value->json));
        else
            json_null_value(json);
    }
    json_object_end(json);
}

static void write_last_reading(struct json *json, const struct status_sensor *sensor)
{
    if (sensor->seq) {
        json_key_unsigned(json, "seq", sensor->seq);
    } else {
        key_null(json, "seq");
    }
    if (sensor->age_us >= 0) {
        key_time(json, "time", sensor->time_us);
        key_seconds(json, "age_s", sensor->age_us);
    } else { // none since the start
        key_null(json, "time");
        key_null(json, "age_s");
    }
    key_text_or_null(json, "quality", sensor->quality);
    key_text_or_null(json, "time_quality", sensor->time_quality);
    write_values(json, sensor->values, sensor->value_count);
}

static void write_sensor(struct json *json, const struct status_sensor *sensor)
{
    json_object_begin(json);
    json_key_text(json, "id", sensor->id);
    json_key_text(json, "kind", sensor->kind);
    json_key_text(json, "source", sensor->source);
    json_key_text(json, "address", sensor->address);
    key_text_or_null(json, "zone", sensor->zone);
    key_text_or_null(json, "name", sensor->name);
    key_text_or_null(json, "disabled", sensor->disabled);
    key_seconds(json, "stale_after_s", sensor->stale_after_us);
    json_key_unsigned(json, "readings", sensor->readings);
    if (sensor->has_frames) {
        json_key_unsigned(json, "frames_lost", sensor->frames_lost);
        json_key_unsigned(json, "frames_missing", sensor->frames_missing);
    }
    write_last_reading(json, sensor);
    json_object_end(json);
}

static void write_condition_head(struct json *json, const struct status_condition *condition)
{
    json_key_text(json, "level", condition->level);
    if (condition->since_us)
        key_time(json, "since", condition->since_us);
    else
        key_null(json, "since");
}

static void write_condition(struct json *json, const struct status_condition *condition)
{
    json_object_begin(json);
    json_key_text(json, "condition", condition->name);
    write_condition_head(json, condition);
    if (*condition->quantity)
        json_key_text(json, "quantity", condition->quantity);
    if (*condition->value_name)
        json_key_number(json, condition->value_name, condition->value);
    json_object_end(json);
}

// Its level is that of the worst condition, and so is since when.
static void write_alert(struct json *json, const struct status_alert *alert)
{
    json_object_begin(json);
    json_key_text(json, "kind", alert->kind);
    json_key_text(json, "id", alert->id);
    write_condition_head(json, &alert->conditions[0]);
    json_key(json, "conditions");
    json_array_begin(json);
    for (size_t i = 0; i < alert->condition_count; i++)
        write_condition(json, &alert->conditions[i]);
    json_array_end(json);
    json_object_end(json);
}

static void write_zone(struct json *json, const struct status_zone *zone)
{
    json_object_begin(json);
    json_key_text(json, "id", zone->id);
    json_key_text(json, "kind", zone->kind);
    key_text_or_null(json, "name", zone->name);
    json_key_bool(json, "disabled", zone->disabled);
    if (zone->time_us)
        key_time(json, "time", zone->time_us);
    else
        key_null(json, "time");
    key_text_or_null(json, "quality", zone->quality);
    key_text_or_null(json, "time_quality", zone->time_quality);
    write_values(json, zone->values, zone->value_count);
    json_object_end(json);
}

static void write_city(struct json *json, const struct status_city *city)
{
    static const struct status_city none;
    city = city ? city : &none;
    size_t zones = city->zone_count < STATUS_ZONES_MAX ? city->zone_count : STATUS_ZONES_MAX;
    json_key(json, "alerts");
    json_array_begin(json);
    for (size_t i = 0; i < city->alert_count; i++)
        write_alert(json, &city->alerts[i]);
    json_array_end(json);
    json_key_unsigned(json, "alerts_more", city->alerts_more);
    json_key(json, "zones");
    json_array_begin(json);
    for (size_t i = 0; i < zones; i++)
        write_zone(json, city->zone(city->zones, i));
    json_array_end(json);
    json_key_unsigned(json, "zones_more", city->zone_count - zones);
}

static void write_identity(struct json *json, const struct status *status)
{
    json_key_text(json, "gateway", status->gateway);
    json_key_text(json, "municipality", status->municipality);
    key_text_or_null(json, "municipality_name", status->municipality_name);
    json_key_text(json, "version", status->version);
    json_key_text(json, "epoch", status->epoch);
    json_key_text(json, "session", status->session);
    key_time(json, "since", status->since_us);
    key_time(json, "now", status->now_us);
    json_key_bool(json, "clock_synchronised", status->clock_synchronised);
    write_config(json, status);
}

void api_status(const struct status *status, struct bytes *out)
{
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    write_identity(&json, status);
    json_key(&json, "sources");
    json_array_begin(&json);
    for (size_t i = 0; i < status->source_count; i++)
        write_source(&json, &status->sources[i]);
    json_array_end(&json);
    json_key(&json, "outlets");
    json_array_begin(&json);
    for (size_t i = 0; i < status->outlet_count; i++)
        write_outlet(&json, &status->outlets[i]);
    json_array_end(&json);
    json_key(&json, "vehicles");
    json_array_begin(&json);
    for (size_t i = 0; i < status->vehicle_count; i++)
        write_vehicle(&json, &status->vehicles[i]);
    json_array_end(&json);
    write_city(&json, status->city);
    json_key(&json, "buffer");
    write_buffer(&json, &status->buffer);
    json_key(&json, "sensors");
    json_object_begin(&json);
    json_key_unsigned(&json, "count", status->sensor_count);
    json_key_unsigned(&json, "disabled", status->sensors_disabled);
    json_object_end(&json);
    json_key(&json, "warnings");
    json_array_begin(&json);
    for (size_t i = 0; i < status->warning_count; i++)
        json_text(&json, status->warnings[i]);
    json_array_end(&json);
    json_object_end(&json);
}

void api_sensors(const struct status *status, struct bytes *out)
{
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_text(&json, "gateway", status->gateway);
    key_time(&json, "now", status->now_us);
    json_key(&json, "sensors");
    json_array_begin(&json);
    for (size_t i = 0; i < status->sensor_count; i++)
        write_sensor(&json, status->sensor(status->sensors, i));
    json_array_end(&json);
    json_object_end(&json);
}

void api_buffer(const struct status *status, struct bytes *out)
{
    struct json json;
    json_begin(&json, out);
    write_buffer(&json, &status->buffer);
}

int api_sensor(const struct status *status, const char *id, struct bytes *out)
{
    for (size_t i = 0; i < status->sensor_count; i++) {
        const struct status_sensor *sensor = status->sensor(status->sensors, i);
        if (strcmp(sensor->id, id) != 0)
            continue;
        struct json json;
        json_begin(&json, out);
        write_sensor(&json, sensor);
        return 0;
    }
    return -ENOENT;
}

void api_error(const char *code, const char *message, struct bytes *out)
{
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_text(&json, "error", code);
    json_key_text(&json, "message", message);
    json_object_end(&json);
}
