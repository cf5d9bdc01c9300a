// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stddef.h>
#include <stdint.h>

/*
 * A CoAP client (RFC 7252) for the simulator: posts confirmable requests from one UDP port in a libuv loop and tells what
 * became of each. Many clients may live in one loop, as many sensors do in a street.
 */

struct uv_loop_s;
struct coap_client;

// `code` is the response's code as class * 100 + detail (204, 404), or 0 when no answer came (all retransmissions done, or
// the host is not reachable). `diagnostic` is the payload of an error as escaped text, or "". It may post again, but not
// destroy its client.
typedef void coap_client_answer(void *context, uint64_t ticket, int code, const char *diagnostic);

// `uri` is coap://HOST[:PORT] without path; a name is looked up, which may block. A client holds three file descriptors.
int coap_client_create(struct uv_loop_s *loop, const char *uri, coap_client_answer *answer, void *context,
                       struct coap_client **ret_client, struct fault *why);
// `path` such as "readings" or "readings/bay-1". The payload is copied. At most 64 wait at once: -EBUSY beyond.
// -EMSGSIZE when it does not fit a datagram (1472 bytes with its header), -EHOSTUNREACH when there is no way. After an
// error no answer comes for this ticket.
int coap_client_post(struct coap_client *client, const char *path, int content_format, const void *payload, size_t size,
                     uint64_t ticket);
size_t coap_client_waiting(const struct coap_client *client);
void coap_client_destroy(struct coap_client *client);
