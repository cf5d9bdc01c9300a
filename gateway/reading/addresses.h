// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Finds sensors by source and address: a hash table of a fixed size. Names from outside are longer than addresses, so it
 * tries every beginning of a name that can be an address, in one pass over the name.
 */

struct settings_sensor;

struct address_slot {
    uint64_t hash;
    const struct settings_sensor *settings; // NULL: free
    size_t index;                           // of the sensor in its table
};

enum { ADDRESS_LENGTHS = 256 }; // lengths that are told apart; the last one stands for all longer ones

struct addresses {
    struct address_slot *slots;
    size_t mask;                   // number of slots - 1, a power of two - 1
    bool lengths[ADDRESS_LENGTHS]; // some address is so long: nothing else needs to be looked for
};

int addresses_init(struct addresses *addresses, size_t count); // for `count` sensors; 0 or -ENOMEM
void addresses_finish(struct addresses *addresses);
void addresses_put(struct addresses *addresses, const struct settings_sensor *settings, size_t index);

// The sensor of that source with the longest address that the name begins with, and the field after it. NULL: none.
const struct address_slot *addresses_find(const struct addresses *addresses, const char *source, const char *name,
                                          const char **ret_field);
