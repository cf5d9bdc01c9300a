// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bodies that arrive in several requests (RFC 7959 section 2.5). libcoap 4.3.1 would put them together itself, but reserves
 * what the first part's Size1 promises and can be crashed with two datagrams; here a body has the bytes that have come, no
 * more than `max`, and one peer has one body for each path. A body whose next part does not come within 30 s goes; so does
 * the one that waits longest when there are too many.
 */

enum {
    BODIES_MAX = 64,
    BODY_LIFETIME_US = 30 * 1000 * 1000,
};

#define BLOCK_PRESENT (1u << 31) // beside the option's 24 bits; 0 is no Block1 at all

#define BLOCK_VALUE(block) ((block)&0xffffff)
#define BLOCK_NUMBER(block) (BLOCK_VALUE(block) >> 4)
#define BLOCK_MORE 8u
#define BLOCK_EXPONENT 7u

// Where a part belongs. Compared as bytes, so zero it first; it has no padding.
struct body_owner {
    uint8_t address[16];
    uint32_t scope;
    uint32_t port;
    uint32_t secure;       // 1: it came over DTLS, where nobody who forges an address may add to it
    char path[ID_MAX + 4]; // the sensor of /readings/SENSOR
};

_Static_assert(sizeof(struct body_owner) == 16 + 3 * sizeof(uint32_t) + ID_MAX + 4, "it has no padding");

struct body_part {
    struct body_owner owner;
    uint32_t block;     // the option Block1: number << 4 | more << 3 | size exponent
    uint32_t announced; // Size1, 0 when it is not told
    uint64_t tag;       // of the Request-Tags (RFC 9175 section 3.2); the same for all parts
    int format;         // Content-Format; the same for all parts
    const uint8_t *data;
    size_t size;
};

enum body_result {
    BODY_MORE,     // 2.31: it was taken, the next may come
    BODY_WHOLE,    // that was the last
    BODY_WRONG,    // 4.00: no such size of block, or not as long as it says
    BODY_GAP,      // 4.08: a part before it is missing, or the parts are not of one body
    BODY_TOO_LONG, // 4.13
    BODY_NO_ROOM,  // 5.03: out of memory
};

struct bodies;

// NULL when out of memory. No body has more than `max` bytes.
struct bodies *bodies_create(size_t max);
void bodies_destroy(struct bodies *bodies);

// Takes one part at `now_us` (since boot). With BODY_WHOLE, *ret_body has *ret_size bytes until the next call; after any
// other refusal than BODY_NO_ROOM the body is forgotten, and the client begins again.
enum body_result bodies_take(struct bodies *bodies, const struct body_part *part, int64_t now_us,
                             const uint8_t **ret_body, size_t *ret_size);

bool bodies_has(const struct bodies *bodies, const struct body_owner *owner); // one that waits for more
size_t bodies_count(const struct bodies *bodies);                             // that wait for more
uint64_t bodies_given_up(const struct bodies *bodies);                        // that waited in vain, or were pushed out
