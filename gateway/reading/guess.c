// SPDX-License-Identifier: Apache-2.0
#include "reading/guess.h"

#include "fields.h"
#include "reading/vocabulary.h"
#include <string.h>

static bool is_separator(char c)
{
    return c == ':' || c == '/';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Of the table alone: vocabulary_find makes what it does not find, and keeps it.
static const struct quantity *known_quantity(const char *field)
{
    const char *standard = field_standard(field);
    const char *name = standard ? standard : field;
    const struct quantity *quantity;
    for (size_t i = 0; (quantity = vocabulary_at(i)); i++)
        if (strcmp(quantity->name, name) == 0)
            return quantity;
    return NULL;
}

// Without separators at its end, then without an LwM2M path: two numbers and more, which separators part.
static size_t trim(const char *name, size_t size)
{
    size_t end, numbers = 0;
    while (size > 1 && is_separator(name[size - 1]))
        size--;
    for (end = size;; numbers++) {
        size_t begin = end;
        while (begin > 0 && is_digit(name[begin - 1]))
            begin--;
        if (begin == end || begin < 2 || name[begin - 1] != '/')
            break;
        end = begin - 1;
    }
    return numbers >= 2 ? end : size;
}

static size_t address_size(const struct raw_value *record)
{
    const char *name = record->name;
    size_t size = strlen(name), at = size;
    if (record->base_size > 0 && record->base_size < size)
        return trim(name, record->base_size);
    while (at > 0 && !is_separator(name[at - 1]))
        at--;
    if (at > 1 && known_quantity(name + at))
        return trim(name, at);
    return trim(name, size);
}

static void make_id(struct guess *guess)
{
    const char *address = guess->address, *from = address;
    for (const char *at = address; *at; at++)
        if (is_separator(*at) && at[1])
            from = at + 1;
    size_t used = 0;
    for (; *from && used < ID_MAX; from++)
        guess->id[used++] = text_is_id(from, 1) ? *from : '-';
    guess->id[used] = '\0';
    if (!used)
        strcpy(guess->id, "sensor");
}

static bool has_known(const struct raw_pack *pack, const struct guess *guess, unsigned scores[KIND_COUNT])
{
    bool known = false;
    for (size_t i = 0; i < pack->count && i < GUESS_VALUES_MAX; i++) {
        const char *field = guess_field(guess, &pack->values[i]);
        const struct quantity *quantity = field ? known_quantity(field) : NULL;
        known |= quantity != NULL;
        for (unsigned kind = 0; quantity && kind < KIND_COUNT; kind++)
            scores[kind] += quantity->kinds >> kind & 1;
    }
    return known;
}

// The kind that has most of its quantities; what all have alike is environment.
static enum kind guess_kind(const struct raw_pack *pack, const struct guess *guess)
{
    static const enum kind kinds[] = {KIND_PARKING, KIND_CROWD, KIND_TRAFFIC, KIND_BUMP};
    unsigned scores[KIND_COUNT] = {0};
    enum kind best = KIND_ENVIRONMENT;
    if (!has_known(pack, guess, scores))
        return KIND_GENERIC;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (scores[kinds[i]] > scores[best])
            best = kinds[i];
    return best;
}

void guess_sensor(const struct raw_pack *pack, size_t record, const char *named, struct guess *ret_guess)
{
    const struct raw_value none = {.name = ""}, *value = record < pack->count ? &pack->values[record] : &none;
    const char *from = named ? named : value->name;
    size_t size = named ? strlen(named) : address_size(value);
    size = size < GUESS_ADDRESS_MAX ? size : GUESS_ADDRESS_MAX;
    memcpy(ret_guess->address, from, size);
    ret_guess->address[size] = '\0';
    ret_guess->named = named != NULL;
    make_id(ret_guess);
    ret_guess->kind = guess_kind(pack, ret_guess);
}

const char *guess_field(const struct guess *guess, const struct raw_value *record)
{
    size_t size = strlen(guess->address);
    const char *rest = record->name + size;
    if (strncmp(record->name, guess->address, size) == 0 && (!*rest || is_separator(*rest)))
        return rest + strspn(rest, ":/");
    return guess->named ? record->name + (record->name[0] == '/') : NULL;
}

bool guess_fits(const char *field, enum kind kind)
{
    const struct quantity *quantity = known_quantity(field);
    return quantity && vocabulary_find(quantity->name, kind) != NULL;
}
