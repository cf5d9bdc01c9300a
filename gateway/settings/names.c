// SPDX-License-Identifier: Apache-2.0
#include "names.h"

#include "base/number.h"
#include <errno.h>
#include <string.h>

struct name_slot {
    const char *name; // NULL: free
    void *value;
};

int names_init(struct names *names, struct settings_memory *memory, size_t max)
{
    size_t size = 2;
    while (size < 2 * max)
        size *= 2;
    *names = (struct names){.slots = memory_take(memory, size * sizeof *names->slots), .size = size};
    return names->slots ? 0 : -ENOMEM;
}

static struct name_slot *find(const struct names *names, const char *name)
{
    size_t at = (size_t)fnv64(FNV_START, name, strlen(name)) & (names->size - 1);
    while (names->slots[at].name && strcmp(names->slots[at].name, name) != 0)
        at = (at + 1) & (names->size - 1);
    return &names->slots[at];
}

void *names_put(struct names *names, const char *name, void *value)
{
    struct name_slot *slot = find(names, name);
    if (slot->name)
        return slot->value;
    *slot = (struct name_slot){.name = name, .value = value};
    return NULL;
}

void *names_get(const struct names *names, const char *name)
{
    return find(names, name)->value;
}
