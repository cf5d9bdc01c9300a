// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * A CoAP client's way to one resource (RFC 7252, RFC 7641), in plain UDP or with DTLS and a pre-shared key: asks, and tells what is
 * answered. It decides nothing; coap_observe.c does.
 */

struct uv_loop_s;
struct observe_link;

struct observe_target {
    struct sockaddr_storage address;
    socklen_t address_size;
    bool secure;
    const char *host;           // a name, for Uri-Host; NULL for an address
    const char *path;           // "/a/b?c=d", with %-escapes
    const void *identity, *key; // of DTLS
    size_t identity_size, key_size;
    size_t body_max; // of an answer in several parts
};

struct observe_answer {
    int code;          // class * 100 + detail
    bool is_reply;     // it acknowledges a request; others may be notifications, or come for one later
    bool is_observed;  // it has an Observe option
    bool is_cut;       // it came in parts (Block2, RFC 7959), and not all of them came
    bool is_too_long;  // because they are more than body_max
    uint32_t sequence; // of the Observe option
    unsigned max_age_s;
    int format; // Content-Format, or -1
    const uint8_t *data;
    size_t size;
};

enum observe_silence { SILENCE_TIMEOUT, SILENCE_RESET, SILENCE_NO_SESSION };

struct observe_link_events {
    void *context;
    // Both may close the link.
    void (*answer)(void *context, const struct observe_answer *answer);
    // All retransmissions done, the request reset, or no DTLS session.
    void (*unanswered)(void *context, enum observe_silence silence);
};

// Begins; DTLS shakes hands with the first request. Copies the target. `events` lives as long as the link.
int link_open(struct uv_loop_s *loop, const struct observe_target *target, const struct observe_link_events *events,
              struct observe_link **ret_link, struct fault *why);
// Asks for the resource and to be told of its changes; again with the same token, as RFC 7641 section 3.3.1 has it.
// -EHOSTUNREACH when it cannot be sent.
int link_register(struct observe_link *link);
// Says that nothing more is wanted, as far as that arrives, and frees it.
void link_close(struct observe_link *link);
