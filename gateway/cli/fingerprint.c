// SPDX-License-Identifier: Apache-2.0
#include "fingerprint.h"

#include "base/number.h"
#include <stdbool.h>
#include <string.h>

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return fnv64(hash, text, strlen(text) + 1);
}

static uint64_t hash_value(const json_t *value)
{
    uint64_t hash = FNV_START;
    const char *key;
    json_t *member;
    size_t index;
    double number = json_number_value(value);
    int type = (int)json_typeof(value);
    hash = fnv64(hash, &type, sizeof type);
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        json_object_foreach((json_t *)(uintptr_t)value, key, member) hash += hash_text(hash_value(member), key);
        return hash;
    case JSON_ARRAY:
        json_array_foreach(value, index, member)
        {
            uint64_t of_member = hash_value(member);
            hash = fnv64(hash, &of_member, sizeof of_member);
        }
        return hash;
    case JSON_STRING:
        return hash_text(hash, json_string_value(value));
    case JSON_INTEGER:
    case JSON_REAL:
        return fnv64(hash, &number, sizeof number);
    default:
        return hash;
    }
}

uint64_t fingerprint(const json_t *reading)
{
    static const char *const marks[] = {"backlog", "replay"};
    uint64_t hash = 0;
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)reading, key, member)
    {
        bool mark = false;
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
            mark = mark || strcmp(marks[i], key) == 0;
        if (!mark)
            hash += hash_text(hash_value(member), key);
    }
    return hash;
}
