// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "capture.h"
#include "check.h"
#include <stdlib.h>

static struct captured got;
static char path[64];

static void write_config(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int setup(void **state)
{
    (void)state;
    strcpy(path, "/tmp/citygw-check-XXXXXX");
    int fd = mkstemp(path);
    close(fd);
    setenv("LC_ALL", "en_US.UTF-8", 1);
    messages_use(NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

#define GATEWAY "[gateway]\nid = umeda-01\nmunicipality = 271004\n[coap]\nlisten = 127.0.0.1:5683\n"
#define BAY(id) "[sensor:" id "]\nkind = parking\nsource = coap\n"

static void a_right_configuration_ends_with_0_and_counts_its_sensors(void **state)
{
    (void)state;
    write_config(GATEWAY BAY("bay-1") BAY("bay-2"));
    RUN(&got, "check", path);
    assert_non_null(strstr(got.out, ": sensors: 2, errors: 0, warnings: "));
    assert_int_equal(got.exit, VERB_FINE);
    RUN(&got, "check", "-c", path);
    assert_int_equal(got.exit, VERB_FINE);
}

static void a_wrong_sensor_is_an_error_and_does_not_count(void **state)
{
    (void)state;
    write_config(GATEWAY BAY("bay-1") BAY("bay-2") "stale_after = soon\n");
    RUN(&got, "check", path);
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.out, path));
    assert_non_null(strstr(got.out, ":12: [sensor:bay-2] stale_after: "));
    assert_non_null(strstr(got.out, ": sensors: 1, errors: 1, "));
    assert_string_equal(got.err, "");
}

static void lines_of_the_known_objects_are_looked_at(void **state)
{
    (void)state;
    char list[80];
    snprintf(list, sizeof list, "%s.csv", path);
    FILE *file = fopen(list, "we");
    fputs("latitude,longitude,kind\n34.7,135.5,hump\n34.7;135.5;hump\n", file);
    fclose(file);
    char text[400];
    snprintf(text, sizeof text, "[gateway]\nid = t\nmunicipality = 271004\nknown_objects = %s\n[coap]\n" BAY("bay-1"),
             strrchr(list, '/') + 1);
    write_config(text);
    RUN(&got, "check", path);
    assert_non_null(strstr(got.out, ":4: [gateway] known_objects: line 3 of /tmp/"));
    assert_non_null(strstr(got.out, ".csv is left out: there are too few columns; "));
    assert_int_equal(got.exit, VERB_FINE);
    unlink(list);
    RUN(&got, "check", path);
    assert_non_null(strstr(got.out, "[gateway] known_objects: "));
}

static void a_missing_file_is_one_error(void **state)
{
    (void)state;
    RUN(&got, "check", "/nowhere/citygw.ini");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.out, "/nowhere/citygw.ini: sensors: 0, errors: 1, warnings: 0\n"));
}

static void what_drivers_and_outlets_know_is_checked_too(void **state)
{
    (void)state;
    write_config(GATEWAY "[sensor:bay-1]\nkind = parking\nsource = serial:kerb\n"
                         "[serial:kerb]\ndevice = /dev/null\nbaud = 9600\ncodec = nonsense\n");
    RUN(&got, "check", path);
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.out, "nonsense"));
    write_config(GATEWAY "[mqtt]\nurl = gopher://broker\n");
    RUN(&got, "check", path);
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.out, "[mqtt] url"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_right_configuration_ends_with_0_and_counts_its_sensors, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_sensor_is_an_error_and_does_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_of_the_known_objects_are_looked_at, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_file_is_one_error, setup, teardown),
        cmocka_unit_test_setup_teardown(what_drivers_and_outlets_know_is_checked_too, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
