// SPDX-License-Identifier: Apache-2.0
#include "loaded.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// What the manual shows, whole.
static const char example[] =
    "[gateway]\n"
    "id = umeda-01                 ; a-z 0-9 -, 1..32\n"
    "municipality = 271004 大阪市  ; 全国地方公共団体コード, check digit checked; the name may be left out, and must "
    "match if given\n"
    "language = ja\n"
    "timezone = Asia/Tokyo         ; for screens, days and nightly work; the wire is always UTC\n"
    "include = sensors.d/*.ini     ; relative to this file; only sensors, zones, ports and profiles may stand there\n"
    "status_interval = 5 min       ; of health\n"
    "clock_wait = 2 min            ; how long readings wait for a synchronised clock; 0 s: never\n"
    "\n"
    "[buffer]\n"
    "path = /var/lib/citygw/buffer   ; a directory\n"
    "max_size = 2 GB\n"
    "max_age = 30 d\n"
    "keep_delivered = 24 h\n"
    "commit_interval = 100 ms      ; the longest a reading waits for company before its commit; 0: at once\n"
    "when_full = drop-oldest       ; or refuse: sensors get 5.03 with Max-Age\n"
    "min_autonomy = 24 h           ; `check` and status warn when the size is too small for it at the present rate\n"
    "\n"
    "[mqtt]                        ; [mqtt:NAME] for more than one\n"
    "url = mqtts://broker.example:8883\n"
    "version = 5                   ; or 3.1.1\n"
    "client_id =                   ; default citygw-<municipality>-<id>-<NAME>\n"
    "username =\n"
    "password_file =\n"
    "ca_file =\n"
    "cert_file =\n"
    "key_file =\n"
    "topic_prefix = citygw/v1\n"
    "format = citygw               ; citygw | ngsi-ld | iota-json (these two always drain in-order)\n"
    "apikey =                      ; iota-json; apikey.parking = ... by kind\n"
    "drain = live-first            ; or in-order\n"
    "backlog_rate = 500/s\n"
    "max_rate =                    ; bytes, such as 64 kB/s, for a metered link\n"
    "start = now                   ; a new outlet begins now, or with the oldest reading kept\n"
    "keep_alive = 60 s\n"
    "in_flight = 100\n"
    "batch = no                    ; no | backlog | always: many readings as one JSON array under …/batch\n"
    "\n"
    "[influxdb]                    ; [influxdb:NAME] for more than one\n"
    "url = http://127.0.0.1:8086\n"
    "api = v1                      ; v1 | v2 (InfluxDB 3 takes both)\n"
    "database = city               ; v1\n"
    "org =                         ; v2\n"
    "bucket =\n"
    "token_file =\n"
    "batch_lines = 5000\n"
    "flush_interval = 1 s\n"
    "gzip = yes\n"
    "\n"
    "[coap]\n"
    "listen = 0.0.0.0:5683 [::]:5683\n"
    "dtls_listen = 0.0.0.0:5684 [::]:5684\n"
    "psk_file = /etc/citygw/coap-psk.ini    ; [psk] identity = hex key\n"
    "allow_plain = no              ; plain coap:// beyond loopback is refused unless yes\n"
    "max_body = 8 kB\n"
    "rate_limit = 20/s             ; per client address\n"
    "\n"
    "[http]\n"
    "listen = 127.0.0.1:8088       ; empty: only the unix socket\n"
    "token_file =                  ; required when listening beyond loopback\n"
    "socket = /run/citygw/http.sock\n"
    "cert_file =                   ; TLS; beyond loopback made and signed by itself when empty\n"
    "key_file =\n"
    "\n"
    "[serial:kerb]\n"
    "device = /dev/serial/by-path/port-1\n"
    "baud = 256000                 ; any number\n"
    "parity = none\n"
    "codec = ld2450\n"
    "report_interval = 1 s         ; frames in between are merged. Frames without an address belong to the port's only "
    "sensor\n"
    "\n"
    "[modbus:garage]\n"
    "device = /dev/serial/by-path/port-2\n"
    "baud = 9600\n"
    "parity = none\n"
    "\n"
    "[device:my-counter]           ; a device profile; shipped ones are in config/devices/\n"
    "kind = crowd\n"
    "poll = 10 s\n"
    "map.in_total  = input:10 u32  ; a running counter (wraps and resets are handled); map.in would be a count per "
    "poll\n"
    "map.out_total = input:12 u32  ; addresses as on the wire, from 0; high word first unless `swapped`\n"
    "\n"
    "[zone:umeda-lot]\n"
    "kind = parking\n"
    "capacity = 50\n"
    "name = 梅田駐車場\n"
    "category = onStreet           ; or offStreet\n"
    "latitude = 34.702500\n"
    "longitude = 135.495900\n"
    "bands = 0.60 0.85             ; occupancy bands 0, 1, 2 (what a tariff is made from)\n"
    "\n"
    "[zone:plaza]\n"
    "kind = crowd\n"
    "area = 100 m2\n"
    "width = 4 m                   ; of the passage, for flow\n"
    "limits = 2 4 5                ; persons/m2: warn, high, critical\n"
    "\n"
    "[sensor:bay-0123]\n"
    "kind = parking                ; parking | bump | crowd | traffic | environment | generic\n"
    "source = coap                 ; coap | coap://host/path (observed) | serial:kerb | modbus:garage | sim\n"
    "address = urn:dev:mac:0024befffe804ff1:   ; how the source names it; default: the sensor's id\n"
    "device = my-counter           ; optional profile\n"
    "codec =                       ; for payloads that are not SenML, such as libelium-parking\n"
    "psk_identity = bay-0123       ; only this identity may report it\n"
    "zone = umeda-lot\n"
    "out_of_service =              ; 2026-12-01..2026-12-05: no alerts, not in the zone's capacity\n"
    "name = 梅田駅前 1番\n"
    "latitude = 34.702500\n"
    "longitude = 135.495900\n"
    "stale_after = 30 min\n"
    "report = all                  ; all | changes: with changes, states go out when they change and every heartbeat\n"
    "heartbeat = 10 min\n"
    "map.occupied = 3431/0/1       ; quantity = field of the source [* factor] [+ offset] [unit]\n"
    "range.temperature_c = -40..85\n"
    "\n"
    "[sensor:van-1]\n"
    "kind = bump                   ; raw acceleration in, events out\n"
    "source = serial:imu\n"
    "position = serial:gnss        ; or gpsd://localhost:2947; default: the source itself\n"
    "bump.zpeak = 4 m/s2           ; a detector's settings; all of them with `citygw keys sensor`\n";

static bool mentions(const struct loaded *loaded, const char *text)
{
    for (size_t i = 0; i < loaded->findings.count; i++)
        if (strstr(loaded->findings.list[i].text, text))
            return true;
    return false;
}

// The example with the two ports and places that it takes for granted.
static struct loaded load_example(void)
{
    const struct test_file files[] = {
        {"c.ini", example, 0},
        {"sensors.d/imu.ini", "[serial:imu]\ndevice = /dev/a\n[serial:gnss]\ndevice = /dev/b\n", 0},
        {0}};
    return load_files(files);
}

static void the_manuals_example_loads_with_warnings_alone(void **state)
{
    (void)state;
    struct loaded loaded = load_example();
    if (loaded.findings.stops || loaded.findings.disabled)
        print_findings(&loaded);
    assert_int_equal(loaded.findings.stops, 0);
    assert_int_equal(loaded.findings.disabled, 0);
    for (size_t i = 0; i < loaded.findings.count; i++)
        assert_non_null(strstr(loaded.findings.list[i].text, "[zone:plaza]: no sensor belongs to it"));
    assert_false(mentions(&loaded, "modbus:garage"));
    assert_false(mentions(&loaded, "[sensor:bay-0123] psk_identity: "));
    assert_false(mentions(&loaded, "[sensor:van-1] position: "));
    assert_int_equal(loaded.findings.warnings, 1);
    unload(&loaded);
}

static void the_manuals_example_means_what_it_says(void **state)
{
    (void)state;
    struct loaded loaded = load_example();
    const struct settings *settings = loaded.settings;
    assert_string_equal(settings->gateway.id, "umeda-01");
    assert_string_equal(settings->gateway.municipality_name, "大阪市");
    assert_int_equal(settings->buffer.commit_interval_us, 100000);
    assert_string_equal(settings->mqtt[0].url, "mqtts://broker.example:8883");
    assert_string_equal(settings->mqtt[0].client_id, "citygw-271004-umeda-01-mqtt");
    assert_string_equal(settings->mqtt[0].username, "");
    assert_string_equal(settings->influxdb[0].database, "city");
    assert_true(settings->coap.present);
    assert_string_equal(settings->coap.listen, "0.0.0.0:5683 [::]:5683");
    assert_int_equal(settings->coap.max_body_bytes, 8000);
    assert_string_equal(settings->http.socket, "/run/citygw/http.sock");
    assert_int_equal(settings->serial[0].baud, 256000);
    assert_string_equal(settings->serial[0].codec, "ld2450");
    assert_int_equal(settings->device[0].map_count, 2);
    assert_string_equal(settings->device[0].maps[1].field, "input:12 u32");
    const struct settings_zone *zone = settings->zone;
    assert_int_equal(settings->zone_count, 2);
    assert_int_equal(zone[0].capacity, 50);
    assert_int_equal(zone[0].band_count, 2);
    assert_true(zone[0].bands[1] == 0.85);
    assert_true(zone[1].area_m2 == 100 && zone[1].width_m == 4);
    assert_int_equal(zone[1].limit_count, 3);
    const struct settings_sensor *sensor = settings->sensor;
    assert_int_equal(settings->sensor_count, 2);
    assert_string_equal(sensor[0].address, "urn:dev:mac:0024befffe804ff1:");
    assert_string_equal(sensor[0].name, "梅田駅前 1番");
    assert_string_equal(sensor[0].zone, "umeda-lot");
    assert_string_equal(sensor[0].maps[0].field, "3431/0/1");
    assert_true(sensor[0].ranges[0].low == -40 && sensor[0].ranges[0].high == 85);
    assert_string_equal(sensor[1].source_name, "imu");
    assert_string_equal(sensor[1].extras[0].value, "4 m/s2");
    unload(&loaded);
}

static void an_empty_file_is_an_error(void **state)
{
    (void)state;
    struct loaded loaded = load_text("");
    assert_only(&loaded, FINDING_STOPS, "c.ini:1: the file is empty; expected sections such as [gateway]");
    assert_non_null(loaded.settings);
    unload(&loaded);
}

static void a_file_of_comments_asks_for_the_gateway(void **state)
{
    (void)state;
    struct loaded loaded = load_text("; nothing yet\n");
    assert_only(&loaded, FINDING_STOPS,
                "c.ini:1: [gateway]: this section is missing; expected it with id and municipality");
    unload(&loaded);
}

static void no_bytes_at_all_are_an_empty_file(void **state)
{
    (void)state;
    struct test_file files[] = {{"c.ini", GATEWAY "include = d/*\n", 0}, {"d/empty.ini", "", 0}, {0}};
    struct loaded loaded = load_files(files);
    assert_only(&loaded, FINDING_WARNING, "d/empty.ini:1: the file is empty; expected sections such as [gateway]");
    unload(&loaded);
}

static void a_missing_file_is_an_error(void **state)
{
    (void)state;
    struct loaded loaded = {0};
    loaded.error = settings_load("/nonexistent/citygw.ini", &loaded.findings, &loaded.settings);
    assert_int_equal(loaded.error, -ENOENT);
    assert_null(loaded.settings);
    assert_only(&loaded, FINDING_STOPS,
                "/nonexistent/citygw.ini:1: there is no such file; expected a configuration file");
    unload(&loaded);
}

static void a_folder_is_an_error(void **state)
{
    (void)state;
    struct loaded loaded = {0};
    loaded.error = settings_load("/tmp", &loaded.findings, &loaded.settings);
    assert_int_equal(loaded.error, -EISDIR);
    assert_only(&loaded, FINDING_STOPS, "/tmp:1: this is a folder; expected a configuration file");
    unload(&loaded);
}

static void a_file_of_a_megabyte_is_taken_and_a_larger_one_refused(void **state)
{
    (void)state;
    char *data = malloc(FILE_BYTES_MAX + 1);
    memset(data, '\n', FILE_BYTES_MAX + 1);
    memcpy(data, GATEWAY, strlen(GATEWAY));
    struct loaded loaded = load_bytes(data, FILE_BYTES_MAX);
    assert_nothing_found(&loaded);
    unload(&loaded);
    loaded = load_bytes(data, FILE_BYTES_MAX + 1);
    assert_only(&loaded, FINDING_STOPS, "c.ini:1: the file is too large; expected at most 1 MB");
    unload(&loaded);
    free(data);
}

static void included_files_are_read_from_the_folder_of_the_main_file(void **state)
{
    (void)state;
    const struct test_file files[] = {
        {"/etc/citygw/c.ini",
         GATEWAY "include = sensors.d/*.ini ports/*.ini *.ini\n[sensor:a]\nkind = crowd\nzone = z\n", 0},
        {"/etc/citygw/sensors.d/b.ini", "[sensor:b]\nkind = crowd\n[sensor:c]\nkind = crowd\nsource = serial:p\n", 0},
        {"/etc/citygw/ports/p.ini", "[serial:p]\ndevice = /dev/x\n[zone:z]\nkind = crowd\n", 0},
        {0}};
    struct loaded loaded = load_files(files);
    assert_nothing_found(&loaded);
    assert_int_equal(loaded.settings->sensor_count, 3);
    assert_string_equal(loaded.settings->sensor[1].origin.file, "/etc/citygw/sensors.d/b.ini");
    assert_int_equal(loaded.settings->sensor[1].origin.line, 1);
    assert_int_equal(loaded.settings->serial_count, 1);
    unload(&loaded);
}

static void a_pattern_that_matches_nothing_warns(void **state)
{
    (void)state;
    expect_only("include = sensors.d/*.ini\n", FINDING_WARNING,
                "c.ini:4: [gateway] include: no file matches sensors.d/*.ini; nothing is included");
}

static void only_some_sections_may_stand_in_an_included_file(void **state)
{
    (void)state;
    const struct test_file files[] = {
        {"c.ini", GATEWAY "include = d/*\n", 0},
        {"d/a.ini",
         "[gateway]\nid = x\ninclude = e/*\n[buffer]\n[mqtt]\n[coap]\n[nonsense]\n[sensor:s]\nkind = crowd\n", 0},
        {0}};
    struct loaded loaded = load_files(files);
    assert_found(&loaded, FINDING_STOPS,
                 "d/a.ini:1: [gateway]: this section may not stand in an included file; expected it in c.ini");
    assert_found(&loaded, FINDING_STOPS,
                 "d/a.ini:5: [mqtt]: this section may not stand in an included file; expected it in c.ini");
    assert_found(&loaded, FINDING_DISABLES,
                 "d/a.ini:7: [nonsense]: this section is not known; `citygw keys` lists them");
    assert_string_equal(loaded.settings->gateway.id, "umeda-01");
    assert_int_equal(loaded.settings->mqtt_count, 0);
    assert_false(loaded.settings->sensor[0].disabled);
    assert_int_equal(loaded.findings.count, 5);
    unload(&loaded);
}

static void a_section_given_in_two_files_names_both(void **state)
{
    (void)state;
    const struct test_file files[] = {{"c.ini", GATEWAY "include = d/*\n[sensor:a]\nkind = crowd\n", 0},
                                      {"d/a.ini", "\n[sensor:a]\nkind = crowd\n", 0},
                                      {0}};
    struct loaded loaded = load_files(files);
    assert_only(&loaded, FINDING_DISABLES,
                "d/a.ini:2: [sensor:a]: this section stands already in line 5 of c.ini; expected it once");
    assert_int_equal(loaded.settings->sensor_count, 1);
    unload(&loaded);
}

static void a_bad_included_file_stops_nothing(void **state)
{
    (void)state;
    const struct test_file files[] = {{"c.ini", GATEWAY "include = d/*\n[sensor:a]\nkind = crowd\n", 0},
                                      {"d/1.ini", "[sensor:b]\0\nkind = crowd\n", 25},
                                      {"d/2.ini", "x = y\n[sensor:c]\nkind = crowd\n", 0},
                                      {"d/3.ini", "; all commented out\n", 0},
                                      {0}};
    struct loaded loaded = load_files(files);
    assert_found(&loaded, FINDING_DISABLES, "d/1.ini:1: a NUL character stands in the file; expected text");
    assert_int_equal(loaded.findings.count, 2);
    assert_int_equal(loaded.findings.stops, 0);
    assert_int_equal(loaded.settings->sensor_count, 2);
    unload(&loaded);
}

static void the_hash_tells_configurations_apart(void **state)
{
    (void)state;
    struct test_file files[] = {{"c.ini", GATEWAY "include = d/*\n", 0}, {"d/a.ini", "; a\n", 0}, {0}};
    struct loaded first = load_files(files), same = load_files(files);
    files[1].data = "; b\n";
    struct loaded other = load_files(files);
    files[0].data = "\n" GATEWAY "include = d/*\n";
    struct loaded another = load_files(files);
    assert_int_equal(first.settings->hash, same.settings->hash);
    assert_int_not_equal(first.settings->hash, other.settings->hash);
    assert_int_not_equal(other.settings->hash, another.settings->hash);
    unload(&another);
    unload(&first);
    unload(&same);
    unload(&other);
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(remove(path), 0);
}

static void files_on_the_disk_are_included_in_order(void **state)
{
    (void)state;
    char folder[] = "/tmp/settings-[test]-XXXXXX", path[256]; // a name that could be taken for a pattern
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/sensors.d", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(folder, "citygw.ini",
               "[gateway]\nlanguage = en\nid = a\nmunicipality = 271004\ninclude = sensors.d/*.ini\n");
    write_file(folder, "sensors.d/20.ini", "[sensor:b]\nkind = crowd\n");
    write_file(folder, "sensors.d/10.ini", "[sensor:a]\nkind = crowd\n");
    write_file(folder, "sensors.d/30.ini~", "[sensor:c]\nkind = crowd\n");
    snprintf(path, sizeof path, "%s/citygw.ini", folder);
    struct loaded loaded = {0};
    loaded.error = settings_load(path, &loaded.findings, &loaded.settings);
    assert_nothing_found(&loaded);
    assert_int_equal(loaded.settings->sensor_count, 2);
    assert_string_equal(loaded.settings->sensor[0].id, "a");
    assert_string_equal(settings_language(path), "en");
    unload(&loaded);
    remove_file(folder, "sensors.d/10.ini");
    remove_file(folder, "sensors.d/20.ini");
    remove_file(folder, "sensors.d/30.ini~");
    remove_file(folder, "sensors.d");
    remove_file(folder, "citygw.ini");
    assert_int_equal(rmdir(folder), 0);
}

static void the_language_is_japanese_unless_told(void **state)
{
    (void)state;
    char folder[] = "/tmp/settings-XXXXXX", path[256];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/c.ini", folder);
    assert_null(settings_language(path));
    write_file(folder, "c.ini", "language = en\n[mqtt]\nlanguage = en\n[gateway]\nid = a\n");
    assert_string_equal(settings_language(path), "ja");
    write_file(folder, "c.ini", "[ Gateway ]\nbroken\nLanguage = en ; x\n");
    assert_string_equal(settings_language(path), "en");
    remove_file(folder, "c.ini");
    assert_int_equal(rmdir(folder), 0);
}

static void every_cut_of_the_example_ends_in_a_result(void **state)
{
    (void)state;
    size_t size = strlen(example);
    for (size_t cut = 1; cut < size; cut += 7) {
        char *exact = malloc(cut); // so that reading beyond is noticed
        memcpy(exact, example, cut);
        struct loaded loaded = load_bytes(exact, cut);
        assert_true(loaded.settings || loaded.findings.stops);
        unload(&loaded);
        free(exact);
    }
}

static void destroying_nothing_is_fine(void **state)
{
    (void)state;
    settings_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_manuals_example_loads_with_warnings_alone),
        cmocka_unit_test(the_manuals_example_means_what_it_says),
        cmocka_unit_test(an_empty_file_is_an_error),
        cmocka_unit_test(a_file_of_comments_asks_for_the_gateway),
        cmocka_unit_test(no_bytes_at_all_are_an_empty_file),
        cmocka_unit_test(a_missing_file_is_an_error),
        cmocka_unit_test(a_folder_is_an_error),
        cmocka_unit_test(a_file_of_a_megabyte_is_taken_and_a_larger_one_refused),
        cmocka_unit_test(included_files_are_read_from_the_folder_of_the_main_file),
        cmocka_unit_test(a_pattern_that_matches_nothing_warns),
        cmocka_unit_test(only_some_sections_may_stand_in_an_included_file),
        cmocka_unit_test(a_section_given_in_two_files_names_both),
        cmocka_unit_test(a_bad_included_file_stops_nothing),
        cmocka_unit_test(the_hash_tells_configurations_apart),
        cmocka_unit_test(files_on_the_disk_are_included_in_order),
        cmocka_unit_test(the_language_is_japanese_unless_told),
        cmocka_unit_test(every_cut_of_the_example_ends_in_a_result),
        cmocka_unit_test(destroying_nothing_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
