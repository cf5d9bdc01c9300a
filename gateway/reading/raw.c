// SPDX-License-Identifier: Apache-2.0
#include "reading/raw.h"

#include <string.h>

// Only what counts is cleared: a pack is 70 kB and most use a few hundred bytes of it.
void raw_pack_clear(struct raw_pack *pack)
{
    pack->count = 0;
    pack->arena_used = 0;
}

const char *raw_pack_copy(struct raw_pack *pack, const char *text, size_t size)
{
    if (size >= RAW_ARENA_SIZE - pack->arena_used)
        return NULL;
    char *copy = pack->arena + pack->arena_used;
    if (size)
        memcpy(copy, text, size);
    copy[size] = '\0';
    pack->arena_used += size + 1;
    return copy;
}

struct raw_value *raw_pack_add(struct raw_pack *pack)
{
    if (pack->count == RAW_VALUES_MAX)
        return NULL;
    struct raw_value *value = &pack->values[pack->count++];
    *value = (struct raw_value){.name = "", .unit = ""};
    return value;
}
