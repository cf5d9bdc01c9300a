// SPDX-License-Identifier: Apache-2.0
#include "broker.h"

#include "base/clock.h"
#include "base/messages.h"
#include "base/text.h"
#include "complain.h"
#include "outlet/mqtt_login.h"
#include "outlet/wire.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static const int64_t second_us = 1000000, patience_us = 600 * 1000000LL;

enum { RETRY_MOST_S = 15, CLOSE_MS = 5000, KEEP_ALIVE_S = 60 };

enum state { CONNECTING, UP, DOWN };

struct broker {
    struct settings *settings; // NULL with --url
    struct settings_mqtt mqtt;
    char client_id[64], tree[WIRE_TOPIC_SIZE];
    struct mqtt_login *login;
    struct client *client;
    int session_s;

    enum state state;
    bool was_up, seems_lost;
    int retry_s;
    int64_t due_us, down_since_us;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool notified;
};

/* Which one. */

static int load(const char *path, struct settings **ret_settings)
{
    struct findings findings = {0};
    messages_use(settings_language(path));
    int error = settings_load(path, &findings, ret_settings);
    for (size_t i = 0; error && i < findings.count; i++)
        if (findings.list[i].level == FINDING_STOPS)
            complain("%s", findings.list[i].text);
    findings_finish(&findings);
    return error ? -EINVAL : 0;
}

static int choose_outlet(struct broker *broker, const char *name, struct fault *why)
{
    const struct settings_mqtt *other = NULL;
    const struct settings *settings = broker->settings;
    char shown[80];
    for (size_t i = 0; i < settings->mqtt_count; i++) {
        if (name && strcmp(settings->mqtt[i].name, name) != 0)
            continue;
        if (settings->mqtt[i].format != FORMAT_CITYGW) {
            other = &settings->mqtt[i];
            continue;
        }
        broker->mqtt = settings->mqtt[i];
        if (wire_tree(settings, broker->mqtt.name, broker->tree) != 0)
            return fault_set(why, -EINVAL, _("the outlet's topic_prefix cannot begin a topic"));
        return 0;
    }
    if (other)
        return fault_set(why, -EINVAL, _("the outlet \"%s\" does not speak format = citygw, which is what this needs"),
                         other->name);
    if (!name)
        return fault_set(why, -EINVAL, _("the configuration names no broker; expected an [mqtt] section, or --url"));
    return fault_set(why, -EINVAL, _("there is no [mqtt] outlet \"%s\" in the configuration"),
                     text_escape(name, strlen(name), shown, sizeof shown));
}

static int choose(struct broker *broker, const struct options *options, struct fault *why)
{
    const char *path = options->config ? options->config : CONFIG_DEFAULT;
    if (!options->url) {
        int error = load(path, &broker->settings);
        return error ? error : choose_outlet(broker, options->outlet, why);
    }
    broker->mqtt = (struct settings_mqtt){.url = options->url,
                                          .version = 5,
                                          .username = options->username ? options->username : "",
                                          .password_file = options->password_file ? options->password_file : "",
                                          .ca_file = options->ca_file ? options->ca_file : "",
                                          .cert_file = "",
                                          .key_file = "",
                                          .keep_alive_us = KEEP_ALIVE_S * second_us};
    return 0;
}

/* The connection. */

static void notify(void *context)
{
    struct broker *broker = context;
    pthread_mutex_lock(&broker->lock);
    broker->notified = true;
    pthread_cond_signal(&broker->changed);
    pthread_mutex_unlock(&broker->lock);
}

static void await_notice(struct broker *broker, int wait_ms)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += wait_ms % 1000 * 1000000L;
    end.tv_sec += wait_ms / 1000 + end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    pthread_mutex_lock(&broker->lock);
    int late = 0;
    while (!broker->notified && !late)
        late = pthread_cond_timedwait(&broker->changed, &broker->lock, &end);
    broker->notified = false;
    pthread_mutex_unlock(&broker->lock);
}

static void make_client_id(struct broker *broker, const char *purpose)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        number = (uint64_t)clock_boot_us(&clock_system);
    snprintf(broker->client_id, sizeof broker->client_id, "citygw-%s-%012llx", purpose,
             (unsigned long long)number & 0xffffffffffff);
    broker->mqtt.client_id = broker->client_id;
}

static struct broker *make_broker(const struct broker_options *options)
{
    pthread_condattr_t attributes;
    struct broker *broker = calloc(1, sizeof *broker);
    if (!broker)
        return NULL;
    pthread_mutex_init(&broker->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&broker->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    broker->session_s = options->session_s;
    broker->state = DOWN;
    return broker;
}

static void free_broker(struct broker *broker)
{
    mqtt_login_destroy(broker->login);
    settings_destroy(broker->settings);
    pthread_cond_destroy(&broker->changed);
    pthread_mutex_destroy(&broker->lock);
    free(broker);
}

int broker_open(const struct broker_options *options, struct broker **ret_broker, struct fault *why)
{
    struct broker *broker = make_broker(options);
    if (!broker)
        return fault_set(why, -ENOMEM, _("out of memory"));
    int error = choose(broker, options->options, why);
    make_client_id(broker, options->purpose);
    error = error ? error : mqtt_login_create(&broker->mqtt, &broker->login, why);
    struct client_options client = {.tickets = options->tickets,
                                    .notify = notify,
                                    .context = broker,
                                    .messages_max = options->messages_max,
                                    .message_bytes_max = options->message_bytes_max};
    error = error ? error : mqtt_login_client(broker->login, &client, &broker->client, why);
    if (error)
        free_broker(broker);
    else
        *ret_broker = broker;
    return error;
}

int broker_connect(struct broker *broker, struct fault *why)
{
    struct client_connection connection;
    int error = mqtt_login_resolve(broker->login, why);
    if (error)
        return error;
    mqtt_login_connection(broker->login, &connection);
    connection.clean = !broker->was_up || broker->session_s == 0;
    connection.session_s = broker->session_s;
    error = client_connect(broker->client, &connection, why);
    if (!error)
        broker->state = CONNECTING;
    return error;
}

static void go_down(struct broker *broker)
{
    int64_t now_us = clock_boot_us(&clock_system);
    if (broker->state == UP) {
        complain(_("the connection to %s was lost; trying again"), broker->mqtt.url);
        broker->down_since_us = now_us;
        broker->retry_s = 1;
    }
    broker->state = DOWN;
    broker->due_us = now_us + broker->retry_s * second_us;
    broker->retry_s = broker->retry_s * 2 < RETRY_MOST_S ? broker->retry_s * 2 : RETRY_MOST_S;
}

// Final for the first connection, and when the broker knows us and does not let us in.
static int on_failed(struct broker *broker, const struct client_news *news, struct fault *why)
{
    struct fault sentence = {""};
    int code = mqtt_login_failure(broker->login, news, &sentence);
    go_down(broker);
    if (!broker->was_up || code > 0)
        return fault_set(why, -ECONNREFUSED, "%s", sentence.text);
    return 0;
}

static int try_again(struct broker *broker, struct fault *why)
{
    int64_t now_us = clock_boot_us(&clock_system);
    struct fault passing;
    if (now_us < broker->due_us)
        return 0;
    if (now_us - broker->down_since_us > patience_us)
        return fault_set(why, -ETIMEDOUT, _("%s could not be reached again for 10 minutes"), broker->mqtt.url);
    if (broker_connect(broker, &passing) != 0)
        go_down(broker);
    return 0;
}

// The library can lose a connection without telling; seen twice, because its telling may only be on the way.
static bool is_lost(struct broker *broker, const struct client_news *news)
{
    bool gone = broker->state == UP && !client_connected(broker->client);
    bool lost = news->lost || (gone && broker->seems_lost);
    broker->seems_lost = gone && !lost;
    return broker->state == UP && lost;
}

int broker_turn(struct broker *broker, int wait_ms, struct broker_news *ret_news, struct fault *why)
{
    struct client_news news = {0};
    int error = 0;
    *ret_news = (struct broker_news){0};
    await_notice(broker, wait_ms);
    client_take(broker->client, &news, &ret_news->finished);
    if (news.connected && broker->state == CONNECTING) {
        broker->state = UP;
        broker->was_up = ret_news->connected = true;
        ret_news->limits = news.limits;
    }
    ret_news->subscribed = news.subscribed;
    ret_news->subscribe_code = news.subscribe_code;
    if (news.failed && broker->state == CONNECTING)
        error = on_failed(broker, &news, why);
    else if (is_lost(broker, &news))
        go_down(broker);
    else if (broker->state == DOWN)
        error = try_again(broker, why);
    return error;
}

void broker_close(struct broker *broker)
{
    if (!broker)
        return;
    struct client_news news = {0};
    struct ticket *finished = NULL;
    bool quiet = !broker->was_up && broker->state == DOWN;
    int64_t end_us = clock_boot_us(&clock_system) + CLOSE_MS * 1000;
    if (broker->state == UP && client_disconnect(broker->client) == 0) {
        while (!news.closed && !news.lost && clock_boot_us(&clock_system) < end_us) {
            await_notice(broker, 100);
            client_take(broker->client, &news, &finished);
            for (struct ticket *next; finished; finished = next) {
                next = finished->next;
                client_release(finished);
            }
        }
        quiet = news.closed;
    }
    client_abandon(broker->client, quiet);
    if (quiet)
        free_broker(broker);
    // Otherwise the library may still call back: what it would touch stays until the program ends.
}

struct client *broker_client(const struct broker *broker)
{
    return broker->client;
}

const char *broker_url(const struct broker *broker)
{
    return broker->mqtt.url;
}

const char *broker_outlet(const struct broker *broker)
{
    return broker->settings ? broker->mqtt.name : NULL;
}

const char *broker_tree(const struct broker *broker)
{
    return broker->settings ? broker->tree : NULL;
}

bool broker_is_up(const struct broker *broker)
{
    return broker->state == UP;
}
