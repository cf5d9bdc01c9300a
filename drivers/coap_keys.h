// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The pre-shared keys of sensors (RFC 4279), by identity: the file that psk_file names.
 */

enum {
    IDENTITY_MAX = 128, // RFC 4279 section 5.3 asks servers for that much
    PSK_MAX = 64,
    KEYS_MAX = 65536,
};

struct keys;

// [psk] and lines of `identity = key in hexadecimal digits`. -EINVAL names the line and what was expected.
int keys_load(const char *path, struct keys **ret_keys, struct fault *why);
void keys_destroy(struct keys *keys); // wipes them

// The key of that identity, or NULL. Lives as long as the keys.
const uint8_t *keys_find(const struct keys *keys, const void *identity, size_t size, size_t *ret_key_size);

// The identity itself, terminated, as it stands in the file; NULL when there is none.
const char *keys_identity(const struct keys *keys, const void *identity, size_t size);

size_t keys_count(const struct keys *keys);
