// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "control/control.h"
#include <microhttpd.h>

/*
 * One request, one answer: who may ask, which document is meant, and the headers that go with it.
 */

// A socket's view of the API. The unix socket's file mode says who may ask, so `guarded` is for TCP.
struct audience {
    const struct control_options *options;
    struct bytes *scratch; // where documents are written, reused by all
    uint64_t *requests;
    size_t held_bytes;       // in answers not yet sent
    struct streams *streams; // the exports under way, of both sockets
    void *door;
    void (*resumed)(void *door); // a connection goes on: the server must run
    bool guarded;
    bool loopback;
    const char *host; // that we listen on
};

// Answers with {"error", "message"}. `header` is one more header with its value, or NULL.
enum MHD_Result answer_error(struct audience *audience, struct MHD_Connection *connection, unsigned status,
                             const char *code, const char *message, const char *header, const char *value);

// libmicrohttpd's access handler; `audience` is its closure.
enum MHD_Result answer_request(void *audience, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *upload, size_t *upload_size, void **state);

// Its completion handler: forgets what was kept of the request.
void answer_completed(void *audience, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode reason);
