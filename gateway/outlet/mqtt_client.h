// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One client of the MQTT library (Eclipse Paho, MQTTAsync), seen through a narrow door: the library's callbacks only leave
 * news and finished tickets here and call `notify`; one thread, always the same, does everything else. Its calls may block
 * for seconds, because the library resolves names with its global lock held.
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
};

struct client_news {
    bool connected, failed, lost, closed;
    struct client_limits limits; // of `connected`
    int code;                    // of `failed`: reason code; negative: never came so far
    int server_reason;           // of `lost`: the broker's DISCONNECT; 0: none came
    char text[200];              // of `failed`: what the library or TLS said, or ""
};

struct client_options {
    const char *url; // in the library's spelling
    const char *client_id;
    int version; // 5 or 3
    size_t tickets;
    void (*notify)(void *context); // from the library's threads
    void *context;
};

struct client_connection {
    const char *username, *password;            // NULL for none
    const char *ca_file, *cert_file, *key_file; // "" for none
    bool tls, clean, retain_will;
    int keep_alive_s;
    const char *will_topic, *will;
};

struct publication {
    const char *topic;
    const void *payload;
    size_t size;
    bool retained;
    // MQTT 5 user properties of a reading; NULL for other messages.
    const char *epoch, *seq, *gateway;
};

int client_create(const struct client_options *options, struct client **ret_client, struct fault *why);

// Begins to connect; `connected` or `failed` follows as news. Texts are copied.
int client_connect(struct client *client, const struct client_connection *connection, struct fault *why);

// Hands over a message with QoS 1. -ENOTCONN, -EAGAIN (the library or the tickets are full), -EIO.
int client_publish(struct client *client, const struct publication *publication, int purpose, uint64_t index);

// The most bytes that a PUBLISH of it takes on the wire.
size_t client_packet_size(const struct publication *publication);

// Whether the library holds a connection: it can lose one without telling.
bool client_connected(const struct client *client);

// Ends the connection in order; `closed` follows. -ENOTCONN when there is none.
int client_disconnect(struct client *client);

// What happened since the last call. Finished tickets are chained; give each back with client_release().
void client_take(struct client *client, struct client_news *ret_news, struct ticket **ret_finished);
void client_release(struct ticket *ticket);

size_t client_flying(const struct client *client); // tickets out, finished or not

// Gives the client up. With `quiet` (not connected and not connecting) its memory is freed too.
void client_abandon(struct client *client, bool quiet);
