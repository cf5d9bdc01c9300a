// SPDX-License-Identifier: Apache-2.0
#include "mosquitto.h"
#include "mqtt_rig.h"

#define TREE "citygw/v1/271004/umeda-01/"
#define LINES "%r %t %p"

static bool heard(const struct listener *listener, uint64_t seq)
{
    char text[40];
    snprintf(text, sizeof text, "\"seq\":%u,", (unsigned)seq);
    return listener->text && strstr(listener->text, text);
}

static void a_killed_broker_costs_nothing_but_duplicates(void **state)
{
    struct broker broker;
    struct listener before, after;
    struct rig *rig;
    char text[400];
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    listener_start(&before, &broker, LINES);
    rig = rig_make(broker.port);
    rig_start(rig);
    rig_offer(rig, 3000);
    assert_true(rig_wait_delivered(rig, 300));
    end_process(&broker.pid, SIGKILL);
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text)); // lost
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text)); // the first attempt failed; the next is 2 s away
    uint64_t cursor = rig_cursor(rig);
    snprintf(text, sizeof text, "\"seq\":%u,", (unsigned)cursor - 1);
    assert_true(listener_wait(&before, text)); // mosquitto sends a message on before it acknowledges it
    end_process(&before.pid, SIGKILL);
    broker_run(&broker);
    rig_advance(rig, 40);
    listener_start(&after, &broker, LINES);
    assert_true(rig_wait_delivered(rig, 3001));
    assert_true(listener_wait(&after, "\"seq\":3000,"));
    for (uint64_t seq = 1; seq <= 3000; seq++) {
        if (!heard(&before, seq) && !heard(&after, seq)) {
            fail_msg("reading %u never arrived (the cursor stood at %u)", (unsigned)seq, (unsigned)cursor);
        }
    }
    size_t heard_in_all = listener_count(&before, "\"seq\":") + listener_count(&after, "\"seq\":");
    assert_in_range(heard_in_all, 3000, 3000 + 100);
    assert_int_equal(rig->delivered_count, 3000);
    assert_false(rig->misdelivered);
    assert_true(rig_stop(rig));
    rig_finish(rig);
    listener_stop(&before);
    listener_stop(&after);
    broker_stop(&broker);
}

static void a_second_client_with_our_id_raises_an_alarm(void **state)
{
    struct broker broker;
    struct rig *rig;
    char text[400], port[16];
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    rig = rig_make(broker.port);
    rig_start(rig);
    snprintf(port, sizeof port, "%d", broker.port);
    char *const arguments[] = {"mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-i", "citygw-test", "-t", "x", NULL};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(rig_count(rig, OUTLET_ALARM, ""), 0);
        assert_true(rig_wait_event(rig, OUTLET_CONNECTED, text));
        pid_t other = spawn(arguments, -1);
        assert_true(rig_wait_event(rig, i < 4 ? OUTLET_DISCONNECTED : OUTLET_ALARM, text));
        end_process(&other, SIGKILL);
        rig_advance(rig, 40);
    }
    assert_non_null(strstr(text, "citygw-test"));
    assert_true(rig_stop(rig));
    rig_finish(rig);
    broker_stop(&broker);
}

static void a_broker_that_is_down_is_waited_for(void **state)
{
    struct broker broker;
    struct rig *rig;
    char text[400];
    (void)state;
    broker_prepare(&broker);
    broker_configure(&broker, "allow_anonymous true");
    rig = rig_make(broker.port);
    rig_start(rig);
    rig_offer(rig, 10);
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text));
    assert_non_null(strstr(text, rig->url));
    broker_run(&broker);
    rig_advance(rig, 40);
    assert_true(rig_wait_event(rig, OUTLET_CONNECTED, text));
    assert_true(rig_wait_delivered(rig, 11));
    end_process(&broker.pid, SIGKILL);
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text));
    rig->type->stop(rig->state);
    assert_true(rig->type->stopped(rig->state)); // at once
    rig->type->destroy(rig->state);
    rig_finish(rig);
    broker_stop(&broker);
}

// In a process of its own, which is killed. Version 3.1.1, because there the will has no delay.
static void run_outlet_until_killed(int port)
{
    struct rig *rig = rig_make(port);
    rig->mqtt.version = 3;
    rig_start(rig);
    for (;;) {
        pause();
    }
}

static void a_killed_gateway_is_told_offline_with_its_session(void **state)
{
    struct broker broker;
    struct listener listener;
    char session[64] = "", expected[200];
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    listener_start(&listener, &broker, LINES);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_outlet_until_killed(broker.port);
    }
    assert_true(listener_wait(&listener, TREE "status {\"state\":\"online\""));
    assert_int_equal(sscanf(strstr(listener.text, "\"session\":"), "\"session\":\"%16[0-9a-f]\"", session), 1);
    end_process(&pid, SIGKILL);
    snprintf(expected, sizeof expected, TREE "status {\"state\":\"offline\",\"session\":\"%s\"", session);
    assert_true(listener_wait(&listener, expected));
    listener_stop(&listener);
    broker_stop(&broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        // First: a fork takes none of the library's threads along.
        cmocka_unit_test(a_killed_gateway_is_told_offline_with_its_session),
        cmocka_unit_test(a_killed_broker_costs_nothing_but_duplicates),
        cmocka_unit_test(a_second_client_with_our_id_raises_an_alarm),
        cmocka_unit_test(a_broker_that_is_down_is_waited_for),
    };
    if (access(MOSQUITTO, X_OK)) {
        printf("no " MOSQUITTO ": nothing is tested\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
