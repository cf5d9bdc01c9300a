// SPDX-License-Identifier: Apache-2.0
#include "outlet/provision.h"

#include "check.h"
#include <math.h>
#include <string.h>

static struct settings_zone zones[] = {
    {.id = "lot", .kind = KIND_PARKING, .name = "", .category = "offStreet", .latitude = 34.7, .longitude = 135.5},
    {.id = "plaza", .kind = KIND_CROWD, .name = "", .category = "", .latitude = NAN, .longitude = NAN}};
static struct settings_map maps[] = {{.quantity = "soil_temperature_c"}, {.quantity = "pm25_ugm3"}};
static struct settings_sensor sensors[] = {
    {.id = "bay-1",
     .kind = KIND_PARKING,
     .zone = "lot",
     .name = "梅田(1)",
     .device = "",
     .latitude = 34.7,
     .longitude = 135.5},
    {.id = "bay-2", .kind = KIND_PARKING, .zone = "", .name = "", .device = "", .latitude = NAN, .longitude = NAN},
    {.id = "van-1", .kind = KIND_BUMP, .zone = "", .name = "", .device = "", .latitude = NAN, .longitude = NAN},
    {.id = "air-1",
     .kind = KIND_ENVIRONMENT,
     .zone = "",
     .name = "",
     .device = "",
     .latitude = NAN,
     .longitude = NAN,
     .maps = maps,
     .map_count = 2},
    {.id = "off-1", .kind = KIND_CROWD, .zone = "", .name = "", .device = "", .disabled = true},
};
static const struct settings settings = {.gateway = {.id = "umeda-01", .municipality = "271004"},
                                         .zone = zones,
                                         .zone_count = 2,
                                         .sensor = sensors,
                                         .sensor_count = 5};
static struct settings_extra extras[] = {{.key = "apikey.parking", .value = "bays"}};
static const struct settings_mqtt outlet = {.name = "agent", .apikey = "all", .extras = extras, .extra_count = 1};

static const char *taken(struct bytes *out)
{
    static char text[65536];
    assert_false(out->overflow);
    assert_true(out->used < sizeof text);
    memcpy(text, out->data, out->used);
    text[out->used] = '\0';
    bytes_finish(out);
    return text;
}

static const char *device(size_t index)
{
    struct provision_group groups[PROVISION_GROUPS_MAX];
    size_t count = provision_groups(&settings, &outlet, groups);
    struct bytes out;
    struct json json;
    bytes_init(&out, 65535);
    json_begin(&json, &out);
    assert_true(provision_device(&settings, groups, count, index, &json));
    return taken(&out);
}

static const char *group(size_t index)
{
    struct provision_group groups[PROVISION_GROUPS_MAX];
    struct bytes out;
    struct json json;
    assert_true(index < provision_groups(&settings, &outlet, groups));
    bytes_init(&out, 65535);
    json_begin(&json, &out);
    provision_group(&groups[index], &json);
    return taken(&out);
}

static void an_api_key_is_a_group(void **state)
{
    struct provision_group groups[PROVISION_GROUPS_MAX];
    (void)state;
    assert_int_equal(provision_groups(&settings, &outlet, groups), 2);
    assert_string_equal(groups[0].apikey, "bays");
    assert_int_equal(groups[0].kinds, 1u << KIND_PARKING);
    assert_string_equal(groups[1].apikey, "all");
    assert_int_equal(groups[1].kinds, 1u << KIND_BUMP | 1u << KIND_CROWD | 1u << KIND_ENVIRONMENT | PROVISION_ALERTS);
}

static void a_group_of_one_kind_tells_what_all_its_devices_have(void **state)
{
    (void)state;
    const char *text = group(0);
    assert_int_equal(strncmp(text,
                             "{\"apikey\":\"bays\",\"resource\":\"/iot/json\",\"entity_type\":\"ParkingSpot\","
                             "\"transport\":\"MQTT\",\"payloadType\":\"iotagent\",\"timestamp\":true,\"attributes\":["
                             "{\"object_id\":\"status\",\"name\":\"status\",\"type\":\"Text\"},",
                             170),
                     0);
    assert_non_null(strstr(text, "{\"object_id\":\"battery_v\",\"name\":\"battery_v\",\"type\":\"Number\",\"metadata\":"
                                 "{\"unitCode\":{\"type\":\"Text\",\"value\":\"VLT\"}}},"));
    assert_non_null(strstr(text, "{\"object_id\":\"occupied\",\"name\":\"occupied\",\"type\":\"Boolean\"},"));
    assert_non_null(strstr(text, "{\"object_id\":\"seq\",\"name\":\"seq\",\"type\":\"Number\"},"));
}

static void a_group_of_many_kinds_leaves_it_to_them(void **state)
{
    (void)state;
    assert_string_equal(group(1), "{\"apikey\":\"all\",\"resource\":\"/iot/json\",\"entity_type\":\"Device\","
                                  "\"transport\":\"MQTT\",\"payloadType\":\"iotagent\",\"timestamp\":true,"
                                  "\"attributes\":[],\"static_attributes\":[]}");
    assert_non_null(strstr(device(2), "{\"object_id\":\"peak_mps2\",\"name\":\"peak_mps2\",\"type\":\"Number\","));
}

static void a_bay_has_its_place_and_its_site(void **state)
{
    (void)state;
    assert_string_equal(
        device(0),
        "{\"device_id\":\"bay-1\",\"apikey\":\"bays\",\"entity_name\":\"urn:ngsi-ld:ParkingSpot:271004:umeda-01:bay-"
        "1\","
        "\"entity_type\":\"ParkingSpot\",\"transport\":\"MQTT\",\"payloadType\":\"iotagent\",\"timestamp\":true,"
        "\"attributes\":[],\"static_attributes\":[{\"name\":\"name\",\"type\":\"Text\",\"value\":\"梅田（1）\"},"
        "{\"name\":\"location\",\"type\":\"geo:json\",\"value\":{\"type\":\"Point\",\"coordinates\":[135.5,34.7]}},"
        "{\"name\":\"category\",\"type\":\"Array\",\"value\":[\"offStreet\"]},"
        "{\"name\":\"refParkingSite\",\"type\":\"Relationship\","
        "\"value\":\"urn:ngsi-ld:OffStreetParking:271004:umeda-01:lot\"}]}");
}

static void a_bay_without_them_is_a_device_with_attributes_of_its_own(void **state)
{
    (void)state;
    const char *text = device(1);
    assert_non_null(strstr(text, "\"entity_type\":\"Device\""));
    assert_non_null(
        strstr(text, "{\"name\":\"batteryLevel\",\"type\":\"Number\",\"expression\":\"battery_pct * 0.01\"}"));
    assert_non_null(strstr(text, "{\"name\":\"controlledProperty\",\"type\":\"Array\",\"value\":[\"occupancy\"]}"));
}

static void a_vehicle_raises_alerts_where_it_is(void **state)
{
    (void)state;
    const char *text = device(2);
    assert_non_null(
        strstr(text, "\"entity_name\":\"urn:ngsi-ld:Alert:271004:umeda-01:van-1\",\"entity_type\":\"Alert\""));
    assert_non_null(strstr(text, "{\"name\":\"location\",\"type\":\"geo:json\",\"expression\":"
                                 "\"{coordinates: [longitude,latitude], type: 'Point'}\"}"));
    assert_non_null(strstr(text, "{\"name\":\"subCategory\",\"type\":\"Text\",\"value\":\"hazardOnRoad\"}"));
}

static void what_the_maps_name_is_an_attribute(void **state)
{
    (void)state;
    const char *text = device(3);
    assert_non_null(strstr(text, "{\"object_id\":\"soil_temperature_c\",\"name\":\"soil_temperature_c\",\"type\":"
                                 "\"Number\",\"metadata\":{\"unitCode\":{\"type\":\"Text\",\"value\":\"CEL\"}}}"));
    assert_non_null(
        strstr(text, "\"controlledProperty\",\"type\":\"Array\",\"value\":[\"temperature\",\"airPollution\"]"));
}

static void a_zone_is_a_device_with_the_attributes_of_its_model(void **state)
{
    (void)state;
    const char *text = device(5);
    assert_non_null(strstr(text, "{\"device_id\":\"zone:lot\",\"apikey\":\"bays\",\"entity_name\":"
                                 "\"urn:ngsi-ld:OffStreetParking:271004:umeda-01:lot\""));
    assert_non_null(
        strstr(text, "{\"name\":\"observationDateTime\",\"type\":\"DateTime\",\"expression\":\"TimeInstant\"}"));
    assert_non_null(strstr(text, "{\"name\":\"availableSpotNumber\""));
    assert_null(strstr(text, "{\"object_id\":\"status\"")); // a bay's
    assert_non_null(strstr(text, "{\"object_id\":\"occupied\",\"name\":\"occupied\",\"type\":\"Number\""));
    assert_non_null(strstr(text, "{\"object_id\":\"occupancy\",\"name\":\"occupancy\",\"type\":\"Number\""));
    assert_null(strstr(text, "{\"name\":\"occupancy\"")); // no second one
    assert_non_null(strstr(text, "{\"name\":\"location\",\"type\":\"geo:json\""));
}

static void every_alert_that_there_can_be_is_a_device(void **state)
{
    (void)state;
    const char *text = device(7); // of bay-1: the first behind sensors and zones
    assert_non_null(strstr(text, "{\"device_id\":\"alert:parking:bay-1\",\"apikey\":\"all\",\"entity_name\":"
                                 "\"urn:ngsi-ld:Alert:271004:umeda-01:parking:bay-1\",\"entity_type\":\"Alert\""));
    assert_non_null(strstr(text, "{\"object_id\":\"active\",\"name\":\"active\",\"type\":\"Boolean\"}"));
    assert_non_null(strstr(text, "{\"name\":\"alertSource\",\"type\":\"Relationship\",\"value\":"
                                 "\"urn:ngsi-ld:Device:271004:umeda-01:bay-1\"},"
                                 "{\"name\":\"category\",\"type\":\"Text\",\"value\":\"traffic\"}"));
    text = device(13);
    assert_non_null(strstr(text, "\"device_id\":\"alert:crowd:plaza\""));
    assert_non_null(strstr(text, "{\"name\":\"subCategory\",\"type\":\"Text\",\"value\":\"crowdRisk\"}"));
    text = device(provision_device_count(&settings) - 1);
    assert_non_null(strstr(text, "\"device_id\":\"alert:gateway:duplicate\""));
}

static void alerts_may_have_a_group_of_their_own(void **state)
{
    struct settings_extra keys[] = {{.key = "apikey.parking", .value = "bays"},
                                    {.key = "apikey.alert", .value = "alarm"}};
    const struct settings_mqtt own = {.name = "agent", .apikey = "", .extras = keys, .extra_count = 2};
    struct provision_group groups[PROVISION_GROUPS_MAX];
    struct bytes out;
    struct json json;
    (void)state;
    assert_int_equal(provision_groups(&settings, &own, groups), 2);
    bytes_init(&out, 65535);
    json_begin(&json, &out);
    provision_group(&groups[1], &json);
    const char *text = taken(&out);
    assert_non_null(strstr(text, "{\"apikey\":\"alarm\",\"resource\":\"/iot/json\",\"entity_type\":\"Alert\","));
    assert_non_null(strstr(text, "{\"object_id\":\"condition\",\"name\":\"condition\",\"type\":\"Text\"}"));
}

static void a_disabled_sensor_is_no_device(void **state)
{
    struct provision_group groups[PROVISION_GROUPS_MAX];
    struct bytes out;
    struct json json;
    (void)state;
    size_t count = provision_groups(&settings, &outlet, groups);
    bytes_init(&out, 1024);
    json_begin(&json, &out);
    assert_false(provision_device(&settings, groups, count, 4, &json));
    assert_int_equal(out.used, 0);
    bytes_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_api_key_is_a_group),
        cmocka_unit_test(a_group_of_one_kind_tells_what_all_its_devices_have),
        cmocka_unit_test(a_group_of_many_kinds_leaves_it_to_them),
        cmocka_unit_test(a_bay_has_its_place_and_its_site),
        cmocka_unit_test(a_bay_without_them_is_a_device_with_attributes_of_its_own),
        cmocka_unit_test(a_vehicle_raises_alerts_where_it_is),
        cmocka_unit_test(what_the_maps_name_is_an_attribute),
        cmocka_unit_test(a_zone_is_a_device_with_the_attributes_of_its_model),
        cmocka_unit_test(every_alert_that_there_can_be_is_a_device),
        cmocka_unit_test(alerts_may_have_a_group_of_their_own),
        cmocka_unit_test(a_disabled_sensor_is_no_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
