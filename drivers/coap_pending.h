// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "coap_dedup.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Requests that were taken and wait for their commit. Slots are reused; a ticket names one slot's one use, so that a late
 * one finds nothing. At most PENDING_MAX wait at once.
 */

enum { PENDING_MAX = 16384 };

struct coap_session_t;

struct pending {
    uint64_t ticket;                // 0: the slot is free
    struct coap_session_t *session; // a reference of ours; NULL once the driver was closed
    struct dedup_digest digest;
    int64_t time_us; // when it came, since boot
    uint16_t id;     // the request's message id
    uint8_t token[8];
    uint8_t token_size;
    uint8_t text_max;    // of a diagnostic
    uint32_t block;      // the Block1 of a last part, or 0
    uint8_t success;     // the code that the client waits for
    uint8_t no_response; // RFC 7967: classes that the client does not want to hear of
    bool confirmable;
    bool acknowledged; // an empty ACK went out, so the answer must be a message of its own
    uint32_t next_free;
};

struct pending_table {
    struct pending *slots;
    size_t size, count;
    uint32_t free; // the first free slot, or `size`
    uint64_t serial;
};

void pending_finish(struct pending_table *table);

// A zeroed slot with its ticket, or NULL when the table is full. Valid until the next pending_add.
struct pending *pending_add(struct pending_table *table);

// NULL when nobody waits with that ticket.
struct pending *pending_find(struct pending_table *table, uint64_t ticket);
void pending_remove(struct pending_table *table, struct pending *pending);
