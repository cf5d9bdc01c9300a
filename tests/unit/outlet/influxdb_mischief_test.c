// SPDX-License-Identifier: Apache-2.0
#include "influxdb_rig.h"

// Each status that a server may answer with, and answers that are none: what arrives then, and what is parked.

static const struct mischief {
    struct server_rule rule; // the first answer; then everything is taken
    size_t parked;
    size_t requests; // at least
    unsigned wait_ms;
} mischiefs[] = {
    {{.status = 200}, 0, 1, 0},
    {{.status = 202}, 0, 1, 0},
    {{.status = 301, .headers = "Location: /elsewhere\r\n"}, 0, 2, 0},
    {{.status = 307, .headers = "Location: /elsewhere\r\n"}, 0, 2, 0},
    {{.status = 400, .body = "{\"error\":\"unable to parse 'x'\"}"}, 0, 3, 0}, // in halves it was taken
    {{.status = 400, .body = "{\"error\":\"partial write: conflict dropped=1\"}"}, 1, 1, 0},
    {{.status = 400, .body = "<html>a proxy</html>"}, 0, 2, 0},
    {{.status = 401, .body = "{\"error\":\"authorization failed\"}"}, 0, 2, 0},
    {{.status = 403}, 0, 2, 0},
    {{.status = 404}, 0, 2, 0},
    {{.status = 408}, 0, 2, 0},
    {{.status = 413}, 0, 3, 0},
    {{.status = 422, .body = "{\"message\":\"failure: dropped=2\"}"}, 2, 1, 0},
    {{.status = 422}, 0, 2, 0},
    {{.status = 429}, 0, 2, 0},
    {{.status = 429, .headers = "Retry-After: 1\r\n"}, 0, 2, 990},
    {{.status = 429, .headers = "Retry-After: soon\r\n"}, 0, 2, 0},
    {{.status = 500}, 0, 2, 0},
    {{.status = 502, .body = "<html>bad gateway</html>"}, 0, 2, 0},
    {{.status = 503, .headers = "Retry-After: 1\r\n"}, 0, 2, 990},
    {{.status = 504}, 0, 2, 0},
    {{.status = 999}, 0, 2, 0},
    {{.status = HANG_UP, .times = 1}, 0, 2, 0},
    {{.status = RAW, .body = "HTTP/1.1 2"}, 0, 2, 0},
    {{.status = RAW, .body = "HTTP/1.1 500 X\r\nContent-Length: 100\r\n\r\nhalf of it"}, 0, 2, 0},
    {{.status = RAW, .body = "HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nhalf"}, 0, 2, 0},
    {{.status = 400, .body = "{\"error\":\"unable to parse", .pad = 5 << 20}, 0, 2, 0},
    {{.status = 503, .body = "x", .pad = 5 << 20}, 0, 2, 0},
};

static void bear(const struct mischief *mischief, size_t index)
{
    void *state;
    set_up(&state);
    struct bench *bench = state;
    bench->server->rules[0] = mischief->rule;
    bench->server->rules[0].times = 1;
    feed_add_bays(bench->feed, 4);
    begin(bench);
    wait_all(bench);
    size_t count = server_count(bench->server);
    if (bench->feed->parked != mischief->parked || bench->feed->delivered != 4 - mischief->parked ||
        count < mischief->requests)
        fail_msg("case %zu: %zu arrived, %zu parked, %zu requests", index, (size_t)bench->feed->delivered,
                 (size_t)bench->feed->parked, count);
    if (mischief->wait_ms > 0)
        assert_true(request(bench, 1)->at_ns - request(bench, 0)->at_ns >= mischief->wait_ms * UINT64_C(1000000));
    tear_down(&state);
}

static void no_answer_costs_a_reading_that_the_server_takes_later(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mischiefs / sizeof mischiefs[0]; i++)
        bear(&mischiefs[i], i);
}

int main(void)
{
    unsetenv("http_proxy");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_answer_costs_a_reading_that_the_server_takes_later),
    };
    return cmocka_run_group_tests_name("influxdb_mischief", tests, NULL, NULL);
}
