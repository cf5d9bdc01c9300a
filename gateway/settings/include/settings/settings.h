// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "settings/findings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The configuration as the rooms see it: INI text has become typed structs, every value checked by the one table in
 * table.c, which also prints `citygw keys`. Texts are never NULL ("" when unset), owned by the settings and live until
 * settings_destroy. Durations are microseconds, sizes bytes, rates per second.
 */

enum kind { KIND_PARKING, KIND_BUMP, KIND_CROWD, KIND_TRAFFIC, KIND_ENVIRONMENT, KIND_GENERIC, KIND_COUNT };
extern const char *const kind_names[KIND_COUNT];

enum outlet_format { FORMAT_CITYGW, FORMAT_NGSI_LD, FORMAT_IOTA_JSON };
enum drain { DRAIN_LIVE_FIRST, DRAIN_IN_ORDER };
enum start_from { START_NOW, START_OLDEST };
enum when_full { FULL_DROP_OLDEST, FULL_REFUSE };
enum batch_mode { BATCH_NO, BATCH_BACKLOG, BATCH_ALWAYS };
enum parity { PARITY_NONE, PARITY_EVEN, PARITY_ODD };
enum counting { COUNTING_BOTH, COUNTING_IN, COUNTING_OUT };
enum separator { SEPARATOR_AUTO, SEPARATOR_COMMA, SEPARATOR_SEMICOLON, SEPARATOR_TAB, SEPARATOR_BLANK };

struct settings_gateway {
    struct origin origin;
    const char *id;
    const char *municipality;      // the six digits
    const char *municipality_name; // "大阪市": given, or looked up for Osaka's 43; may be ""
    const char *language;          // "ja" or "en"
    const char *timezone;
    int64_t status_interval_us;
    int64_t clock_wait_us;
};

struct settings_buffer {
    struct origin origin;
    const char *path;
    int64_t max_size_bytes;
    int64_t max_age_us;
    int64_t keep_delivered_us;
    int64_t commit_interval_us;
    int when_full; // enum when_full
    int64_t min_autonomy_us;
};

// A key whose name is not fixed (bump.*, apikey.*), as it stands in the file.
struct settings_extra {
    struct origin origin;
    const char *key, *value;
};

struct settings_mqtt {
    struct origin origin;
    const char *name;      // "mqtt" for [mqtt], "NAME" for [mqtt:NAME]
    const char *url;       // mqtt:// or mqtts://
    int version;           // 5 or 3 (for 3.1.1)
    const char *client_id; // the default is filled in
    const char *username, *password_file, *ca_file, *cert_file, *key_file;
    const char *topic_prefix;
    int format; // enum outlet_format
    int drain;  // enum drain
    double backlog_rate;
    int64_t max_rate_bytes; // 0: no limit
    int start;              // enum start_from
    int64_t keep_alive_us;
    int64_t in_flight;
    int batch; // enum batch_mode
    const char *apikey;
    struct settings_extra *extras; // apikey.*
    size_t extra_count;
};

struct settings_influxdb {
    struct origin origin;
    const char *name; // "influxdb" for [influxdb], "NAME" for [influxdb:NAME]
    const char *url;
    int api; // 1 or 2
    const char *database, *org, *bucket, *token_file;
    int64_t batch_lines;
    int64_t flush_interval_us;
    bool gzip;
    int start; // enum start_from
    int drain; // enum drain
};

struct settings_ngsi_ld {
    struct origin origin;
    const char *name; // "ngsi-ld" for [ngsi-ld], "NAME" for [ngsi-ld:NAME]
    const char *url, *tenant, *service_path, *context, *token_file;
    int start; // enum start_from
};

#define PSK_FILE_DEFAULT "/etc/citygw/coap-psk.ini"

struct settings_coap {
    struct origin origin;
    bool present;       // a [coap] section stands in the file
    const char *listen; // blank-separated addresses HOST:PORT, checked; "" when switched off
    const char *dtls_listen, *psk_file;
    bool psk_file_given; // another than the default one, which need not be there
    bool allow_plain;
    int64_t max_body_bytes;
    double rate_limit;
    bool limits_loopback; // rate_limit was given; the default one is not for programs of this machine
};

struct settings_http {
    struct origin origin;
    const char *listen; // HOST:PORT or ""
    const char *token_file;
    const char *socket;
    const char *cert_file, *key_file;
};

struct settings_serial {
    struct origin origin;
    const char *name; // "kerb" for [serial:kerb]
    const char *device;
    int64_t baud;
    int parity; // enum parity
    int64_t stop_bits;
    bool rs485;
    const char *codec;
    const char *columns; // of lines of numbers, with blanks between them; "" for none
    int separator;       // enum separator
    int64_t report_interval_us;
    bool
        report_interval_given; // the default one is for streams of frames, not for packs that are put together to be kept
    bool disabled;
};

struct settings_modbus {
    struct origin origin;
    const char *name, *device;
    int64_t baud;
    int parity;
    int64_t stop_bits;
    bool rs485;         // enum parity
    int64_t timeout_us; // of an answer, beside the time that its bytes take
    bool disabled;
};

// `map.QUANTITY = FIELD [* factor] [+ offset] [unit]`: value = field * factor + offset, in `unit` ("": the quantity's own).
struct settings_map {
    struct origin origin;
    const char *quantity, *field, *unit;
    double factor, offset;
};

// `range.QUANTITY = LOW..HIGH`
struct settings_range {
    struct origin origin;
    const char *quantity;
    double low, high;
};

struct settings_device {
    struct origin origin;
    const char *name;
    int kind; // enum kind
    const char *codec;
    int64_t poll_us;
    int64_t registers_per_read; // most in one Modbus request
    struct settings_map *maps;
    size_t map_count;
    bool disabled;
};

struct settings_zone {
    struct origin origin;
    const char *id, *name;
    int kind;
    int64_t capacity;
    const char *category;
    double latitude, longitude; // NAN when unset
    double bands[4];
    size_t band_count;
    double area_m2, width_m; // 0 when unset
    double limits[4];
    size_t limit_count;
    int64_t reset_minute; // of the local day; -1: never
    int64_t reset_to;
    double almost_full;
    int64_t hold_us;
    int64_t min_count;
    bool disabled;
};

enum source_type { SOURCE_COAP, SOURCE_COAP_OBSERVE, SOURCE_SERIAL, SOURCE_MODBUS, SOURCE_SIM, SOURCE_GPSD };

struct settings_sensor {
    struct origin origin;
    const char *id;
    int kind;                // enum kind
    const char *source;      // as written
    int source_type;         // enum source_type
    const char *source_name; // "kerb" of serial:kerb; the URI of coap://... and gpsd://...; "" otherwise
    const char *address;     // the default (the id) is filled in
    const char *device;
    const char *codec; // its own or its device's; "" for none
    const char *psk_identity, *zone, *position;
    int64_t out_first_day,
        out_last_day; // out of service: local days since 1970-01-01; the last before the first: never
    const char *name;
    double latitude, longitude; // NAN when unset
    int64_t stale_after_us;                  // these: 0 is never
    int64_t stuck_after_us, frozen_after_us; // the default of the kind is filled in
    double battery_low_pct, battery_low_v;
    int64_t battery_days_us;
    bool report_changes;
    int64_t heartbeat_us;
    double occupied_below_m, free_above_m; // of a distance head; occupied_below_m 0: it is none. The default is filled in
    int64_t hold_us;                       // of a bay's state
    int counting;                          // enum counting: which way vehicles pass it
    bool estimate;
    struct settings_map *maps;
    size_t map_count;
    struct settings_range *ranges;
    size_t range_count;
    struct settings_extra *extras; // bump.*
    size_t extra_count;
    bool disabled; // by a finding; `disabled_reason` says which
    const char *disabled_reason;
};

struct settings {
    struct settings_gateway gateway;
    struct settings_buffer buffer;
    struct settings_coap coap;
    struct settings_http http;
    struct settings_mqtt *mqtt;
    size_t mqtt_count;
    struct settings_influxdb *influxdb;
    size_t influxdb_count;
    struct settings_ngsi_ld *ngsi_ld;
    size_t ngsi_ld_count;
    struct settings_serial *serial;
    size_t serial_count;
    struct settings_modbus *modbus;
    size_t modbus_count;
    struct settings_device *device;
    size_t device_count;
    struct settings_zone *zone;
    size_t zone_count;
    struct settings_sensor *sensor;
    size_t sensor_count;
    uint64_t hash;                  // of all files read, in order: the configuration's fingerprint for `info`
    struct settings_memory *memory; // private: what the texts live in
};

// Reads the file and what it includes. Everything wrong with it is added to `findings`; the settings are returned whenever
// the main file could be read, even when a finding stops the start, so that other rooms may add theirs. -errno (with a
// finding) when the main file cannot be read at all. The caller owns *ret_settings.
int settings_load(const char *path, struct findings *findings, struct settings **ret_settings);
void settings_destroy(struct settings *settings);

// The `language` of that file, "ja" or "en", for messages_use() before settings_load() writes its findings; NULL when the
// file cannot be read.
const char *settings_language(const char *path);

// Disables a sensor for a reason found by another room: adds the finding and sets `disabled`, `disabled_reason`.
void settings_disable_sensor(struct settings *settings, struct settings_sensor *sensor, struct findings *findings,
                             struct origin origin, const char *key, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

// `citygw keys [SECTION]`: every key with type, default, range and help. -ENOENT when there is no such section (with the
// nearest name in `why`).
int settings_print_keys(const char *section, struct bytes *out, struct fault *why);
