// SPDX-License-Identifier: Apache-2.0
#include "snapshot.h"

#include "base/messages.h"
#include "city_status.h"
#include "feed.h"
#include "gateway.h"
#include "status_values.h"
#include "unknown.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARNINGS_MAX = 64, FIGURES_OF_SOURCE_MAX = 32 };

struct snapshot {
    struct gateway *gateway;
    struct status status;
    struct status_source *sources;
    struct status_outlet outlets[OUTLETS_MAX];
    struct fault outlet_faults[OUTLETS_MAX], outlet_alarms[OUTLETS_MAX];
    int64_t now_boot_us;
    struct status_sensor sensor; // the one last asked for
    struct status_vehicle *vehicles;
    struct bytes values;           // of that: as JSON texts, one behind the other
    struct status_figure *figures; // room for those of all sources
    struct buffer_figures buffer;
    const char *warnings[WARNINGS_MAX];
    struct fault autonomy; // the warning of too little of it
    struct city_status *city;
};

struct snapshot *snapshot_create(struct gateway *gateway)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot)
        return NULL;
    snapshot->gateway = gateway;
    snapshot->sources = calloc(gateway->source_count + 1, sizeof *snapshot->sources);
    snapshot->figures = calloc(gateway->source_count * FIGURES_OF_SOURCE_MAX + 1, sizeof *snapshot->figures);
    snapshot->vehicles = calloc(vehicles_most(gateway->vehicles) + 1, sizeof *snapshot->vehicles);
    bytes_init(&snapshot->values, 64 * 1024);
    snapshot->city = city_status_create(gateway->city, gateway->settings);
    if (!snapshot->sources || !snapshot->vehicles || !snapshot->figures || !snapshot->city) {
        snapshot_destroy(snapshot);
        return NULL;
    }
    return snapshot;
}

void snapshot_destroy(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    bytes_finish(&snapshot->values);
    city_status_destroy(snapshot->city);
    free(snapshot->sources);
    free(snapshot->vehicles);
    free(snapshot->figures);
    free(snapshot);
}

static const char *state_name(enum source_state state)
{
    static const char *const names[] = {
        [SOURCE_CLOSED] = "closed", [SOURCE_OPENING] = "opening", [SOURCE_OPEN] = "open", [SOURCE_WAITING] = "waiting"};
    return names[state];
}

static void take_source(const struct source *source, int64_t now_boot_us, struct status_source *ret)
{
    *ret = (struct status_source){.name = source->name,
                                  .state = state_name(source->state),
                                  .fault = source->state == SOURCE_OPEN ? source->babble.text : source->fault.text,
                                  .received = source->received,
                                  .merged = source->merged,
                                  .repeated = source->repeated,
                                  .unchanged = source->unchanged,
                                  .wraps = source->counters[COUNTER_WRAPPED],
                                  .restarts = source->counters[COUNTER_BEGAN_AGAIN],
                                  .jumps = source->counters[COUNTER_JUMPED],
                                  .reopened = source->reopened,
                                  .unknown_fields = source->unknown_fields};
    if (source->state == SOURCE_WAITING && source->retry_boot_us > now_boot_us)
        ret->retry_in_us = source->retry_boot_us - now_boot_us;
    for (int r = REFUSAL_NONE + 1; r < REFUSAL_COUNT && ret->refused_count < STATUS_REASONS_MAX; r++)
        if (source->refusals[r].count)
            ret->refused[ret->refused_count++] =
                (struct status_reason){refusal_name((enum refusal)r), source->refusals[r].count};
}

static void take_traffic(struct outlet *outlet, struct status_outlet *ret)
{
    struct outlet_range ranges[OUTLET_RANGES_MAX];
    struct outlet_figures figures = {0};
    size_t count = feed_pending(outlet, ranges);
    ret->ranges = count ? count - 1 : 0;
    if (outlet->type->figures)
        outlet->type->figures(outlet->state, &figures);
    ret->batches = figures.batches;
    ret->commands = figures.commands;
    ret->commands_ignored = figures.commands_ignored;
    ret->replies_dropped = figures.replies_dropped;
    ret->throttled_us = (int64_t)figures.throttled_us;
    ret->in_flight = figures.in_flight;
    ret->characters_replaced = figures.characters_replaced;
    pthread_mutex_lock(&outlet->replays.lock);
    ret->replays = outlet->replays.count;
    ret->replays_asked = outlet->replays.asked;
    ret->replayed = outlet->replays.readings;
    pthread_mutex_unlock(&outlet->replays.lock);
}

static void take_outlet(struct snapshot *snapshot, size_t i, int64_t now_us)
{
    struct outlet *outlet = &snapshot->gateway->outlets[i];
    struct status_outlet *ret = &snapshot->outlets[i];
    *ret = (struct status_outlet){.name = outlet->name, .type = outlet->type->type, .url = outlet->url};
    pthread_mutex_lock(&outlet->lock);
    ret->connected = outlet->connected;
    ret->since_us = outlet->since_us;
    ret->sent = outlet->sent;
    ret->parked = outlet->parked;
    snapshot->outlet_faults[i] = outlet->fault;
    snapshot->outlet_alarms[i] = outlet->alarm;
    pthread_mutex_unlock(&outlet->lock);
    ret->fault = snapshot->outlet_faults[i].text;
    ret->alarm = snapshot->outlet_alarms[i].text;
    take_traffic(outlet, ret);
    ret->position = buffer_cursor(snapshot->gateway->buffer, outlet->name);
    ret->lag_readings = buffer_cursor_count(snapshot->gateway->buffer, outlet->name);
    int64_t boot_us = clock_boot_us(snapshot->gateway->clock);
    ret->drained_s = ret->lag_readings == 0 ? 0
                     : ret->connected       ? fall_seconds(&snapshot->gateway->falls[i], boot_us, ret->lag_readings)
                                            : -1;
    int64_t commit_us = ret->lag_readings ? buffer_commit_time(snapshot->gateway->buffer, ret->position) : 0;
    ret->lag_us = commit_us && commit_us < now_us ? now_us - commit_us : 0;
}

static const struct status_sensor *take_sensor(void *context, size_t i)
{
    struct snapshot *snapshot = context;
    struct gateway *gateway = snapshot->gateway;
    const struct settings_sensor *settings = &gateway->settings->sensor[i];
    struct status_sensor *ret = &snapshot->sensor;
    *ret = (struct status_sensor){.id = settings->id,
                                  .kind = kind_names[settings->kind],
                                  .source = settings->source,
                                  .address = settings->address,
                                  .zone = settings->zone,
                                  .name = settings->name,
                                  .disabled = settings->disabled ? settings->disabled_reason : "",
                                  .age_us = -1,
                                  .stale_after_us = settings->stale_after_us,
                                  .quality = "",
                                  .time_quality = ""};
    const struct sensor *sensor = sensors_find(gateway->sensors, settings->id);
    if (!sensor || sensor->settings != settings)
        return ret;
    const struct sensor_live *live = &gateway->intake.live[sensor->index];
    struct reading reading;
    ret->seq = buffer_stream_next_seq(gateway->buffer, live->stream) - 1;
    ret->readings = live->readings;
    ret->has_frames = live->frames.begun;
    ret->frames_lost = live->frames.lost;
    ret->frames_missing = frames_missing(&live->frames);
    if (!live->last.used || reading_decode(live->last.data, live->last.used, &reading) != 0)
        return ret;
    ret->time_us = reading.time_us;
    ret->age_us = snapshot->now_boot_us - live->last_boot_us;
    ret->quality = quality_names[reading.quality];
    ret->time_quality = time_quality_names[reading.time_quality];
    ret->value_count = status_values(&reading, &snapshot->values, ret->values);
    return ret;
}

// How long the space that is left holds at the present rate: what no outlet waits for any more may be overwritten. Not
// longer than max_age, when even what waits goes.
static double autonomy_h(const struct snapshot *snapshot, const struct status_buffer *buffer, double bytes_per_s)
{
    uint64_t lag = 0;
    if (bytes_per_s <= 0 || buffer->readings_per_s <= 0)
        return -1;
    for (size_t i = 0; i < snapshot->gateway->outlet_count; i++)
        if (snapshot->outlets[i].lag_readings > lag)
            lag = snapshot->outlets[i].lag_readings;
    double room = (double)buffer->bytes + (double)buffer->free_bytes;
    if (room > (double)buffer->max_bytes)
        room = (double)buffer->max_bytes;
    double left = room - (double)lag * bytes_per_s / buffer->readings_per_s;
    double hours = left > 0 ? left / bytes_per_s / 3600 : 0,
           age_h = (double)snapshot->gateway->settings->buffer.max_age_us / 3.6e9;
    return hours < age_h ? hours : age_h;
}

static void take_buffer(struct snapshot *snapshot, int64_t now_us, int64_t now_boot_us)
{
    struct gateway *gateway = snapshot->gateway;
    const struct buffer_figures *figures = &snapshot->buffer;
    struct status_buffer *ret = &snapshot->status.buffer;
    double bytes_per_s;
    *ret =
        (struct status_buffer){.path = gateway->settings->buffer.path,
                               .readings = figures->next - figures->oldest,
                               .bytes = figures->bytes,
                               .max_bytes = (uint64_t)gateway->settings->buffer.max_size_bytes,
                               .oldest = figures->oldest,
                               .next = figures->next,
                               .committed = figures->committed,
                               .written_bytes = figures->written_bytes,
                               .lost_full = figures->ledger_lost[BUFFER_LOSS_FULL],
                               .lost_age = figures->ledger_lost[BUFFER_LOSS_AGE],
                               .lost_damage = figures->ledger_lost[BUFFER_LOSS_DAMAGE],
                               .ledger_entries = figures->ledger_entries,
                               .ledger_joined = figures->ledger_joined,
                               .events_copied = figures->events_copied,
                               .events_dropped = figures->events_dropped,
                               .condemned = (uint64_t)figures->condemned,
                               .set_aside = (uint64_t)figures->set_aside,
                               .oldest_us = figures->oldest_commit_us,
                               .min_autonomy_h = (double)gateway->settings->buffer.min_autonomy_us / 3.6e9,
                               .free_bytes = figures->free_bytes,
                               .autonomy_h = -1,
                               .waiting = figures->waiting,
                               .failing = figures->failing,
                               .commits = figures->commits,
                               .commit_us_sum = figures->commit_us_sum,
                               .commit_bounds_us = buffer_commit_bounds_us,
                               .commit_histogram = figures->commit_histogram,
                               .commit_bound_count = sizeof buffer_commit_bounds_us / sizeof *buffer_commit_bounds_us};
    if (figures->oldest_commit_us && figures->oldest_commit_us < now_us)
        ret->oldest_age_us = now_us - figures->oldest_commit_us;
    meter_rates(&gateway->meter, now_boot_us, figures->committed, gateway->intake.taken_bytes, &ret->readings_per_s,
                &bytes_per_s);
    ret->autonomy_h = autonomy_h(snapshot, ret, bytes_per_s);
    ret->losing = losing_is_on(&gateway->losing, now_boot_us);
    ret->used = ret->max_bytes ? (double)ret->bytes / (double)ret->max_bytes : 0;
    for (size_t i = 0; i < gateway->outlet_count; i++)
        if (snapshot->outlets[i].drained_s < 0 || ret->drained_s < 0)
            ret->drained_s = -1;
        else if (snapshot->outlets[i].drained_s > ret->drained_s)
            ret->drained_s = snapshot->outlets[i].drained_s;
}

static void take_vehicles(struct snapshot *snapshot)
{
    struct status *status = &snapshot->status;
    struct vehicle_figures figures;
    status->vehicles = snapshot->vehicles;
    for (; vehicles_figures(snapshot->gateway->vehicles, status->vehicle_count, &figures); status->vehicle_count++)
        snapshot->vehicles[status->vehicle_count] =
            (struct status_vehicle){.sensor = figures.sensor,
                                    .samples = figures.ride.samples_out,
                                    .received = figures.ride.samples_in,
                                    .waiting = figures.ride.waiting,
                                    .duplicates = figures.ride.duplicates,
                                    .backward = figures.ride.backward,
                                    .leaps = figures.ride.leaps,
                                    .gaps = figures.ride.gaps,
                                    .repeated = figures.ride.repeated,
                                    .incomplete = figures.incomplete,
                                    .located = figures.ride.located,
                                    .fixes = figures.ride.fixes,
                                    .no_fixes = figures.ride.no_fixes,
                                    .rate_hz = figures.ride.rate_hz > 0 ? figures.ride.rate_hz : -1,
                                    .jitter_us = (int64_t)figures.ride.jitter_us,
                                    .largest_gap_us = figures.ride.largest_gap_us,
                                    .position_age_us = figures.position_age_us};
}

static void take_figure(void *context, const char *name, const char *help, double value)
{
    struct snapshot *snapshot = context;
    if (snapshot->status.figure_count < snapshot->gateway->source_count * FIGURES_OF_SOURCE_MAX)
        snapshot->figures[snapshot->status.figure_count++] =
            (struct status_figure){.name = name, .help = help, .value = value};
}

static void take_warnings(struct snapshot *snapshot)
{
    const struct findings *findings = &snapshot->gateway->findings;
    for (size_t i = 0; i < findings->count && snapshot->status.warning_count < WARNINGS_MAX; i++)
        snapshot->warnings[snapshot->status.warning_count++] = findings->list[i].text;
    const struct status_buffer *buffer = &snapshot->status.buffer;
    if (buffer->autonomy_h >= 0 && buffer->autonomy_h < buffer->min_autonomy_h &&
        snapshot->status.warning_count < WARNINGS_MAX) {
        fault_set(
            &snapshot->autonomy, 0,
            _("the buffer holds only %.1f h at the present rate; min_autonomy wants %.1f h. Give it more max_size, "
              "or a larger disk"),
            buffer->autonomy_h, buffer->min_autonomy_h);
        snapshot->warnings[snapshot->status.warning_count++] = snapshot->autonomy.text;
    }
    snapshot->status.warnings = snapshot->warnings;
}

static void take_identity(struct snapshot *snapshot, int64_t now_us)
{
    const struct gateway *gateway = snapshot->gateway;
    const struct settings *settings = gateway->settings;
    struct status *status = &snapshot->status;
    *status = (struct status){.gateway = settings->gateway.id,
                              .municipality = settings->gateway.municipality,
                              .municipality_name = settings->gateway.municipality_name,
                              .version = CITYGW_VERSION,
                              .epoch = buffer_epoch(gateway->buffer),
                              .session = gateway->session,
                              .config_file = gateway->config_path,
                              .now_us = now_us,
                              .since_us = gateway->started_wall_us,
                              .clock_synchronised = gateway->clock->synchronised(gateway->clock),
                              .sources = snapshot->sources,
                              .source_count = gateway->source_count,
                              .outlets = snapshot->outlets,
                              .outlet_count = gateway->outlet_count,
                              .sensor = take_sensor,
                              .sensors = snapshot,
                              .sensor_count = settings->sensor_count,
                              .figures = snapshot->figures};
    snprintf(status->config_hash, sizeof status->config_hash, "%016" PRIx64, settings->hash);
}

const struct status *snapshot_take(void *context)
{
    struct snapshot *snapshot = context;
    struct gateway *gateway = snapshot->gateway;
    int64_t now_us = clock_wall_us(gateway->clock), now_boot_us = clock_boot_us(gateway->clock);
    snapshot->now_boot_us = now_boot_us;
    take_identity(snapshot, now_us);
    buffer_figures(gateway->buffer, &snapshot->buffer);
    for (size_t i = 0; i < gateway->source_count; i++) {
        const struct source *source = &gateway->sources[i];
        take_source(source, now_boot_us, &snapshot->sources[i]);
        if (source->driver->figures)
            source->driver->figures(source->driver_state, take_figure, snapshot);
    }
    for (size_t i = 0; i < gateway->outlet_count; i++)
        take_outlet(snapshot, i, now_us);
    take_buffer(snapshot, now_us, now_boot_us);
    for (size_t i = 0; i < gateway->settings->sensor_count; i++)
        snapshot->status.sensors_disabled += gateway->settings->sensor[i].disabled;
    snapshot->status.unknown_senders = unknowns_count(gateway->intake.unknowns);
    snapshot->status.unknown_forgotten = unknowns_forgotten(gateway->intake.unknowns);
    vocabulary_made(&snapshot->status.quantities_made, &snapshot->status.quantities_refused);
    take_vehicles(snapshot);
    snapshot->status.city = city_status_take(snapshot->city);
    take_warnings(snapshot);
    return &snapshot->status;
}
