// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include "check.h"
#include "snapshot.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(struct bytes *bytes)
{
    bytes_char(bytes, '\0');
    assert_false(bytes->overflow);
    return (const char *)bytes->data;
}

static int setup(void **state)
{
    struct bytes *out = malloc(sizeof *out);
    bytes_init(out, 1 << 20);
    *state = out;
    return 0;
}

static int teardown(void **state)
{
    bytes_finish(*state);
    free(*state);
    return 0;
}

static void a_sensor_shows_its_last_reading(void **state)
{
    struct status status = snapshot_make();
    assert_int_equal(api_sensor(&status, "bay-1", *state), 0);
    assert_string_equal(
        text_of(*state),
        "{\"id\":\"bay-1\",\"kind\":\"parking\",\"source\":\"coap\","
        "\"address\":\"urn:dev:mac:0024befffe804ff1:\",\"zone\":\"umeda-lot\",\"name\":\"梅田駅前 1番\","
        "\"disabled\":null,\"stale_after_s\":1800,\"readings\":12,\"frames_lost\":3,\"frames_missing\":1,\"seq\":1042,"
        "\"time\":\"2026-11-22T03:04:05.678Z\",\"age_s\":1.5,\"quality\":\"good\","
        "\"time_quality\":\"synced\",\"values\":{\"occupied\":true,\"battery_v\":3.61}}");
}

static void a_sensor_that_never_reported_has_nulls_and_not_zeros(void **state)
{
    struct status status = snapshot_make();
    assert_int_equal(api_sensor(&status, "bay-2", *state), 0);
    const char *text = text_of(*state);
    assert_non_null(strstr(text, "\"disabled\":\"no such zone\""));
    assert_non_null(strstr(text, "\"seq\":null,\"time\":null,\"age_s\":null,\"quality\":null,\"time_quality\":null,"
                                 "\"values\":{}}"));
}

static void an_unknown_sensor_writes_nothing(void **state)
{
    struct status status = snapshot_make();
    struct bytes *out = *state;
    assert_int_equal(api_sensor(&status, "bay-3", out), -ENOENT);
    assert_int_equal(api_sensor(&status, "", out), -ENOENT);
    assert_int_equal(out->used, 0);
}

static void the_buffer_has_sizes_in_bytes_and_ages_in_seconds(void **state)
{
    struct status status = snapshot_make();
    api_buffer(&status, *state);
    assert_string_equal(
        text_of(*state),
        "{\"path\":\"/var/lib/citygw/buffer\",\"failing\":false,\"readings\":40,\"oldest\":2,\"next\":42,"
        "\"oldest_time\":\"2026-11-22T03:03:06.000Z\",\"oldest_age_s\":60,\"bytes\":8000,\"max_bytes\":2000000000,"
        "\"free_bytes\":5000000000,"
        "\"written_bytes\":9000,\"committed\":41,\"commits\":9,\"commit_mean_s\":0.005,\"waiting\":0,"
        "\"lost\":{\"full\":0,\"age\":2,\"damage\":0},\"losing\":false,\"ledger_entries\":1,\"events_copied\":4,"
        "\"events_dropped\":5,"
        "\"condemned\":1,\"set_aside\":2,\"readings_per_s\":1.25,\"used\":0.5,\"autonomy_h\":null,"
        "\"min_autonomy_h\":24,\"drained_in_s\":null}");
}

static void the_status_tells_who_and_what_and_how_it_goes(void **state)
{
    struct status status = snapshot_make();
    api_status(&status, *state);
    const char *text = text_of(*state);
    static const char *const parts[] = {
        "{\"gateway\":\"umeda-01\",\"municipality\":\"271004\",\"municipality_name\":\"大阪市\",\"version\":\"0.1.0\","
        "\"epoch\":\"k7f3\",\"session\":\"s1\",\"since\":\"2026-11-22T03:03:20.000Z\","
        "\"now\":\"2026-11-22T03:04:06.000Z\",\"clock_synchronised\":true,"
        "\"config\":{\"file\":\"/etc/citygw/citygw.ini\",\"hash\":\"00ff00ff00ff00ff\"},\"sources\":[",
        "{\"name\":\"coap\",\"state\":\"open\",\"fault\":null,\"retry_in_s\":null,\"received\":1234,\"reopened\":0,"
        "\"unknown_fields\":2,\"refused\":{\"syntax\":3,\"unknown_sensor\":1}},",
        "\"state\":\"waiting\",\"fault\":\"/dev/ttyUSB0: gone\",\"retry_in_s\":4.5,",
        "\"connected\":true,\"since\":\"1970-01-01T00:00:01.000Z\",\"alarm\":null,\"fault\":null,\"position\":41,"
        "\"lag_readings\":1,\"lag_s\":0.25,\"sent\":40,\"parked\":1,\"drained_in_s\":null,\"ranges\":2,"
        "\"replays\":1,\"replayed\":6},",
        "\"connected\":false,\"since\":null,\"alarm\":\"401 Unauthorized\"",
        "\"vehicles\":[{\"sensor\":\"van-1\",\"received\":28477,\"samples\":28470,\"waiting\":7,\"rate_hz\":65.25,"
        "\"jitter_s\":0.0514,\"duplicates\":14830,\"backward\":1,\"leaps\":2,\"gaps\":94,\"largest_gap_s\":0.376,"
        "\"repeated\":5950,\"incomplete\":3,\"located\":28000,\"fixes\":347,\"no_fixes\":5,\"position_age_s\":0.25},",
        "{\"sensor\":\"van-2\",\"received\":0,\"samples\":0,\"waiting\":0,\"rate_hz\":null,",
        "\"no_fixes\":0,\"position_age_s\":null}],",
        "\"alerts\":[{\"kind\":\"crowd\",\"id\":\"plaza\",\"level\":\"high\",\"since\":\"2026-11-22T03:03:06.000Z\","
        "\"conditions\":[{\"condition\":\"density\",\"level\":\"high\",\"since\":\"2026-11-22T03:03:06.000Z\","
        "\"density_per_m2\":4.25}]},{\"kind\":\"parking\",\"id\":\"bay-1\",\"level\":\"warning\",\"since\":null,"
        "\"conditions\":[{\"condition\":\"stuck\",\"level\":\"warning\",\"since\":null,\"quantity\":\"temperature_c\","
        "\"unchanged_s\":90000},{\"condition\":\"duplicate\",\"level\":\"notice\",\"since\":null}]}],\"alerts_more\":"
        "2,",
        "\"zones\":[{\"id\":\"umeda-lot\",\"kind\":\"parking\",\"name\":\"梅田駐車場\",\"disabled\":false,"
        "\"time\":\"2026-11-22T03:04:05.678Z\",\"quality\":\"good\",\"time_quality\":\"synced\","
        "\"values\":{\"free\":12,\"fill\":\"free\"}},{\"id\":\"plaza\",\"kind\":\"crowd\",\"name\":null,\"disabled\":"
        "true,"
        "\"time\":null,\"quality\":null,\"time_quality\":null,\"values\":{}}],\"zones_more\":0,\"buffer\":{",
        "\"sensors\":{\"count\":2,\"disabled\":1},\"warnings\":[\"sensor bay-2: its section is wrong\"]}",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_non_null(strstr(text, parts[i]));
}

static void more_zones_than_have_room_are_counted(void **state)
{
    static struct status_zone zones[STATUS_ZONES_MAX + 3];
    struct status_city city = {.zone = snapshot_zone, .zones = zones, .zone_count = STATUS_ZONES_MAX + 3};
    struct status status = {.gateway = "g", .city = &city};
    size_t shown = 0;
    for (size_t i = 0; i < STATUS_ZONES_MAX + 3; i++)
        zones[i] = (struct status_zone){.id = "lot", .kind = "parking"};
    api_status(&status, *state);
    for (const char *at = text_of(*state); (at = strstr(at, "{\"id\":\"lot\",")); at++)
        shown++;
    assert_int_equal(shown, STATUS_ZONES_MAX);
    assert_non_null(strstr((const char *)((struct bytes *)*state)->data, "],\"zones_more\":3,"));
}

static void an_empty_gateway_is_still_a_whole_document(void **state)
{
    struct status status = {.gateway = "g"};
    api_status(&status, *state);
    const char *text = text_of(*state);
    assert_non_null(strstr(text, "\"sources\":[],\"outlets\":[],"));
    assert_non_null(strstr(text, "\"alerts\":[],\"alerts_more\":0,\"zones\":[],\"zones_more\":0,"));
    assert_non_null(strstr(text, "\"warnings\":[]}"));
}

static void hostile_names_cannot_leave_their_string(void **state)
{
    struct status_sensor sensor = {.id = "a\",\"x\":\"\n\x01\\",
                                   .name = "\xff\xfe</script>",
                                   .age_us = -1,
                                   .values = {{"v\"", NULL}},
                                   .value_count = 1};
    struct status status = {.sensor = snapshot_sensor, .sensors = &sensor, .sensor_count = 1};
    api_sensors(&status, *state);
    const char *text = text_of(*state);
    assert_non_null(strstr(text, "{\"id\":\"a\\\",\\\"x\\\":\\\"\\u000a\\u0001\\\\\","));
    assert_non_null(strstr(text, "\"name\":\"\xef\xbf\xbd\xef\xbf\xbd</script>\""));
    assert_non_null(strstr(text, "\"values\":{\"v\\\"\":null}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sensor_shows_its_last_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sensor_that_never_reported_has_nulls_and_not_zeros, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_sensor_writes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_buffer_has_sizes_in_bytes_and_ages_in_seconds, setup, teardown),
        cmocka_unit_test_setup_teardown(the_status_tells_who_and_what_and_how_it_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(more_zones_than_have_room_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_gateway_is_still_a_whole_document, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_names_cannot_leave_their_string, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
