// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "capture.h"
#include "check.h"
#include "server.h"
#include <stdlib.h>

static struct captured got;

#define SENDERS                                                                                                        \
    "{\"now\":\"2026-11-26T03:00:05.000Z\",\"senders\":[{\"source\":\"coap\","                                         \
    "\"address\":\"urn:dev:mac:0024befffe804ff1\",\"identity\":null,\"id\":\"0024befffe804ff1\","                      \
    "\"kind\":\"parking\",\"first_seen\":\"2026-11-26T03:00:00.000Z\","                                                \
    "\"last_seen\":\"2026-11-26T03:00:04.000Z\",\"packs\":2,\"values\":["                                              \
    "{\"field\":\"occupied\",\"value\":true,\"fits\":true},"                                                           \
    "{\"field\":\"battery\",\"value\":3.6,\"unit\":\"V\",\"fits\":false}],\"more\":0},"                                \
    "{\"source\":\"coap\",\"address\":\"raw-1\",\"identity\":\"kerb\",\"id\":\"raw-1\",\"kind\":\"generic\","          \
    "\"first_seen\":\"2026-11-26T03:00:00.000Z\",\"last_seen\":\"2026-11-26T03:00:04.000Z\",\"packs\":1,"              \
    "\"values\":[{\"field\":\"\",\"hex\":\"0115fa\",\"bytes\":3,\"fits\":false},"                                      \
    "{\"field\":\"a\\nb\",\"value\":\"\\u001b[2J\\nkind = bump\",\"fits\":false}],\"more\":0}],\"forgotten\":0}"

static void answer_with(struct server *server, const char *body)
{
    static char answer[8192];
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    server_begin(server, answer, strlen(answer));
}

static void strangers_stand_in_a_table(void **state)
{
    struct server server;
    (void)state;
    answer_with(&server, SENDERS);
    RUN(&got, "unknown", "--socket", server.path);
    pthread_join(server.thread, NULL);
    assert_non_null(strstr(server.request, "GET /api/v1/unknown HTTP/1.1\r\n"));
    server_remove(&server);
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "urn:dev:mac:0024befffe804ff1  coap              parking"));
    assert_non_null(strstr(got.out, "2  occupied=yes battery=3.6 V\n"));
    assert_non_null(strstr(got.out, "1  0115fa"));
    assert_null(strchr(got.out, '\x1b'));
}

static void without_strangers_it_says_so(void **state)
{
    struct server server;
    (void)state;
    answer_with(&server, "{\"senders\":[]}");
    RUN(&got, "unknown", "--socket", server.path);
    server_end(&server);
    assert_string_equal(got.out, "Nobody reported who is in no section.\n");
}

static void adopting_prints_a_section_to_fill_in(void **state)
{
    struct server server;
    (void)state;
    answer_with(&server, SENDERS);
    RUN(&got, "adopt", "urn:dev:mac:0024befffe804ff1", "--socket", server.path);
    server_end(&server);
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "; Reported 2 times, first 2026-11-26 03:00:00 UTC"));
    assert_non_null(strstr(got.out, "\n[sensor:0024befffe804ff1]\nkind = parking "));
    assert_non_null(strstr(got.out, "\nsource = coap\naddress = urn:dev:mac:0024befffe804ff1\n; name ="));
    assert_non_null(strstr(got.out, "\n; map.QUANTITY = battery    ; last 3.6 V;"));
    assert_null(strstr(got.out, "QUANTITY = occupied"));
}

static void what_a_stranger_chose_cannot_write_lines_of_its_own(void **state)
{
    struct server server;
    (void)state;
    answer_with(&server, SENDERS);
    RUN(&got, "adopt", "raw-1", "--socket", server.path);
    server_end(&server);
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "\n[sensor:raw-1]\nkind = generic "));
    assert_non_null(strstr(got.out, "\nsource = coap\npsk_identity = kerb\n"));
    assert_non_null(strstr(got.out, "\n; codec =              ; for its bytes 0115fa;"));
    assert_null(strstr(got.out, "\nkind = bump"));
    assert_null(strchr(got.out, '\x1b'));
}

static void an_address_that_nobody_has_is_told_with_the_nearest(void **state)
{
    struct server server;
    (void)state;
    answer_with(&server, SENDERS);
    RUN(&got, "adopt", "raw1", "--socket", server.path);
    server_end(&server);
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_string_equal(got.out, "");
    assert_non_null(strstr(got.err, "did you mean \"raw-1\"?"));
    answer_with(&server, "{}");
    RUN(&got, "adopt", "raw1", "--socket", server.path);
    server_end(&server);
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "citygw unknown lists who did"));
    RUN(&got, "adopt");
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "ADDRESS"));
}

int main(void)
{
    setenv("LC_ALL", "en_US.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    messages_use(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_stand_in_a_table),
        cmocka_unit_test(without_strangers_it_says_so),
        cmocka_unit_test(adopting_prints_a_section_to_fill_in),
        cmocka_unit_test(what_a_stranger_chose_cannot_write_lines_of_its_own),
        cmocka_unit_test(an_address_that_nobody_has_is_told_with_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
