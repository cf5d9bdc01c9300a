// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include "base/messages.h"
#include "base/text.h"
#include <string.h>

const char *const kind_names[KIND_COUNT] = {"parking", "bump", "crowd", "traffic", "environment", "generic"};

static const struct choice kinds[] = {{"parking", KIND_PARKING, false},
                                      {"bump", KIND_BUMP, false},
                                      {"crowd", KIND_CROWD, false},
                                      {"traffic", KIND_TRAFFIC, false},
                                      {"environment", KIND_ENVIRONMENT, false},
                                      {"generic", KIND_GENERIC, false},
                                      {NULL, 0, false}};
static const struct choice zone_kinds[] = {{"parking", KIND_PARKING, false},
                                           {"crowd", KIND_CROWD, false},
                                           {"traffic", KIND_TRAFFIC, false},
                                           {NULL, 0, false}};
static const struct choice languages[] = {{"ja", 0, false}, {"en", 1, false}, {NULL, 0, false}};
static const struct choice full_choices[] = {
    {"drop-oldest", FULL_DROP_OLDEST, false}, {"refuse", FULL_REFUSE, false}, {NULL, 0, false}};
static const struct choice mqtt_versions[] = {{"5", 5, false}, {"3.1.1", 3, false}, {NULL, 0, false}};
static const struct choice formats[] = {{"citygw", FORMAT_CITYGW, false},
                                        {"ngsi-ld", FORMAT_NGSI_LD, false},
                                        {"iota-json", FORMAT_IOTA_JSON, false},
                                        {NULL, 0, false}};
static const struct choice drains[] = {
    {"live-first", DRAIN_LIVE_FIRST, false}, {"in-order", DRAIN_IN_ORDER, false}, {NULL, 0, false}};
static const struct choice starts[] = {{"now", START_NOW, false}, {"oldest", START_OLDEST, false}, {NULL, 0, false}};
static const struct choice batches[] = {
    {"no", BATCH_NO, false}, {"backlog", BATCH_BACKLOG, false}, {"always", BATCH_ALWAYS, false}, {NULL, 0, false}};
static const struct choice influx_apis[] = {{"v1", 1, false}, {"v2", 2, false}, {NULL, 0, false}};
static const struct choice parities[] = {
    {"none", PARITY_NONE, false}, {"even", PARITY_EVEN, false}, {"odd", PARITY_ODD, false}, {NULL, 0, false}};
static const struct choice separators[] = {{"auto", SEPARATOR_AUTO, false},           {"comma", SEPARATOR_COMMA, false},
                                           {"semicolon", SEPARATOR_SEMICOLON, false}, {"tab", SEPARATOR_TAB, false},
                                           {"blank", SEPARATOR_BLANK, false},         {NULL, 0, false}};
static const struct choice countings[] = {
    {"both", COUNTING_BOTH, false}, {"in", COUNTING_IN, false}, {"out", COUNTING_OUT, false}, {NULL, 0, false}};
static const struct choice categories[] = {{"onStreet", 0, false}, {"offStreet", 1, false}, {NULL, 0, false}};
static const struct choice reports[] = {{"all", false, false}, {"changes", true, false}, {NULL, 0, false}};

#define LIST(member) offsetof(struct settings, member), offsetof(struct settings, member##_count)
#define ONE(member) offsetof(struct settings, member), 0
#define NAMES(section, name) offsetof(struct settings_##section, name), offsetof(struct settings_##section, disabled)
#define OUTLET(section) offsetof(struct settings_##section, name), 0

// clang-format off
const struct section_type section_types[] = {
    {"gateway", "[gateway]", SECTION_PLAIN, FINDING_STOPS, false, false, false,
     sizeof(struct settings_gateway), ONE(gateway), 0, 0, N_("the gateway itself")},
    {"buffer", "[buffer]", SECTION_PLAIN, FINDING_STOPS, false, false, false,
     sizeof(struct settings_buffer), ONE(buffer), 0, 0, N_("where readings are kept until they are delivered")},
    {"mqtt", "[mqtt] [mqtt:NAME]", SECTION_EITHER, FINDING_STOPS, false, true, false,
     sizeof(struct settings_mqtt), LIST(mqtt), OUTLET(mqtt), N_("an MQTT broker that gets the readings")},
    {"influxdb", "[influxdb] [influxdb:NAME]", SECTION_EITHER, FINDING_STOPS, false, true, false,
     sizeof(struct settings_influxdb), LIST(influxdb), OUTLET(influxdb), N_("an InfluxDB that gets the readings")},
    {"ngsi-ld", "[ngsi-ld] [ngsi-ld:NAME]", SECTION_EITHER, FINDING_STOPS, false, true, false,
     sizeof(struct settings_ngsi_ld), LIST(ngsi_ld), OUTLET(ngsi_ld), N_("an NGSI-LD broker that gets the readings over HTTP")},
    {"coap", "[coap]", SECTION_PLAIN, FINDING_STOPS, false, false, false,
     sizeof(struct settings_coap), ONE(coap), 0, 0, N_("the CoAP server that sensors report to")},
    {"http", "[http]", SECTION_PLAIN, FINDING_STOPS, false, false, false,
     sizeof(struct settings_http), ONE(http), 0, 0, N_("the page, the HTTP API and the metrics")},
    {"serial", "[serial:ID]", SECTION_NAMED, FINDING_DISABLES, true, false, false,
     sizeof(struct settings_serial), LIST(serial), NAMES(serial, name), N_("a serial port")},
    {"modbus", "[modbus:ID]", SECTION_NAMED, FINDING_DISABLES, true, false, false,
     sizeof(struct settings_modbus), LIST(modbus), NAMES(modbus, name), N_("a Modbus RTU bus")},
    {"device", "[device:ID]", SECTION_NAMED, FINDING_DISABLES, true, false, false,
     sizeof(struct settings_device), LIST(device), NAMES(device, name),
     N_("a device profile: what all sensors of one make have in common")},
    {"zone", "[zone:ID]", SECTION_NAMED, FINDING_DISABLES, true, false, false,
     sizeof(struct settings_zone), LIST(zone), NAMES(zone, id),
     N_("a car park or a place: what several sensors make together")},
    {"sensor", "[sensor:ID]", SECTION_NAMED, FINDING_DISABLES, true, false, false,
     sizeof(struct settings_sensor), LIST(sensor), NAMES(sensor, id), N_("a sensor")},
    {NULL, NULL, SECTION_PLAIN, FINDING_STOPS, false, false, false, 0, 0, 0, 0, 0, NULL},
};

#define KEY(section_, name_, type_, fallback_, range_, flags_, help_, ...)                                             \
    {.section = section_, .name = name_, .type = type_, .fallback = fallback_, .range = range_, .flags = flags_,       \
     .help = help_, ##__VA_ARGS__}
#define AT(struct_, member)                                                                                            \
    .offset = offsetof(struct settings_##struct_, member), .size = sizeof(((struct settings_##struct_ *)0)->member)
#define WITH(struct_, member) .second_offset = offsetof(struct settings_##struct_, member)

const struct key keys[] = {
    KEY("gateway", "id", TYPE_GATEWAY_ID, NULL, NULL, KEY_REQUIRED,
        N_("name of this gateway in topics and data"), AT(gateway, id)),
    KEY("gateway", "municipality", TYPE_MUNICIPALITY, NULL, NULL, KEY_REQUIRED,
        N_("the municipality's six-digit code (zenkoku chiho kokyo dantai code), its name may follow"),
        AT(gateway, municipality), WITH(gateway, municipality_name)),
    KEY("gateway", "language", TYPE_CHOICE_TEXT, "ja", NULL, 0,
        N_("language of messages when the system names none"), AT(gateway, language), .choices = languages),
    KEY("gateway", "timezone", TYPE_TIMEZONE, "Asia/Tokyo", NULL, 0,
        N_("for screens, days and nightly work; data are always in UTC"), AT(gateway, timezone)),
    KEY("gateway", "include", TYPE_FILES, NULL, NULL, 0,
        N_("more files, relative to this one; sensors, zones, ports and profiles may stand there")),
    KEY("gateway", "status_interval", TYPE_DURATION, "5 min", "1 s..1 d", 0,
        N_("how often the gateway reports its health"), AT(gateway, status_interval_us)),
    KEY("gateway", "clock_wait", TYPE_DURATION, "2 min", "0 s..1 d", 0,
        N_("how long readings wait for a synchronised clock; 0 s: never"), AT(gateway, clock_wait_us)),
    KEY("gateway", "known_objects", TYPE_FILE, NULL, NULL, 0,
        N_("CSV of speed bumps, manholes and rails (latitude, longitude, kind), so that they are not taken for damage"),
        AT(gateway, known_objects)),

    KEY("buffer", "path", TYPE_FILE, "/var/lib/citygw/buffer", NULL, 0,
        N_("folder of the stored readings"), AT(buffer, path)),
    KEY("buffer", "max_size", TYPE_SIZE, "2 GB", "1 MB..1 TB", 0,
        N_("largest size on the disk; the oldest readings go first"), AT(buffer, max_size_bytes)),
    KEY("buffer", "max_age", TYPE_DURATION, "30 d", "1 s..3660 d", 0,
        N_("how long readings wait for their delivery"), AT(buffer, max_age_us)),
    KEY("buffer", "keep_delivered", TYPE_DURATION, "24 h", "0 s..3660 d", 0,
        N_("how long delivered readings are kept, for sending them again"), AT(buffer, keep_delivered_us)),
    KEY("buffer", "commit_interval", TYPE_DURATION, "100 ms", "0 s..10 s", 0,
        N_("the longest that a reading waits for company before it is written; 0: at once"),
        AT(buffer, commit_interval_us)),
    KEY("buffer", "when_full", TYPE_CHOICE, "drop-oldest", NULL, 0,
        N_("drop the oldest readings, or refuse new ones (sensors get 5.03)"),
        AT(buffer, when_full), .choices = full_choices),
    KEY("buffer", "min_autonomy", TYPE_DURATION, "24 h", "0 s..3660 d", 0,
        N_("warns when the size is too small to hold readings for this long"), AT(buffer, min_autonomy_us)),

    KEY("mqtt", "url", TYPE_URL, NULL, "mqtt mqtts", KEY_REQUIRED,
        N_("the broker; the port is 1883 (mqtt) or 8883 (mqtts) when left out"), AT(mqtt, url)),
    KEY("mqtt", "version", TYPE_CHOICE, "5", NULL, 0,
        N_("version of MQTT"), AT(mqtt, version), .choices = mqtt_versions),
    KEY("mqtt", "client_id", TYPE_TEXT, NULL, NULL, 0,
        N_("must be unique at the broker; default: citygw-MUNICIPALITY-ID-NAME"), AT(mqtt, client_id)),
    KEY("mqtt", "username", TYPE_TEXT, NULL, NULL, 0, N_("user name at the broker"), AT(mqtt, username)),
    KEY("mqtt", "password_file", TYPE_FILE, NULL, NULL, KEY_SECRET,
        N_("file that holds the password and that nobody else may read"), AT(mqtt, password_file)),
    KEY("mqtt", "ca_file", TYPE_FILE, NULL, NULL, 0,
        N_("certificates that the broker's is checked against; default: the system's"), AT(mqtt, ca_file)),
    KEY("mqtt", "cert_file", TYPE_FILE, NULL, NULL, 0,
        N_("our own certificate, for brokers that ask for one"), AT(mqtt, cert_file)),
    KEY("mqtt", "key_file", TYPE_FILE, NULL, NULL, KEY_SECRET, N_("private key of cert_file"), AT(mqtt, key_file)),
    KEY("mqtt", "topic_prefix", TYPE_TOPIC, "citygw/v1", NULL, 0,
        N_("beginning of every topic"), AT(mqtt, topic_prefix)),
    KEY("mqtt", "format", TYPE_CHOICE, "citygw", NULL, 0,
        N_("format of the messages"), AT(mqtt, format), .choices = formats),
    KEY("mqtt", "apikey", TYPE_TEXT, NULL, NULL, 0,
        N_("API key of a FIWARE IoT agent (iota-json)"), AT(mqtt, apikey)),
    KEY("mqtt", "apikey.", TYPE_EXTRA, NULL, NULL, 0,
        N_("API key for one kind of sensor, such as apikey.parking, or for alerts: apikey.alert"), AT(mqtt, extras), WITH(mqtt, extra_count)),
    KEY("mqtt", "drain", TYPE_CHOICE, "live-first", NULL, 0,
        N_("after an outage: new readings first, or all in order"), AT(mqtt, drain), .choices = drains),
    KEY("mqtt", "backlog_rate", TYPE_RATE, "500/s", "0.01/s..1000000/s", 0,
        N_("how fast older readings are sent beside new ones"), AT(mqtt, backlog_rate)),
    KEY("mqtt", "max_rate", TYPE_BYTE_RATE, NULL, "1 B/s..1 GB/s", 0,
        N_("most bytes per second, for a metered link; default: no limit"), AT(mqtt, max_rate_bytes)),
    KEY("mqtt", "start", TYPE_CHOICE, "now", NULL, 0,
        N_("a new outlet begins now, or with the oldest reading kept"), AT(mqtt, start), .choices = starts),
    KEY("mqtt", "keep_alive", TYPE_DURATION, "60 s", "1 s..65535 s", 0,
        N_("how often the connection is proved to be alive"), AT(mqtt, keep_alive_us)),
    KEY("mqtt", "in_flight", TYPE_INTEGER, "100", "1..65535", 0,
        N_("most messages on their way without an acknowledgement"), AT(mqtt, in_flight)),
    KEY("mqtt", "batch", TYPE_CHOICE, "no", NULL, 0,
        N_("many readings in one message"), AT(mqtt, batch), .choices = batches),

    KEY("influxdb", "url", TYPE_URL, NULL, "http https", KEY_REQUIRED, N_("the InfluxDB server"), AT(influxdb, url)),
    KEY("influxdb", "api", TYPE_CHOICE, "v1", NULL, 0,
        N_("which write API; InfluxDB 3 takes both"), AT(influxdb, api), .choices = influx_apis),
    KEY("influxdb", "database", TYPE_TEXT, "city", NULL, 0, N_("database (v1)"), AT(influxdb, database)),
    KEY("influxdb", "org", TYPE_TEXT, NULL, NULL, 0, N_("organisation (v2)"), AT(influxdb, org)),
    KEY("influxdb", "bucket", TYPE_TEXT, NULL, NULL, 0, N_("bucket (v2)"), AT(influxdb, bucket)),
    KEY("influxdb", "token_file", TYPE_FILE, NULL, NULL, KEY_SECRET,
        N_("file that holds the token and that nobody else may read"), AT(influxdb, token_file)),
    KEY("influxdb", "batch_lines", TYPE_INTEGER, "5000", "1..100000", 0,
        N_("most readings in one request"), AT(influxdb, batch_lines)),
    KEY("influxdb", "flush_interval", TYPE_DURATION, "1 s", "0 s..1 h", 0,
        N_("the longest that a reading waits for company before it is sent"), AT(influxdb, flush_interval_us)),
    KEY("influxdb", "gzip", TYPE_BOOL, "yes", NULL, 0, N_("compress requests"), AT(influxdb, gzip)),
    KEY("influxdb", "start", TYPE_CHOICE, "now", NULL, 0,
        N_("a new outlet begins now, or with the oldest reading kept"), AT(influxdb, start), .choices = starts),
    KEY("influxdb", "drain", TYPE_CHOICE, "live-first", NULL, 0,
        N_("after an outage: new readings first, or all in order"), AT(influxdb, drain), .choices = drains),

    KEY("ngsi-ld", "url", TYPE_URL, NULL, "http https", KEY_REQUIRED, N_("the NGSI-LD broker"),
        AT(ngsi_ld, url)),
    KEY("ngsi-ld", "tenant", TYPE_TEXT, NULL, NULL, 0, N_("tenant (NGSILD-Tenant)"),
        AT(ngsi_ld, tenant)),
    KEY("ngsi-ld", "service_path", TYPE_TEXT, NULL, NULL, 0, N_("service path (Fiware-ServicePath)"),
        AT(ngsi_ld, service_path)),
    KEY("ngsi-ld", "context", TYPE_URL, NULL, "http https", 0, N_("address of the JSON-LD context"),
        AT(ngsi_ld, context)),
    KEY("ngsi-ld", "token_file", TYPE_FILE, NULL, NULL, KEY_SECRET,
        N_("file that holds the token and that nobody else may read"), AT(ngsi_ld, token_file)),
    KEY("ngsi-ld", "start", TYPE_CHOICE, "now", NULL, 0,
        N_("a new outlet begins now, or with the oldest reading kept"), AT(ngsi_ld, start), .choices = starts),

    KEY("coap", "listen", TYPE_ADDRESSES, "0.0.0.0:5683 [::]:5683", NULL, KEY_EMPTY_OFF,
        N_("addresses of the server; empty: none"), AT(coap, listen)),
    KEY("coap", "dtls_listen", TYPE_ADDRESSES, "0.0.0.0:5684 [::]:5684", NULL, KEY_EMPTY_OFF,
        N_("addresses of the encrypted server; empty: none"), AT(coap, dtls_listen)),
    KEY("coap", "psk_file", TYPE_FILE, PSK_FILE_DEFAULT, NULL, KEY_SECRET,
        N_("file of the sensors' keys: [psk] identity = hex key"), AT(coap, psk_file)),
    KEY("coap", "allow_plain", TYPE_BOOL, "no", NULL, 0,
        N_("takes unencrypted coap:// also from beyond this machine"), AT(coap, allow_plain)),
    KEY("coap", "max_body", TYPE_SIZE, "8 kB", "64 B..64 kB", 0, N_("largest request"), AT(coap, max_body_bytes)),
    KEY("coap", "rate_limit", TYPE_RATE, "20/s", "0.01/s..100000/s", 0,
        N_("most requests of one client; the default is not for programs of this machine"), AT(coap, rate_limit)),

    KEY("http", "listen", TYPE_ADDRESS, "127.0.0.1:8088", NULL, KEY_EMPTY_OFF,
        N_("address of the page and the API; empty: only the socket"), AT(http, listen)),
    KEY("http", "token_file", TYPE_FILE, NULL, NULL, KEY_SECRET,
        N_("file that holds the token; required when listening beyond this machine"), AT(http, token_file)),
    KEY("http", "socket", TYPE_FILE, "/run/citygw/http.sock", NULL, 0,
        N_("unix socket that the citygw tool talks to"), AT(http, socket)),
    KEY("http", "cert_file", TYPE_FILE, NULL, NULL, KEY_LATER, N_("certificate for TLS"), AT(http, cert_file)),
    KEY("http", "key_file", TYPE_FILE, NULL, NULL, KEY_LATER | KEY_SECRET,
        N_("private key of cert_file"), AT(http, key_file)),

    KEY("serial", "device", TYPE_FILE, NULL, NULL, KEY_REQUIRED,
        N_("the port, best as /dev/serial/by-path/..."), AT(serial, device)),
    KEY("serial", "baud", TYPE_INTEGER, "9600", "50..4000000", 0,
        N_("speed, any number that the port can do"), AT(serial, baud)),
    KEY("serial", "parity", TYPE_CHOICE, "none", NULL, 0, N_("parity bit"), AT(serial, parity), .choices = parities),
    KEY("serial", "stop_bits", TYPE_INTEGER, "1", "1..2", 0, N_("stop bits"), AT(serial, stop_bits)),
    KEY("serial", "rs485", TYPE_BOOL, "no", NULL, 0,
        N_("the machine itself switches the direction of an RS-485 line; USB adapters do it without"), AT(serial, rs485)),
    KEY("serial", "codec", TYPE_ID, "senml", NULL, 0, N_("format of what the device sends"), AT(serial, codec)),
    KEY("serial", "columns", TYPE_TEXT, NULL, NULL, 0,
        N_("for codec = csv: what the columns of a line are, in their order; - for what is not wanted"),
        AT(serial, columns)),
    KEY("serial", "separator", TYPE_CHOICE, "auto", NULL, 0,
        N_("for codec = csv: what stands between the columns"), AT(serial, separator), .choices = separators),
    KEY("serial", "report_interval", TYPE_DURATION, "1 s", "0 s..1 h", 0,
        N_("frames in between are merged into one reading; the default is not for codec = senml"), AT(serial, report_interval_us)),

    KEY("modbus", "device", TYPE_FILE, NULL, NULL, KEY_REQUIRED,
        N_("the port, best as /dev/serial/by-path/..."), AT(modbus, device)),
    KEY("modbus", "baud", TYPE_INTEGER, "9600", "50..4000000", 0,
        N_("speed, any number that the port can do"), AT(modbus, baud)),
    KEY("modbus", "parity", TYPE_CHOICE, "none", NULL, 0, N_("parity bit"), AT(modbus, parity), .choices = parities),
    KEY("modbus", "stop_bits", TYPE_INTEGER, "1", "1..2", 0, N_("stop bits"), AT(modbus, stop_bits)),
    KEY("modbus", "rs485", TYPE_BOOL, "no", NULL, 0,
        N_("the machine itself switches the direction of an RS-485 line; USB adapters do it without"), AT(modbus, rs485)),
    KEY("modbus", "timeout", TYPE_DURATION, "300 ms", "10 ms..10 s", 0,
        N_("how long a device may think about its answer"), AT(modbus, timeout_us)),

    KEY("device", "kind", TYPE_CHOICE, NULL, NULL, KEY_REQUIRED,
        N_("what the sensors measure"), AT(device, kind), .choices = kinds),
    KEY("device", "codec", TYPE_ID, NULL, NULL, 0,
        N_("format of their payloads when they are not SenML"), AT(device, codec)),
    KEY("device", "poll", TYPE_DURATION, NULL, "10 ms..1 d", 0,
        N_("how often the device is asked"), AT(device, poll_us)),
    KEY("device", "registers_per_read", TYPE_INTEGER, "125", "1..125", 0,
        N_("most Modbus registers that the device gives at once; of coils and inputs it is 16 times as many"),
        AT(device, registers_per_read)),
    KEY("device", "map.", TYPE_MAP, NULL, NULL, 0,
        N_("where a quantity comes from: map.in_total = input:10 u32"), AT(device, maps), WITH(device, map_count)),

    KEY("zone", "kind", TYPE_CHOICE, NULL, NULL, KEY_REQUIRED,
        N_("what the zone counts"), AT(zone, kind), .choices = zone_kinds),
    KEY("zone", "name", TYPE_TEXT, NULL, NULL, 0, N_("name for people, in any script"), AT(zone, name)),
    KEY("zone", "capacity", TYPE_INTEGER, NULL, "1..1000000", 0,
        N_("number of parking spaces; default: as many as there are bays"), AT(zone, capacity)),
    KEY("zone", "category", TYPE_CHOICE_TEXT, "onStreet", NULL, 0,
        N_("parking on the street or off it"), AT(zone, category), .choices = categories),
    KEY("zone", "latitude", TYPE_COORDINATE, NULL, "-90..90", 0,
        N_("position, degrees north"), AT(zone, latitude)),
    KEY("zone", "longitude", TYPE_COORDINATE, NULL, "-180..180", 0,
        N_("position, degrees east"), AT(zone, longitude)),
    KEY("zone", "bands", TYPE_NUMBERS, NULL, "0..1", 0,
        N_("occupancies at which a new band begins, such as 0.60 0.85"), AT(zone, bands), WITH(zone, band_count)),
    KEY("zone", "area", TYPE_AREA, NULL, "0.01 m2..10000000 m2", 0,
        N_("ground that people stand on, for the density"), AT(zone, area_m2)),
    KEY("zone", "width", TYPE_METRES, NULL, "0.01 m..10000 m", 0,
        N_("width of the passage, for the flow"), AT(zone, width_m)),
    KEY("zone", "limits", TYPE_NUMBERS, "2 4 5", "0..100", 0,
        N_("persons per m2 for a warning, high and critical"), AT(zone, limits), WITH(zone, limit_count)),
    KEY("zone", "hold", TYPE_DURATION, "10 s", "0 s..1 h", 0,
        N_("how long a limit must be exceeded, or kept again, before it counts"), AT(zone, hold_us)),
    KEY("zone", "min_count", TYPE_INTEGER, "0", "0..1000", 0,
        N_("fewer people than this are not told, so that nobody is watched; 0: all are told"), AT(zone, min_count)),
    KEY("zone", "almost_full", TYPE_NUMBER, "0.9", "0..1", 0,
        N_("the occupancy at which a car park is almost full"), AT(zone, almost_full)),
    KEY("zone", "reset", TYPE_TIME_OF_DAY, NULL, NULL, 0,
        N_("when what entries and exits have counted wrong is put right each day, such as 03:30; default: never"),
        AT(zone, reset_minute)),
    KEY("zone", "reset_to", TYPE_INTEGER, "0", "0..1000000", 0,
        N_("how many are inside then"), AT(zone, reset_to)),

    KEY("sensor", "kind", TYPE_CHOICE, NULL, NULL, 0,
        N_("what it measures; required unless its device tells"), AT(sensor, kind), .choices = kinds),
    KEY("sensor", "source", TYPE_SOURCE, "coap", NULL, 0, N_("where its readings come from"), AT(sensor, source)),
    KEY("sensor", "address", TYPE_TEXT, NULL, NULL, 0,
        N_("how the source names it; default: the sensor's id"), AT(sensor, address)),
    KEY("sensor", "device", TYPE_ID, NULL, NULL, 0,
        N_("its device profile: the ID of a [device:ID]"), AT(sensor, device)),
    KEY("sensor", "codec", TYPE_ID, NULL, NULL, 0,
        N_("format of its payloads when they are not SenML"), AT(sensor, codec)),
    KEY("sensor", "psk_identity", TYPE_TEXT, NULL, NULL, 0,
        N_("only this identity may report for it"), AT(sensor, psk_identity)),
    KEY("sensor", "zone", TYPE_ID, NULL, NULL, 0, N_("the ID of the [zone:ID] that it belongs to"), AT(sensor, zone)),
    KEY("sensor", "out_of_service", TYPE_DAYS, NULL, NULL, 0,
        N_("days without alerts, and without a place in the zone's capacity"),
        AT(sensor, out_first_day), WITH(sensor, out_last_day)),
    KEY("sensor", "counts", TYPE_CHOICE, "both", NULL, 0,
        N_("at a car park: whether the vehicles that it counts come in or go out; both: its readings tell"),
        AT(sensor, counting), .choices = countings),
    KEY("sensor", "estimate", TYPE_BOOL, "no", NULL, 0,
        N_("its number of people is an estimate, as that of Wi-Fi and Bluetooth counters"), AT(sensor, estimate)),
    KEY("sensor", "name", TYPE_TEXT, NULL, NULL, 0, N_("name for people, in any script"), AT(sensor, name)),
    KEY("sensor", "latitude", TYPE_COORDINATE, NULL, "-90..90", 0, N_("position, degrees north"), AT(sensor, latitude)),
    KEY("sensor", "longitude", TYPE_COORDINATE, NULL, "-180..180", 0,
        N_("position, degrees east"), AT(sensor, longitude)),
    KEY("sensor", "position", TYPE_TEXT, NULL, NULL, 0,
        N_("where its position comes from: serial:ID or gpsd://HOST:PORT"), AT(sensor, position)),
    KEY("sensor", "private_area", TYPE_PLACE, NULL, NULL, 0,
        N_("where its vehicle's positions are nobody's business, such as its depot: nothing is told from there"),
        AT(sensor, private_area), WITH(sensor, private_count)),
    KEY("sensor", "stale_after", TYPE_DURATION, "30 min", "0 s..3660 d", 0,
        N_("after this silence it counts as stale; 0 s: never"), AT(sensor, stale_after_us)),
    KEY("sensor", "frozen_after", TYPE_DURATION, "1 d", "0 s..3660 d", 0,
        N_("when its own times are so far from now its clock, or its feed, counts as frozen; 0 s: never"),
        AT(sensor, frozen_after_us)),
    KEY("sensor", "stuck_after", TYPE_DURATION, NULL, "0 s..3660 d", 0,
        N_("a value that varies in nature, such as a temperature, and stays the same for so long counts as stuck; 0 s: never; "
           "default: 24 h for environment, else never"),
        AT(sensor, stuck_after_us)),
    KEY("sensor", "battery_low", TYPE_PERCENT, "15 %", "0 %..90 %", 0,
        N_("below this charge its battery counts as low; 0 %: never"), AT(sensor, battery_low_pct)),
    KEY("sensor", "battery_low_v", TYPE_VOLTS, NULL, "0 V..100 V", 0,
        N_("the same for sensors whose voltage is judged, not their charge"), AT(sensor, battery_low_v)),
    KEY("sensor", "battery_days", TYPE_DURATION, "30 d", "0 s..3660 d", 0,
        N_("tells so long before, as far as can be foreseen, that the battery will be low; 0 s: never"),
        AT(sensor, battery_days_us)),
    KEY("sensor", "report", TYPE_CHOICE, "all", NULL, 0,
        N_("send all readings, or states only when they change"), AT(sensor, report_changes), .choices = reports),
    KEY("sensor", "heartbeat", TYPE_DURATION, "10 min", "1 s..3660 d", 0,
        N_("with report = changes: how often an unchanged state is sent"), AT(sensor, heartbeat_us)),
    KEY("sensor", "occupied_below", TYPE_METRES, NULL, "0.01 m..100 m", 0,
        N_("a distance head over a bay: nearer than this a vehicle stands there"), AT(sensor, occupied_below_m)),
    KEY("sensor", "free_above", TYPE_METRES, NULL, "0.01 m..100 m", 0,
        N_("and farther than this the bay is free; default: a quarter more than occupied_below"), AT(sensor, free_above_m)),
    KEY("sensor", "hold", TYPE_DURATION, NULL, "0 s..10 min", 0,
        N_("how long a bay's state must last before it counts; default: 2 s for a distance head on a line, else 0 s"), AT(sensor, hold_us)),
    KEY("sensor", "map.", TYPE_MAP, NULL, NULL, 0,
        N_("where a quantity comes from: map.occupied = 3431/0/1"), AT(sensor, maps), WITH(sensor, map_count)),
    KEY("sensor", "range.", TYPE_RANGE, NULL, NULL, 0,
        N_("values outside are left out: range.temperature_c = -40..85"),
        AT(sensor, ranges), WITH(sensor, range_count)),
    KEY("sensor", "bump.", TYPE_EXTRA, NULL, NULL, 0,
        N_("settings of the bump detector"), AT(sensor, extras), WITH(sensor, extra_count)),
    {.section = NULL},
};
// clang-format on

const struct section_type *section_type_find(const char *type, size_t size)
{
    for (const struct section_type *row = section_types; row->type; row++)
        if (strlen(row->type) == size && strncasecmp(row->type, type, size) == 0)
            return row;
    return NULL;
}

const char *section_type_nearest(const char *type)
{
    const char *names[sizeof section_types / sizeof *section_types];
    size_t count = 0;
    for (const struct section_type *row = section_types; row->type; row++)
        names[count++] = row->type;
    return text_nearest(type, names, count);
}

static bool key_matches(const struct key *key, const char *name, const char **ret_suffix)
{
    size_t size = strlen(key->name);
    bool prefix = key->name[size - 1] == '.';
    if (strncasecmp(key->name, name, size) != 0 || (!prefix && name[size]))
        return false;
    *ret_suffix = name + size;
    return true;
}

const struct key *key_find(const char *section, const char *name, const char **ret_suffix)
{
    for (const struct key *key = keys; key->section; key++)
        if (strcmp(key->section, section) == 0 && key_matches(key, name, ret_suffix))
            return key;
    return NULL;
}

const char *key_nearest(const char *section, const char *name)
{
    const char *names[sizeof keys / sizeof *keys];
    size_t count = 0;
    for (const struct key *key = keys; key->section; key++)
        if (strcmp(key->section, section) == 0)
            names[count++] = key->name;
    // Of a dotted name only its beginning tells which key was meant: `maps.occupied`.
    char beginning[32];
    const char *dot = strchr(name, '.');
    if (!dot || (size_t)(dot + 1 - name) >= sizeof beginning)
        return text_nearest(name, names, count);
    size_t size = (size_t)(dot + 1 - name);
    memcpy(beginning, name, size);
    beginning[size] = '\0';
    return text_nearest(beginning, names, count);
}
