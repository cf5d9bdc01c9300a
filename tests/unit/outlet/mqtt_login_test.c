// SPDX-License-Identifier: Apache-2.0
#include "mosquitto.h"
#include "mqtt_rig.h"

#define TREE "citygw/v1/271004/umeda-01/"

/*
 * Who may connect, and who may publish what.
 */

static void a_wrong_password_raises_an_alarm(void **state)
{
    struct broker broker;
    struct rig *rig;
    char text[400], passwords[128], secret[128], more[256];
    (void)state;
    broker_prepare(&broker);
    snprintf(passwords, sizeof passwords, "%s/passwords", broker.folder);
    snprintf(secret, sizeof secret, "%s/secret", broker.folder);
    char *const arguments[] = {"mosquitto_passwd", "-b", "-c", passwords, "city", "right", NULL};
    run_program(arguments);
    broker_file(&broker, "secret", 0600, "wrong\n");
    snprintf(more, sizeof more, "allow_anonymous false\npassword_file %s", passwords);
    broker_configure(&broker, more);
    broker_run(&broker);
    rig = rig_make(broker.port);
    rig->mqtt.username = "city";
    rig->mqtt.password_file = secret;
    rig_start(rig);
    assert_true(rig_wait_event(rig, OUTLET_ALARM, text));
    assert_non_null(strstr(text, rig->url));
    assert_null(strstr(text, "wrong\n"));
    assert_true(rig_stop(rig));

    broker_file(&broker, "secret", 0600, "right\n");
    rig_start(rig);
    assert_true(rig_wait_event(rig, OUTLET_CONNECTED, text));
    assert_true(rig_stop(rig));

    broker_file(&broker, "secret", 0644, "right\n");
    struct outlet_feed feed = {.settings = &rig->settings, .clock = &clock_system};
    struct fault why = {""};
    void *refused = NULL;
    assert_int_equal(outlet_mqtt.create(&feed, 0, &refused, &why), -EPERM);
    assert_null(refused);
    rig_finish(rig);
    broker_stop(&broker);
}

static void write_access_list(const struct broker *broker, const char *more)
{
    broker_file(broker, "acl", 0600,
                "topic write " TREE "status\ntopic write " TREE "parking/bay-0\ntopic write " TREE "parking/bay-2\n%s",
                more);
}

static void a_forbidden_topic_keeps_its_readings_until_it_is_allowed(void **state)
{
    struct broker broker;
    struct rig *rig;
    char text[400], more[256];
    (void)state;
    broker_prepare(&broker);
    write_access_list(&broker, "");
    snprintf(more, sizeof more, "max_queued_messages 1000\nallow_anonymous true\nacl_file %s/acl", broker.folder);
    broker_configure(&broker, more);
    broker_run(&broker);
    rig = rig_make(broker.port);
    rig_start(rig);
    rig_offer(rig, 3); // number 1 goes to bay-1
    assert_true(rig_wait_event(rig, OUTLET_ALARM, text));
    assert_non_null(strstr(text, TREE "parking/bay-1"));
    assert_int_equal(rig_cursor(rig), 1);
    write_access_list(&broker, "topic write " TREE "parking/bay-1\n");
    kill(broker.pid, SIGHUP);
    assert_true(rig_advance_until(rig, 400, OUTLET_ALARM_ENDED, text));
    assert_true(rig_wait_delivered(rig, 4));
    assert_int_equal(rig->parked_count, 0);
    assert_int_equal(rig->delivered_count, 3);
    assert_true(rig_stop(rig));
    rig_finish(rig);
    broker_stop(&broker);
}

static void make_certificate(const struct broker *broker, const char *subject, const char *names)
{
    char key[128], certificate[128];
    snprintf(key, sizeof key, "%s/key.pem", broker->folder);
    snprintf(certificate, sizeof certificate, "%s/cert.pem", broker->folder);
    char *const arguments[] = {
        "openssl", "req",           "-x509",   "-newkey",     "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes",  "-days",         "2",       "-keyout",     key,  "-out",     certificate,
        "-subj",   (char *)subject, "-addext", (char *)names, NULL};
    run_program(arguments);
}

static void connect_over_tls(const char *subject, const char *names, enum outlet_event expected)
{
    struct broker broker;
    struct rig *rig;
    char text[400], more[400], ca[128];
    broker_prepare(&broker);
    make_certificate(&broker, subject, names);
    snprintf(more, sizeof more, "allow_anonymous true\ncertfile %s/cert.pem\nkeyfile %s/key.pem", broker.folder,
             broker.folder);
    broker_configure(&broker, more);
    broker_run(&broker);
    snprintf(ca, sizeof ca, "%s/cert.pem", broker.folder);
    rig = rig_make(broker.port);
    snprintf(rig->url, sizeof rig->url, "mqtts://localhost:%d", broker.port);
    rig->mqtt.ca_file = ca;
    rig_start(rig);
    rig_offer(rig, 5);
    assert_true(rig_wait_event(rig, expected, text));
    assert_int_equal(rig->event_count, 1); // nothing else came first
    if (expected == OUTLET_CONNECTED) {
        assert_true(rig_wait_delivered(rig, 6));
    } else {
        assert_int_equal(rig_cursor(rig), 1);
    }
    assert_true(rig_stop(rig));
    rig_finish(rig);
    broker_stop(&broker);
}

static void tls_with_the_right_name_delivers(void **state)
{
    (void)state;
    connect_over_tls("/CN=localhost", "subjectAltName=DNS:localhost", OUTLET_CONNECTED);
}

static void tls_with_another_hosts_certificate_is_refused(void **state)
{
    (void)state;
    connect_over_tls("/CN=evil.example", "subjectAltName=DNS:evil.example", OUTLET_DISCONNECTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_password_raises_an_alarm),
        cmocka_unit_test(a_forbidden_topic_keeps_its_readings_until_it_is_allowed),
        cmocka_unit_test(tls_with_the_right_name_delivers),
        cmocka_unit_test(tls_with_another_hosts_certificate_is_refused),
    };
    if (access(MOSQUITTO, X_OK)) {
        printf("no " MOSQUITTO ": nothing is tested\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
