// SPDX-License-Identifier: Apache-2.0
#include "mosquitto.h"
#include "mqtt_rig.h"

/*
 * Commands that come in by {tree}/cmd/{verb}, and the replies to them, with a real broker.
 */

#define TREE "citygw/v1/271004/umeda-01/"

struct world {
    struct broker broker;
    struct listener listener;
    struct rig *rig;
};

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char text[400];
    broker_start(&world->broker, "allow_anonymous true");
    listener_start(&world->listener, &world->broker, "%r %t %p");
    world->rig = rig_make(world->broker.port);
    world->rig->takes_commands = true;
    rig_start(world->rig);
    assert_true(rig_wait_event(world->rig, OUTLET_CONNECTED, text));
    *state = world;
    return 0;
}

static int finish(void **state)
{
    struct world *world = *state;
    assert_true(rig_stop(world->rig));
    rig_finish(world->rig);
    listener_stop(&world->listener);
    broker_stop(&world->broker);
    free(world);
    return 0;
}

static size_t taken(struct world *world)
{
    pthread_mutex_lock(&world->rig->lock);
    size_t commands = world->rig->commands;
    pthread_mutex_unlock(&world->rig->lock);
    return commands;
}

static size_t ignored(struct world *world)
{
    struct outlet_figures figures;
    world->rig->type->figures(world->rig->state, &figures);
    return figures.commands_ignored;
}

// mosquitto_pub -V 5 -t TOPIC -m PAYLOAD MORE...
static void give(struct world *world, const char *topic, const char *payload, const char *const more[6])
{
    char port[16];
    snprintf(port, sizeof port, "%d", world->broker.port);
    char *arguments[24] = {"mosquitto_pub", "-h", "127.0.0.1",    "-p", port, "-V", "5", "-q", "1", "-t",
                           (char *)topic,   "-m", (char *)payload};
    for (size_t i = 0; i < 6 && more && more[i]; i++) {
        arguments[13 + i] = (char *)(uintptr_t)more[i];
    }
    run_program(arguments);
}

// The subscription is made a moment after the connection: until the first one is heard.
static void give_until_heard(struct world *world)
{
    for (int i = 0; i < 100 && taken(world) == 0; i++) {
        give(world, TREE "cmd/ping", "", NULL);
        for (int naps = 0; naps < 20 && taken(world) == 0; naps++) {
            rig_nap();
        }
    }
    assert_true(taken(world) > 0);
}

static void wait_taken(struct world *world, size_t count)
{
    for (int i = 0; i < 2000 && taken(world) < count; i++) {
        rig_nap();
    }
    assert_int_equal(taken(world), count);
}

static void a_command_comes_with_all_that_a_reply_needs(void **state)
{
    struct world *world = *state;
    static const char answer[] = "{\"ok\":true}";
    give_until_heard(world);
    size_t before = taken(world);
    static const char *const more[6] = {"-D", "publish", "response-topic", "citygw/answers/7", NULL};
    give(world, TREE "cmd/replay", "{\"from\":1}", more);
    wait_taken(world, before + 1);
    assert_string_equal(world->rig->command.verb, "replay");
    assert_string_equal(world->rig->command.response_topic, "citygw/answers/7");
    assert_string_equal(world->rig->command_text, "{\"from\":1}");
    world->rig->type->reply(world->rig->state, &world->rig->command, answer, sizeof answer - 1);
    assert_true(listener_wait(&world->listener, "0 citygw/answers/7 {\"ok\":true}"));
}

static void without_a_response_topic_the_reply_goes_to_its_own(void **state)
{
    struct world *world = *state;
    struct outlet_command command = {.verb = "ping", .response_topic = "evil/#"};
    world->rig->type->reply(world->rig->state, &command, "{}", 2);
    assert_true(listener_wait(&world->listener, "0 " TREE "reply/ping {}"));
}

static void what_is_no_command_is_ignored_and_counted(void **state)
{
    struct world *world = *state;
    give_until_heard(world);
    size_t before = taken(world), count = ignored(world);
    static const char *const retained[6] = {"-r", NULL};
    give(world, TREE "cmd/reload", "", retained);
    give(world, TREE "cmd/PING", "", NULL);
    give(world, TREE "cmd/a.b", "", NULL);
    give(world, TREE "cmd/last", "", NULL);
    wait_taken(world, before + 1);
    assert_string_equal(world->rig->command.verb, "last");
    assert_int_equal(ignored(world), count + 3);
}

static void too_many_replies_are_dropped_and_counted(void **state)
{
    struct world *world = *state;
    struct outlet_command command = {.verb = "ping"};
    struct outlet_figures figures;
    end_process(&world->broker.pid, SIGKILL);
    char text[400];
    assert_true(rig_wait_event(world->rig, OUTLET_DISCONNECTED, text));
    for (int i = 0; i < 100; i++) {
        world->rig->type->reply(world->rig->state, &command, "{}", 2);
    }
    world->rig->type->figures(world->rig->state, &figures);
    assert_int_equal(figures.replies_dropped, 100 - 32);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        TEST(a_command_comes_with_all_that_a_reply_needs),
        TEST(without_a_response_topic_the_reply_goes_to_its_own),
        TEST(what_is_no_command_is_ignored_and_counted),
        TEST(too_many_replies_are_dropped_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
