// SPDX-License-Identifier: Apache-2.0
#include "coap_pending.h"
#include <stdlib.h>

// A ticket is the use's serial number above the slot's number.
enum { START_SIZE = 64, SLOT_BITS = 14 };
_Static_assert(PENDING_MAX == 1 << SLOT_BITS, "a ticket has room for every slot");

void pending_finish(struct pending_table *table)
{
    free(table->slots);
    *table = (struct pending_table){0};
}

static bool grow(struct pending_table *table)
{
    size_t size = table->size ? table->size * 2 : START_SIZE;
    if (size > PENDING_MAX)
        return false;
    struct pending *slots = realloc(table->slots, size * sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = table->size; i < size; i++)
        slots[i] = (struct pending){.next_free = (uint32_t)i + 1};
    table->free = (uint32_t)table->size;
    table->slots = slots;
    table->size = size;
    return true;
}

struct pending *pending_add(struct pending_table *table)
{
    if (table->free == table->size && !grow(table))
        return NULL;
    uint32_t slot = table->free;
    struct pending *pending = &table->slots[slot];
    table->free = pending->next_free;
    table->count++;
    *pending = (struct pending){.ticket = ++table->serial << SLOT_BITS | slot};
    return pending;
}

struct pending *pending_find(struct pending_table *table, uint64_t ticket)
{
    size_t slot = ticket & (PENDING_MAX - 1);
    if (ticket == 0 || slot >= table->size || table->slots[slot].ticket != ticket)
        return NULL;
    return &table->slots[slot];
}

void pending_remove(struct pending_table *table, struct pending *pending)
{
    *pending = (struct pending){.next_free = table->free};
    table->free = (uint32_t)(pending - table->slots);
    table->count--;
}
