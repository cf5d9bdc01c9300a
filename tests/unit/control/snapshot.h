// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/status.h"

/*
 * A snapshot with something of everything, for the tests of this room.
 */

static const int64_t snapshot_bounds_us[] = {1000, 10000, 100000};
static const uint64_t snapshot_histogram[] = {5, 7, 8, 9};
static const char *const snapshot_warnings[] = {"sensor bay-2: its section is wrong"};

static const struct status_source snapshot_sources[] = {
    {.name = "coap",
     .state = "open",
     .fault = "",
     .received = 1234,
     .unknown_fields = 2,
     .refused = {{"syntax", 3}, {"unknown_sensor", 1}},
     .refused_count = 2},
    {.name = "serial:kerb", .state = "waiting", .fault = "/dev/ttyUSB0: gone", .retry_in_us = 4500000, .reopened = 7},
};

static const struct status_outlet snapshot_outlets[] = {
    {.name = "mqtt",
     .type = "mqtt",
     .url = "mqtt://localhost",
     .connected = true,
     .alarm = "",
     .fault = "",
     .since_us = 1000000,
     .position = 41,
     .lag_readings = 1,
     .lag_us = 250000,
     .sent = 40,
     .parked = 1,
     .drained_s = -1,
     .ranges = 2,
     .replays = 1,
     .replayed = 6,
     .batches = 7,
     .commands = 3,
     .commands_ignored = 1,
     .throttled_us = 1500000,
     .in_flight = 3},
    {.name = "influxdb",
     .type = "influxdb",
     .url = "http://127.0.0.1:8086",
     .alarm = "401 Unauthorized",
     .fault = "token refused"},
};

static struct status_sensor snapshot_sensors[] = {
    {.id = "bay-1",
     .kind = "parking",
     .source = "coap",
     .address = "urn:dev:mac:0024befffe804ff1:",
     .zone = "umeda-lot",
     .name = "梅田駅前 1番",
     .disabled = "",
     .seq = 1042,
     .time_us = 1795316645678000,
     .age_us = 1500000,
     .stale_after_us = 1800000000,
     .quality = "good",
     .time_quality = "synced",
     .readings = 12,
     .has_frames = true,
     .frames_lost = 3,
     .frames_missing = 1,
     .values = {{"occupied", "true"}, {"battery_v", "3.61"}},
     .value_count = 2},
    {.id = "bay-2",
     .kind = "parking",
     .source = "coap",
     .address = "bay-2",
     .zone = "",
     .name = "",
     .disabled = "no such zone",
     .age_us = -1,
     .stale_after_us = 60000000,
     .quality = "",
     .time_quality = ""},
};

static const struct status_vehicle snapshot_vehicles[] = {
    {.sensor = "van-1",
     .samples = 28470,
     .received = 28477,
     .waiting = 7,
     .duplicates = 14830,
     .backward = 1,
     .leaps = 2,
     .gaps = 94,
     .repeated = 5950,
     .incomplete = 3,
     .located = 28000,
     .fixes = 347,
     .no_fixes = 5,
     .rate_hz = 65.25,
     .jitter_us = 51400,
     .largest_gap_us = 376000,
     .position_age_us = 250000},
    {.sensor = "van-2", .rate_hz = -1, .position_age_us = -1},
};

static const struct status_alert_count snapshot_alert_counts[] = {
    {"crowd", "high", 1}, {"crowd", "critical", 0}, {"parking", "warning", 3}};

static const struct status_zone snapshot_zones[] = {
    {.id = "umeda-lot",
     .kind = "parking",
     .name = "梅田駐車場",
     .time_us = 1795316645678000,
     .quality = "good",
     .time_quality = "synced",
     .values = {{"free", "12"}, {"fill", "\"free\""}},
     .value_count = 2},
    {.id = "plaza", .kind = "crowd", .name = "", .disabled = true, .quality = "", .time_quality = ""},
};

static const struct status_zone *snapshot_zone(void *zones, size_t index)
{
    return (const struct status_zone *)zones + index;
}

static const struct status_city snapshot_city = {
    .alerts = {{.kind = "crowd",
                .id = "plaza",
                .conditions = {{.name = "density",
                                .level = "high",
                                .since_us = 1795316586000000,
                                .value_name = "density_per_m2",
                                .value = 4.25,
                                .quantity = ""}},
                .condition_count = 1},
               {.kind = "parking",
                .id = "bay-1",
                .conditions = {{.name = "stuck",
                                .level = "warning",
                                .value_name = "unchanged_s",
                                .value = 90000,
                                .quantity = "temperature_c"},
                               {.name = "duplicate", .level = "notice", .value_name = "", .quantity = ""}},
                .condition_count = 2}},
    .alert_count = 2,
    .alerts_more = 2,
    .alert_counts = snapshot_alert_counts,
    .alert_count_count = 3,
    .alerts_refused = 1,
    .derived = 50,
    .derived_dropped = 2,
    .bumps = 7,
    .stretches = 8,
    .private_samples = 9,
    .places = 6,
    .places_confirmed = 5,
    .known_objects = 4,
    .places_evicted = 3,
    .places_refused = 11,
    .places_late = 12,
    .places_rough = 13,
    .stretches_forgotten = 14,
    .unsound_samples = 15,
    .zone = snapshot_zone,
    .zones = (void *)(uintptr_t)snapshot_zones,
    .zone_count = 2,
};

static const struct status_sensor *snapshot_sensor(void *sensors, size_t index)
{
    return (const struct status_sensor *)sensors + index;
}

static const struct status_figure snapshot_figures[] = {
    {"citygw_coap_duplicates_total", "Told by a driver.", 3},
    {"citygw_serial_overruns", "Told by a driver.", 1},
    {"citygw_serial_overruns", "Told by a driver.", 1.5},
    {"citygw_buffer_bytes", "Told by a driver.", 666},
    {"not a name", "Told by a driver.", 1},
};

static struct status snapshot_make(void)
{
    return (struct status){
        .gateway = "umeda-01",
        .municipality = "271004",
        .municipality_name = "大阪市",
        .version = "0.1.0",
        .epoch = "k7f3",
        .session = "s1",
        .config_file = "/etc/citygw/citygw.ini",
        .config_hash = "00ff00ff00ff00ff",
        .now_us = 1795316646000000,
        .since_us = 1795316600000000,
        .clock_synchronised = true,
        .sensors_disabled = 1,
        .sources = snapshot_sources,
        .source_count = 2,
        .outlets = snapshot_outlets,
        .outlet_count = 2,
        .vehicles = snapshot_vehicles,
        .vehicle_count = 2,
        .sensor = snapshot_sensor,
        .sensors = snapshot_sensors,
        .sensor_count = 2,
        .city = &snapshot_city,
        .buffer = {.path = "/var/lib/citygw/buffer",
                   .readings = 40,
                   .bytes = 8000,
                   .max_bytes = 2000000000,
                   .oldest = 2,
                   .next = 42,
                   .committed = 41,
                   .written_bytes = 9000,
                   .lost_age = 2,
                   .ledger_entries = 1,
                   .events_copied = 4,
                   .events_dropped = 5,
                   .condemned = 1,
                   .set_aside = 2,
                   .oldest_us = 1795316586000000,
                   .oldest_age_us = 60000000,
                   .used = 0.5,
                   .drained_s = -1,
                   .min_autonomy_h = 24,
                   .free_bytes = 5000000000,
                   .readings_per_s = 1.25,
                   .autonomy_h = -1,
                   .commits = 9,
                   .commit_us_sum = 45000,
                   .commit_bounds_us = snapshot_bounds_us,
                   .commit_histogram = snapshot_histogram,
                   .commit_bound_count = 3},
        .figures = snapshot_figures,
        .figure_count = 5,
        .warnings = snapshot_warnings,
        .warning_count = 1,
    };
}
