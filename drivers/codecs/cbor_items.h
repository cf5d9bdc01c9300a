// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pulls one CBOR item (RFC 8949) after the other from borrowed bytes, through libcbor's stream decoder, which allocates
 * nothing. Collections are heads only: their items follow.
 */

enum item_type {
    ITEM_INTEGER,
    ITEM_FLOAT,
    ITEM_BOOL,
    ITEM_TEXT,
    ITEM_BYTES,
    ITEM_ARRAY,
    ITEM_MAP,
    ITEM_TAG,
    ITEM_BREAK,
    ITEM_OTHER
};

struct item {
    enum item_type type;
    bool open;     // of indefinite length: items up to ITEM_BREAK follow (text and bytes: pieces)
    bool negative; // ITEM_INTEGER: the value is -1 - integer
    bool boolean;
    uint64_t integer; // ITEM_INTEGER, ITEM_TAG; number of items of ITEM_ARRAY, of pairs of ITEM_MAP
    double number;    // ITEM_INTEGER and ITEM_FLOAT
    const char *data; // ITEM_TEXT, ITEM_BYTES
    size_t size;
};

struct items {
    const uint8_t *data;
    size_t size, at;
};

// 0; -ENODATA when the bytes end before the item does; -EBADMSG when it is not CBOR.
int items_next(struct items *items, struct item *ret_item);

// Skips what belongs to an item already taken (nothing, but for collections and tags); -ELOOP when deeper than `depth_max`.
int items_skip(struct items *items, const struct item *item, unsigned depth_max);

// Reads the number that begins with `item`: an integer, a float, or a decimal fraction (tag 4). -EDOM when it is another
// item or not finite.
int items_number(struct items *items, const struct item *item, double *ret_number);
