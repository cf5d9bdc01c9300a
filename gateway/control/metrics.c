// SPDX-License-Identifier: Apache-2.0
#include "metrics.h"

#include "base/number.h"
#include "base/text.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// What the rows of a family are taken from: the gateway itself, a part of it, or one of its lists.
struct list {
    const char *label;                 // NULL: one sample without a label
    size_t items_offset, count_offset; // in struct status; 0: itself
    size_t item_size, name_offset;
};

static const struct list gateway_itself = {0};
static const struct list the_city = {.items_offset = offsetof(struct status, city)};
static const struct list sources = {"source", offsetof(struct status, sources), offsetof(struct status, source_count),
                                    sizeof(struct status_source), offsetof(struct status_source, name)};
static const struct list outlets = {"outlet", offsetof(struct status, outlets), offsetof(struct status, outlet_count),
                                    sizeof(struct status_outlet), offsetof(struct status_outlet, name)};
static const struct list vehicles = {"sensor", offsetof(struct status, vehicles),
                                     offsetof(struct status, vehicle_count), sizeof(struct status_vehicle),
                                     offsetof(struct status_vehicle, sensor)};

struct writer {
    const struct status *status;
    uint64_t http_requests;
    struct bytes *out;
};

struct family;
typedef void write_value(struct bytes *out, const void *field);

struct family {
    const char *name, *type, *help;
    const struct list *list;
    size_t offset;      // of the field, in struct status or in an item of the list
    write_value *value; // prints the field
    void (*samples)(const struct writer *writer, const struct family *family); // instead of all the above
};

static void write_unsigned(struct bytes *out, const void *field)
{
    bytes_printf(out, "%" PRIu64, *(const uint64_t *)field);
}

static void write_size(struct bytes *out, const void *field)
{
    bytes_printf(out, "%zu", *(const size_t *)field);
}

static void write_double(struct bytes *out, double value)
{
    char text[NUMBER_TEXT_SIZE];
    if (isfinite(value))
        bytes_append(out, text, number_text(value, text));
    else
        bytes_text(out, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
}

static void write_seconds(struct bytes *out, const void *field)
{
    write_double(out, (double)*(const int64_t *)field / 1e6);
}

// -1 stands for what is not known yet.
static void write_known(struct bytes *out, const void *field)
{
    double value = *(const double *)field;
    write_double(out, value < 0 ? NAN : value);
}

static void write_known_seconds(struct bytes *out, const void *field)
{
    int64_t duration_us = *(const int64_t *)field;
    write_double(out, duration_us < 0 ? NAN : (double)duration_us / 1e6);
}

static void write_bool(struct bytes *out, const void *field)
{
    bytes_char(out, *(const bool *)field ? '1' : '0');
}

static void write_is_open(struct bytes *out, const void *field)
{
    const char *state = *(const char *const *)field;
    bytes_char(out, state && strcmp(state, "open") == 0 ? '1' : '0');
}

// NAME="VALUE", in which only backslash, quote and line feed need an escape; the format wants UTF-8.
static void write_label(struct bytes *out, const char *name, const char *value)
{
    char escaped[4 * ID_MAX];
    if (!value)
        value = "";
    if (!text_is_utf8(value, strlen(value)))
        value = text_escape(value, strlen(value), escaped, sizeof escaped);
    bytes_printf(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\n')
            bytes_text(out, "\\n");
        else if (*value == '"' || *value == '\\')
            bytes_printf(out, "\\%c", *value);
        else
            bytes_char(out, *value);
    }
    bytes_char(out, '"');
}

static void write_head(struct bytes *out, const char *name, const char *type, const char *help)
{
    bytes_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void refused_samples(const struct writer *writer, const struct family *family)
{
    for (size_t i = 0; i < writer->status->source_count; i++) {
        const struct status_source *source = &writer->status->sources[i];
        for (size_t j = 0; j < source->refused_count; j++) {
            bytes_printf(writer->out, "%s{", family->name);
            write_label(writer->out, "source", source->name);
            bytes_char(writer->out, ',');
            write_label(writer->out, "reason", source->refused[j].reason);
            bytes_printf(writer->out, "} %" PRIu64 "\n", source->refused[j].count);
        }
    }
}

static void lost_samples(const struct writer *writer, const struct family *family)
{
    const struct status_buffer *buffer = &writer->status->buffer;
    const struct status_reason lost[] = {
        {"full", buffer->lost_full}, {"age", buffer->lost_age}, {"damage", buffer->lost_damage}};
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
        bytes_printf(writer->out, "%s{reason=\"%s\"} %" PRIu64 "\n", family->name, lost[i].reason, lost[i].count);
}

// The buffer's histogram is cumulative already, as Prometheus wants it; the bucket after the last bound is +Inf.
static void commit_samples(const struct writer *writer, const struct family *family)
{
    const struct status_buffer *buffer = &writer->status->buffer;
    size_t bounds = buffer->commit_bounds_us && buffer->commit_histogram ? buffer->commit_bound_count : 0;
    uint64_t count = bounds ? buffer->commit_histogram[bounds] : buffer->commits;
    for (size_t i = 0; i < bounds; i++) {
        bytes_printf(writer->out, "%s_bucket{le=\"", family->name);
        write_seconds(writer->out, &buffer->commit_bounds_us[i]);
        bytes_printf(writer->out, "\"} %" PRIu64 "\n", buffer->commit_histogram[i]);
    }
    bytes_printf(writer->out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", family->name, count);
    bytes_printf(writer->out, "%s_sum ", family->name);
    write_double(writer->out, (double)buffer->commit_us_sum / 1e6);
    bytes_printf(writer->out, "\n%s_count %" PRIu64 "\n", family->name, count);
}

static void age_samples(const struct writer *writer, const struct family *family)
{
    for (size_t i = 0; i < writer->status->sensor_count; i++) {
        const struct status_sensor *sensor = writer->status->sensor(writer->status->sensors, i);
        if (sensor->age_us < 0)
            continue;
        bytes_printf(writer->out, "%s{", family->name);
        write_label(writer->out, "sensor", sensor->id);
        bytes_text(writer->out, "} ");
        write_seconds(writer->out, &sensor->age_us);
        bytes_char(writer->out, '\n');
    }
}

static void alert_samples(const struct writer *writer, const struct family *family)
{
    const struct status_city *city = writer->status->city;
    for (size_t i = 0; city && i < city->alert_count_count; i++) {
        bytes_printf(writer->out, "%s{", family->name);
        write_label(writer->out, "kind", city->alert_counts[i].kind);
        bytes_char(writer->out, ',');
        write_label(writer->out, "level", city->alert_counts[i].level);
        bytes_printf(writer->out, "} %" PRIu64 "\n", city->alert_counts[i].count);
    }
}

static void frame_samples(const struct writer *writer, const struct family *family)
{
    for (size_t i = 0; i < writer->status->sensor_count; i++) {
        const struct status_sensor *sensor = writer->status->sensor(writer->status->sensors, i);
        if (!sensor->has_frames)
            continue;
        bytes_printf(writer->out, "%s{", family->name);
        write_label(writer->out, "sensor", sensor->id);
        bytes_printf(writer->out, "} %" PRIu64 "\n", sensor->frames_lost);
    }
}

static void http_samples(const struct writer *writer, const struct family *family)
{
    bytes_printf(writer->out, "%s %" PRIu64 "\n", family->name, writer->http_requests);
}

static void memory_samples(const struct writer *writer, const struct family *family)
{
    uint64_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    bool known = file && fscanf(file, "%*u %" SCNu64, &pages) == 1;
    if (file)
        fclose(file);
    if (known)
        bytes_printf(writer->out, "%s %" PRIu64 "\n", family->name, pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void build_samples(const struct writer *writer, const struct family *family)
{
    bytes_printf(writer->out, "%s{", family->name);
    write_label(writer->out, "version", writer->status->version);
    bytes_text(writer->out, "} 1\n");
}

static const struct family families[] = {
    {"citygw_build_info", "gauge", "The version that runs.", .samples = build_samples},
    {"citygw_readings_received_total", "counter", "Readings taken from a source.", &sources,
     offsetof(struct status_source, received), .value = write_unsigned},
    {"citygw_readings_merged_total", "counter", "Readings that became part of another within report_interval.",
     &sources, offsetof(struct status_source, merged), .value = write_unsigned},
    {"citygw_readings_repeated_total", "counter", "Readings left out because a source that was asked said them before.",
     &sources, offsetof(struct status_source, repeated), .value = write_unsigned},
    {"citygw_readings_unchanged_total", "counter", "Readings left out because report = changes and they are no news.",
     &sources, offsetof(struct status_source, unchanged), .value = write_unsigned},
    {"citygw_counter_wraps_total", "counter", "Running counters of devices that went on from 0 after their end.",
     &sources, offsetof(struct status_source, wraps), .value = write_unsigned},
    {"citygw_counter_restarts_total", "counter",
     "Running counters of devices that began again; what they say since is added.", &sources,
     offsetof(struct status_source, restarts), .value = write_unsigned},
    {"citygw_counter_jumps_total", "counter", "Running counters that fell without an explanation; nothing is added.",
     &sources, offsetof(struct status_source, jumps), .value = write_unsigned},
    {"citygw_readings_refused_total", "counter", "Readings or messages refused, by the gate that refused them.",
     .samples = refused_samples},
    {"citygw_unknown_fields_total", "counter", "Fields of known sensors that were ignored because nothing names them.",
     &sources, offsetof(struct status_source, unknown_fields), .value = write_unsigned},
    {"citygw_named_quantities", "gauge", "Names of quantities in use that end in a unit; 1024 at most.",
     &gateway_itself, offsetof(struct status, quantities_made), .value = write_unsigned},
    {"citygw_named_quantities_refused_total", "counter",
     "Fields whose name was refused because there are 1024 names of quantities already.", &gateway_itself,
     offsetof(struct status, quantities_refused), .value = write_unsigned},
    {"citygw_unknown_senders", "gauge", "Senders that no section names, as /api/v1/unknown lists them.",
     &gateway_itself, offsetof(struct status, unknown_senders), .value = write_unsigned},
    {"citygw_unknown_senders_forgotten_total", "counter", "Unknown senders that made room in the list, or found none.",
     &gateway_itself, offsetof(struct status, unknown_forgotten), .value = write_unsigned},
    {"citygw_source_open", "gauge", "1 while the source is open.", &sources, offsetof(struct status_source, state),
     .value = write_is_open},
    {"citygw_readings_committed_total", "counter", "Readings made durable.", &gateway_itself,
     offsetof(struct status, buffer.committed), .value = write_unsigned},
    {"citygw_readings_sent_total", "counter", "Readings that an outlet delivered.", &outlets,
     offsetof(struct status_outlet, sent), .value = write_unsigned},
    {"citygw_readings_lost_total", "counter", "Readings dropped before an outlet had them.", .samples = lost_samples},
    {"citygw_buffer_readings", "gauge", "Readings kept in the buffer.", &gateway_itself,
     offsetof(struct status, buffer.readings), .value = write_unsigned},
    {"citygw_buffer_bytes", "gauge", "Size of the buffer on disk.", &gateway_itself,
     offsetof(struct status, buffer.bytes), .value = write_unsigned},
    {"citygw_buffer_oldest_seconds", "gauge", "Age of the oldest reading kept.", &gateway_itself,
     offsetof(struct status, buffer.oldest_age_us), .value = write_seconds},
    {"citygw_buffer_written_bytes_total", "counter", "Bytes that the buffer wrote to disk.", &gateway_itself,
     offsetof(struct status, buffer.written_bytes), .value = write_unsigned},
    {"citygw_buffer_used_ratio", "gauge", "Share of the buffer's maximum size that is in use.", &gateway_itself,
     offsetof(struct status, buffer.used), .value = write_known},
    {"citygw_buffer_autonomy_hours", "gauge", "How long the buffer holds at the present rate; NaN when not known yet.",
     &gateway_itself, offsetof(struct status, buffer.autonomy_h), .value = write_known},
    {"citygw_buffer_drained_seconds", "gauge", "Until every connected outlet has caught up; NaN when not known.",
     &gateway_itself, offsetof(struct status, buffer.drained_s), .value = write_known},
    {"citygw_buffer_ledger_entries", "gauge", "Entries of the loss ledger.", &gateway_itself,
     offsetof(struct status, buffer.ledger_entries), .value = write_unsigned},
    {"citygw_buffer_ledger_joined_total", "counter", "Ledger entries joined for want of room.", &gateway_itself,
     offsetof(struct status, buffer.ledger_joined), .value = write_unsigned},
    {"citygw_buffer_events_copied_total", "counter", "Events kept when their segment made room.", &gateway_itself,
     offsetof(struct status, buffer.events_copied), .value = write_unsigned},
    {"citygw_buffer_events_dropped_total", "counter", "Events that could not be kept when their segment made room.",
     &gateway_itself, offsetof(struct status, buffer.events_dropped), .value = write_unsigned},
    {"citygw_buffer_segments_condemned_total", "counter", "Segments given up after a failed write or sync.",
     &gateway_itself, offsetof(struct status, buffer.condemned), .value = write_unsigned},
    {"citygw_buffer_files_set_aside_total", "counter", "Files put away because they could not be read.",
     &gateway_itself, offsetof(struct status, buffer.set_aside), .value = write_unsigned},
    {"citygw_commit_seconds", "histogram", "Time from the first reading of a group until the group was durable.",
     .samples = commit_samples},
    {"citygw_outlet_connected", "gauge", "1 while the outlet is connected.", &outlets,
     offsetof(struct status_outlet, connected), .value = write_bool},
    {"citygw_outlet_lag_readings", "gauge", "Readings kept that the outlet has not delivered yet.", &outlets,
     offsetof(struct status_outlet, lag_readings), .value = write_unsigned},
    {"citygw_outlet_parked_total", "counter", "Readings set aside because the peer will never take them.", &outlets,
     offsetof(struct status_outlet, parked), .value = write_unsigned},
    {"citygw_outlet_ranges", "gauge", "Ranges of undelivered readings besides the new ones.", &outlets,
     offsetof(struct status_outlet, ranges), .value = write_size},
    {"citygw_outlet_replayed_total", "counter", "Readings sent again because they were asked for.", &outlets,
     offsetof(struct status_outlet, replayed), .value = write_unsigned},
    {"citygw_outlet_batches_total", "counter", "Messages that held several readings.", &outlets,
     offsetof(struct status_outlet, batches), .value = write_unsigned},
    {"citygw_outlet_commands_total", "counter", "Commands taken.", &outlets, offsetof(struct status_outlet, commands),
     .value = write_unsigned},
    {"citygw_outlet_commands_ignored_total", "counter", "Commands ignored: retained, expired, too large or misspelt.",
     &outlets, offsetof(struct status_outlet, commands_ignored), .value = write_unsigned},
    {"citygw_outlet_replies_dropped_total", "counter", "Replies dropped because too many waited.", &outlets,
     offsetof(struct status_outlet, replies_dropped), .value = write_unsigned},
    {"citygw_outlet_throttled_seconds_total", "counter", "Time that sending waited for max_rate.", &outlets,
     offsetof(struct status_outlet, throttled_us), .value = write_seconds},
    {"citygw_outlet_in_flight", "gauge", "Messages sent and not acknowledged yet.", &outlets,
     offsetof(struct status_outlet, in_flight), .value = write_unsigned},
    {"citygw_outlet_characters_replaced_total", "counter", "Characters of texts that the peer does not take.", &outlets,
     offsetof(struct status_outlet, characters_replaced), .value = write_unsigned},
    {"citygw_vehicle_samples_total", "counter", "Acceleration samples of a vehicle, in order and with their times.",
     &vehicles, offsetof(struct status_vehicle, samples), .value = write_unsigned},
    {"citygw_vehicle_samples_received_total", "counter",
     "Accelerations that came for a vehicle; each becomes a sample.", &vehicles,
     offsetof(struct status_vehicle, received), .value = write_unsigned},
    {"citygw_vehicle_samples_waiting", "gauge", "Accelerations whose time or place is not known yet.", &vehicles,
     offsetof(struct status_vehicle, waiting), .value = write_size},
    {"citygw_vehicle_sampling_rate_hertz", "gauge", "The rate at which samples come, as measured.", &vehicles,
     offsetof(struct status_vehicle, rate_hz), .value = write_known},
    {"citygw_vehicle_jitter_seconds", "gauge", "How far time stamps are from an even rate, root mean square.",
     &vehicles, offsetof(struct status_vehicle, jitter_us), .value = write_seconds},
    {"citygw_vehicle_duplicate_stamps_total", "counter", "Samples with the time stamp of the one before.", &vehicles,
     offsetof(struct status_vehicle, duplicates), .value = write_unsigned},
    {"citygw_vehicle_backward_steps_total", "counter", "Time stamps before the one that came before.", &vehicles,
     offsetof(struct status_vehicle, backward), .value = write_unsigned},
    {"citygw_vehicle_leaps_total", "counter", "Time stamps far ahead of the time that passed.", &vehicles,
     offsetof(struct status_vehicle, leaps), .value = write_unsigned},
    {"citygw_vehicle_gaps_total", "counter", "Gaps of more than four samples.", &vehicles,
     offsetof(struct status_vehicle, gaps), .value = write_unsigned},
    {"citygw_vehicle_repeated_values_total", "counter", "Accelerations equal to the one before.", &vehicles,
     offsetof(struct status_vehicle, repeated), .value = write_unsigned},
    {"citygw_vehicle_incomplete_total", "counter", "Accelerations without one of the three axes, which make no sample.",
     &vehicles, offsetof(struct status_vehicle, incomplete), .value = write_unsigned},
    {"citygw_vehicle_samples_located_total", "counter", "Samples that have a position.", &vehicles,
     offsetof(struct status_vehicle, located), .value = write_unsigned},
    {"citygw_vehicle_fixes_total", "counter", "Positions that differ from the one before.", &vehicles,
     offsetof(struct status_vehicle, fixes), .value = write_unsigned},
    {"citygw_vehicle_no_fix_total", "counter", "Reports that no position is known.", &vehicles,
     offsetof(struct status_vehicle, no_fixes), .value = write_unsigned},
    {"citygw_vehicle_position_age_seconds", "gauge", "Time since the newest position.", &vehicles,
     offsetof(struct status_vehicle, position_age_us), .value = write_known_seconds},
    {"citygw_alerts_active", "gauge", "Alerts that are active, by the level of their worst condition.",
     .samples = alert_samples},
    {"citygw_alerts_refused_total", "counter", "Conditions that found no room among the alerts.", &the_city,
     offsetof(struct status_city, alerts_refused), .value = write_unsigned},
    {"citygw_derived_readings_total", "counter",
     "Readings that the gateway made of others: of zones, alerts, bumps and stretches of road.", &the_city,
     offsetof(struct status_city, derived), .value = write_unsigned},
    {"citygw_derived_dropped_total", "counter", "Such readings dropped because too many waited for the disk.",
     &the_city, offsetof(struct status_city, derived_dropped), .value = write_unsigned},
    {"citygw_bumps_total", "counter", "Bumps found in the samples of vehicles.", &the_city,
     offsetof(struct status_city, bumps), .value = write_unsigned},
    {"citygw_road_stretches_total", "counter", "Stretches of road whose roughness was told.", &the_city,
     offsetof(struct status_city, stretches), .value = write_unsigned},
    {"citygw_road_stretches_forgotten_total", "counter",
     "Stretches of road that ended with less than half of them measured.", &the_city,
     offsetof(struct status_city, stretches_forgotten), .value = write_unsigned},
    {"citygw_road_samples_refused_total", "counter",
     "Samples of vehicles that tell no roughness: over 1000 m/s2, or not later than the one before.", &the_city,
     offsetof(struct status_city, unsound_samples), .value = write_unsigned},
    {"citygw_private_samples_total", "counter", "Samples of vehicles left out because of a private_area.", &the_city,
     offsetof(struct status_city, private_samples), .value = write_unsigned},
    {"citygw_places", "gauge", "Places of the roads where vehicles were bumped.", &the_city,
     offsetof(struct status_city, places), .value = write_size},
    {"citygw_places_confirmed", "gauge", "Those of them that are confirmed.", &the_city,
     offsetof(struct status_city, places_confirmed), .value = write_size},
    {"citygw_places_evicted_total", "counter", "Places forgotten for want of room.", &the_city,
     offsetof(struct status_city, places_evicted), .value = write_unsigned},
    {"citygw_places_refused_total", "counter",
     "Bumps that belong to no place: without a position, or with one that may be off by more than 100 m.", &the_city,
     offsetof(struct status_city, places_refused), .value = write_unsigned},
    {"citygw_places_late_total", "counter", "Bumps that came late, so that the places around were made again.",
     &the_city, offsetof(struct status_city, places_late), .value = write_unsigned},
    {"citygw_places_rough_total", "counter", "Those of them with too much around to make all of it again.", &the_city,
     offsetof(struct status_city, places_rough), .value = write_unsigned},
    {"citygw_known_objects", "gauge", "Objects of the roads that are known to be bumpy, as their file lists them.",
     &the_city, offsetof(struct status_city, known_objects), .value = write_size},
    {"citygw_sensor_age_seconds", "gauge", "Time since the last reading of a sensor that has reported.",
     .samples = age_samples},
    {"citygw_sensor_frames_lost_total", "counter", "Frames of a sensor that numbers them which never came.",
     .samples = frame_samples},
    {"citygw_http_requests_total", "counter", "Requests to this API.", .samples = http_samples},
    {"process_resident_memory_bytes", "gauge", "Resident memory of the daemon.", .samples = memory_samples},
};

enum { FAMILY_COUNT = sizeof families / sizeof *families };

static void list_samples(const struct writer *writer, const struct family *family)
{
    const struct list *list = family->list;
    const char *status = (const char *)writer->status;
    const char *item = list->items_offset ? *(const char *const *)(status + list->items_offset) : status;
    size_t count = list->label ? *(const size_t *)(status + list->count_offset) : item != NULL;
    for (size_t i = 0; i < count; i++, item += list->item_size) {
        bytes_text(writer->out, family->name);
        if (list->label) {
            bytes_char(writer->out, '{');
            write_label(writer->out, list->label, *(const char *const *)(item + list->name_offset));
            bytes_char(writer->out, '}');
        }
        bytes_char(writer->out, ' ');
        family->value(writer->out, item + family->offset);
        bytes_char(writer->out, '\n');
    }
}

static bool is_metric_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
    return *name && (*name < '0' || *name > '9') && name[strspn(name, allowed)] == '\0';
}

// A figure is taken once: not when a family or an earlier figure has its name.
static bool is_taken(const struct status *status, size_t index)
{
    const char *name = status->figures[index].name;
    for (size_t i = 0; i < FAMILY_COUNT; i++)
        if (strcmp(families[i].name, name) == 0)
            return true;
    for (size_t i = 0; i < index; i++)
        if (strcmp(status->figures[i].name, name) == 0)
            return true;
    return false;
}

static bool is_total(const char *name)
{
    static const char ending[] = "_total";
    size_t length = strlen(name);
    return length >= sizeof ending && strcmp(name + length - (sizeof ending - 1), ending) == 0;
}

// The drivers' own figures. Two ports of one driver give the same name twice: they are added up.
static void write_figures(const struct writer *writer)
{
    const struct status *status = writer->status;
    for (size_t i = 0; i < status->figure_count; i++) {
        const char *name = status->figures[i].name;
        if (!is_metric_name(name) || is_taken(status, i))
            continue;
        double sum = 0;
        for (size_t j = i; j < status->figure_count; j++)
            sum += strcmp(status->figures[j].name, name) == 0 ? status->figures[j].value : 0;
        write_head(writer->out, name, is_total(name) ? "counter" : "gauge", status->figures[i].help);
        bytes_printf(writer->out, "%s ", name);
        write_double(writer->out, sum);
        bytes_char(writer->out, '\n');
    }
}

void metrics_write(const struct status *status, uint64_t http_requests, struct bytes *out)
{
    struct writer writer = {status, http_requests, out};
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        write_head(out, families[i].name, families[i].type, families[i].help);
        if (families[i].samples)
            families[i].samples(&writer, &families[i]);
        else
            list_samples(&writer, &families[i]);
    }
    write_figures(&writer);
}
