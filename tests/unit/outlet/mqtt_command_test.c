// SPDX-License-Identifier: Apache-2.0
#include "mqtt_command.h"
#include "mqtt_memory.h"
#include <errno.h>

#define TREE "citygw/v1/271004/umeda-01/"

struct order {
    const char *topic;
    const char *properties; // MQTT 5, without their length
    size_t properties_size;
    const char *payload;
    bool retained;
    size_t pad; // blanks behind the payload
};

// A broker that sends orders once it is subscribed to, and remembers what came back.
struct talk {
    struct memory memory;
    const struct order *orders;
    size_t count, sent;
    char filter[200];
    atomic_bool subscribed;
    int subscribe_code;
    int answers[8]; // to the replies, one after the other
    atomic_uint replies;
    char topic[200];
    uint8_t bytes[600]; // properties and payload of the last reply
    size_t size;
    bool retained;
};

static int take_subscription(struct peer *peer, const char *filter)
{
    struct talk *talk = peer->test;
    if (strstr(filter, "/status")) {
        return 1;
    }
    snprintf(talk->filter, sizeof talk->filter, "%s", filter);
    atomic_store(&talk->subscribed, true);
    return talk->subscribe_code ? talk->subscribe_code : 1;
}

static void give_orders(struct peer *peer)
{
    static uint8_t payload[8192];
    struct talk *talk = peer->test;
    for (; atomic_load(&talk->subscribed) && talk->sent < talk->count; talk->sent++) {
        const struct order *order = &talk->orders[talk->sent];
        size_t size = strlen(order->payload);
        memset(payload, ' ', sizeof payload);
        memcpy(payload, order->payload, size);
        peer_publish(peer, order->topic, order->properties ? order->properties : "", order->properties_size, payload,
                     size + order->pad, order->retained);
    }
}

static int hear(struct peer *peer, const struct peer_publish *publish)
{
    struct talk *talk = peer->test;
    if (strstr(publish->topic, "/status")) {
        return 0;
    }
    snprintf(talk->topic, sizeof talk->topic, "%s", publish->topic);
    talk->size = publish->size < sizeof talk->bytes ? publish->size : sizeof talk->bytes;
    memcpy(talk->bytes, publish->payload, talk->size);
    talk->retained = publish->retained;
    unsigned nth = atomic_fetch_add(&talk->replies, 1);
    return nth < 8 ? talk->answers[nth] : 0;
}

static void begin_talk(struct talk *talk, struct peer **ret_peer, struct rig **ret_rig)
{
    *ret_peer = peer_start(hear, talk);
    (*ret_peer)->subscribed = take_subscription;
    (*ret_peer)->idle = give_orders;
    *ret_rig = rig_make((*ret_peer)->port);
    (*ret_rig)->takes_commands = true;
    peer_begin(*ret_peer);
    rig_start(*ret_rig);
}

static void wait_commands(struct rig *rig, size_t count)
{
    struct timespec end = rig_deadline(RIG_WAIT_S);
    int late = 0;
    pthread_mutex_lock(&rig->lock);
    while (rig->commands < count && !late) {
        late = pthread_cond_timedwait(&rig->changed, &rig->lock, &end);
    }
    assert_int_equal(rig->commands, count);
    pthread_mutex_unlock(&rig->lock);
}

static void wait_replies(struct talk *talk, unsigned count)
{
    for (int i = 0; i < 4000 && atomic_load(&talk->replies) < count; i++) {
        rig_nap();
    }
    assert_int_equal(talk->replies, count);
}

static struct outlet_figures figures(struct rig *rig)
{
    struct outlet_figures figures;
    rig->type->figures(rig->state, &figures);
    return figures;
}

static void a_command_is_handed_over_and_its_reply_goes_where_it_says(void **state)
{
    static const char properties[] = "\x08\x00\x0blab/answers\x09\x00\x03\x01\xff\x02";
    static const struct order order = {.topic = TREE "cmd/replay",
                                       .properties = properties,
                                       .properties_size = sizeof properties - 1,
                                       .payload = "{\"from\":1}"};
    struct talk talk = {.orders = &order, .count = 1};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_talk(&talk, &peer, &rig);
    wait_commands(rig, 1);
    assert_string_equal(talk.filter, TREE "cmd/+");
    assert_string_equal(rig->command.verb, "replay");
    assert_string_equal(rig->command_text, "{\"from\":1}");
    rig->type->reply(rig->state, &rig->command, "{\"ok\":true}", 11);
    wait_replies(&talk, 1);
    assert_string_equal(talk.topic, "lab/answers");
    assert_false(talk.retained);
    assert_non_null(memmem(talk.bytes, talk.size, "\x09\x00\x03\x01\xff\x02", 6));
    assert_memory_equal(talk.bytes + talk.size - 11, "{\"ok\":true}", 11);
    assert_int_equal(figures(rig).commands, 1);
    end(peer, rig);
}

static void a_reply_without_a_proper_address_goes_to_the_reply_topic(void **state)
{
    static const struct order orders[] = {
        {.topic = TREE "cmd/ping", .payload = ""},
        {.topic = TREE "cmd/ping", .payload = "", .properties = "\x08\x00\x03x/#", .properties_size = 6},
        {.topic = TREE "cmd/ping", .payload = "", .properties = "\x08\x00\x04$SYS", .properties_size = 7},
        {.topic = TREE "cmd/ping", // a reply is no reading
         .payload = "",
         .properties = "\x08\x00\x27" TREE "parking/bay-1",
         .properties_size = 3 + sizeof TREE "parking/bay-1" - 1},
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct talk talk = {.orders = &orders[i], .count = 1};
        struct peer *peer;
        struct rig *rig;
        (void)state;
        begin_talk(&talk, &peer, &rig);
        wait_commands(rig, 1);
        rig->type->reply(rig->state, &rig->command, "1", 1);
        wait_replies(&talk, 1);
        assert_string_equal(talk.topic, TREE "reply/ping");
        end(peer, rig);
    }
}

static void what_is_no_command_for_now_is_ignored_and_counted(void **state)
{
    static const struct order orders[] = {
        {.topic = TREE "cmd/ping", .payload = "retained", .retained = true},
        {.topic = TREE "cmd/ping", .payload = "expired", .properties = "\x02\x00\x00\x00\x00", .properties_size = 5},
        {.topic = TREE "cmd/ping", .payload = "too large", .pad = OUTLET_COMMAND_MAX},
        {.topic = TREE "cmd/Ping", .payload = ""},
        {.topic = TREE "cmd/pi ng", .payload = ""},
        {.topic = TREE "cmd/", .payload = ""},
        {.topic = TREE "cmd/abcdefghijklmnopqrstuvwxyzabcdef", .payload = ""},
        {.topic = TREE "info", .payload = ""},
        {.topic = "citygw/v1/271004/umeda-02/cmd/ping", .payload = ""},
        {.topic = TREE "cmd/abcdefghijklmnopqrstuvwxyz-abcd", .payload = "this one"},
    };
    struct talk talk = {.orders = orders, .count = sizeof orders / sizeof *orders};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_talk(&talk, &peer, &rig);
    wait_commands(rig, 1);
    assert_string_equal(rig->command_text, "this one");
    assert_int_equal(figures(rig).commands, 1);
    assert_int_equal(figures(rig).commands_ignored, 9);
    end(peer, rig);
}

static void a_reply_that_is_lost_goes_again_and_a_refused_one_is_dropped(void **state)
{
    static const struct order order = {.topic = TREE "cmd/ping", .payload = ""};
    struct talk talk = {.orders = &order, .count = 1, .answers = {PEER_CUT, 0x87, 0}};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin_talk(&talk, &peer, &rig);
    wait_commands(rig, 1);
    rig->type->reply(rig->state, &rig->command, "1", 1);
    assert_true(rig_wait_event(rig, OUTLET_DISCONNECTED, text));
    rig_advance(rig, 2);
    wait_replies(&talk, 2);
    for (int i = 0; i < 4000 && figures(rig).replies_dropped == 0; i++) {
        rig_nap();
    }
    assert_int_equal(figures(rig).replies_dropped, 1);
    rig->type->reply(rig->state, &rig->command, "2", 1);
    wait_replies(&talk, 3);
    end(peer, rig);
}

#define ONLINE(session, since) "{\"state\":\"online\",\"session\":\"" session "\",\"since\":\"" since "\"}"

static void another_gateway_of_our_name_gives_itself_away(void **state)
{
    static const struct order orders[] = {
        {.topic = TREE "status",
         .payload = ONLINE("0123456789abcdef", "2000-01-01T00:00:00.000Z"),
         .retained = true}, // we were
        {.topic = TREE "status", .payload = "{\"state\":\"offline\",\"session\":\"0123456789abcdef\"}"},
        {.topic = TREE "status", .payload = "rubbish"},
        {.topic = TREE "status", .payload = ""},
        {.topic = TREE "status", .payload = ONLINE("0123456789abcdef", "2000-01-01T00:00:00.000Z")},
        {.topic = TREE "status", .payload = ONLINE("0123456789abcdef", "9999-01-01T00:00:00.000Z"), .retained = true},
        {.topic = TREE "cmd/ping", .payload = ""},
    };
    struct talk talk = {.orders = orders, .count = sizeof orders / sizeof *orders};
    struct peer *peer;
    struct rig *rig;
    (void)state;
    begin_talk(&talk, &peer, &rig);
    wait_commands(rig, 1);
    assert_int_equal(figures(rig).twins, 2);
    assert_int_equal(figures(rig).commands_ignored, 0);
    end(peer, rig);
}

static void a_refused_subscription_is_told_once(void **state)
{
    struct talk talk = {.subscribe_code = 0x87};
    struct peer *peer;
    struct rig *rig;
    char text[400];
    (void)state;
    begin_talk(&talk, &peer, &rig);
    assert_true(rig_wait_event(rig, OUTLET_NOTICE, text));
    assert_non_null(strstr(text, "takes no subscription to commands"));
    rig_offer(rig, 3);
    assert_true(rig_wait_delivered(rig, 4));
    end(peer, rig);
}

static void replies_wait_in_their_order_within_bounds(void **state)
{
    static char large[OUTLET_REPLY_MAX + 1];
    static struct replies replies;
    const struct outlet_command command = {.verb = "ping"};
    size_t first, second;
    (void)state;
    assert_int_equal(replies_put(&replies, &command, large, OUTLET_REPLY_MAX), 0);
    assert_int_equal(replies_put(&replies, &command, large, sizeof large), -EFBIG);
    assert_int_equal(replies_put(&replies, &command, large, OUTLET_REPLY_MAX), 0);
    assert_int_equal(replies_put(&replies, &command, "", 1), -ENOBUFS); // the bytes are used up
    assert_int_equal(replies.dropped, 2);
    assert_non_null(replies_take(&replies, &first));
    assert_non_null(replies_take(&replies, &second));
    assert_null(replies_take(&replies, &second));
    replies_again(&replies, first);
    replies_settle(&replies, second, false);
    for (int i = 0; i < REPLIES_MAX - 1; i++) {
        assert_int_equal(replies_put(&replies, &command, "", 0), 0);
    }
    assert_int_equal(replies_put(&replies, &command, "", 0), -ENOBUFS); // and the places
    assert_int_equal(replies.dropped, 3);
    assert_int_equal(replies_take(&replies, &second)->size, OUTLET_REPLY_MAX); // the oldest
    replies_settle(&replies, second, true);
    assert_int_equal(replies.dropped, 4);
    replies_finish(&replies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_handed_over_and_its_reply_goes_where_it_says),
        cmocka_unit_test(a_reply_without_a_proper_address_goes_to_the_reply_topic),
        cmocka_unit_test(what_is_no_command_for_now_is_ignored_and_counted),
        cmocka_unit_test(a_reply_that_is_lost_goes_again_and_a_refused_one_is_dropped),
        cmocka_unit_test(another_gateway_of_our_name_gives_itself_away),
        cmocka_unit_test(a_refused_subscription_is_told_once),
        cmocka_unit_test(replies_wait_in_their_order_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
