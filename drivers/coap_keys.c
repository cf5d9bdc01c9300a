// SPDX-License-Identifier: Apache-2.0
#include "coap_keys.h"
#include "base/messages.h"
#include "base/text.h"
#include "settings/pairs.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char *identity;
    uint8_t key[PSK_MAX];
    uint8_t size;
};

struct keys {
    struct entry *entries; // in the order of identities
    size_t count, room;
};

static int compare(const void *one, const void *other)
{
    return strcmp(((const struct entry *)one)->identity, ((const struct entry *)other)->identity);
}

static int read_key(const char *hex, struct entry *ret_entry, struct fault *why)
{
    size_t size = 0;
    const char *end;
    bool is_hex = sodium_hex2bin(ret_entry->key, PSK_MAX, hex, strlen(hex), NULL, &size, &end) == 0 && !*end;
    ret_entry->size = (uint8_t)size;
    return is_hex && size > 0
               ? 0
               : fault_set(why, -EINVAL, _("this is no key; expected 2 to %d hexadecimal digits, two for each byte"),
                           2 * PSK_MAX);
}

static bool grow(struct keys *keys)
{
    if (keys->count < keys->room)
        return true;
    size_t room = keys->room ? 2 * keys->room : 16;
    struct entry *entries = calloc(room, sizeof *entries); // not realloc: what is left behind must be wiped
    if (!entries)
        return false;
    if (keys->count)
        memcpy(entries, keys->entries, keys->count * sizeof *entries);
    if (keys->entries)
        explicit_bzero(keys->entries, keys->room * sizeof *keys->entries);
    free(keys->entries);
    keys->entries = entries;
    keys->room = room;
    return true;
}

static int take(void *context, const char *name, const char *value, struct fault *why)
{
    struct keys *keys = context;
    struct entry entry = {.identity = NULL};
    size_t length = strlen(name);
    if (length == 0 || length > IDENTITY_MAX)
        return fault_set(why, -EINVAL, _("the identity has %zu bytes; expected 1 to %d"), length, IDENTITY_MAX);
    if (keys->count == KEYS_MAX)
        return fault_set(why, -E2BIG, _("more than %d keys; expected fewer"), KEYS_MAX);
    int error = read_key(value, &entry, why);
    if (error)
        return error;
    if (!grow(keys) || !(entry.identity = strdup(name)))
        return fault_set(why, -ENOMEM, _("out of memory"));
    keys->entries[keys->count++] = entry;
    explicit_bzero(&entry, sizeof entry);
    return 0;
}

static int check_twice(const struct keys *keys, const char *path, struct fault *why)
{
    char shown[IDENTITY_MAX * 2];
    for (size_t i = 1; i < keys->count; i++) {
        const char *identity = keys->entries[i].identity;
        if (strcmp(keys->entries[i - 1].identity, identity) == 0)
            return fault_set(why, -EINVAL, _("%s: the identity %s is given twice; expected each once"), path,
                             text_escape(identity, strlen(identity), shown, sizeof shown));
    }
    return 0;
}

int keys_load(const char *path, struct keys **ret_keys, struct fault *why)
{
    struct keys *keys = calloc(1, sizeof *keys);
    if (!keys)
        return fault_set(why, -ENOMEM, _("out of memory"));
    int error = pairs_read(path, "psk", take, keys, why);
    if (!error && keys->count)
        qsort(keys->entries, keys->count, sizeof *keys->entries, compare);
    error = error ? error : check_twice(keys, path, why);
    if (error)
        keys_destroy(keys);
    else
        *ret_keys = keys;
    return error;
}

void keys_destroy(struct keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++)
        free(keys->entries[i].identity);
    if (keys->entries)
        explicit_bzero(keys->entries, keys->room * sizeof *keys->entries);
    free(keys->entries);
    free(keys);
}

static const struct entry *find(const struct keys *keys, const void *identity, size_t size)
{
    char text[IDENTITY_MAX + 1];
    struct entry wanted = {.identity = text};
    if (size > IDENTITY_MAX || memchr(identity, '\0', size))
        return NULL;
    memcpy(text, identity, size);
    text[size] = '\0';
    return keys->count ? bsearch(&wanted, keys->entries, keys->count, sizeof wanted, compare) : NULL;
}

const uint8_t *keys_find(const struct keys *keys, const void *identity, size_t size, size_t *ret_key_size)
{
    const struct entry *entry = find(keys, identity, size);
    *ret_key_size = entry ? entry->size : 0;
    return entry ? entry->key : NULL;
}

const char *keys_identity(const struct keys *keys, const void *identity, size_t size)
{
    const struct entry *entry = find(keys, identity, size);
    return entry ? entry->identity : NULL;
}

size_t keys_count(const struct keys *keys)
{
    return keys->count;
}
