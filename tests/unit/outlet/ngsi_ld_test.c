// SPDX-License-Identifier: Apache-2.0
#include "ngsi_ld.h"

#include "check.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define AT "\"observedAt\":\"2026-11-22T03:04:05.678Z\"}"
#define OBSERVED(value) "{\"type\":\"Property\",\"value\":" value "," AT
#define MEASURED(value, unit) "{\"type\":\"Property\",\"value\":" value ",\"unitCode\":\"" unit "\"," AT
#define FIXED(value) "{\"type\":\"Property\",\"value\":" value "}"
#define TIME(value) FIXED("{\"@type\":\"DateTime\",\"@value\":\"" value "\"}")
#define NOW TIME("2026-11-22T03:04:05.678Z")
#define REFERENCE(urn) "{\"type\":\"Relationship\",\"object\":\"urn:ngsi-ld:" urn "\"}"
#define PLACE(longitude, latitude)                                                                                     \
    "\"location\":{\"type\":\"GeoProperty\",\"value\":{\"type\":\"Point\",\"coordinates\":[" longitude "," latitude    \
    "]}}"
#define CONTEXT(subject)                                                                                               \
    "\"@context\":[\"https://raw.githubusercontent.com/smart-data-models/dataModel." subject                           \
    "/master/context.jsonld\",\"https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld\"]}"
#define NO_FLAGS                                                                                                       \
    "\"estimate\":" OBSERVED("false") ",\"implausible\":" OBSERVED("false") ",\"suppressed\":" OBSERVED("false") ","
#define GOOD                                                                                                           \
    "\"epoch\":" OBSERVED("\"k7f3\"") ",\"seq\":" OBSERVED("1042") ",\"quality\":" OBSERVED(                           \
        "\"good\"") ",\"time_quality\":" OBSERVED("\"synced\"") ",\"backlog\":" OBSERVED("false") ",\"authenticated\"" \
                                                                                                  ":" OBSERVED(        \
                                                                                                      "true") ","

static struct settings_zone zones[] = {
    {.id = "umeda-lot",
     .name = "梅田駐車場",
     .kind = KIND_PARKING,
     .category = "onStreet",
     .latitude = 34.7,
     .longitude = 135.5},
    {.id = "tower", .name = "", .kind = KIND_PARKING, .category = "offStreet", .latitude = 34.7, .longitude = 135.5},
    {.id = "plaza", .name = "", .kind = KIND_CROWD, .category = "onStreet", .latitude = NAN, .longitude = NAN},
    {.id = "nowhere", .name = "", .kind = KIND_PARKING, .category = "onStreet", .latitude = NAN, .longitude = NAN},
};
static struct settings_sensor sensors[] = {
    {.id = "bay-0123", .kind = KIND_PARKING, .name = "梅田駅前 \"1番\"\n😀", .latitude = 34.7025, .longitude = 135.4959},
    {.id = "bay-2", .kind = KIND_PARKING, .name = "", .latitude = NAN, .longitude = NAN},
    {.id = "gate-1", .kind = KIND_CROWD, .name = "", .latitude = 34.5, .longitude = 135.25},
};
static const struct settings settings = {.gateway = {.id = "umeda-01", .municipality = "271004"},
                                         .zone = zones,
                                         .zone_count = 4,
                                         .sensor = sensors,
                                         .sensor_count = 3};

static struct places places;

static int set_up(void **state)
{
    (void)state;
    return places_init(&places, &settings);
}

static int tear_down(void **state)
{
    (void)state;
    places_finish(&places);
    return 0;
}

static const struct ngsi_ld context = {.gateway = &settings.gateway, .places = &places, .epoch = "k7f3"};

static const char *text_of(struct bytes *out)
{
    static char text[16384];
    assert_false(out->overflow);
    assert_true(out->used < sizeof text);
    memcpy(text, out->data, out->used);
    text[out->used] = '\0';
    bytes_finish(out);
    assert_null(strstr(text, "null"));
    assert_null(strstr(text, "nan"));
    return text;
}

static const char *write(const char *sensor, const struct reading *reading)
{
    struct outlet_record record = {.sensor = sensor, .seq = 1042};
    struct bytes out;
    bytes_init(&out, 16384);
    ngsi_ld_reading(&context, &record, reading, &out);
    return text_of(&out);
}

static struct reading reading_of(enum kind kind)
{
    return (struct reading){.kind = kind, .zone = "", .time_us = INT64_C(1795316645678999)}; // cut to milliseconds
}

static void add(struct reading *reading, struct value value)
{
    reading->values[reading->value_count++] = value;
}

#define NUMBER(name_, number_) ((struct value){.name = name_, .type = VALUE_NUMBER, .number = number_})
#define WHOLE(name_, number_) ((struct value){.name = name_, .type = VALUE_INTEGER, .number = number_})
#define WORD(name_, text_) ((struct value){.name = name_, .type = VALUE_TEXT, .text = text_})
#define SWITCH(name_, on) ((struct value){.name = name_, .type = VALUE_BOOL, .boolean = on})

// clang-format off: one attribute a line
static void a_bay_is_a_parking_spot(void **state)
{
    struct reading reading = reading_of(KIND_PARKING);
    (void)state;
    reading.zone = "umeda-lot";
    add(&reading, SWITCH("occupied", true));
    add(&reading, NUMBER("battery_v", 3.61));
    add(&reading, NUMBER("temperature_c", NAN));
    assert_string_equal(write("bay-0123", &reading),
                        "{\"id\":\"urn:ngsi-ld:ParkingSpot:271004:umeda-01:bay-0123\",\"type\":\"ParkingSpot\"," PLACE("135.4959", "34.7025")
                        ",\"name\":" FIXED("\"梅田駅前 \\\"1番\\\"\\u000a😀\"")
                        ",\"status\":" OBSERVED("\"occupied\"")
                        ",\"category\":" FIXED("[\"onStreet\"]")
                        ",\"refParkingSite\":" REFERENCE("OnStreetParking:271004:umeda-01:umeda-lot")
                        ",\"refDevice\":" REFERENCE("Device:271004:umeda-01:bay-0123")
                        ",\"battery_v\":" MEASURED("3.61", "VLT")
                        "," GOOD CONTEXT("Parking"));
}

static void what_a_bay_does_not_know_is_unknown(void **state)
{
    static const char *const words[][2] = {
        {"free", "\"free\""}, {"occupied", "\"occupied\""}, {"unknown", "\"unknown\""}, {"calibrating", "\"unknown\""}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct reading reading = reading_of(KIND_PARKING);
        char expected[200];
        reading.zone = "tower";
        add(&reading, WORD("state", words[i][0]));
        snprintf(expected, sizeof expected, "\"status\":" OBSERVED("%s"), words[i][1]);
        const char *text = write("bay-0123", &reading);
        assert_non_null(strstr(text, expected));
        assert_non_null(strstr(text, "\"category\":" FIXED("[\"offStreet\"]")));
        assert_non_null(strstr(text, REFERENCE("OffStreetParking:271004:umeda-01:tower")));
    }
}

static void a_bay_without_place_or_zone_or_state_is_a_device(void **state)
{
    struct reading reading = reading_of(KIND_PARKING);
    (void)state;
    add(&reading, SWITCH("occupied", false));
    reading.zone = "umeda-lot";
    assert_non_null(strstr(write("bay-2", &reading), "\"id\":\"urn:ngsi-ld:Device:271004:umeda-01:bay-2\""));
    reading.zone = "gone";
    assert_non_null(strstr(write("bay-0123", &reading), "\"type\":\"Device\""));
    reading.zone = "umeda-lot";
    reading.values[0] = NUMBER("battery_pct", 87);
    assert_string_equal(write("bay-2", &reading),
                        "{\"id\":\"urn:ngsi-ld:Device:271004:umeda-01:bay-2\",\"type\":\"Device\",\"controlledProperty\":" FIXED("[\"batteryLife\"]")
                        ",\"deviceCategory\":" FIXED("[\"sensor\"]")
                        ",\"dateLastValueReported\":" NOW
                        ",\"batteryLevel\":" MEASURED("0.87", "C62")
                        "," GOOD CONTEXT("Device"));
}

static void people_are_a_crowd_flow(void **state)
{
    struct reading reading = reading_of(KIND_CROWD);
    (void)state;
    add(&reading, WHOLE("people", 12));
    add(&reading, WHOLE("in", 5));
    add(&reading, WHOLE("out", 3));
    add(&reading, NUMBER("period_s", 60));
    add(&reading, WHOLE("in_total", 4294967296.0));
    add(&reading, NUMBER("density_per_m2", 0.12));
    add(&reading, NUMBER("flow_per_m_min", 8.5));
    add(&reading, NUMBER("speed_mps", 1.1));
    add(&reading, WORD("los", "A"));
    assert_string_equal(write("gate-1", &reading),
                        "{\"id\":\"urn:ngsi-ld:CrowdFlowObserved:271004:umeda-01:gate-1\",\"type\":\"CrowdFlowObserved\"," PLACE("135.25", "34.5")
                        ",\"dateObserved\":" NOW
                        ",\"dateObservedFrom\":" TIME("2026-11-22T03:03:05.678Z")
                        ",\"dateObservedTo\":" NOW
                        ",\"peopleCount\":" MEASURED("12", "IE")
                        ",\"peopleCountTowards\":" MEASURED("5", "IE")
                        ",\"peopleCountAway\":" MEASURED("3", "IE")
                        ",\"in_total\":" MEASURED("4294967296", "IE")
                        ",\"density_per_m2\":" MEASURED("0.12", "C93")
                        ",\"flow_per_m_min\":" OBSERVED("8.5")
                        ",\"averageCrowdSpeed\":" MEASURED("3.96", "KMH")
                        ",\"los\":" OBSERVED("\"A\"")
                        "," NO_FLAGS GOOD CONTEXT("Transportation"));
}

// Or the broker would keep what was told before, as true.
static void people_who_are_too_few_to_be_told_are_a_crowd_flow_too(void **state)
{
    struct reading reading = reading_of(KIND_CROWD);
    (void)state;
    add(&reading, (struct value){.name = "suppressed", .type = VALUE_BOOL, .boolean = true});
    assert_string_equal(write("gate-1", &reading),
                        "{\"id\":\"urn:ngsi-ld:CrowdFlowObserved:271004:umeda-01:gate-1\",\"type\":\"CrowdFlowObserved\"," PLACE("135.25", "34.5")
                        ",\"dateObserved\":" NOW
                        ",\"suppressed\":" OBSERVED("true")
                        ",\"estimate\":" OBSERVED("false")
                        ",\"implausible\":" OBSERVED("false")
                        "," GOOD CONTEXT("Transportation"));
}

static void vehicles_are_a_traffic_flow(void **state)
{
    struct reading reading = reading_of(KIND_TRAFFIC);
    (void)state;
    add(&reading, WHOLE("vehicles", 7));
    add(&reading, NUMBER("speed_mps", 10));
    add(&reading, NUMBER("occupancy", 0.25));
    assert_string_equal(write("loop-1", &reading),
                        "{\"id\":\"urn:ngsi-ld:TrafficFlowObserved:271004:umeda-01:loop-1\",\"type\":\"TrafficFlowObserved\",\"dateObserved\":" NOW
                        ",\"intensity\":" MEASURED("7", "C62")
                        ",\"averageVehicleSpeed\":" MEASURED("36", "KMH")
                        ",\"occupancy\":" MEASURED("0.25", "C62")
                        "," GOOD CONTEXT("Transportation"));
}

static struct reading bump(void)
{
    struct reading reading = reading_of(KIND_BUMP);
    add(&reading, NUMBER("peak_mps2", 7.25));
    add(&reading, WHOLE("severity", 2));
    add(&reading, WORD("shape", "dip"));
    add(&reading, NUMBER("latitude", 34.6));
    add(&reading, NUMBER("longitude", 135.4));
    add(&reading, NUMBER("hdop", INFINITY));
    return reading;
}

static void a_bump_is_an_alert_of_its_own_and_no_pothole(void **state)
{
    struct reading reading = bump();
    (void)state;
    assert_string_equal(write("van-1", &reading),
                        "{\"id\":\"urn:ngsi-ld:Alert:271004:umeda-01:van-1:k7f3:1042\",\"type\":\"Alert\",\"location\":{\"type\":\"GeoProperty\",\"value\":{\"type\":\"Point\",\"coordinates\":[135.4,34.6]}," AT
                        ",\"alertSource\":" REFERENCE("Device:271004:umeda-01:van-1")
                        ",\"category\":" FIXED("\"traffic\"")
                        ",\"subCategory\":" FIXED("\"hazardOnRoad\"")
                        ",\"severity\":" OBSERVED("\"medium\"")
                        ",\"dateIssued\":" NOW
                        ",\"data\":" OBSERVED("{\"peak_mps2\":7.25,\"severity\":2,\"shape\":\"dip\",\"latitude\":34.6,\"longitude\":135.4}")
                        "," GOOD CONTEXT("Alert"));
}

static void only_a_confirmed_bump_is_a_pothole(void **state)
{
    struct reading reading = bump();
    (void)state;
    add(&reading, SWITCH("confirmed", true));
    assert_non_null(strstr(write("van-1", &reading), "\"subCategory\":" FIXED("\"pothole\"")));
    for (size_t i = 0; i < reading.value_count; i++)
        if (strcmp(reading.values[i].name, "shape") == 0)
            reading.values[i].text = "hump";
    assert_non_null(strstr(write("van-1", &reading), "\"subCategory\":" FIXED("\"hazardOnRoad\"")));
    add(&reading, WORD("known", "speed_bump"));
    assert_non_null(strstr(write("van-1", &reading), "urn:ngsi-ld:Device:")); // no hazard
}

static void a_vehicle_without_an_event_is_a_device(void **state)
{
    struct reading reading = reading_of(KIND_BUMP);
    (void)state;
    add(&reading, NUMBER("latitude", 34.6));
    add(&reading, NUMBER("longitude", 135.4));
    add(&reading, NUMBER("speed_mps", 8));
    const char *text = write("van-1", &reading);
    assert_non_null(strstr(text, "urn:ngsi-ld:Device:271004:umeda-01:van-1"));
    assert_non_null(strstr(text, "\"controlledProperty\":" FIXED("[\"location\",\"speed\"]")));
    assert_non_null(strstr(text, "\"speed_mps\":" MEASURED("8", "MTS")));
    assert_null(strstr(text, "\"latitude\"")); // it is in the location
}

static void the_environment_is_measured_by_a_device(void **state)
{
    struct reading reading = reading_of(KIND_ENVIRONMENT);
    (void)state;
    add(&reading, NUMBER("temperature_c", -3.5));
    add(&reading, NUMBER("pm25_ugm3", 12));
    add(&reading, NUMBER("co2_ppm", 420));
    add(&reading, NUMBER("tank_kpa", 101));
    add(&reading, NUMBER("meter_kwh", 12.5));
    add(&reading, NUMBER("river_ntu", 4)); // a unit that has no code
    add(&reading, NUMBER("rssi_dbm", -92));
    assert_string_equal(write("air-1", &reading),
                        "{\"id\":\"urn:ngsi-ld:Device:271004:umeda-01:air-1\",\"type\":\"Device\",\"controlledProperty\":" FIXED("[\"temperature\",\"airPollution\",\"pressure\",\"energy\"]")
                        ",\"deviceCategory\":" FIXED("[\"sensor\"]")
                        ",\"dateLastValueReported\":" NOW
                        ",\"temperature_c\":" MEASURED("-3.5", "CEL")
                        ",\"pm25_ugm3\":" MEASURED("12", "GQ")
                        ",\"co2_ppm\":" MEASURED("420", "59")
                        ",\"tank_kpa\":" MEASURED("101", "KPA")
                        ",\"meter_kwh\":" MEASURED("12.5", "KWH")
                        ",\"river_ntu\":" OBSERVED("4")
                        ",\"rssi\":" MEASURED("-92", "DBM")
                        "," GOOD CONTEXT("Device"));
}

static void what_is_unusual_is_said(void **state)
{
    struct reading reading = reading_of(KIND_CROWD);
    struct outlet_record record = {.sensor = "gate-1", .seq = UINT64_MAX, .late = true};
    struct bytes out;
    (void)state;
    reading.quality = QUALITY_RANGE;
    reading.time_quality = TIME_ESTIMATED;
    reading.unauthenticated = true;
    reading.refused[reading.refused_count++] = "people";
    add(&reading, WHOLE("in_total", 1));
    bytes_init(&out, 16384);
    ngsi_ld_reading(&context, &record, &reading, &out);
    const char *text = text_of(&out);
    assert_non_null(strstr(text, "\"seq\":" OBSERVED("18446744073709551615")
                        ",\"quality\":" OBSERVED("\"range\"")
                        ",\"time_quality\":" OBSERVED("\"estimated\"")
                        ",\"refused\":" OBSERVED("[\"people\"]")
                        ",\"backlog\":" OBSERVED("true")
                        ",\"authenticated\":" OBSERVED("false")));
    record.replay = true;
    bytes_init(&out, 16384);
    ngsi_ld_reading(&context, &record, &reading, &out);
    assert_non_null(strstr(text_of(&out), "\"backlog\":" OBSERVED("false") ",\"replay\":" OBSERVED("true")));
}

static void a_car_park_is_on_the_street_or_off_it(void **state)
{
    struct reading reading = reading_of(KIND_PARKING);
    (void)state;
    add(&reading, WHOLE("capacity", 50));
    add(&reading, WHOLE("occupied", 30));
    add(&reading, WHOLE("free", 18));
    add(&reading, WHOLE("unknown", 2));
    add(&reading, NUMBER("occupancy", 0.6));
    assert_string_equal(write("zone/umeda-lot", &reading),
                        "{\"id\":\"urn:ngsi-ld:OnStreetParking:271004:umeda-01:umeda-lot\",\"type\":\"OnStreetParking\"," PLACE("135.5", "34.7")
                        ",\"name\":" FIXED("\"梅田駐車場\"")
                        ",\"observationDateTime\":" NOW
                        ",\"totalSpotNumber\":" MEASURED("50", "C62")
                        ",\"occupiedSpotNumber\":" MEASURED("30", "C62")
                        ",\"availableSpotNumber\":" MEASURED("18", "C62")
                        ",\"unknown\":" MEASURED("2", "C62")
                        ",\"occupancy\":" MEASURED("0.6", "C62")
                        "," GOOD CONTEXT("Parking"));
    assert_non_null(strstr(write("zone/tower", &reading), "\"id\":\"urn:ngsi-ld:OffStreetParking:271004:umeda-01:tower\""));
}

static void a_car_park_without_a_place_is_a_device(void **state)
{
    struct reading reading = reading_of(KIND_PARKING);
    (void)state;
    add(&reading, WHOLE("free", 18));
    const char *text = write("zone/nowhere", &reading);
    assert_non_null(strstr(text, "\"id\":\"urn:ngsi-ld:Device:271004:umeda-01:zone:nowhere\",\"type\":\"Device\""));
    assert_non_null(strstr(text, "\"free\":" MEASURED("18", "C62")));
    assert_non_null(strstr(write("zone/gone", &reading), "\"type\":\"Device\"")); // not configured any more
}

static void a_plaza_is_a_crowd_flow(void **state)
{
    struct reading reading = reading_of(KIND_CROWD);
    (void)state;
    add(&reading, WHOLE("people", 300));
    add(&reading, WHOLE("silent", 1)); // no person, a sensor
    assert_string_equal(write("zone/plaza", &reading),
                        "{\"id\":\"urn:ngsi-ld:CrowdFlowObserved:271004:umeda-01:zone:plaza\",\"type\":\"CrowdFlowObserved\",\"dateObserved\":" NOW
                        ",\"peopleCount\":" MEASURED("300", "IE")
                        ",\"silent\":" MEASURED("1", "C62")
                        "," NO_FLAGS GOOD CONTEXT("Transportation"));
}

static void an_alert_goes_on_until_it_is_over(void **state)
{
    struct reading reading = reading_of(KIND_CROWD);
    (void)state;
    add(&reading, SWITCH("active", true));
    add(&reading, WORD("condition", "density"));
    add(&reading, WORD("level", "critical"));
    add(&reading, NUMBER("density_per_m2", 5.1));
    assert_string_equal(write("alert/crowd/plaza", &reading),
                        "{\"id\":\"urn:ngsi-ld:Alert:271004:umeda-01:crowd:plaza\",\"type\":\"Alert\""
                        ",\"alertSource\":" REFERENCE("CrowdFlowObserved:271004:umeda-01:zone:plaza")
                        ",\"category\":" FIXED("\"security\"")
                        ",\"subCategory\":" FIXED("\"crowdRisk\"")
                        ",\"severity\":" OBSERVED("\"critical\"")
                        ",\"dateIssued\":" NOW
                        ",\"data\":" OBSERVED("{\"active\":true,\"condition\":\"density\",\"level\":\"critical\",\"density_per_m2\":5.1}")
                        "," GOOD CONTEXT("Alert"));
    reading = reading_of(KIND_CROWD);
    add(&reading, SWITCH("active", false));
    assert_string_equal(write("alert/crowd/plaza", &reading),
                        "{\"id\":\"urn:ngsi-ld:Alert:271004:umeda-01:crowd:plaza\",\"type\":\"Alert\""
                        ",\"alertSource\":" REFERENCE("CrowdFlowObserved:271004:umeda-01:zone:plaza")
                        ",\"category\":" FIXED("\"security\"")
                        ",\"dateIssued\":" NOW
                        ",\"validTo\":" NOW
                        ",\"data\":" OBSERVED("{\"active\":false}")
                        "," GOOD CONTEXT("Alert"));
}

static void an_alert_says_what_it_is_about(void **state)
{
    struct reading reading = reading_of(KIND_PARKING);
    (void)state;
    add(&reading, SWITCH("active", true));
    add(&reading, WORD("level", "warning"));
    const char *text = write("alert/parking/bay-0123", &reading);
    assert_non_null(strstr(text, "\"id\":\"urn:ngsi-ld:Alert:271004:umeda-01:parking:bay-0123\""));
    assert_non_null(strstr(text, PLACE("135.4959", "34.7025")));
    assert_non_null(strstr(text, "\"alertSource\":" REFERENCE("Device:271004:umeda-01:bay-0123") ",\"category\":" FIXED("\"traffic\"")));
    assert_non_null(strstr(text, "\"severity\":" OBSERVED("\"medium\"")));
    reading.kind = KIND_GENERIC;
    text = write("alert/gateway/disk", &reading);
    assert_non_null(strstr(text, "\"id\":\"urn:ngsi-ld:Alert:271004:umeda-01:gateway:disk\""));
    assert_non_null(strstr(text, "\"alertSource\":" REFERENCE("Device:271004:umeda-01:gateway")));
}

static void only_a_bump_is_an_entity_of_its_own(void **state)
{
    const struct outlet_record van = {.sensor = "van-1"}, alert = {.sensor = "alert/bump/van-1"};
    struct reading reading = bump();
    (void)state;
    assert_true(ngsi_ld_is_own(&van, &reading));
    assert_false(ngsi_ld_is_own(&alert, &reading));
}

// clang-format on

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bay_is_a_parking_spot),
        cmocka_unit_test(what_a_bay_does_not_know_is_unknown),
        cmocka_unit_test(a_bay_without_place_or_zone_or_state_is_a_device),
        cmocka_unit_test(people_are_a_crowd_flow),
        cmocka_unit_test(people_who_are_too_few_to_be_told_are_a_crowd_flow_too),
        cmocka_unit_test(vehicles_are_a_traffic_flow),
        cmocka_unit_test(a_bump_is_an_alert_of_its_own_and_no_pothole),
        cmocka_unit_test(only_a_confirmed_bump_is_a_pothole),
        cmocka_unit_test(a_vehicle_without_an_event_is_a_device),
        cmocka_unit_test(the_environment_is_measured_by_a_device),
        cmocka_unit_test(what_is_unusual_is_said),
        cmocka_unit_test(a_car_park_is_on_the_street_or_off_it),
        cmocka_unit_test(a_car_park_without_a_place_is_a_device),
        cmocka_unit_test(a_plaza_is_a_crowd_flow),
        cmocka_unit_test(an_alert_goes_on_until_it_is_over),
        cmocka_unit_test(an_alert_says_what_it_is_about),
        cmocka_unit_test(only_a_bump_is_an_entity_of_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
