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
    addresses->slots = calloc(size, sizeof *addresses->slots);
    addresses->mask = size - 1;
    return addresses->slots ? 0 : -ENOMEM;
}

void addresses_finish(struct addresses *addresses)
{
    free(addresses->slots);
    addresses->slots = NULL;
}

// The NUL between source and address keeps "a" "bc" and "ab" "c" apart.
static uint64_t hash_source(const char *source)
{
    return fnv64(FNV_START, source, strlen(source) + 1);
}

void addresses_put(struct addresses *addresses, const struct settings_sensor *settings, size_t index)
{
    uint64_t hash = fnv64(hash_source(settings->source), settings->address, strlen(settings->address));
    size_t at = (size_t)hash & addresses->mask;
    while (addresses->slots[at].settings)
        at = (at + 1) & addresses->mask;
    addresses->slots[at] = (struct address_slot){.hash = hash, .settings = settings, .index = index};
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

const struct address_slot *addresses_find(const struct addresses *addresses, const char *source, const char *name,
                                          const char **ret_field)
{
    uint64_t hash = hash_source(source);
    const struct address_slot *longest = NULL, *found;
    const char *field = name;
    size_t hashed = 0;
    while (true) {
        size_t end = hashed + strcspn(name + hashed, ":/"); // an address may end here, or with the separator
        hash = fnv64(hash, name + hashed, end - hashed);
        bool after_separator = end == hashed && hashed; // was tried as an address that ends with one
        if (!after_separator && (found = look(addresses, hash, source, name, end))) {
            longest = found;
            field = name + end + (name[end] != '\0');
        }
        if (!name[end])
            break;
        hash = fnv64(hash, name + end, 1);
        hashed = end + 1;
        if ((found = look(addresses, hash, source, name, hashed))) {
            longest = found;
            field = name + hashed;
        }
    }
    if (longest)
        *ret_field = field;
    return longest;
}
