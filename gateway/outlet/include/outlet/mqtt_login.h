// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/mqtt_client.h"
#include "settings/settings.h"

/*
 * Who we are to a broker and how it is reached: what an [mqtt] section says, with its secret read. A client of the library
 * is made from it, and each of its connections. The settings are borrowed until mqtt_login_destroy.
 */

struct mqtt_login;

// Parses the address and reads password_file. -EINVAL, -EPERM (others can read the secret), -ENOMEM ...
int mqtt_login_create(const struct settings_mqtt *settings, struct mqtt_login **ret_login, struct fault *why);
void mqtt_login_destroy(struct mqtt_login *login);

// Asks for the broker's name, to be called before client_connect(): the library asks with a lock held that stops all of its
// clients. Blocks as long as the resolver does. -EHOSTUNREACH.
int mqtt_login_resolve(const struct mqtt_login *login, struct fault *why);

// Makes a client. Of `options` the url and the version are filled in, and the client id when it is NULL.
int mqtt_login_client(const struct mqtt_login *login, const struct client_options *options, struct client **ret_client,
                      struct fault *why);

// Fills in user, password, certificates, encryption and keep-alive; the rest is as in a zeroed one.
void mqtt_login_connection(const struct mqtt_login *login, struct client_connection *ret_connection);

// Says in a sentence why it did not connect, from the news that said `failed`. Returns the broker's reason code, or 0 when
// it did not answer.
int mqtt_login_failure(const struct mqtt_login *login, const struct client_news *news, struct fault *ret_sentence);
