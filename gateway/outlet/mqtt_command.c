// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include "base/text.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define SUBSCRIBE_AGAIN (60 * SECOND)

/* What comes in: {tree}/cmd/{verb}. */

static void subscribe(struct mqtt *mqtt)
{
    char filter[TOPIC_SIZE + 8];
    snprintf(filter, sizeof filter, "%s/cmd/+", mqtt->tree);
    struct subscription subscription = {.filter = filter, .qos = 1, .no_retained = true, .keeps_retained = true};
    int error = client_subscribe(mqtt->client, &subscription);
    mqtt->subscribe_us = error ? mqtt->now_us + SUBSCRIBE_AGAIN : 0;
}

void command_begin(struct mqtt *mqtt)
{
    mqtt->subscribe_us = 0;
    if (mqtt->feed.command) {
        subscribe(mqtt);
    }
}

static void count(struct mqtt *mqtt, bool taken)
{
    pthread_mutex_lock(&mqtt->lock);
    mqtt->figures.commands += taken;
    mqtt->figures.commands_ignored += !taken;
    pthread_mutex_unlock(&mqtt->lock);
}

// The last level of the topic; NULL when it is no verb.
static const char *verb_of(const struct mqtt *mqtt, const char *topic)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz-", between[] = "/cmd/";
    size_t tree = strlen(mqtt->tree);
    if (strncmp(topic, mqtt->tree, tree) != 0 || strncmp(topic + tree, between, sizeof between - 1) != 0) {
        return NULL;
    }
    const char *verb = topic + tree + sizeof between - 1;
    size_t size = strlen(verb);
    return size > 0 && size < OUTLET_VERB_MAX && strspn(verb, allowed) == size ? verb : NULL;
}

// A retained command would be given again at every connection; one that waited too long says so itself.
static bool take(struct mqtt *mqtt, const struct client_message *message)
{
    struct outlet_command command = {.payload = message->payload, .size = message->size};
    const char *verb = verb_of(mqtt, message->topic);
    if (!verb || message->retained || message->expiry_s == 0 || message->size > OUTLET_COMMAND_MAX ||
        message->correlation_size > OUTLET_CORRELATION_MAX ||
        strlen(message->response_topic) >= OUTLET_RESPONSE_TOPIC_MAX) {
        return false;
    }
    snprintf(command.verb, sizeof command.verb, "%s", verb);
    snprintf(command.response_topic, sizeof command.response_topic, "%s", message->response_topic);
    if (message->correlation_size > 0) {
        memcpy(command.correlation, message->correlation, message->correlation_size);
    }
    command.correlation_size = message->correlation_size;
    mqtt->feed.command(mqtt->feed.context, &command);
    return true;
}

static void tell_refused(struct mqtt *mqtt, int code)
{
    struct fault line;
    fault_set(&line, 0, _("%s does not allow subscribing to commands (0x%02X): cmd/... is not served"),
              mqtt->options->url, (unsigned)code);
    mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, line.text);
}

void command_news(struct mqtt *mqtt, const struct client_news *news)
{
    if (!mqtt->feed.command) {
        return;
    }
    if (news->subscribed && news->subscribe_code > 2) {
        tell_refused(mqtt, news->subscribe_code);
    } else if (news->subscribed && news->subscribe_code < 0) {
        mqtt->subscribe_us = mqtt->now_us + SUBSCRIBE_AGAIN;
    }
    if (mqtt->phase == PHASE_ONLINE && mqtt->subscribe_us && mqtt->now_us >= mqtt->subscribe_us) {
        subscribe(mqtt);
    }
    struct client_message *messages = client_take_messages(mqtt->client);
    for (const struct client_message *message = messages; message; message = message->next) {
        count(mqtt, take(mqtt, message));
    }
    client_free_messages(messages);
}

/* What goes out. */

// The topic that was asked for, if it is one; else {tree}/reply/{verb}.
static int reply_topic(const struct mqtt *mqtt, const struct outlet_command *command, char ret_topic[TOPIC_SIZE])
{
    char below[OUTLET_VERB_MAX + 8];
    if (command->response_topic[0] && topic_is_valid(command->response_topic)) {
        snprintf(ret_topic, TOPIC_SIZE, "%s", command->response_topic);
        return 0;
    }
    snprintf(below, sizeof below, "reply/%s", command->verb);
    return topic_below(mqtt->tree, below, ret_topic);
}

int command_put_reply(struct mqtt *mqtt, const struct outlet_command *command, const char *json, size_t size)
{
    struct reply *reply = size <= OUTLET_REPLY_MAX ? malloc(sizeof *reply + size) : NULL;
    int error = reply ? reply_topic(mqtt, command, reply->topic) : -ENOMEM;
    if (!error) {
        reply->next = NULL;
        reply->size = size;
        reply->correlation_size = command->correlation_size;
        memcpy(reply->correlation, command->correlation, sizeof reply->correlation);
        memcpy(reply->json, json, size);
    }
    pthread_mutex_lock(&mqtt->lock);
    bool room = !error && mqtt->reply_count < MQTT_REPLIES_MAX;
    if (room) {
        *mqtt->replies_end = reply;
        mqtt->replies_end = &reply->next;
        mqtt->reply_count++;
        mqtt->news = true;
        pthread_cond_broadcast(&mqtt->changed);
    } else {
        mqtt->figures.replies_dropped++;
    }
    pthread_mutex_unlock(&mqtt->lock);
    if (!room) {
        free(reply);
    }
    return room ? 0 : error ? error : -ENOSPC;
}

// Only this thread takes from the front.
static void drop_first(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    struct reply *reply = mqtt->replies;
    mqtt->replies = reply->next;
    mqtt->replies_end = mqtt->replies ? mqtt->replies_end : &mqtt->replies;
    mqtt->reply_count--;
    pthread_mutex_unlock(&mqtt->lock);
    free(reply);
}

bool command_send_reply(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    const struct reply *reply = mqtt->replies;
    pthread_mutex_unlock(&mqtt->lock);
    if (!reply) {
        return false;
    }
    struct publication publication = {.topic = reply->topic,
                                      .payload = reply->json,
                                      .size = reply->size,
                                      .correlation = reply->correlation,
                                      .correlation_size = reply->correlation_size};
    bool fits = publish_fits(mqtt, &publication);
    if (fits && !publish(mqtt, &publication, PURPOSE_REPLY, 0)) {
        return false;
    }
    drop_first(mqtt);
    if (!fits) {
        pthread_mutex_lock(&mqtt->lock);
        mqtt->figures.replies_dropped++;
        pthread_mutex_unlock(&mqtt->lock);
    }
    return true;
}

void command_finish(struct mqtt *mqtt)
{
    while (mqtt->replies) {
        drop_first(mqtt);
    }
}
