// SPDX-License-Identifier: Apache-2.0
#include "observed_server.h"

/*
 * What a `source` of a sensor that is a server says, and what of it goes into the request.
 */

static void ignore_answer(void *context, const struct observe_answer *answer)
{
    (void)context, (void)answer;
}

static void ignore_silence(void *context, enum observe_silence silence)
{
    (void)context, (void)silence;
}

static void a_name_goes_with_the_request(void **state)
{
    (void)state;
    static const struct observe_link_events events = {.answer = ignore_answer, .unanswered = ignore_silence};
    struct observe_link *link;
    struct fault why;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    request();
    assert_int_equal(getsockname(server.socket, (struct sockaddr *)&address, &size), 0);
    struct observe_target target = {.address_size = size, .host = "a.b", .path = "/x%2fy/"};
    memcpy(&target.address, &address, size);
    assert_int_equal(link_open(&fixture.loop, &target, &events, &link, &why), 0);
    assert_int_equal(link_register(link), 0);
    struct answer asked = request();
    assert_int_equal(asked.options[URI_HOST], 0x612e62);
    assert_int_equal(asked.options[URI_PATH], 0); // the empty last one
    link_close(link);
}

static void only_addresses_of_single_machines_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *source, *identity, *said;
    } wrong[] = {
        {"coap://224.0.1.187/x", "", "group"},
        {"coap://[ff02::fd]/x", "", "group"},
        {"coap://255.255.255.255/x", "", "group"},
        {"coap://0.0.0.0/x", "", "group"},
        {"coap://10.0.0.5", "", "names no resource"},
        {"coap://10.0.0.5/x#y", "", "cannot be asked for"},
        {"coap://10.0.0.5/a%zz/b", "", "cannot be asked for"},
        {"coap://10.0.0.5/x", "kerb", "coaps://"},
        {"coaps://10.0.0.5/x", "", "psk_identity"},
        {"coaps://10.0.0.5/x", "kerb", "psk_file"},
    };
    struct settings settings = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct settings_sensor sensor = {.source = wrong[i].source, .psk_identity = wrong[i].identity};
        struct observe_uri uri;
        struct fault why = {""};
        assert_true(observe_uri_read(&settings, &sensor, &uri, &why) < 0);
        if (!strstr(why.text, wrong[i].said))
            fail_msg("%s: %s", wrong[i].source, why.text);
    }
    struct settings_sensor sensor = {.source = "coap://[2001:db8::1]/a/b?c"};
    struct observe_uri uri;
    assert_int_equal(observe_uri_read(&settings, &sensor, &uri, NULL), 0);
    assert_string_equal(uri.host, "2001:db8::1");
    assert_string_equal(uri.port, "5683");
    assert_string_equal(uri.path, "/a/b?c");
    assert_false(uri.is_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_name_goes_with_the_request),
        cmocka_unit_test(only_addresses_of_single_machines_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
