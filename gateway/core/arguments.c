// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include "base/clock.h"
#include "base/messages.h"
#include "base/number.h"
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

// Only ever a pointer to jansson's object, so that its names stay in this file.
static json_t *object_of(const struct arguments *arguments)
{
    return (json_t *)(uintptr_t)arguments;
}

int arguments_parse(const char *text, size_t size, struct arguments **ret_arguments, struct fault *why)
{
    while (size > 0 && strchr(" \t\r\n", text[size - 1]))
        size--;
    json_error_t where = {.text = ""};
    json_t *object = size > 0 ? json_loadb(text, size, JSON_REJECT_DUPLICATES, &where) : json_object();
    if (!json_is_object(object)) {
        bool is_json = object != NULL;
        json_decref(object);
        return is_json ? fault_set(why, -EINVAL, _("the arguments are no JSON object; expected one such as {}"))
                       : fault_set(why, -EINVAL,
                                   _("the arguments are no JSON (line %d: %s); expected an object such as {}"),
                                   where.line, where.text);
    }
    *ret_arguments = (struct arguments *)object;
    return 0;
}

void arguments_finish(struct arguments *arguments)
{
    json_decref(object_of(arguments));
}

bool arguments_have(const struct arguments *arguments, const char *key)
{
    return json_object_get(object_of(arguments), key) != NULL;
}

static bool is_among(const char *key, const char *const keys[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return strcmp(key, "id") == 0;
}

int arguments_known(const struct arguments *arguments, const char *const keys[], size_t count, struct fault *why)
{
    struct bytes list;
    const char *key;
    json_t *value;
    int error = 0;
    bytes_init(&list, 256);
    for (size_t i = 0; i < count; i++)
        bytes_printf(&list, "%s%s", i ? ", " : "", keys[i]);
    json_object_foreach(object_of(arguments), key, value)
    {
        if (!error && !is_among(key, keys, count))
            error = fault_set(why, -EINVAL, _("\"%s\" is not known; expected one of: %.*s"), key, (int)list.used,
                              (const char *)list.data);
    }
    bytes_finish(&list);
    return error;
}

int arguments_text(const struct arguments *arguments, const char *key, const char **ret_text, struct fault *why)
{
    const json_t *value = json_object_get(object_of(arguments), key);
    if (value && !json_is_null(value) && !json_is_string(value))
        return fault_set(why, -EINVAL, _("\"%s\" is no text"), key);
    *ret_text = json_string_value(value);
    return 0;
}

int arguments_time(const struct arguments *arguments, const char *key, int64_t *ret_time_us, struct fault *why)
{
    const char *text = json_string_value(json_object_get(object_of(arguments), key));
    if (!text || utc_parse(text, ret_time_us) != 0)
        return fault_set(why, -EINVAL, _("\"%s\" is no time; expected one such as 2026-11-22T03:04:05Z"), key);
    return 0;
}

int arguments_seq(const struct arguments *arguments, const char *key, uint64_t *ret_seq, struct fault *why)
{
    const json_t *value = json_object_get(object_of(arguments), key);
    if (!json_is_integer(value) || json_integer_value(value) < 1)
        return fault_set(why, -EINVAL, _("\"%s\" is no sequence number; expected a number from 1"), key);
    *ret_seq = (uint64_t)json_integer_value(value);
    return 0;
}

int arguments_count(const struct arguments *arguments, const char *key, uint64_t *ret_count, struct fault *why)
{
    const json_t *value = json_object_get(object_of(arguments), key);
    int64_t count = json_is_integer(value) ? json_integer_value(value) : value ? -1 : 0;
    const char *text = json_string_value(value);
    if (text && !integer_parse(text, strlen(text), 0, INT64_MAX, &count))
        count = -1;
    if (count < 0)
        return fault_set(why, -EINVAL, _("\"%s\" is no count; expected a number from 0"), key);
    *ret_count = (uint64_t)count;
    return 0;
}

void arguments_copy(const struct arguments *arguments, const char *key, struct bytes *out)
{
    const json_t *value = json_object_get(object_of(arguments), key);
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    if (text)
        bytes_text(out, text);
    free(text);
}
