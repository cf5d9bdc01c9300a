// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "coap_keys.h"
#include "coap_observe_link.h"
#include "settings/settings.h"

/*
 * What `source = coap://HOST/PATH` or `coaps://HOST:PORT/PATH?QUERY` of a sensor says (RFC 7252 section 6), and the key that
 * goes with its psk_identity.
 */

struct observe_uri {
    bool secure, is_name; // is_name: of the host, which has to be looked up
    char host[256], port[8];
    const char *path; // in the sensor's source
    const char *identity;
    uint8_t key[PSK_MAX];
    size_t key_size;
};

// -EINVAL or another negative errno, and why.
int observe_uri_read(const struct settings *settings, const struct settings_sensor *sensor, struct observe_uri *ret_uri,
                     struct fault *why);
void observe_uri_finish(struct observe_uri *uri); // wipes the key

// The address when the host is one; false when it is a name.
bool observe_uri_address(const struct observe_uri *uri, struct sockaddr_storage *ret_address, socklen_t *ret_size);

// What to talk to at that address; borrows the URI.
struct observe_target observe_uri_target(const struct observe_uri *uri, const struct sockaddr *address, socklen_t size);

bool address_is_group(const struct sockaddr *address); // multicast, broadcast, or nobody's
bool address_is_this_machine(const struct sockaddr *address);
