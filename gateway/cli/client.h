// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/fault.h"

/*
 * Asks the running gateway over HTTP on its unix socket.
 */

enum { CLIENT_ANSWER_MAX = 16 << 20, CLIENT_TIMEOUT_MS = 5000 };

// GET `path`, or with a `body` (JSON) POST it; the body of a 200 answer is appended to `ret_answer` (made with at least
// CLIENT_ANSWER_MAX), a NUL follows that is not counted. Otherwise a negative errno (-ETIMEDOUT: the whole took longer than
// that; -EREMOTEIO: the gateway refused), and `why` says what was tried and what to do, or why it was refused.
int client_ask(const char *socket, const char *path, const char *body, int timeout_ms, struct bytes *ret_answer,
               struct fault *why);

// GET `path`, whose answer may be of any length: `take` gets it part by part, and ends it with a negative errno (having
// said why itself). An error as above, or -EPIPE: it was cut off. Waits as long as the gateway is not silent for 2 minutes.
int client_download(const char *socket, const char *path, int (*take)(void *context, const void *data, size_t size),
                    void *context, struct fault *why);
