// SPDX-License-Identifier: Apache-2.0
#include "mosquitto.h"
#include "mqtt_peer.h"

#include "outlet/mqtt_client.h"
#include "outlet/mqtt_login.h"
#include <errno.h>

/*
 * The client on its own, as the tool uses it: it logs in, subscribes and takes what comes.
 */

struct scene {
    struct settings_mqtt settings;
    struct mqtt_login *login;
    struct client *client;
    char url[64];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool notified;
};

static void notify(void *context)
{
    struct scene *scene = context;
    pthread_mutex_lock(&scene->lock);
    scene->notified = true;
    pthread_cond_broadcast(&scene->changed);
    pthread_mutex_unlock(&scene->lock);
}

static void await_notice(struct scene *scene)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    int late = 0;
    pthread_mutex_lock(&scene->lock);
    while (!scene->notified && !late) {
        late = pthread_cond_timedwait(&scene->changed, &scene->lock, &end);
    }
    scene->notified = false;
    pthread_mutex_unlock(&scene->lock);
    assert_int_equal(late, 0);
}

// News until one of them is what was waited for; finished tickets are given back.
static struct client_news await_news(struct scene *scene, size_t what)
{
    struct client_news news = {0};
    while (!*((const bool *)&news + what)) {
        struct ticket *finished;
        await_notice(scene);
        client_take(scene->client, &news, &finished);
        for (struct ticket *next; finished; finished = next) {
            next = finished->next;
            client_release(finished);
        }
    }
    return news;
}

#define AWAIT(scene, member) await_news(scene, offsetof(struct client_news, member))

static struct client_message *await_message(struct scene *scene)
{
    struct client_message *messages = client_take_messages(scene->client);
    while (!messages) {
        await_notice(scene);
        messages = client_take_messages(scene->client);
    }
    return messages;
}

// On the heap: the library may call back when the test is over.
static struct scene *open_scene(int port, int version, size_t messages_max, size_t bytes_max)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct fault why = {""};
    assert_non_null(scene);
    snprintf(scene->url, sizeof scene->url, "mqtt://127.0.0.1:%d", port);
    pthread_mutex_init(&scene->lock, NULL);
    pthread_cond_init(&scene->changed, NULL);
    scene->settings = (struct settings_mqtt){.url = scene->url,
                                             .version = version,
                                             .client_id = "citygw-tool",
                                             .username = "",
                                             .password_file = "",
                                             .ca_file = "",
                                             .cert_file = "",
                                             .key_file = "",
                                             .keep_alive_us = 60 * 1000000};
    assert_int_equal(mqtt_login_create(&scene->settings, &scene->login, &why), 0);
    assert_int_equal(mqtt_login_resolve(scene->login, &why), 0);
    struct client_options options = {.tickets = 10,
                                     .notify = notify,
                                     .context = scene,
                                     .messages_max = messages_max,
                                     .message_bytes_max = bytes_max};
    assert_int_equal(mqtt_login_client(scene->login, &options, &scene->client, &why), 0);
    struct client_connection connection;
    mqtt_login_connection(scene->login, &connection);
    connection.clean = true;
    assert_int_equal(client_connect(scene->client, &connection, &why), 0);
    AWAIT(scene, connected);
    return scene;
}

static int subscribe(struct scene *scene, const char *filter)
{
    struct subscription subscription = {.filter = filter, .qos = 1, .keeps_retained = true};
    assert_int_equal(client_subscribe(scene->client, &subscription), 0);
    return AWAIT(scene, subscribed).subscribe_code;
}

static void close_scene(struct scene *scene)
{
    assert_int_equal(client_disconnect(scene->client), 0);
    AWAIT(scene, closed);
    client_abandon(scene->client, true);
    mqtt_login_destroy(scene->login);
    free(scene);
}

static void what_comes_is_handed_over_with_its_properties(void **state)
{
    struct broker broker;
    char port[16];
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    publish(&broker, "city/kept", "before");
    struct scene *scene = open_scene(broker.port, 5, 100, 100000);
    assert_int_equal(subscribe(scene, "city/#"), 1);
    struct client_message *message = await_message(scene);
    assert_string_equal(message->topic, "city/kept");
    assert_string_equal((const char *)message->payload, "before");
    assert_true(message->retained);
    assert_int_equal(message->expiry_s, -1);
    assert_string_equal(message->response_topic, "");
    assert_null(message->next);
    client_free_messages(message);
    snprintf(port, sizeof port, "%d", broker.port);
    char *const arguments[] = {"mosquitto_pub",
                               "-p",
                               port,
                               "-V",
                               "5",
                               "-q",
                               "1",
                               "-t",
                               "city/ask",
                               "-m",
                               "now",
                               "-D",
                               "publish",
                               "response-topic",
                               "city-answers/7",
                               "-D",
                               "publish",
                               "correlation-data",
                               "four",
                               "-D",
                               "publish",
                               "message-expiry-interval",
                               "90",
                               NULL};
    run_program(arguments);
    message = await_message(scene);
    assert_string_equal(message->topic, "city/ask");
    assert_int_equal(message->size, 3);
    assert_int_equal(message->qos, 1);
    assert_false(message->retained);
    assert_string_equal(message->response_topic, "city-answers/7");
    assert_int_equal(message->correlation_size, 4);
    assert_memory_equal(message->correlation, "four", 4);
    assert_in_range(message->expiry_s, 80, 90);
    client_free_messages(message);
    close_scene(scene);
    broker_stop(&broker);
}

static void version_3_1_1_subscribes_and_publishes_too(void **state)
{
    struct broker broker;
    (void)state;
    broker_start(&broker, "allow_anonymous true");
    struct scene *scene = open_scene(broker.port, 3, 100, 100000);
    assert_int_equal(subscribe(scene, "city/#"), 1);
    struct publication publication = {.topic = "city/own", .payload = "echo", .size = 4};
    assert_int_equal(client_publish(scene->client, &publication, 0, 0), 0);
    struct client_message *message = await_message(scene);
    assert_string_equal(message->topic, "city/own");
    assert_string_equal((const char *)message->payload, "echo");
    client_free_messages(message);
    close_scene(scene);
    broker_stop(&broker);
}

static int refuse(struct peer *peer, const char *filter)
{
    (void)peer;
    return strcmp(filter, "forbidden/#") == 0 ? 0x87 : 0;
}

static int ignore(struct peer *peer, const struct peer_publish *published)
{
    (void)peer;
    (void)published;
    return 0;
}

static void a_refused_subscription_tells_the_reason(void **state)
{
    (void)state;
    struct peer *peer = peer_start(ignore, NULL);
    peer->subscribed = refuse;
    peer_begin(peer);
    struct scene *scene = open_scene(peer->port, 5, 10, 10000);
    assert_int_equal(subscribe(scene, "forbidden/#"), 0x87);
    assert_int_equal(subscribe(scene, "allowed/#"), 0);
    close_scene(scene);
    peer_stop(peer);
}

enum { SENT = 30, FIT = 10 };

static int flood(struct peer *peer, const char *filter)
{
    char large[4000];
    (void)filter;
    memset(large, 'x', sizeof large);
    peer_publish(peer, "city/large", "", 0, large, sizeof large, false);
    for (int i = 0; i < SENT; i++) {
        peer_publish(peer, "city/small", "", 0, "y", 1, false);
    }
    return 1;
}

static void what_is_too_large_or_too_many_is_dropped_and_counted(void **state)
{
    size_t count = 0;
    (void)state;
    struct peer *peer = peer_start(ignore, NULL);
    peer->subscribed = flood;
    peer_begin(peer);
    struct scene *scene = open_scene(peer->port, 5, FIT, 4000);
    assert_int_equal(subscribe(scene, "city/#"), 1);
    while (client_messages_dropped(scene->client) < 1 + SENT - FIT) {
        await_notice(scene);
    }
    struct client_message *messages = client_take_messages(scene->client);
    for (const struct client_message *message = messages; message; message = message->next) {
        assert_string_equal(message->topic, "city/small");
        count++;
    }
    assert_int_equal(count, FIT);
    client_free_messages(messages);
    close_scene(scene);
    peer_stop(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_subscription_tells_the_reason),
        cmocka_unit_test(what_is_too_large_or_too_many_is_dropped_and_counted),
        cmocka_unit_test(what_comes_is_handed_over_with_its_properties),
        cmocka_unit_test(version_3_1_1_subscribes_and_publishes_too),
    };
    bool real = access(MOSQUITTO, X_OK) == 0;
    return _cmocka_run_group_tests("mqtt_client", tests, real ? 4 : 2, NULL, NULL);
}
