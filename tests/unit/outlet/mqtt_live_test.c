// SPDX-License-Identifier: Apache-2.0
#include "mosquitto.h"
#include "mqtt_rig.h"

#define TREE "citygw/v1/271004/umeda-01/"
#define LINES "%r %t %p"

static void every_reading_arrives_and_moves_the_cursor(void **state)
{
    struct broker broker;
    struct listener listener;
    struct rig *rig;
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    listener_start(&listener, &broker, LINES);
    rig = rig_make(broker.port);
    rig_start(rig);
    rig_offer(rig, 2000);
    assert_true(rig_wait_delivered(rig, 2001));
    assert_true(listener_wait(&listener, "\"seq\":2000,"));
    assert_int_equal(listener_count(&listener, "\"seq\":"), 2000);
    assert_int_equal(rig->delivered_count, 2000);
    assert_false(rig->misdelivered);
    assert_true(rig_stop(rig));
    rig_finish(rig);
    listener_stop(&listener);
    broker_stop(&broker);
}

static void a_window_of_twenty_neither_stalls_nor_ends_the_connection(void **state)
{
    struct broker broker;
    struct rig *rig;
    char text[400];
    (void)state;
    broker_start(&broker, "allow_anonymous true\nmax_inflight_messages 20");
    rig = rig_make(broker.port);
    rig_start(rig);
    rig_offer(rig, 2000);
    assert_true(rig_wait_event(rig, OUTLET_CONNECTED, text));
    assert_true(rig_wait_delivered(rig, 2001));
    assert_int_equal(rig->event_count, 1); // connected, and nothing else
    assert_true(rig_stop(rig));
    rig_finish(rig);
    broker_stop(&broker);
}

static void version_3_1_1_delivers_too(void **state)
{
    struct broker broker;
    struct listener listener;
    struct rig *rig;
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    listener_start(&listener, &broker, LINES);
    rig = rig_make(broker.port);
    rig->mqtt.version = 3;
    rig_start(rig);
    rig_offer(rig, 300);
    assert_true(rig_wait_delivered(rig, 301));
    assert_true(listener_wait(&listener, "\"seq\":300,"));
    assert_true(rig_stop(rig));
    assert_true(listener_wait(&listener, "\"state\":\"stopped\""));
    rig_finish(rig);
    listener_stop(&listener);
    broker_stop(&broker);
}

static void status_tells_online_and_stopped_of_one_session(void **state)
{
    struct broker broker;
    struct listener listener;
    struct rig *rig;
    char text[400], session[64] = "";
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    listener_start(&listener, &broker, LINES);
    rig = rig_make(broker.port);
    rig_start(rig);
    assert_true(rig_wait_event(rig, OUTLET_CONNECTED, text));
    assert_true(listener_wait(&listener, TREE "status {\"state\":\"online\",\"session\":\""));
    assert_int_equal(sscanf(strstr(listener.text, "\"session\":"), "\"session\":\"%16[0-9a-f]\"", session), 1);
    assert_int_equal(strlen(session), 16);
    assert_true(rig_stop(rig));
    snprintf(text, sizeof text, TREE "status {\"state\":\"stopped\",\"session\":\"%s\",\"since\":\"20", session);
    assert_true(listener_wait(&listener, text));
    assert_null(strstr(listener.text, "offline"));
    listener_stop(&listener);
    listener_start(&listener, &broker, LINES);
    assert_true(listener_wait(&listener, "1 " TREE "status {\"state\":\"stopped\"")); // it is retained
    rig_finish(rig);
    listener_stop(&listener);
    broker_stop(&broker);
}

static void states_are_retained_and_carry_their_properties(void **state)
{
    struct broker broker;
    struct listener listener;
    struct rig *rig;
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    rig = rig_make(broker.port);
    rig_start(rig);
    rig_offer(rig, 3);
    assert_true(rig_wait_delivered(rig, 4));
    rig->late_to = UINT64_MAX;
    rig_offer(rig, 6);
    assert_true(rig_wait_delivered(rig, 7));
    listener_start(&listener, &broker, "%j");
    assert_true(listener_wait(&listener, "\"topic\":\"" TREE "parking/bay-2\""));
    assert_true(listener_wait(&listener, "\\\"seq\\\":5,")); // late, but in order it is the newest
    assert_null(strstr(listener.text, "\\\"seq\\\":2,"));
    assert_non_null(strstr(listener.text, "\"content-type\":\"application/json\""));
    assert_non_null(strstr(listener.text, "\"payload-format-indicator\":1"));
    assert_non_null(strstr(listener.text, "\"epoch\":\"k7f3\""));
    assert_non_null(strstr(listener.text, "\"gateway\":\"umeda-01\""));
    assert_true(rig_stop(rig));
    rig_finish(rig);
    listener_stop(&listener);
    broker_stop(&broker);
}

static void documents_go_out_when_new_changed_or_forgotten_by_the_broker(void **state)
{
    struct broker broker;
    struct listener listener;
    struct rig *rig;
    struct outlet_document info = {"info", "{\"version\":1}", 13}, about = {"about/bay-0", "{\"name\":\"a\"}", 12};
    struct outlet_document changed = {"info", "{\"version\":2}", 13};
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    listener_start(&listener, &broker, LINES);
    rig = rig_make(broker.port);
    rig_start(rig);
    rig->type->documents(rig->state, (struct outlet_document[]){info, about}, 2);
    assert_true(listener_wait(&listener, TREE "info {\"version\":1}"));
    assert_true(listener_wait(&listener, TREE "about/bay-0 {\"name\":\"a\"}"));
    rig->type->documents(rig->state, &info, 1);
    rig->type->documents(rig->state, &changed, 1);
    assert_true(listener_wait(&listener, TREE "info {\"version\":2}"));
    assert_int_equal(listener_count(&listener, "{\"version\":1}"), 1);
    listener_stop(&listener);
    end_process(&broker.pid, SIGKILL); // its memory is gone
    broker_run(&broker);
    listener_start(&listener, &broker, LINES);
    assert_true(listener_wait(&listener, TREE "info {\"version\":2}"));
    assert_true(listener_wait(&listener, TREE "about/bay-0 {\"name\":\"a\"}"));
    assert_true(rig_stop(rig));
    rig_finish(rig);
    listener_stop(&listener);
    broker_stop(&broker);
}

static void what_left_the_configuration_is_emptied(void **state)
{
    struct broker broker;
    struct listener listener;
    struct rig *rig;
    char path[128], kept[4096] = "";
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    publish(&broker, TREE "parking/gone", "old");
    publish(&broker, TREE "about/gone", "old");
    publish(&broker, "citygw/other", "stays");
    listener_start(&listener, &broker, LINES);
    rig = rig_make(broker.port);
    snprintf(path, sizeof path, "%s/retained.mqtt", rig->state_path);
    FILE *file = fopen(path, "w");
    fputs(TREE "parking/gone\n" TREE "about/gone\ncitygw/other\ncitygw/#\n\xff\xfe\n" TREE "parking/bay-0\n", file);
    fclose(file);
    rig_start(rig);
    assert_true(listener_wait(&listener, "0 " TREE "parking/gone \n"));
    assert_true(listener_wait(&listener, "0 " TREE "about/gone \n"));
    assert_null(strstr(listener.text, "citygw/other \n"));
    assert_null(strstr(listener.text, "bay-0 \n"));
    assert_true(rig_stop(rig));
    file = fopen(path, "r");
    assert_true(fread(kept, 1, sizeof kept - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(kept, TREE "parking/bay-0\n"));
    assert_non_null(strstr(kept, TREE "about/road-1\n"));
    assert_null(strstr(kept, TREE "parking/road-1\n"));
    assert_null(strstr(kept, TREE "bump/road-1\n")); // events are never retained
    assert_null(strstr(kept, "gone"));
    assert_null(strstr(kept, "other"));
    rig_finish(rig);
    listener_stop(&listener);
    broker_stop(&broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reading_arrives_and_moves_the_cursor),
        cmocka_unit_test(a_window_of_twenty_neither_stalls_nor_ends_the_connection),
        cmocka_unit_test(version_3_1_1_delivers_too),
        cmocka_unit_test(status_tells_online_and_stopped_of_one_session),
        cmocka_unit_test(states_are_retained_and_carry_their_properties),
        cmocka_unit_test(documents_go_out_when_new_changed_or_forgotten_by_the_broker),
        cmocka_unit_test(what_left_the_configuration_is_emptied),
    };
    if (access(MOSQUITTO, X_OK)) {
        printf("no " MOSQUITTO ": nothing is tested\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
