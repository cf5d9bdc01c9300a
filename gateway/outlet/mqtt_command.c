// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define AGAIN (60 * SECOND)

static bool below(const char *topic, const char *tree, const char *branch, const char **ret_rest)
{
    size_t tree_size = strlen(tree), branch_size = strlen(branch);
    if (strncmp(topic, tree, tree_size) != 0 || strncmp(topic + tree_size, branch, branch_size) != 0) {
        return false;
    }
    *ret_rest = topic + tree_size + branch_size;
    return true;
}

/* Commands. */

void command_begin(struct mqtt *mqtt)
{
    mqtt->subscribing.next = SUBSCRIBE_STATUS;
    mqtt->subscribing.asked = false;
    mqtt->subscribing.due_us = 0;
}

// Whoever refuses is asked again with the next connection.
void command_watch(struct mqtt *mqtt)
{
    static const char *const filters[] = {[SUBSCRIBE_STATUS] = "status", [SUBSCRIBE_COMMANDS] = "cmd/+"};
    struct subscribing *subscribing = &mqtt->subscribing;
    char filter[TOPIC_SIZE + 8];
    if (subscribing->next == SUBSCRIBE_NONE || subscribing->asked || mqtt->now_us < subscribing->due_us) {
        return;
    }
    snprintf(filter, sizeof filter, "%s/%s", mqtt->tree, filters[subscribing->next]);
    // Of commands what was retained is to be told apart for ever, of `status` what is published now.
    bool commands = subscribing->next == SUBSCRIBE_COMMANDS;
    struct subscription subscription = {
        .filter = filter, .qos = 1, .no_retained = commands, .keeps_retained = commands};
    subscribing->asked = client_subscribe(mqtt->client, &subscription) == 0;
    subscribing->due_us = mqtt->now_us + AGAIN;
}

static void take_subscribed(struct mqtt *mqtt, int code)
{
    struct subscribing *subscribing = &mqtt->subscribing;
    struct fault line;
    subscribing->asked = false;
    if (code < 0) {
        return; // again in a while
    }
    subscribing->due_us = 0;
    if (subscribing->next == SUBSCRIBE_STATUS) {
        subscribing->next = mqtt->feed.command ? SUBSCRIBE_COMMANDS : SUBSCRIBE_NONE;
        return;
    }
    subscribing->next = SUBSCRIBE_NONE;
    if (code >= MQTT_REFUSED_LEAST && code != subscribing->refused) {
        fault_set(&line, 0, _("%s takes no subscription to commands: %s (0x%02X)"), mqtt->options->url,
                  reason_text(code), (unsigned)code);
        mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, line.text);
    }
    subscribing->refused = code >= MQTT_REFUSED_LEAST ? code : 0;
}

static bool is_verb(const char *verb)
{
    size_t size = strspn(verb, "abcdefghijklmnopqrstuvwxyz-");
    return size > 0 && size < OUTLET_VERB_MAX && verb[size] == '\0';
}

// Replies must not pass for readings or documents of ours.
static bool may_reply_to(const struct mqtt *mqtt, const char *topic)
{
    const char *rest;
    return strlen(topic) < OUTLET_RESPONSE_TOPIC_MAX && topic_valid(topic) &&
           (!below(topic, mqtt->tree, "/", &rest) || below(topic, mqtt->tree, "/reply/", &rest));
}

// What is retained would be done again at every connection, long after it was meant.
static bool read_command(const struct mqtt *mqtt, const struct client_message *message,
                         struct outlet_command *ret_command)
{
    const char *verb;
    if (message->retained || message->expiry_s == 0 || message->size > OUTLET_COMMAND_MAX ||
        message->correlation_size > OUTLET_CORRELATION_MAX || !below(message->topic, mqtt->tree, "/cmd/", &verb) ||
        !is_verb(verb)) {
        return false;
    }
    *ret_command = (struct outlet_command){
        .payload = message->payload, .size = message->size, .correlation_size = message->correlation_size};
    snprintf(ret_command->verb, sizeof ret_command->verb, "%s", verb);
    if (message->correlation_size > 0) {
        memcpy(ret_command->correlation, message->correlation, message->correlation_size);
    }
    if (may_reply_to(mqtt, message->response_topic)) {
        snprintf(ret_command->response_topic, sizeof ret_command->response_topic, "%s", message->response_topic);
    }
    return true;
}

static void take_messages(struct mqtt *mqtt)
{
    struct client_message *messages = client_take_messages(mqtt->client);
    for (const struct client_message *message = messages; message; message = message->next) {
        struct outlet_command command;
        if (twin_look(mqtt, message)) {
            continue;
        }
        bool taken = mqtt->feed.command && read_command(mqtt, message, &command);
        atomic_fetch_add(taken ? &mqtt->commands : &mqtt->commands_ignored, 1);
        if (taken) {
            mqtt->feed.command(mqtt->feed.context, &command);
        }
    }
    client_free_messages(messages);
    uint64_t dropped = client_messages_dropped(mqtt->client);
    atomic_fetch_add(&mqtt->commands_ignored, dropped - mqtt->subscribing.dropped_messages);
    mqtt->subscribing.dropped_messages = dropped;
}

void command_news(struct mqtt *mqtt, const struct client_news *news)
{
    if (news->subscribed) {
        take_subscribed(mqtt, news->subscribe_code);
    }
    take_messages(mqtt);
}

/* Replies. */

static bool publish_reply(struct mqtt *mqtt, const struct reply *reply, size_t index, bool *ret_dropped)
{
    const struct outlet_command *command = &reply->command;
    char topic[TOPIC_SIZE], verb[OUTLET_VERB_MAX + 8];
    snprintf(verb, sizeof verb, "reply/%s", command->verb);
    *ret_dropped = false;
    if (command->response_topic[0]) {
        snprintf(topic, sizeof topic, "%s", command->response_topic);
    } else if (topic_below(mqtt->tree, verb, topic)) {
        *ret_dropped = true;
        return false;
    }
    struct publication publication = {.topic = topic,
                                      .payload = reply->json,
                                      .size = reply->size,
                                      .correlation = command->correlation,
                                      .correlation_size = command->correlation_size};
    *ret_dropped = !publish_fits(mqtt, &publication);
    return !*ret_dropped && publish(mqtt, &publication, PURPOSE_REPLY, index);
}

bool reply_send(struct mqtt *mqtt)
{
    size_t index = 0;
    bool dropped;
    pthread_mutex_lock(&mqtt->lock);
    const struct reply *reply = replies_take(&mqtt->replies, &index); // nobody else touches it now
    pthread_mutex_unlock(&mqtt->lock);
    if (!reply || publish_reply(mqtt, reply, index, &dropped)) {
        return reply != NULL;
    }
    pthread_mutex_lock(&mqtt->lock);
    if (dropped) {
        replies_settle(&mqtt->replies, index, true);
    } else {
        replies_again(&mqtt->replies, index);
    }
    pthread_mutex_unlock(&mqtt->lock);
    return dropped;
}

// A refused one is not worth a second try: whoever asked can ask again.
void reply_answer(struct mqtt *mqtt, size_t index, int code)
{
    pthread_mutex_lock(&mqtt->lock);
    if (code < 0) {
        replies_again(&mqtt->replies, index);
    } else if (mqtt->replies.list[index].state == REPLY_SENT) {
        replies_settle(&mqtt->replies, index, reason_of_publish(code) != REASON_SETTLED);
    }
    pthread_mutex_unlock(&mqtt->lock);
}

void reply_forget(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    for (size_t i = 0; i < REPLIES_MAX; i++) {
        replies_again(&mqtt->replies, i);
    }
    pthread_mutex_unlock(&mqtt->lock);
}
