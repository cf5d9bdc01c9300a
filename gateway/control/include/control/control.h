// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/fault.h"
#include "control/export.h"
#include "control/status.h"

/*
 * The HTTP API, on a unix socket and a loopback port, by libmicrohttpd in the loop. `/api/v1/status`, `/sensors`,
 * `/sensors/{id}`, `/buffer` and `/metrics` show one snapshot; `/loss`, `/report`, `/unknown` and the POSTs hand a command to the core
 * and show its answer. `/export` is as long as the buffer is full, so it is read piece by piece on libuv's thread pool. It
 * changes nothing by itself.
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
    void *commander;                                 // of `command`
    // Loop thread. Carries out `verb` with its arguments (a JSON object, or "" for none) and writes the answer, a JSON
    // value. 0, or a negative errno and a sentence: -EINVAL the arguments, -ENOENT what they name, -ENOSYS no such verb,
    // anything else: not now.
    int (*command)(void *commander, const char *verb, const char *arguments, size_t size, struct bytes *ret_answer,
                   struct fault *why);
    const struct control_export *export; // NULL: none is offered
    void *export_context;
};

int control_create(const struct control_options *options, struct control **ret_control, struct fault *why);
// Stops listening and removes the socket. Handles close in the background: run the loop once more before it is closed.
void control_destroy(struct control *control);
// The document of /api/v1/status, for whoever asks by another way.
void control_write_status(const struct status *status, struct bytes *out);
uint64_t control_requests(const struct control *control);
// The TCP port that is listened on (for a `listen` with port 0), or 0 when there is none.
uint16_t control_port(const struct control *control);
