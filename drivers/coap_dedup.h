// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What was already asked, and what was answered. CoAP retransmits a request until its answer arrives, and libcoap 4.3.1
 * calls the handler each time (RFC 7252 section 4.5 leaves this to the server), so every request is remembered for as
 * long as a copy of it may come: 247 s confirmable (EXCHANGE_LIFETIME), 145 s non-confirmable (NON_LIFETIME).
 *
 * The table holds a fixed number of entries at most; when it is full the oldest gives way, and is counted. It keeps no
 * keys but their digests (SipHash with 128 bits, under a secret of this process): a third of the memory, and nobody can
 * make a request whose digest is another one's.
 */

enum {
    DEDUP_KEY_SIZE = 47,
    DEDUP_ENTRIES_MAX = 64 * 1024,
    DEDUP_TEXT_MAX = 200,                // of one diagnostic
    DEDUP_TEXTS_MAX_BYTES = 1024 * 1024, // of all; a diagnostic beyond is not repeated, only its code
};

/*
 * A key is also stored with the reading and read back after a restart, so its layout is fixed (integers big-endian):
 *
 *   0 version (1)   1 message type (0 CON, 1 NON)   2 message id   4 token length   5 token, zero padded to 8
 *  13 peer's IPv6 address (IPv4 as ::ffff:a.b.c.d)  29 port        31 scope id     35 payload length
 *  39 FNV-1a of method, path, content format and payload
 */
struct dedup_key {
    uint8_t bytes[DEDUP_KEY_SIZE];
};

struct dedup_digest {
    uint64_t words[2]; // the lowest bit of the second is the message type
};

// What a key is made from.
struct dedup_message {
    bool confirmable;
    uint16_t id;
    const uint8_t *token;
    size_t token_size; // at most 8
    uint8_t address[16];
    uint16_t port;
    uint32_t scope;
    size_t payload_size;
    uint64_t hash;
};

enum { DEDUP_STORED = 2 << 5 | 4 }; // 2.04; what success is on the path of the request, it is told with

// While `code` is 0 the answer is not known yet, and `ticket` says who waits for it.
struct dedup_answer {
    uint8_t code;     // a CoAP code; DEDUP_STORED for readings that are on the disk
    const char *text; // the diagnostic, or ""
    uint64_t ticket;
};

struct dedup_key dedup_key_of(const struct dedup_message *message);

struct dedup;

// -ENOMEM, -EIO without a source of random numbers. `max` entries at most, a power of two.
int dedup_create(size_t max, struct dedup **ret_dedup);
void dedup_destroy(struct dedup *dedup);

struct dedup_digest dedup_digest_of(const struct dedup *dedup, const struct dedup_key *key);

// True when the request was seen and is not too old at `now_us` (microseconds since boot). *ret_answer borrows until the
// next call.
bool dedup_find(struct dedup *dedup, struct dedup_digest digest, int64_t now_us, struct dedup_answer *ret_answer);

// Remembers a request that came at `time_us`. The caller saw that it is not there yet.
void dedup_add(struct dedup *dedup, struct dedup_digest digest, int64_t time_us, const struct dedup_answer *answer);

// Changes the answer of a request that is there; nothing happens when it has gone.
void dedup_update(struct dedup *dedup, struct dedup_digest digest, int64_t now_us, const struct dedup_answer *answer);

// Takes a stored key back, `age_us` old at `now_us`. False when it is not such a key or too old to matter.
bool dedup_restore(struct dedup *dedup, const uint8_t *key, size_t size, int64_t age_us, int64_t now_us,
                   const struct dedup_answer *answer);

size_t dedup_count(struct dedup *dedup, int64_t now_us);
uint64_t dedup_evicted(const struct dedup *dedup);
