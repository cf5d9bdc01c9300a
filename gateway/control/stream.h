// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "answer.h"

/*
 * Answers that are too long to be held: the export. A piece is read on libuv's thread pool while the connection is
 * suspended, then sent as fast as the client takes it; then comes the next. So a transfer holds one piece, a slow client
 * holds up nobody, and the loop never waits for the disk. A client that stops reading is dropped after the server's idle
 * time, like any other.
 */

struct stream;

struct streams {
    struct stream *open[CONTROL_EXPORTS_MAX];
};

// Answers GET /api/v1/export: a stream, or why there is none.
enum MHD_Result stream_answer(struct audience *audience, struct MHD_Connection *connection);

// Breaks off all that are under way and resumes their connections. A read that has begun ends in the background, without
// touching anything of control's.
void streams_break(struct streams *streams);
