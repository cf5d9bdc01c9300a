// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One client of the MQTT library (Eclipse Paho, MQTTAsync), seen through a narrow door: the library's callbacks only leave
 * news, finished tickets and messages here and call `notify`; one thread, always the same, does everything else. Its calls
 * may block for seconds, because the library resolves names with its global lock held.
 *
 * The library's object is never destroyed: that races with its own threads. A client that is no longer wanted is
 * abandoned, and its memory is freed only when no callback can come any more.
 */

struct client;

// A message that was handed to the library, until its fate is known. Exactly one end comes for each.
struct ticket {
    struct client *client;
    struct ticket *next;
    bool flying;
    int purpose;    // the caller's
    uint64_t index; // the caller's
    int code;       // when finished: 0 or a reason code of the broker; negative: unknown, send it again
};

// What the broker said in its CONNACK, or the defaults of the standard.
struct client_limits {
    unsigned receive_max;
    uint32_t packet_max; // 0: no limit
    int keep_alive_s;    // 0: as we asked
    bool no_retain, no_qos1;
    bool session_present; // the broker still had our subscriptions, and what came for them meanwhile
};

struct client_news {
    bool connected, failed, lost, closed, subscribed;
    struct client_limits limits; // of `connected`
    int code;                    // of `failed`: reason code; negative: never came so far
    int server_reason;           // of `lost`: the broker's DISCONNECT; 0: none came
    int subscribe_code;          // of `subscribed`: 0..2 the QoS granted; a reason code; negative: unknown, try again
    char text[200];              // of `failed`: what the library or TLS said, or ""
};

struct client_options {
    const char *url; // in the library's spelling
    const char *client_id;
    int version; // 5 or 3
    size_t tickets;
    void (*notify)(void *context); // from the library's threads
    void *context;
    // What may wait for client_take_messages(): so many messages and bytes of them all. 0: none is taken.
    size_t messages_max, message_bytes_max;
};

struct client_connection {
    const char *username, *password;            // NULL for none
    const char *ca_file, *cert_file, *key_file; // "" for none
    bool tls, clean, retain_will;
    int keep_alive_s;
    int session_s;                 // how long the broker keeps the session, and with it what comes for us (MQTT 5)
    const char *will_topic, *will; // will_topic NULL: no will
    uint32_t packet_max;           // the largest packet that the broker may send us (MQTT 5); 0: any
};

struct publication {
    const char *topic;
    const void *payload;
    size_t size;
    bool retained;
    const char *content_type; // MQTT 5; NULL: application/json
    // MQTT 5 user properties of a reading; NULL for other messages.
    const char *epoch, *seq, *gateway;
    // MQTT 5, of a reply; size 0 for none.
    const uint8_t *correlation;
    size_t correlation_size;
};

// A message that came for a subscription. Texts are terminated, and so is the payload, beyond its size.
struct client_message {
    struct client_message *next;
    const char *topic;
    const uint8_t *payload;
    size_t size;
    int qos;
    bool retained, duplicate;
    int64_t expiry_s;           // MQTT 5: what is left of its interval; -1: it has none
    const char *response_topic; // MQTT 5; "" for none
    const uint8_t *correlation;
    size_t correlation_size;
};

struct subscription {
    const char *filter;
    int qos;
    bool no_retained;    // what the broker retains is not sent (MQTT 5)
    bool keeps_retained; // a message that is published while we listen tells whether it was retained (MQTT 5)
};

int client_create(const struct client_options *options, struct client **ret_client, struct fault *why);

// Begins to connect; `connected` or `failed` follows as news. Texts are copied.
int client_connect(struct client *client, const struct client_connection *connection, struct fault *why);

// Hands over a message with QoS 1. -ENOTCONN, -EAGAIN (the library or the tickets are full), -EIO.
int client_publish(struct client *client, const struct publication *publication, int purpose, uint64_t index);

// Begins to subscribe; `subscribed` follows as news, so ask for one at a time. After every new connection again.
// -ENOTCONN, -EIO.
int client_subscribe(struct client *client, const struct subscription *subscription);

// The most bytes that a PUBLISH of it takes on the wire.
size_t client_packet_size(const struct publication *publication);

// Whether the library holds a connection: it can lose one without telling.
bool client_connected(const struct client *client);

// A write failed in a way that leaves the library holding freed memory: use it for no other connection, but abandon it.
bool client_spoilt(const struct client *client);

// Ends the connection in order; `closed` follows. -ENOTCONN when there is none.
int client_disconnect(struct client *client);

// What happened since the last call. Finished tickets are chained; give each back with client_release().
void client_take(struct client *client, struct client_news *ret_news, struct ticket **ret_finished);
void client_release(struct ticket *ticket);

// The messages that came, chained in their order, or NULL; free them all with client_free_messages(). They are
// acknowledged already: what would exceed the options' maxima is dropped and counted.
struct client_message *client_take_messages(struct client *client);
void client_free_messages(struct client_message *messages);
uint64_t client_messages_dropped(struct client *client); // since it was made

size_t client_flying(const struct client *client); // tickets out, finished or not

// Gives the client up. With `quiet` (not connected and not connecting) its memory is freed too.
void client_abandon(struct client *client, bool quiet);
