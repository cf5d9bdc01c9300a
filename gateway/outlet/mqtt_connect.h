// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/mqtt_client.h"
#include <MQTTAsync.h>

// The library's callbacks, which only leave news in the client.
struct client_callbacks {
    MQTTAsync_onSuccess *connected;
    MQTTAsync_onSuccess5 *connected5;
    MQTTAsync_onFailure *failed;
    MQTTAsync_onFailure5 *failed5;
    int (*tls_said)(const char *text, size_t size, void *context);
};

// Fills in the library's options and calls MQTTAsync_connect. `context` goes to the callbacks.
int connect_begin(MQTTAsync handle, int version, const struct client_connection *connection,
                  const struct client_callbacks *callbacks, void *context);

// What the CONNACK's properties say.
void connect_limits(MQTTProperties *properties, struct client_limits *ret_limits);
