// SPDX-License-Identifier: Apache-2.0
#include "mqtt_retained.h"

#include "check.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE "citygw/v1/271004/umeda-01"

static struct settings_sensor sensors[] = {
    {.id = "bay-1", .kind = KIND_PARKING},
    {.id = "road-1", .kind = KIND_BUMP},
    {.id = "off-1", .kind = KIND_CROWD, .disabled = true},
};
static struct settings_zone zones[] = {{.id = "plaza", .kind = KIND_CROWD}, {.id = "off", .disabled = true}};
static const struct settings settings = {.sensor = sensors, .sensor_count = 3, .zone = zones, .zone_count = 2};

static char folder[64], path[96];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/citygw-retained-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/retained.main", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    rmdir(path);
    return rmdir(folder);
}

static void write_file(const char *text, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

static const char *read_file(void)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void begin(struct retained *retained)
{
    struct fault why = {""};
    assert_int_equal(retained_init(retained, folder, "main", &settings, TREE, &why), 0);
}

static void the_file_names_all_that_may_be_retained(void **state)
{
    struct retained retained;
    struct fault why;
    size_t index;
    (void)state;
    begin(&retained);
    assert_null(retained_next_vanished(&retained, &index));
    assert_int_equal(retained_write(&retained, &why), 0);
    assert_string_equal(read_file(), TREE
                        "/about/bay-1\n" TREE "/about/off-1\n" TREE "/about/road-1\n" TREE "/alert/bump/road-1\n" TREE
                        "/alert/crowd/off-1\n" TREE "/alert/crowd/plaza\n" TREE "/alert/gateway/autonomy\n" TREE
                        "/alert/gateway/certificate\n" TREE "/alert/gateway/clock\n" TREE "/alert/gateway/disk\n" TREE
                        "/alert/gateway/duplicate\n" TREE "/alert/gateway/power\n" TREE "/alert/parking/bay-1\n" TREE
                        "/crowd/off-1\n" TREE "/health\n" TREE "/info\n" TREE "/loss\n" TREE "/parking/bay-1\n" TREE
                        "/report\n" TREE "/status\n" TREE "/zone/plaza\n");
    retained_finish(&retained);
}

static void readings_for_an_agent_are_not_retained_and_older_ones_are_emptied(void **state)
{
    struct settings_mqtt mqtt = {.name = "main", .format = FORMAT_IOTA_JSON};
    struct settings other = settings;
    struct retained retained;
    struct fault why = {""};
    size_t index;
    (void)state;
    begin(&retained); // in format = citygw
    assert_int_equal(retained_write(&retained, &why), 0);
    retained_finish(&retained);
    other.mqtt = &mqtt;
    other.mqtt_count = 1;
    assert_int_equal(retained_init(&retained, folder, "main", &other, TREE, &why), 0);
    assert_null(retained_number(&retained, TREE "/parking/bay-1"));
    assert_non_null(retained_number(&retained, TREE "/about/bay-1"));
    assert_non_null(retained_next_vanished(&retained, &index));
    retained_finish(&retained);
}

static void what_vanished_stays_in_the_file_until_it_is_emptied(void **state)
{
    static const char old[] = TREE "/parking/gone\n" TREE "/parking/bay-1\nx/271004/other/status";
    struct retained retained;
    struct fault why;
    size_t first, second;
    (void)state;
    write_file(old, sizeof old - 1);
    begin(&retained);
    assert_string_equal(retained_next_vanished(&retained, &first), TREE "/parking/gone");
    assert_int_equal(retained_write(&retained, &why), 0);
    assert_non_null(strstr(read_file(), TREE "/parking/gone\n"));
    retained_mark(&retained, first, VANISHED_SENT);
    assert_string_equal(retained_next_vanished(&retained, &second), "x/271004/other/status"); // another tree of old
    retained_mark(&retained, first, VANISHED_WAITING);                                        // the connection was lost
    assert_string_equal(retained_next_vanished(&retained, &first), TREE "/parking/gone");
    assert_false(retained_all_emptied(&retained));
    retained_mark(&retained, first, VANISHED_EMPTIED);
    assert_int_equal(retained_write(&retained, &why), 0);
    assert_null(strstr(read_file(), "gone"));
    assert_non_null(strstr(read_file(), "x/271004/other/status"));
    retained_mark(&retained, second, VANISHED_EMPTIED);
    assert_true(retained_all_emptied(&retained));
    retained_finish(&retained);
}

static void a_garbled_file_is_harmless(void **state)
{
    static const char garbage[] = "\0\0\0\nciygw/#\n+/+/+\n$SYS/271004/u/status\n\xff\xff\n/\n\n\n"
                                  "a/271004/u/status\0b\na/b\r\n  \nciygw/v1/271004/umeda-01/cmd/ping\n";
    struct retained retained;
    size_t index;
    (void)state;
    write_file(garbage, sizeof garbage - 1);
    begin(&retained);
    assert_null(retained_next_vanished(&retained, &index));
    retained_finish(&retained);
}

static void endless_lines_and_endless_topics_are_bounded(void **state)
{
    struct retained retained;
    struct fault why = {""};
    (void)state;
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 3 * RETAINED_MAX; i++) {
        fprintf(file, "x/271004/u/about/%d\n", i);
    }
    for (int i = 0; i < 100000; i++) {
        fputc('a', file);
    }
    fclose(file);
    begin(&retained);
    assert_int_equal(retained.vanished_count, RETAINED_MAX);
    retained_finish(&retained);

    assert_int_equal(truncate(path, 100 * 1024 * 1024), 0);
    assert_true(retained_init(&retained, folder, "main", &settings, TREE, &why) < 0); // told, and as good as none
    assert_int_equal(retained.vanished_count, 0);
    assert_int_equal(retained.present_count, 21);
    retained_finish(&retained);
}

static void what_was_written_can_be_read(void **state)
{
    struct retained retained;
    struct fault why = {""};
    struct stat info;
    char topic[TOPIC_SIZE];
    size_t count = 0;
    (void)state;
    begin(&retained);
    do {
        snprintf(topic, sizeof topic, "%0120d/271004/u/about/%05zu", 0, count++);
    } while (retained_add(&retained, topic) == 0);
    assert_int_equal(retained.present_count, RETAINED_MAX);
    assert_int_equal(retained_write(&retained, &why), 0);
    retained_finish(&retained);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size > 9000000);
    begin(&retained);
    assert_int_equal(retained.vanished_count, count - 1);
    retained_finish(&retained);
}

static void a_folder_in_the_files_place_is_told(void **state)
{
    struct retained retained;
    struct fault why = {""};
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(retained_init(&retained, folder, "main", &settings, TREE, &why) < 0);
    assert_true(why.text[0]);
    assert_true(retained_write(&retained, &why) < 0);
    assert_true(retained.dirty); // tried again later
    retained_finish(&retained);
}

static void a_new_document_is_added_once(void **state)
{
    struct retained retained;
    struct fault why;
    (void)state;
    begin(&retained);
    assert_int_equal(retained_write(&retained, &why), 0);
    assert_int_equal(retained_add(&retained, TREE "/info"), 0);
    assert_false(retained.dirty);
    assert_int_equal(retained_add(&retained, TREE "/about/new"), 0);
    assert_true(retained.dirty);
    assert_int_equal(retained.present_count, 22);
    retained_finish(&retained);
}

static void the_newest_number_of_a_topic_is_remembered_where_it_stands(void **state)
{
    struct retained retained;
    (void)state;
    begin(&retained);
    uint64_t *number = retained_number(&retained, TREE "/parking/bay-1");
    assert_non_null(number);
    assert_int_equal(*number, 0);
    *number = 7;
    assert_int_equal(retained_add(&retained, TREE "/about/new"), 0); // stands before it
    assert_int_equal(*retained_number(&retained, TREE "/parking/bay-1"), 7);
    assert_int_equal(*retained_number(&retained, TREE "/about/new"), 0);
    assert_null(retained_number(&retained, TREE "/bump/road-1")); // an event
    assert_null(retained_number(&retained, TREE "/parking/gone"));
    retained_finish(&retained);
}

static void without_a_folder_nothing_is_kept(void **state)
{
    struct retained retained;
    struct fault why = {""};
    (void)state;
    assert_int_equal(retained_init(&retained, NULL, "main", &settings, TREE, &why), 0);
    assert_int_equal(retained_write(&retained, &why), 0);
    retained_finish(&retained);
    write_file("", 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_file_names_all_that_may_be_retained),
        TEST(readings_for_an_agent_are_not_retained_and_older_ones_are_emptied),
        TEST(what_vanished_stays_in_the_file_until_it_is_emptied),
        TEST(a_garbled_file_is_harmless),
        TEST(endless_lines_and_endless_topics_are_bounded),
        TEST(what_was_written_can_be_read),
        TEST(a_folder_in_the_files_place_is_told),
        TEST(a_new_document_is_added_once),
        TEST(the_newest_number_of_a_topic_is_remembered_where_it_stands),
        TEST(without_a_folder_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
