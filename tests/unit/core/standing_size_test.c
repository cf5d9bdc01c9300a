// SPDX-License-Identifier: Apache-2.0
#include "city_rig.h"

#include "standing_file.h"
#include <sys/stat.h>

/*
 * How large the file of a large city is, and what becomes of one that is too large.
 */

enum { SENSORS = 1000, ZONES = 100, ROUNDS = 70, AT_ONCE = 25, FILE_MOST = 24 << 20 };

static int begin(void **state)
{
    (void)state;
    static char text[150000];
    size_t used = 0;
    for (int i = 0; i < ZONES; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "[zone:deck-%d]\nkind = parking\ncapacity = 100\n", i);
    for (int i = 0; i < SENSORS; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used,
                             "[sensor:gate-%d]\nkind = traffic\nzone = deck-%d\nbattery_low = 20 %%\n", i, i % ZONES);
    assert_true(used < sizeof text);
    begin_rig(text);
    return 0;
}

static void count_all(void)
{
    static char names[AT_ONCE][3][64];
    static const char *const said[] = {"in", "out", "battery_pct"};
    for (int first = 0; first < SENSORS; first += AT_ONCE) {
        for (int i = 0; i < AT_ONCE; i++)
            for (size_t n = 0; n < 3; n++) {
                snprintf(names[i][n], sizeof names[i][n], "gate-%d:%s", first + i, said[n]);
                add_number(names[i][n], n < 2 ? "" : "%EL", 5 + (double)n, 0);
            }
        take();
    }
}

static size_t file_size(const char *name)
{
    char path[96];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", rig.folder, name);
    return stat(path, &info) == 0 ? (size_t)info.st_size : 0;
}

static void a_large_citys_file_is_far_below_its_bound(void **state)
{
    (void)state;
    struct reading before, after;
    for (int round = 0; round < ROUNDS; round++) {
        pass(601);
        count_all();
        durable();
    }
    tick_after(10000); // all are silent, and their batteries low
    durable();
    assert_int_equal(alerts_now(), SENSORS);
    struct city_figures figures;
    city_figures(rig.city, &figures);
    assert_int_equal(figures.derived_dropped, 0); // though all begin within one second
    tick_after(1);
    newest_of("zone/deck-7", &before);
    double occupied = value_of(&before, "occupied")->number;
    restart();
    print_message("standing: %zu kB\n", file_size("standing") >> 10);
    assert_true(file_size("standing") > 1 << 20);
    assert_true(file_size("standing") < FILE_MOST / 2);
    tick_after(1);
    assert_int_equal(alerts_now(), SENSORS);
    newest_of("zone/deck-7", &after);
    assert_number(&after, "occupied", occupied);
    assert_string_equal(told_last("alert/traffic/gate-999"), "battery_low stale");
}

// What only the city knows is lost then, and not the counters.
static void of_a_file_that_would_be_too_large_the_rest_stays(void **state)
{
    (void)state;
    struct stand *stands = calloc(SENSORS + 1, sizeof *stands);
    struct stand *back = calloc(SENSORS + 1, sizeof *back);
    json_t *others = NULL, *city = NULL;
    uint64_t from = 0;
    char path[96], *huge = malloc(FILE_MOST + 1);
    memset(huge, 'x', FILE_MOST);
    huge[FILE_MOST] = '\0';
    *counters_of(&stands[3].counters, "in_total", KIND_TRAFFIC) = (struct counter){
        .quantity = vocabulary_find("in_total", KIND_TRAFFIC)->name, .raw = 5, .total = 77, .begun = true};
    json_t *file = standing_file_make(rig.sensors, stands, NULL, json_pack("{s:s}", "zones", huge), "epoc", 9);
    bool without_city = false;
    char *text = standing_file_text(file, &without_city);
    json_decref(file);
    assert_true(without_city); // and it is told
    assert_true(strlen(text) < FILE_MOST);
    snprintf(path, sizeof path, "%s/other", rig.folder);
    assert_int_equal(file_replace(path, text, strlen(text), NULL), 0);
    assert_int_equal(standing_file_read(path, "epoc", rig.sensors, back, &others, &city, &from, NULL), 0);
    assert_null(city);
    assert_int_equal(from, 9);
    assert_int_equal(back[3].counters.count, 1);
    assert_true(back[3].counters.list[0].total == 77);
    counters_finish(&stands[3].counters);
    counters_finish(&back[3].counters);
    json_decref(others);
    free(text);
    free(huge);
    free(stands);
    free(back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_large_citys_file_is_far_below_its_bound, begin, end_rig),
        cmocka_unit_test_setup_teardown(of_a_file_that_would_be_too_large_the_rest_stays, begin, end_rig),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
