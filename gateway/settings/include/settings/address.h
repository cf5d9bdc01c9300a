// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>

/*
 * Hosts, ports and URLs as they stand in the configuration.
 */

struct address {
    char host[256]; // without brackets
    bool ipv6;
    int port; // 0: none given
};

// HOST, HOST:PORT or [IPV6]:PORT, where HOST is a name or an IPv4 address. False when it is none of these.
bool address_parse(const char *text, struct address *ret_address);

// True for a host that only this machine reaches.
bool address_is_loopback(const struct address *address);

// True when both are the same, however they are written.
bool address_same(const struct address *a, const struct address *b);

// True when the host is an IPv4 or IPv6 address, or "localhost".
bool address_is_numeric(const struct address *address);

struct url {
    char scheme[16];
    struct address address;
    const char *path; // in the text that was parsed, with its '/' or '?'; "" when none
    bool has_user;    // user:password@
};

bool url_parse(const char *text, struct url *ret_url);
