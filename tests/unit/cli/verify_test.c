// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "capture.h"
#include "outlet/mqtt_peer.h"

/*
 * `citygw verify`: what it reads, what it subscribes to, and what it ends with.
 */

#define TREE "citygw/v1/271004/g"
#define READING(seq) "{\"sensor\":\"b1\",\"kind\":\"parking\",\"epoch\":\"k7f3\",\"seq\":" #seq ",\"values\":{}}"
#define LINE(seq) TREE "/parking/b1 " READING(seq) "\n"

static struct captured got;
static char url[64];

static char *write_lines(const char *text)
{
    static char path[64];
    strcpy(path, "/tmp/citygw-verify-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

static void lines_of_a_file_are_proved(void **state)
{
    static const struct {
        const char *text;
        int exit;
        const char *expected;
    } cases[] = {
        {LINE(1) LINE(2) LINE(3), VERB_FINE, "\ncomplete\n"},
        {LINE(1) LINE(2) TREE "/parking/b1 " READING(3), VERB_FINE, "3 readings of 1 sensors"}, // without a line feed
        {LINE(1) "\n" TREE "/status online now\n" TREE "/parking/b1 \n" LINE(2), VERB_FINE, "complete"},
        {LINE(1) LINE(4), VERB_PROBLEM, "g b1: missing 2-3"},
        {LINE(1) LINE(4) TREE "/loss {\"entries\":[{\"sensor\":\"b1\",\"first_seq\":2,\"last_seq\":3,\"count\":2,"
                              "\"reason\":\"age\",\"outlet\":null}]}\n",
         VERB_FINE, "2 of them in the ledger"},
        {LINE(1) LINE(3) TREE "/loss {\"entries\":[{\"sensor\":\"b1\",\"first_seq\":2,\"last_seq\":2,\"count\":1,"
                              "\"reason\":\"\\u001b[31mx\",\"outlet\":null}]}\n",
         VERB_FINE, "(\\x1b[31mx)"},
        {LINE(1) TREE "/parking/b1 {\"sensor\":\n", VERB_PROBLEM, "could not be read: 1"},
        {TREE "/status {}\n", VERB_PROBLEM, "nothing is proved"},
        {"", VERB_PROBLEM, "nothing is proved"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = write_lines(cases[i].text);
        RUN(&got, "verify", path);
        unlink(path);
        if (got.exit != cases[i].exit || !strstr(got.out, cases[i].expected))
            fail_msg("case %zu: %d %s", i, got.exit, got.out);
    }
}

static void many_sensors_show_only_those_with_something_wrong(void **state)
{
    char text[40000];
    size_t used = 0;
    (void)state;
    for (int i = 0; i < 200; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 TREE "/parking/s%d {\"sensor\":\"s%d\",\"epoch\":\"k7f3\",\"seq\":1}\n", i, i);
    snprintf(text + used, sizeof text - used, TREE "/parking/s77 {\"sensor\":\"s77\",\"epoch\":\"k7f3\",\"seq\":3}\n");
    char *path = write_lines(text);
    RUN(&got, "verify", path);
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.out, "\ng        s77  k7f3   1-3             2        1"));
    assert_null(strstr(got.out, "s78"));
    assert_non_null(strstr(got.out, "200 sensors, zones and alerts in all"));
    RUN(&got, "verify", "--json", path);
    assert_non_null(strstr(got.out, "\"sensor\":\"s78\""));
    unlink(path);
}

static void wrong_usage_is_told(void **state)
{
    (void)state;
    RUN(&got, "verify", "--seconds", "0");
    assert_int_equal(got.exit, VERB_USAGE);
    RUN(&got, "verify", "--until-idle", "soon");
    assert_int_equal(got.exit, VERB_USAGE);
    RUN(&got, "verify", "/nowhere/x");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "/nowhere/x cannot be read"));
    RUN(&got, "verify", "--url", "mqtt://127.0.0.1", "--tree", "a/#");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "a/#"));
}

/* Against a broker. */

struct far {
    int code; // of the SUBACK
    char filter[200];
};

static int subscribed(struct peer *peer, const char *filter)
{
    struct far *far = peer->test;
    snprintf(far->filter, sizeof far->filter, "%s", filter);
    return far->code;
}

// The messages come once nothing else does, and then no more.
static void send_messages(struct peer *peer)
{
    struct far *far = peer->test;
    if (!*far->filter || far->code > 2)
        return;
    peer->idle = NULL;
    peer_publish(peer, TREE "/parking/b1", "", 0, READING(3), strlen(READING(3)), true);
    peer_publish(peer, TREE "/parking/b1", "", 0, READING(7), strlen(READING(7)), false);
    peer_publish(peer, TREE "/parking/b1", "", 0, READING(8), strlen(READING(8)), false);
}

static struct peer *start(struct far *far)
{
    struct peer *peer = peer_start(NULL, far);
    snprintf(url, sizeof url, "mqtt://127.0.0.1:%d", peer->port);
    peer->subscribed = subscribed;
    peer->idle = send_messages;
    peer_begin(peer);
    return peer;
}

static void what_the_broker_had_kept_is_no_part_of_the_proof(void **state)
{
    struct far far = {.code = 1};
    struct peer *peer = start(&far);
    (void)state;
    RUN(&got, "verify", "--url", url, "--tree", TREE, "--until-idle", "1", "--json");
    assert_string_equal(far.filter, TREE "/#");
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "\"readings\":2,\"missing\":0"));
    assert_non_null(strstr(got.out, "\"retained\":1"));
    peer_stop(peer);
}

static void a_subscription_that_is_refused_is_said(void **state)
{
    struct far far = {.code = 0x87};
    struct peer *peer = start(&far);
    (void)state;
    RUN(&got, "verify", "--url", url, "--tree", TREE, "--seconds", "5");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "does not let us subscribe to " TREE "/# (0x87)"));
    peer_stop(peer);
}

static int in_english(void **state)
{
    (void)state;
    unsetenv("LC_ALL");
    setenv("LANG", "en_US.UTF-8", 1);
    messages_use(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_file_are_proved),
        cmocka_unit_test(many_sensors_show_only_those_with_something_wrong),
        cmocka_unit_test(wrong_usage_is_told),
        cmocka_unit_test(what_the_broker_had_kept_is_no_part_of_the_proof),
        cmocka_unit_test(a_subscription_that_is_refused_is_said),
    };
    return cmocka_run_group_tests(tests, in_english, NULL);
}
