// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#include "base/messages.h"
#include "base/number.h"
#include "client.h"
#include "complain.h"
#include <stdio.h>
#include <stdlib.h>

static json_t *parse(const struct bytes *answer)
{
    json_error_t where;
    json_t *document = json_loadb((const char *)answer->data, answer->used, 0, &where);
    if (!json_is_object(document)) {
        complain("%s", _("the gateway's answer is not what this tool expects; is it of another version?"));
        json_decref(document);
        return NULL;
    }
    return document;
}

static json_t *ask(const struct options *options, const char *path, const char *body)
{
    json_t *document = NULL;
    struct fault why;
    struct bytes answer;
    bytes_init(&answer, CLIENT_ANSWER_MAX + 1);
    char *socket = options_settle(options);
    if (socket && client_ask(socket, path, body, CLIENT_TIMEOUT_MS, &answer, &why) < 0)
        complain("%s", why.text);
    else if (socket)
        document = parse(&answer);
    if (document && options->json)
        printf("%s\n", (const char *)answer.data);
    free(socket);
    bytes_finish(&answer);
    return document;
}

json_t *ask_gateway(const struct options *options, const char *path)
{
    return ask(options, path, NULL);
}

json_t *order_gateway(const struct options *options, const char *path, const char *body)
{
    return ask(options, path, body ? body : "");
}

const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

double number_at(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

void value_shown(const json_t *value, char *ret_text, size_t size)
{
    char number[NUMBER_TEXT_SIZE];
    if (json_is_string(value))
        snprintf(ret_text, size, "%s", json_string_value(value));
    else if (json_is_boolean(value))
        snprintf(ret_text, size, "%s", json_is_true(value) ? _("yes") : _("no"));
    else if (json_is_integer(value))
        snprintf(ret_text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(ret_text, size, "%.*s", (int)number_text(json_real_value(value), number), number);
    else
        snprintf(ret_text, size, "-");
}

const char *values_shown(json_t *values, char *ret_text, size_t size)
{
    char one[128];
    size_t used = 0;
    const char *name;
    json_t *value;
    *ret_text = '\0';
    json_object_foreach(values, name, value)
    {
        value_shown(value, one, sizeof one);
        if (used < size)
            used += (size_t)snprintf(ret_text + used, size - used, "%s%s=%s", used ? " " : "", name, one);
    }
    return ret_text;
}
