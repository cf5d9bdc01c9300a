// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "settings/address.h"
#include <stddef.h>

/*
 * A TCP connection that speaks in lines: a name is looked up, each of its addresses tried, one text sent, and every line
 * handed over. Nothing waits, and no more than one line is kept.
 */

struct uv_loop_s;
struct gpsd_link;

enum { GPSD_LINE_MAX = 16 * 1024 }; // gpsd's own are at most 10 240 bytes

// `line` may change it, and may close the link, as `failed` may. After failed() nothing more comes.
struct gpsd_link_events {
    void *context;
    void (*line)(void *context, char *line, size_t size);
    void (*too_long)(void *context);
    void (*failed)(void *context, const struct fault *why);
};

// Connects in the background, and says `greeting`, which is static. The first line has to come within `patience_ms`.
int gpsd_link_open(struct uv_loop_s *loop, const struct address *address, const char *greeting, unsigned patience_ms,
                   const struct gpsd_link_events *events, struct gpsd_link **ret_link, struct fault *why);

// Frees in the background. NULL is fine.
void gpsd_link_close(struct gpsd_link *link);
