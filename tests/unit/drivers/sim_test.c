// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "drivers/driver.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

// A host that counts what each sensor reported.
struct street {
    uv_loop_t loop;
    struct driver_host host;
    void *sim;
    size_t packs, values;
    size_t per_sensor[100];
    size_t stop_at; // packs
    bool refuses;
};

static enum refusal emit(void *context, const struct driver_pack *pack, struct fault *why)
{
    struct street *street = context;
    (void)why;
    assert_non_null(pack->sensor);
    assert_int_equal(pack->ticket, 0);
    street->packs++;
    street->values += pack->raw->count;
    street->per_sensor[strtoul(pack->sensor + 1, NULL, 10)]++;
    if (street->packs == street->stop_at)
        uv_stop(&street->loop);
    return street->refuses ? REFUSAL_FULL : REFUSAL_NONE;
}

static const struct driver *sim(void)
{
    return driver_find("sim");
}

static int setup(void **state)
{
    struct street *street = calloc(1, sizeof *street);
    assert_non_null(street);
    assert_int_equal(uv_loop_init(&street->loop), 0);
    street->host = (struct driver_host){.context = street, .loop = &street->loop, .emit = emit};
    *state = street;
    return 0;
}

static int teardown(void **state)
{
    struct street *street = *state;
    sim()->destroy(street->sim);
    uv_run(&street->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&street->loop), 0);
    free(street);
    return 0;
}

static void create(struct street *street, struct settings_sensor *sensors, size_t count)
{
    struct settings settings = {.sensor = sensors, .sensor_count = count};
    struct fault why;
    assert_int_equal(sim()->create(&settings, "", &street->host, &street->sim, &why), 0);
}

static void fill(struct settings_sensor *sensors, size_t count)
{
    static char ids[100][24];
    for (size_t i = 0; i < count; i++) {
        snprintf(ids[i], sizeof ids[i], "s%zu", i);
        sensors[i] = (struct settings_sensor){
            .id = ids[i], .kind = (int)(i % KIND_COUNT), .source_type = SOURCE_SIM, .latitude = NAN, .longitude = NAN};
    }
}

static void run_until(struct street *street, size_t packs)
{
    street->stop_at = packs;
    uv_run(&street->loop, UV_RUN_DEFAULT);
}

static void every_sensor_of_its_own_reports_in_its_turn(void **state)
{
    struct street *street = *state;
    struct settings_sensor sensors[100];
    fill(sensors, 100);
    sensors[3].source_type = SOURCE_COAP;
    sensors[4].disabled = true;
    create(street, sensors, 100);
    sim()->open(street->sim, NULL);
    run_until(street, 98);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(street->per_sensor[i], i == 3 || i == 4 ? 0 : 1);
    assert_true(street->values > 200);
}

static void a_refusal_does_not_stop_it(void **state)
{
    struct street *street = *state;
    struct settings_sensor sensors[100];
    fill(sensors, 100);
    street->refuses = true;
    create(street, sensors, 100);
    sim()->open(street->sim, NULL);
    run_until(street, 20);
    assert_int_equal(street->packs, 20);
}

static void it_is_silent_while_closed_and_opens_again(void **state)
{
    struct street *street = *state;
    struct settings_sensor sensors[100];
    fill(sensors, 100);
    create(street, sensors, 100);
    sim()->open(street->sim, NULL);
    sim()->open(street->sim, NULL); // fine when open
    run_until(street, 10);
    sim()->close(street->sim);
    sim()->close(street->sim);
    assert_int_equal(uv_run(&street->loop, UV_RUN_DEFAULT), 0); // nothing is left that could wake the loop
    assert_int_equal(street->packs, 10);
    sim()->open(street->sim, NULL);
    run_until(street, 20);
    assert_int_equal(street->packs, 20);
}

static void without_sensors_it_has_nothing_to_do(void **state)
{
    struct street *street = *state;
    create(street, NULL, 0);
    assert_int_equal(sim()->open(street->sim, NULL), 0);
    assert_int_equal(uv_run(&street->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(street->packs, 0);
}

static void the_drivers_are_found_by_type(void **state)
{
    (void)state;
    for (size_t i = 0; drivers[i]; i++) {
        assert_ptr_equal(driver_find(drivers[i]->type), drivers[i]);
        assert_non_null(drivers[i]->create);
        assert_non_null(drivers[i]->open);
        assert_non_null(drivers[i]->close);
        assert_non_null(drivers[i]->destroy);
        drivers[i]->destroy(NULL);
    }
    assert_null(driver_find("can"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_sensor_of_its_own_reports_in_its_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_does_not_stop_it, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_silent_while_closed_and_opens_again, setup, teardown),
        cmocka_unit_test_setup_teardown(without_sensors_it_has_nothing_to_do, setup, teardown),
        cmocka_unit_test(the_drivers_are_found_by_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
