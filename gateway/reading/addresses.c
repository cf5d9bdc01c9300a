// SPDX-License-Identifier: Apache-2.0
#include "addresses.h"

#include "base/number.h"
#include "settings/settings.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int addresses_init(struct addresses *addresses, size_t count)
{
    size_t size = 8;
    while (size < 2 * count)
        size *= 2;
    *addresses = (struct addresses){.slots = calloc(size, sizeof *addresses->slots), .mask = size - 1};
    return addresses->slots ? 0 : -ENOMEM;
}

void addresses_finish(struct addresses *addresses)
{
    free(addresses->slots);
    addresses->slots = NULL;
}

// The NUL between source and address keeps "a" "bc" and "ab" "c" apart.
// By words of eight bytes; a table like this needs no more.
static uint64_t hash_text(uint64_t hash, const char *text, size_t size)
{
    for (size_t part; size > 0; text += part, size -= part) {
        uint64_t word = 0;
        part = size < sizeof word ? size : sizeof word;
        memcpy(&word, text, part);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

static uint64_t hash_source(const char *source)
{
    return hash_text(FNV_START, source, strlen(source) + 1);
}

static size_t length_place(size_t length)
{
    return length < ADDRESS_LENGTHS ? length : ADDRESS_LENGTHS - 1;
}

void addresses_put(struct addresses *addresses, const struct settings_sensor *settings, size_t index)
{
    uint64_t hash = hash_text(hash_source(settings->source), settings->address, strlen(settings->address));
    size_t at = (size_t)hash & addresses->mask;
    while (addresses->slots[at].settings)
        at = (at + 1) & addresses->mask;
    addresses->slots[at] = (struct address_slot){.hash = hash, .settings = settings, .index = index};
    addresses->lengths[length_place(strlen(settings->address))] = true;
}

static const struct address_slot *look(const struct addresses *addresses, uint64_t hash, const char *source,
                                       const char *address, size_t size)
{
    for (size_t at = (size_t)hash & addresses->mask; addresses->slots[at].settings; at = (at + 1) & addresses->mask) {
        const struct address_slot *slot = &addresses->slots[at];
        if (slot->hash == hash && !strncmp(slot->settings->address, address, size) && !slot->settings->address[size] &&
            !strcmp(slot->settings->source, source))
            return slot;
    }
    return NULL;
}

static bool is_separator(char c)
{
    return c == ':' || c == '/';
}

// An address may end before a separator, with one, or with the name. The longest is tried first.
const struct address_slot *addresses_find(const struct addresses *addresses, const char *source, const char *name,
                                          const char **ret_field)
{
    uint64_t start = hash_source(source);
    for (size_t left = strlen(name) + 1; left > 0; left--) {
        size_t size = left - 1;
        if (!addresses->lengths[length_place(size)])
            continue;
        bool after = size > 0 && is_separator(name[size - 1]);
        if (!after && name[size] && !is_separator(name[size]))
            continue;
        const struct address_slot *found = look(addresses, hash_text(start, name, size), source, name, size);
        if (!found)
            continue;
        *ret_field = name + size + (!after && name[size]);
        return found;
    }
    return NULL;
}
