// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/fault.h"
#include "control/status.h"

/*
 * The HTTP API: `/api/v1/status`, `/sensors`, `/sensors/{id}`, `/buffer` and `/metrics`, on a unix socket and a loopback
 * port, by libmicrohttpd in the loop. It sees the gateway through one snapshot and changes nothing.
 */

struct uv_loop_s;
struct control;

// Texts are borrowed until control_destroy.
struct control_options {
    struct uv_loop_s *loop;
    const struct clock *clock;
    const char *socket; // path, or "" for none; made with mode 0660, an old one of nobody is replaced
    const char *listen; // HOST:PORT, or "" for none
    const char *token;  // NULL when none; then `listen` must be loopback
    void *context;
    const struct status *(*snapshot)(void *context); // loop thread
};

int control_create(const struct control_options *options, struct control **ret_control, struct fault *why);
// Stops listening and removes the socket. Handles close in the background: run the loop once more before it is closed.
void control_destroy(struct control *control);
uint64_t control_requests(const struct control *control);
// The TCP port that is listened on (for a `listen` with port 0), or 0 when there is none.
uint16_t control_port(const struct control *control);
