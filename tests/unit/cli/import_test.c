// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "capture.h"
#include "carried.h"
#include "outlet/mqtt_peer.h"

/*
 * `citygw import` against a broker that does what a test says.
 */

enum { READINGS = 400 };

static struct captured got;
static char folder[64], file[128], note[140], url[64];

struct far {
    unsigned seen[READINGS + 1]; // how often each came
    unsigned silent_at, refuse_at, retained;
};

// Nothing came for a while: every other answer has long been read.
static void cut_once_it_waits(struct peer *peer)
{
    struct far *far = peer->test;
    if (peer->connections == 1 && far->seen[far->silent_at] > 0)
        peer_cut(peer);
}

static int answer(struct peer *peer, const struct peer_publish *publish)
{
    struct far *far = peer->test;
    far->retained += publish->retained;
    if (publish->seq < 1 || publish->seq > READINGS)
        return 0;
    far->seen[publish->seq]++;
    if (far->refuse_at == publish->seq)
        return 0x87;
    return publish->seq == far->silent_at && far->seen[publish->seq] == 1 ? PEER_SILENT : 0;
}

static void write_file(const char *text)
{
    FILE *opened = fopen(file, "w");
    assert_non_null(opened);
    fputs(text, opened);
    fclose(opened);
}

static int begin(void **state)
{
    (void)state;
    char *text = carried_make(READINGS);
    strcpy(folder, "/tmp/citygw-import-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/x.export", folder);
    snprintf(note, sizeof note, "%s.imported", file);
    write_file(text);
    free(text);
    return 0;
}

static int end(void **state)
{
    (void)state;
    unlink(note);
    unlink(file);
    return rmdir(folder);
}

static void begin_peer(struct peer *peer)
{
    snprintf(url, sizeof url, "mqtt://127.0.0.1:%d", peer->port);
    peer_begin(peer);
}

static struct peer *start(struct far *far)
{
    struct peer *peer = peer_start(answer, far);
    begin_peer(peer);
    return peer;
}

static void everything_is_sent_once_and_a_second_run_knows(void **state)
{
    struct far far = {0};
    struct peer *peer = start(&far);
    (void)state;
    RUN(&got, "import", file, "--url", url);
    assert_string_equal(got.err, "");
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "400 readings of g are at"));
    RUN(&got, "import", file, "--url", url);
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "already"));
    for (unsigned i = 1; i <= READINGS; i++)
        assert_int_equal(far.seen[i], 1);
    assert_int_equal(far.retained, 0);
    peer_stop(peer);
}

static void after_a_cut_connection_it_goes_on_and_nothing_is_left_out(void **state)
{
    struct far far = {.silent_at = 100}; // those behind it are acknowledged, and it is not
    struct peer *peer = peer_start(answer, &far);
    (void)state;
    peer->idle = cut_once_it_waits;
    begin_peer(peer);
    RUN(&got, "import", file, "--url", url);
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.err, "was lost"));
    for (unsigned i = 1; i <= READINGS; i++)
        assert_true(far.seen[i] >= 1);
    assert_int_equal(far.seen[99], 1);
    assert_int_equal(far.seen[100], 2);
    assert_int_equal(far.seen[101], 1);
    assert_int_equal(peer->connections, 2);
    peer_stop(peer);
}

static void what_the_broker_refuses_is_named_and_the_rest_waits_for_the_next_run(void **state)
{
    struct far far = {.refuse_at = 200};
    struct peer *peer = start(&far);
    (void)state;
    RUN(&got, "import", file, "--url", url);
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "refuses line 201 (0x87)"));
    assert_non_null(strstr(got.err, "goes on from there"));
    far.refuse_at = 0;
    RUN(&got, "import", file, "--url", url);
    assert_int_equal(got.exit, VERB_FINE);
    for (unsigned i = 1; i <= READINGS; i++)
        assert_true(far.seen[i] >= 1);
    assert_int_equal(far.seen[1], 1); // it was done
    peer_stop(peer);
}

static void a_note_of_another_file_or_broker_does_not_count(void **state)
{
    static const struct {
        const char *crc; // NULL: the right one
        int readings;
        const char *broker; // NULL: the right one
        unsigned done, sent;
    } cases[] = {
        {NULL, READINGS, NULL, 300, 100},
        {NULL, READINGS, NULL, READINGS, 0},
        {"00000000", READINGS, NULL, 300, READINGS},
        {NULL, READINGS + 1, NULL, 300, READINGS},
        {NULL, READINGS, "mqtt://x", 300, READINGS},
        {NULL, READINGS, NULL, READINGS + 1, READINGS},
    };
    char *text = carried_make(READINGS);
    const char *right = strstr(text, "\"crc32c\":\"") + strlen("\"crc32c\":\"");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct far far = {0};
        struct peer *peer = start(&far);
        unsigned sent = 0;
        FILE *opened = fopen(note, "w");
        fprintf(opened, "{\"citygw_imported\":1,\"crc32c\":\"%.8s\",\"readings\":%d,\"broker\":\"%s\",\"done\":%u}",
                cases[i].crc ? cases[i].crc : right, cases[i].readings, cases[i].broker ? cases[i].broker : url,
                cases[i].done);
        fclose(opened);
        RUN(&got, "import", file, "--url", url);
        assert_int_equal(got.exit, VERB_FINE);
        for (unsigned n = 1; n <= READINGS; n++)
            sent += far.seen[n];
        assert_int_equal(sent, cases[i].sent);
        peer_stop(peer);
    }
    free(text);
}

static void a_broken_file_is_refused_before_anything_is_sent(void **state)
{
    struct far far = {0};
    struct peer *peer = start(&far);
    char *text = carried_make(READINGS);
    (void)state;
    text[strlen(text) - 20] ^= 1;
    write_file(text);
    RUN(&got, "import", file, "--url", url);
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "x.export: line 402"));
    assert_int_equal(peer->connections, 0);
    assert_int_equal(access(note, F_OK), -1);
    free(text);
    peer_stop(peer);
}

static void a_broker_that_is_not_there_is_said_at_once(void **state)
{
    struct far far = {0};
    struct peer *peer = peer_start(answer, &far);
    snprintf(url, sizeof url, "mqtt://127.0.0.1:%d", peer->port);
    close(peer->listener);
    (void)state;
    RUN(&got, "import", file, "--url", url);
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "cannot be reached"));
    assert_int_equal(access(note, F_OK), -1);
    free(peer);
}

static void wrong_usage_is_told(void **state)
{
    (void)state;
    RUN(&got, "import", "--url", "mqtt://127.0.0.1");
    assert_int_equal(got.exit, VERB_USAGE);
    RUN(&got, "import", file, "--url", "http://127.0.0.1");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_string_not_equal(got.err, "");
    RUN(&got, "import", file, "-c", "/nowhere.ini");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_string_not_equal(got.err, "");
}

static int in_english(void **state)
{
    (void)state;
    unsetenv("LC_ALL");
    setenv("LANG", "en_US.UTF-8", 1);
    messages_use(NULL);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everything_is_sent_once_and_a_second_run_knows),
        TEST(after_a_cut_connection_it_goes_on_and_nothing_is_left_out),
        TEST(what_the_broker_refuses_is_named_and_the_rest_waits_for_the_next_run),
        TEST(a_note_of_another_file_or_broker_does_not_count),
        TEST(a_broken_file_is_refused_before_anything_is_sent),
        TEST(a_broker_that_is_not_there_is_said_at_once),
        TEST(wrong_usage_is_told),
    };
    return cmocka_run_group_tests(tests, in_english, NULL);
}
