// SPDX-License-Identifier: Apache-2.0
#include "reading/raw.h"

#include <string.h>

// Only what counts is cleared: a pack is 70 kB and most use a few hundred bytes of it.
void raw_pack_clear(struct raw_pack *pack)
{
    pack->count = 0;
    pack->arena_used = 0;
}

const char *raw_pack_join(struct raw_pack *pack, const char *first, size_t first_size, const char *then,
                          size_t then_size)
{
    size_t left = RAW_ARENA_SIZE - pack->arena_used;
    if (first_size >= left || then_size >= left - first_size)
        return NULL;
    char *copy = pack->arena + pack->arena_used;
    if (first_size)
        memcpy(copy, first, first_size);
    if (then_size)
        memcpy(copy + first_size, then, then_size);
    copy[first_size + then_size] = '\0';
    pack->arena_used += first_size + then_size + 1;
    return copy;
}

const char *raw_pack_copy(struct raw_pack *pack, const char *text, size_t size)
{
    return raw_pack_join(pack, text, size, NULL, 0);
}

struct raw_value *raw_pack_add(struct raw_pack *pack)
{
    if (pack->count == RAW_VALUES_MAX)
        return NULL;
    struct raw_value *value = &pack->values[pack->count++];
    *value = (struct raw_value){.name = "", .unit = ""};
    return value;
}

bool raw_pack_number(struct raw_pack *pack, const char *name, const char *unit, double number)
{
    struct raw_value *value = raw_pack_add(pack);
    if (!value)
        return false;
    value->name = name;
    value->unit = unit;
    value->type = RAW_NUMBER;
    value->number = number;
    return true;
}

bool raw_pack_counter(struct raw_pack *pack, const char *name, double number, unsigned bits)
{
    if (!raw_pack_number(pack, name, "count", number))
        return false;
    pack->values[pack->count - 1].counter_bits = (uint8_t)bits;
    return true;
}

bool raw_pack_frame(struct raw_pack *pack, uint32_t number, unsigned bits)
{
    return raw_pack_counter(pack, "frame", number, bits);
}

bool raw_pack_bool(struct raw_pack *pack, const char *name, bool boolean)
{
    struct raw_value *value = raw_pack_add(pack);
    if (!value)
        return false;
    value->name = name;
    value->type = RAW_BOOL;
    value->boolean = boolean;
    return true;
}

bool raw_pack_text(struct raw_pack *pack, const char *name, const char *text)
{
    struct raw_value *value = raw_pack_add(pack);
    if (!value)
        return false;
    value->name = name;
    value->type = RAW_TEXT;
    value->text = text;
    value->text_size = strlen(text);
    return true;
}

const struct raw_value *raw_pack_find(const struct raw_pack *pack, const char *name)
{
    for (size_t i = 0; i < pack->count; i++)
        if (strcmp(pack->values[i].name, name) == 0)
            return &pack->values[i];
    return NULL;
}
