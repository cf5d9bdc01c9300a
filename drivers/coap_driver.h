// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "coap_block.h"
#include "coap_codec.h"
#include "coap_dedup.h"
#include "coap_keys.h"
#include "coap_limit.h"
#include "coap_pending.h"
#include "drivers/driver.h"
#include <coap3/coap.h>

/*
 * The CoAP server's state and the calls between its files. A request's way:
 *
 *   coap_watch.c     the loop says that datagrams are there; libcoap reads a burst of them and calls
 *   coap_readings.c  for each: was it asked before, does a codec read it, what does the host say
 *   coap_answer.c    a refusal goes out with the handler's return; success when the host has settled the ticket
 */

enum { COAP_ENDPOINTS_MAX = 8 };

// Two libcoap contexts, because sessions live differently: one of plain UDP is cheap and soon forgotten, one of DTLS costs a
// handshake and must outlast the time between two reports.
enum coap_server_kind { COAP_PLAIN, COAP_SECURE, COAP_SERVERS };

struct coap_watch;

struct coap_driver {
    const struct settings *settings;
    const struct driver_host *host;
    coap_context_t *contexts[COAP_SERVERS]; // NULL while closed; of COAP_SECURE also without keys
    struct keys *keys;                      // of COAP_SECURE, while it is open
    coap_bin_const_t found_key;             // what libcoap was given last; it copies it
    struct coap_watch *watch;               // its handles in the loop
    int sockets[2 * COAP_ENDPOINTS_MAX];
    size_t socket_count;
    struct dedup *dedup;
    struct codec_choices *codecs;
    struct limit *limit;
    struct bodies *bodies; // NULL until the first part of one comes
    struct pending_table pending;
    struct raw_pack raw;
    size_t sessions;
    size_t text_max; // of a diagnostic to the request at hand: see request_admitted
    uint64_t unknown_identities;
    uint64_t discarded; // bodies of routes that keep nothing
    uint64_t requests, duplicates, slow_commits, separate_responses, earlier_drops;
    int64_t confirmables_since_us; // see coap_answer.c
    unsigned confirmables;
};

static inline int64_t coap_driver_now_us(const struct coap_driver *driver)
{
    return clock_boot_us(driver->host->clock);
}

// coap_watch.c: the contexts' sockets in the loop. A negative errno.
int watch_start(struct coap_driver *driver);
void watch_stop(struct coap_driver *driver);
// Someone waits for a commit from now on, so the clock for empty ACKs runs.
void watch_pending(struct coap_driver *driver);

// coap_server.c: a context with its endpoints and resources. With COAP_SECURE nothing happens, and it is fine, when there is
// no file of keys or no address.
int server_open(struct coap_driver *driver, enum coap_server_kind kind, struct fault *why);
void server_close(struct coap_driver *driver, enum coap_server_kind kind);

// coap_endpoint.c: opens what `listen` or `dtls_listen` names, into the context. IPv6 that the machine does not have is passed over as
// long as something else works. Finds the sockets (libcoap does not tell them) and gives them room for bursts.
int endpoints_open(struct coap_driver *driver, enum coap_server_kind kind, struct fault *why);
// Datagrams that the kernel dropped because we were too slow, since open.
uint64_t endpoints_drops(const struct coap_driver *driver);

// coap_readings.c: POST /readings and POST /readings/{sensor}. -ENOMEM.
int readings_register(coap_context_t *context);
// A POST to any path that takes something: admitted, not asked before, in time, put together, decoded and handed on. `sensor`
// is NULL when the path names none.
struct route;
void readings_take(coap_session_t *session, const coap_pdu_t *pdu, const struct route *route, const char *sensor,
                   coap_pdu_t *response);

// coap_request.c: true when the session's peer may talk to us: with DTLS, from this machine, or anyone with allow_plain. Else
// the response says 4.01. Called first for each request: it sets how long a diagnostic to it may be.
bool request_admitted(struct coap_driver *driver, const coap_session_t *session, const coap_pdu_t *request,
                      coap_pdu_t *response);
// True unless the peer asks more often than rate_limit lets it. Else the response says 4.29, or nothing at all.
bool request_in_time(struct coap_driver *driver, const coap_session_t *session, coap_pdu_t *response);

// coap_core.c: GET /.well-known/core. -ENOMEM.
int core_register(coap_context_t *context);

// coap_time.c: GET /time. -ENOMEM.
int time_register(coap_context_t *context);
// True when the gateway knows the time. Else the response says 5.03.
bool time_is_known(const struct coap_driver *driver, coap_pdu_t *response);

// coap_efento.c: POST /m, /i, /c and /t. -ENOMEM.
int efento_register(coap_context_t *context);

// coap_answer.c: the code that a refusal is told with.
uint8_t answer_code(enum refusal refusal);
// What a client is told.
struct reply {
    uint8_t code;
    const char *text;   // the diagnostic; NULL for none
    uint32_t block;     // the Block1 that it answers to, 0 for none (see coap_block.h)
    unsigned max_age_s; // with 4.29 and 5.03: when to come again; 0 for the usual time
};

// Fills a response that has its token and nothing else: the code, the options that belong to it, and the diagnostic.
void answer_fill(const struct coap_driver *driver, coap_pdu_t *response, const struct reply *reply);
// A number as an option's value (RFC 7252 section 3.2). Options are added in the order of their numbers.
void answer_option(coap_pdu_t *response, coap_option_num_t option, unsigned value);
// Makes libcoap send nothing for now.
void answer_nothing(coap_pdu_t *response);
// Sends what became of a waiting request.
void answer_send(struct coap_driver *driver, const struct pending *pending, uint8_t code, const char *text);
// Tells the client to stop retransmitting: the answer will be a message of its own.
void answer_acknowledge(struct coap_driver *driver, struct pending *pending);
