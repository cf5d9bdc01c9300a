// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A broker's address: mqtt://HOST[:PORT] or mqtts://HOST[:PORT], HOST being a name, an IPv4 address or [an IPv6 address].
 */

enum { MQTT_HOST_SIZE = 256 };

struct mqtt_url {
    bool tls;
    char host[MQTT_HOST_SIZE]; // without brackets
    int port;                  // 1883 or 8883 when not given
};

// -EINVAL with a sentence that names the wrong part.
int mqtt_url_parse(const char *text, struct mqtt_url *ret_url, struct fault *why);

// The same address as the MQTT library spells it.
void mqtt_url_library(const struct mqtt_url *url, char *ret_text, size_t size);

// True when the address can only be this machine.
bool mqtt_url_is_loopback(const struct mqtt_url *url);
