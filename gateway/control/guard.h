// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>

/*
 * Who may ask over TCP. A web page of a stranger, open in a browser on this machine, can make a name of its own resolve to
 * 127.0.0.1 (DNS rebinding) and read what listens there; but the browser then says that name in Host.
 */

// True when a Host header (RFC 9110 section 7.2: host, or host:port) names this machine: localhost, 127.0.0.1, [::1], or
// `own`, the host that we listen on (an IPv6 address without its brackets).
bool guard_host(const char *header, const char *own);

// True when an Authorization header (RFC 6750 section 2.1) carries that bearer token. The time taken does not tell how much
// of it was right. NULL is a missing header.
bool guard_token(const char *header, const char *token);
