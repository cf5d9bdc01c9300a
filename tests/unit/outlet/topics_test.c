// SPDX-License-Identifier: Apache-2.0
#include "topics.h"

#include "check.h"
#include <errno.h>
#include <string.h>

static const struct settings_gateway gateway = {.id = "umeda-01", .municipality = "271004"};

static void topics_stand_in_the_gateways_tree(void **state)
{
    char tree[TOPIC_SIZE], topic[TOPIC_SIZE];
    (void)state;
    assert_int_equal(topic_tree("citygw/v1", &gateway, tree), 0);
    assert_string_equal(tree, "citygw/v1/271004/umeda-01");
    assert_int_equal(topic_below(tree, "about/bay-1", topic), 0);
    assert_string_equal(topic, "citygw/v1/271004/umeda-01/about/bay-1");
    assert_int_equal(topic_reading(tree, KIND_PARKING, "bay-1", topic), 0);
    assert_string_equal(topic, "citygw/v1/271004/umeda-01/parking/bay-1");
}

static void what_could_be_another_topic_is_refused(void **state)
{
    static const char *const prefixes[] = {"",       "/citygw", "citygw/", "city//gw", "city+",
                                           "city/#", "$SYS",    "a\nb",    "\xff",     "a\x7f"};
    char tree[TOPIC_SIZE] = "untouched", topic[TOPIC_SIZE] = "untouched", longest[400];
    (void)state;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        assert_int_equal(topic_tree(prefixes[i], &gateway, tree), -EINVAL);
    }
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(topic_tree(longest, &gateway, tree), -EINVAL);
    assert_string_equal(tree, "untouched");
    assert_int_equal(topic_reading("t", KIND_PARKING, "a/b", topic), -EINVAL);
    assert_int_equal(topic_reading("t", KIND_PARKING, "", topic), -EINVAL);
    assert_int_equal(topic_reading("t", KIND_PARKING, "+", topic), -EINVAL);
    assert_int_equal(topic_below("t", "about/#", topic), -EINVAL);
    assert_string_equal(topic, "untouched");
}

static bool ours(const char *topic)
{
    return topic_is_ours(topic, strlen(topic));
}

static void only_topics_of_a_gateways_tree_are_ours(void **state)
{
    static const char *const good[] = {
        "citygw/v1/271004/umeda-01/status",      "citygw/v1/271004/umeda-01/info", "x/271004/umeda-01/health",
        "citygw/v1/271004/umeda-01/about/bay-1", "x/271004/u/parking/bay.1",       "市/271004/u/crowd/gate_1",
    };
    static const char *const bad[] = {
        "",
        "status",
        "271004/umeda-01/status",
        "citygw/v1/27100/umeda-01/status",
        "citygw/v1/2710o4/umeda-01/status",
        "citygw/v1/271004//status",
        "citygw/v1/271004/umeda-01/secret",
        "citygw/v1/271004/umeda-01/about/#",
        "citygw/v1/271004/umeda-01/about/a b",
        "citygw/+/271004/umeda-01/status",
        "/citygw/271004/umeda-01/status",
        "$SYS/271004/umeda-01/status",
        "citygw/v1/271004/umeda-01/parking/bay-1/",
        "citygw/v1/271004/umeda-01/cmd/ping",
        "citygw/v1/271004/an-id-that-is-much-longer-than-allowed/status",
        "\xff\xfe/271004/umeda-01/status",
        "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/271004/umeda-01/status",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(ours(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (ours(bad[i])) {
            fail_msg("%s was taken", bad[i]);
        }
    }
    assert_false(topic_is_ours("x/271004/u/status\0x", 19));
}

static void an_agent_listens_outside_the_tree(void **state)
{
    char topic[TOPIC_SIZE];
    (void)state;
    assert_int_equal(topic_agent("4jggok", "bay-1", topic), 0);
    assert_string_equal(topic, "/json/4jggok/bay-1/attrs");
    assert_int_equal(topic_agent("", "bay-1", topic), -EINVAL);
    assert_int_equal(topic_agent("a/b", "bay-1", topic), -EINVAL);
    assert_int_equal(topic_agent("+", "bay-1", topic), -EINVAL);
    assert_int_equal(topic_agent("a", "bay 1", topic), -EINVAL);
    assert_int_equal(topic_agent("a", "", topic), -EINVAL);
    assert_int_equal(topic_agent("a", "alert:crowd:", topic), -EINVAL);
    assert_int_equal(topic_agent("a", "alert:crowd:plaza", topic), 0);
    assert_string_equal(topic, "/json/a/alert:crowd:plaza/attrs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_stand_in_the_gateways_tree),
        cmocka_unit_test(what_could_be_another_topic_is_refused),
        cmocka_unit_test(an_agent_listens_outside_the_tree),
        cmocka_unit_test(only_topics_of_a_gateways_tree_are_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
