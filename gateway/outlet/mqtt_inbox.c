// SPDX-License-Identifier: Apache-2.0
#include "mqtt_inbox.h"

#include <stdlib.h>
#include <string.h>

void inbox_init(struct inbox *inbox, size_t count_max, size_t bytes_max)
{
    *inbox = (struct inbox){.count_max = count_max, .bytes_max = bytes_max};
    inbox->end = &inbox->first;
}

void inbox_finish(struct inbox *inbox)
{
    client_free_messages(inbox_take(inbox));
}

static MQTTLenString data_of(MQTTProperties *properties, enum MQTTPropertyCodes code)
{
    MQTTProperty *property = MQTTProperties_getProperty(properties, code);
    MQTTLenString none = {.len = 0, .data = ""};
    return property && property->value.data.len > 0 ? property->value.data : none;
}

static int64_t expiry_of(MQTTProperties *properties)
{
    MQTTProperty *property = MQTTProperties_getProperty(properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL);
    return property ? (int64_t)property->value.integer4 : -1;
}

// What of a message is copied.
struct parts {
    MQTTLenString topic, payload, response, correlation;
};

static struct parts parts_of(char *topic, int topic_size, MQTTAsync_message *message)
{
    struct parts parts = {.topic = {.data = topic, .len = topic_size > 0 ? topic_size : (int)strlen(topic)},
                          .payload = {.data = message->payload, .len = message->payloadlen},
                          .response = data_of(&message->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC),
                          .correlation = data_of(&message->properties, MQTTPROPERTY_CODE_CORRELATION_DATA)};
    if (memchr(parts.response.data, '\0', (size_t)parts.response.len)) {
        parts.response.len = 0; // no topic
    }
    return parts;
}

static size_t size_of(const struct parts *parts)
{
    return sizeof(struct client_message) + (size_t)parts->topic.len + (size_t)parts->payload.len +
           (size_t)parts->response.len + (size_t)parts->correlation.len + 4; // each is terminated
}

// Puts a copy behind the last one and returns where it stands.
static void *place(char **at, const MQTTLenString *part)
{
    char *start = *at;
    if (part->len > 0) {
        memcpy(start, part->data, (size_t)part->len);
    }
    start[part->len] = '\0';
    *at += part->len + 1;
    return start;
}

// One piece of memory for the message and all that it points to.
static struct client_message *copy(const struct parts *parts, MQTTAsync_message *message)
{
    struct client_message *kept = malloc(size_of(parts));
    if (!kept) {
        return NULL;
    }
    char *at = (char *)(kept + 1);
    *kept = (struct client_message){.qos = message->qos,
                                    .retained = message->retained != 0,
                                    .duplicate = message->dup != 0,
                                    .size = (size_t)parts->payload.len,
                                    .correlation_size = (size_t)parts->correlation.len,
                                    .expiry_s = expiry_of(&message->properties)};
    kept->topic = place(&at, &parts->topic);
    kept->payload = place(&at, &parts->payload);
    kept->response_topic = place(&at, &parts->response);
    kept->correlation = place(&at, &parts->correlation);
    return kept;
}

void inbox_put(struct inbox *inbox, char *topic, int topic_size, MQTTAsync_message *message)
{
    struct parts parts = parts_of(topic, topic_size, message);
    size_t size = size_of(&parts);
    bool whole = !memchr(topic, '\0', (size_t)parts.topic.len);
    bool fits = whole && inbox->count < inbox->count_max && size <= inbox->bytes_max - inbox->bytes;
    struct client_message *kept = fits ? copy(&parts, message) : NULL;
    if (!kept) {
        inbox->dropped++;
        return;
    }
    inbox->count++;
    inbox->bytes += size;
    *inbox->end = kept;
    inbox->end = &kept->next;
}

struct client_message *inbox_take(struct inbox *inbox)
{
    struct client_message *taken = inbox->first;
    inbox->first = NULL;
    inbox->end = &inbox->first;
    inbox->count = inbox->bytes = 0;
    return taken;
}

void client_free_messages(struct client_message *messages)
{
    while (messages) {
        struct client_message *next = messages->next;
        free(messages);
        messages = next;
    }
}
