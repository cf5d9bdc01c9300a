// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/mqtt_client.h"
#include <MQTTAsync.h>

/*
 * Messages that came for a subscription, copied out of the library's memory, in a queue with a maximum of messages and of
 * bytes: what does not fit is dropped and counted. Not thread-safe: the client's lock guards it.
 */

struct inbox {
    struct client_message *first, **end;
    size_t count, bytes, count_max, bytes_max;
    uint64_t dropped;
};

void inbox_init(struct inbox *inbox, size_t count_max, size_t bytes_max);
void inbox_finish(struct inbox *inbox);

// Copies the message. `topic_size` 0: the topic is terminated. A topic that holds a NUL is no topic, and dropped.
void inbox_put(struct inbox *inbox, char *topic, int topic_size, MQTTAsync_message *message);

struct client_message *inbox_take(struct inbox *inbox);
