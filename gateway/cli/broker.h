// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.h"
#include "outlet/mqtt_client.h"

/*
 * A broker as verbs use it: the one of an outlet of the configuration (-c, --outlet), or the one that --url names. It is
 * connected to under a client id of our own, so that the gateway's connection is left alone, and again after a loss.
 */

struct broker;

struct broker_options {
    const struct options *options;
    const char *purpose;                             // part of the client id
    size_t tickets, messages_max, message_bytes_max; // see client_options
    int session_s; // so long the broker keeps what comes for us while we are away; 0: every connection begins anew
};

// Finds out which broker is meant. -EINVAL; without a text in `why` the user has been told.
int broker_open(const struct broker_options *options, struct broker **ret_broker, struct fault *why);
// Begins to connect; the news tell when it is done.
int broker_connect(struct broker *broker, struct fault *why);
// Ends the connection in order. NULL is fine.
void broker_close(struct broker *broker);

struct client *broker_client(const struct broker *broker);
const char *broker_url(const struct broker *broker);
const char *broker_outlet(const struct broker *broker); // the outlet's name; NULL with --url
const char *broker_tree(const struct broker *broker);   // the gateway's tree; NULL with --url

struct broker_news {
    bool connected; // anew: what was subscribed to must be again, unless the session is present
    struct client_limits limits;
    bool subscribed;
    int subscribe_code;
    struct ticket *finished; // chained; give each back with client_release()
};

// Waits for news, at most so long. Reconnects by itself. An error is final: the first connection failed, the broker does not
// let us in, or there was none for 10 minutes.
int broker_turn(struct broker *broker, int wait_ms, struct broker_news *ret_news, struct fault *why);
bool broker_is_up(const struct broker *broker);
