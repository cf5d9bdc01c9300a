// SPDX-License-Identifier: Apache-2.0
#include "outlet/mqtt_client.h"

#include "base/messages.h"
#include "base/text.h"
#include "mqtt_connect.h"
#include "mqtt_inbox.h"
#include "mqtt_properties.h"
#include "mqtt_reasons.h"
#include <MQTTAsync.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// Every fate that the library itself decides (interrupted, cleared with the session) is unknown to us.
enum { CODE_UNKNOWN = -1, BUFFERED_MAX = 65535, ATTEMPTS = 4 };

// What the library hands back about a connection. It may tell the failure of one when the next is already asked for.
struct attempt {
    struct client *client;
    uint64_t number;
};

struct client {
    MQTTAsync handle;
    int version;
    void (*notify)(void *context);
    void *context;
    struct ticket *tickets;
    struct ticket *free; // the owning thread's
    size_t flying;       // the owning thread's
    atomic_bool spoilt;

    pthread_mutex_t lock; // for what callbacks leave
    struct attempt attempts[ATTEMPTS];
    uint64_t attempt; // the present one's number
    struct client_news news;
    struct ticket *finished, **finished_end;
    struct inbox inbox;
};

/* What the library's threads call: leave it, and wake the owner. */

// In this order: once the lock is free the owner may know all, and free the client.
static void notify_and_unlock(struct client *client)
{
    client->notify(client->context);
    pthread_mutex_unlock(&client->lock);
}

static void leave_connected(const struct attempt *attempt, const struct client_limits *limits)
{
    struct client *client = attempt->client;
    pthread_mutex_lock(&client->lock);
    if (attempt->number == client->attempt) {
        client->news.connected = true;
        client->news.limits = *limits;
    }
    notify_and_unlock(client);
}

static void on_connected(void *context, MQTTAsync_successData *data)
{
    struct client_limits limits;
    MQTTProperties none = MQTTProperties_initializer;
    connect_limits(&none, &limits);
    limits.session_present = data && data->alt.connect.sessionPresent != 0;
    leave_connected(context, &limits);
}

static void on_connected5(void *context, MQTTAsync_successData5 *data)
{
    struct client_limits limits;
    connect_limits(&data->properties, &limits);
    limits.session_present = data->alt.connect.sessionPresent != 0;
    leave_connected(context, &limits);
}

static void leave_failed(const struct attempt *attempt, int code, const char *text)
{
    struct client *client = attempt->client;
    pthread_mutex_lock(&client->lock);
    bool present = attempt->number == client->attempt;
    if (present) {
        client->news.failed = true;
        client->news.code = code;
    }
    if (present && text && !client->news.text[0]) {
        text_escape(text, strlen(text), client->news.text, sizeof client->news.text);
    }
    notify_and_unlock(client);
}

static void on_failed(void *context, MQTTAsync_failureData *data)
{
    leave_failed(context, data ? reason_from_v3(data->code) : CODE_UNKNOWN, data ? data->message : NULL);
}

// 1.3.12 leaves reasonCode empty for a refused connection and puts the CONNACK's code into `code`.
static void on_failed5(void *context, MQTTAsync_failureData5 *data)
{
    int reason = (int)data->reasonCode;
    leave_failed(context, reason > 0 ? reason : data->code, data->message);
}

// OpenSSL's last words are the telling ones: "certificate verify failed".
static int on_tls_said(const char *text, size_t size, void *context)
{
    struct client *client = ((const struct attempt *)context)->client;
    pthread_mutex_lock(&client->lock);
    while (size > 0 && text[size - 1] == '\n') {
        size--;
    }
    text_escape(text, size, client->news.text, sizeof client->news.text);
    pthread_mutex_unlock(&client->lock);
    return 1;
}

static void on_lost(void *context, char *cause)
{
    struct client *client = context;
    (void)cause;
    pthread_mutex_lock(&client->lock);
    client->news.lost = true;
    notify_and_unlock(client);
}

// 1.3.12 closes the connection by itself after a DISCONNECT and does not call on_lost.
static void on_server_disconnect(void *context, MQTTProperties *properties, enum MQTTReasonCodes reason)
{
    struct client *client = context;
    (void)properties;
    pthread_mutex_lock(&client->lock);
    client->news.server_reason = (int)reason;
    client->news.lost = true;
    notify_and_unlock(client);
}

static void leave_closed(void *context)
{
    struct client *client = context;
    pthread_mutex_lock(&client->lock);
    client->news.closed = true;
    notify_and_unlock(client);
}

static void on_closed(void *context, MQTTAsync_successData *data)
{
    (void)data;
    leave_closed(context);
}

static void on_closed5(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    leave_closed(context);
}

static int on_message(void *context, char *topic, int topic_size, MQTTAsync_message *message)
{
    struct client *client = context;
    pthread_mutex_lock(&client->lock);
    inbox_put(&client->inbox, topic, topic_size, message);
    notify_and_unlock(client);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static void leave_subscribed(struct client *client, int code)
{
    pthread_mutex_lock(&client->lock);
    client->news.subscribed = true;
    client->news.subscribe_code = code;
    notify_and_unlock(client);
}

static void on_subscribed(void *context, MQTTAsync_successData *data)
{
    leave_subscribed(context, data ? data->alt.qos : 0);
}

static void on_subscribed5(void *context, MQTTAsync_successData5 *data)
{
    leave_subscribed(context, data ? (int)data->reasonCode : 0);
}

// 3.1.1 knows one refusal, and the library hands it over as the code.
static void on_not_subscribed(void *context, MQTTAsync_failureData *data)
{
    leave_subscribed(context, data && data->code >= MQTT_REFUSED_LEAST ? data->code : CODE_UNKNOWN);
}

static void on_not_subscribed5(void *context, MQTTAsync_failureData5 *data)
{
    int reason = data ? (int)data->reasonCode : 0;
    leave_subscribed(context, reason > 0 ? reason : CODE_UNKNOWN);
}

static void finish_ticket(struct ticket *ticket, int code)
{
    struct client *client = ticket->client;
    pthread_mutex_lock(&client->lock);
    if (ticket->flying) {
        ticket->flying = false;
        ticket->code = code;
        ticket->next = NULL;
        *client->finished_end = ticket;
        client->finished_end = &ticket->next;
    }
    notify_and_unlock(client);
}

static void on_published(void *context, MQTTAsync_successData *data)
{
    (void)data;
    finish_ticket(context, MQTT_SUCCESS);
}

static void on_published5(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    finish_ticket(context, MQTT_SUCCESS);
}

static void on_not_published(void *context, MQTTAsync_failureData *data)
{
    (void)data;
    finish_ticket(context, CODE_UNKNOWN);
}

// Version 1.3.12 frees a message whose writing failed, and goes on holding it for its session: it would be read, or freed
// once more, at the next connection. (3.1.1 has no session to hold it for.)
static void on_not_published5(void *context, MQTTAsync_failureData5 *data)
{
    int reason = data ? (int)data->reasonCode : 0;
    if (reason == 0 && data && data->code == MQTTASYNC_FAILURE) {
        atomic_store(&((struct ticket *)context)->client->spoilt, true);
    }
    finish_ticket(context, reason > 0 ? reason : CODE_UNKNOWN);
}

/* What the owning thread calls. */

static void free_client(struct client *client)
{
    pthread_mutex_destroy(&client->lock);
    inbox_finish(&client->inbox);
    free(client->tickets);
    free(client);
}

static struct client *make_client(const struct client_options *options)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client) {
        return NULL;
    }
    pthread_mutex_init(&client->lock, NULL);
    client->version = options->version;
    client->notify = options->notify;
    client->context = options->context;
    client->finished_end = &client->finished;
    inbox_init(&client->inbox, options->messages_max, options->message_bytes_max);
    client->tickets = calloc(options->tickets + 1, sizeof *client->tickets); // not 0, which may be NULL
    if (!client->tickets) {
        free_client(client);
        return NULL;
    }
    for (size_t i = 0; i < options->tickets; i++) {
        client->tickets[i] = (struct ticket){.client = client, .next = client->free};
        client->free = &client->tickets[i];
    }
    return client;
}

int client_create(const struct client_options *options, struct client **ret_client, struct fault *why)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    struct client *client = make_client(options);
    if (!client) {
        return fault_set(why, -ENOMEM, _("out of memory"));
    }
    create.sendWhileDisconnected = 0;
    create.maxBufferedMessages = BUFFERED_MAX;
    create.MQTTVersion = options->version == 5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    int code = MQTTAsync_createWithOptions(&client->handle, options->url, options->client_id,
                                           MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
    if (code != MQTTASYNC_SUCCESS) {
        free_client(client);
        return fault_set(why, -EINVAL, _("the MQTT library refuses %s with the client id %s: %s"), options->url,
                         options->client_id, MQTTAsync_strerror(code));
    }
    MQTTAsync_setCallbacks(client->handle, client, on_lost, on_message, NULL);
    MQTTAsync_setDisconnected(client->handle, client, on_server_disconnect);
    *ret_client = client;
    return 0;
}

int client_connect(struct client *client, const struct client_connection *connection, struct fault *why)
{
    static const struct client_callbacks callbacks = {.connected = on_connected,
                                                      .connected5 = on_connected5,
                                                      .failed = on_failed,
                                                      .failed5 = on_failed5,
                                                      .tls_said = on_tls_said};
    pthread_mutex_lock(&client->lock);
    client->news = (struct client_news){0}; // what is left is of the connection before
    struct attempt *attempt = &client->attempts[++client->attempt % ATTEMPTS];
    *attempt = (struct attempt){.client = client, .number = client->attempt};
    pthread_mutex_unlock(&client->lock);
    int error = connect_begin(client->handle, client->version, connection, &callbacks, attempt);
    return error ? fault_set(why, error, _("the MQTT library refuses to connect")) : 0;
}

static int send_message(struct client *client, const struct publication *publication, struct ticket *ticket)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    MQTTAsync_message message = MQTTAsync_message_initializer;
    message.payload = (void *)(uintptr_t)publication->payload;
    message.payloadlen = (int)publication->size;
    message.qos = 1;
    message.retained = publication->retained;
    response.context = ticket;
    int error = 0;
    if (client->version == 5) {
        response.onSuccess5 = on_published5;
        response.onFailure5 = on_not_published5;
        error = properties_fill(&message.properties, publication);
    } else {
        response.onSuccess = on_published;
        response.onFailure = on_not_published;
    }
    if (!error) {
        error = MQTTAsync_sendMessage(client->handle, publication->topic, &message, &response);
    }
    MQTTProperties_free(&message.properties);
    return error;
}

int client_publish(struct client *client, const struct publication *publication, int purpose, uint64_t index)
{
    struct ticket *ticket = client->free;
    if (!ticket) {
        return -EAGAIN;
    }
    client->free = ticket->next;
    client->flying++;
    *ticket = (struct ticket){.client = client, .flying = true, .purpose = purpose, .index = index};
    int code = send_message(client, publication, ticket); // its end may come before this returns
    if (code == MQTTASYNC_SUCCESS) {
        return 0;
    }
    ticket->flying = false;
    client_release(ticket);
    return code == MQTTASYNC_DISCONNECTED                                                ? -ENOTCONN
           : code == MQTTASYNC_MAX_BUFFERED_MESSAGES || code == MQTTASYNC_NO_MORE_MSGIDS ? -EAGAIN
                                                                                         : -EIO;
}

int client_subscribe(struct client *client, const struct subscription *subscription)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.context = client;
    if (client->version == 5) {
        response.onSuccess5 = on_subscribed5;
        response.onFailure5 = on_not_subscribed5;
        response.subscribeOptions.retainHandling = subscription->no_retained ? 2 : 0;
        response.subscribeOptions.retainAsPublished = subscription->keeps_retained;
    } else {
        response.onSuccess = on_subscribed;
        response.onFailure = on_not_subscribed;
    }
    int code = MQTTAsync_subscribe(client->handle, subscription->filter, subscription->qos, &response);
    return code == MQTTASYNC_SUCCESS ? 0 : code == MQTTASYNC_DISCONNECTED ? -ENOTCONN : -EIO;
}

bool client_spoilt(const struct client *client)
{
    return atomic_load(&client->spoilt);
}

bool client_connected(const struct client *client)
{
    return MQTTAsync_isConnected(client->handle);
}

int client_disconnect(struct client *client)
{
    MQTTAsync_disconnectOptions v3 = MQTTAsync_disconnectOptions_initializer;
    MQTTAsync_disconnectOptions v5 = MQTTAsync_disconnectOptions_initializer5;
    MQTTAsync_disconnectOptions options = client->version == 5 ? v5 : v3;
    options.context = client;
    if (client->version == 5) {
        options.onSuccess5 = on_closed5;
    } else {
        options.onSuccess = on_closed;
    }
    return MQTTAsync_disconnect(client->handle, &options) == MQTTASYNC_SUCCESS ? 0 : -ENOTCONN;
}

void client_take(struct client *client, struct client_news *ret_news, struct ticket **ret_finished)
{
    pthread_mutex_lock(&client->lock);
    *ret_news = client->news;
    client->news.connected = client->news.failed = client->news.lost = client->news.closed = false;
    client->news.subscribed = false;
    *ret_finished = client->finished;
    client->finished = NULL;
    client->finished_end = &client->finished;
    pthread_mutex_unlock(&client->lock);
}

void client_release(struct ticket *ticket)
{
    struct client *client = ticket->client;
    client->flying--;
    ticket->next = client->free;
    client->free = ticket;
}

struct client_message *client_take_messages(struct client *client)
{
    pthread_mutex_lock(&client->lock);
    struct client_message *messages = inbox_take(&client->inbox);
    pthread_mutex_unlock(&client->lock);
    return messages;
}

uint64_t client_messages_dropped(struct client *client)
{
    pthread_mutex_lock(&client->lock);
    uint64_t dropped = client->inbox.dropped;
    pthread_mutex_unlock(&client->lock);
    return dropped;
}

size_t client_flying(const struct client *client)
{
    return client->flying;
}

void client_abandon(struct client *client, bool quiet)
{
    if (client && quiet) {
        free_client(client);
    }
}
