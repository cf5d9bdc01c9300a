// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include "base/messages.h"
#include "base/text.h"
#include "municipality.h"
#include "settings/address.h"
#include <errno.h>
#include <string.h>

enum { GATEWAY_ID_MAX = 32, TOPIC_PREFIX_MAX = 200, ADDRESSES_MAX = 16, CHOICES_MAX = 16 };

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static int refuse(const struct value_input *input, struct fault *why)
{
    return fault_set(why, -EINVAL, _("\"%s\" cannot be used here; expected %s"), input->shown, input->expected);
}

static int keep(const struct value_input *input, struct value *ret_value)
{
    ret_value->text = memory_text(input->memory, input->text, strlen(input->text));
    return 0;
}

int parse_text(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    (void)why; // every line of text has been checked by the reader
    return keep(input, ret_value);
}

int parse_id(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    return text_is_id(input->text, strlen(input->text)) ? keep(input, ret_value) : refuse(input, why);
}

int parse_gateway_id(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    size_t size = strlen(input->text);
    bool good = size <= GATEWAY_ID_MAX && strspn(input->text, LOWER DIGITS "-") == size;
    return good ? keep(input, ret_value) : refuse(input, why);
}

int parse_municipality(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    char code[MUNICIPALITY_DIGITS + 1];
    const char *name;
    int error = municipality_parse(input->text, code, &name, why);
    if (error)
        return error;
    ret_value->text = memory_text(input->memory, code, strlen(code));
    ret_value->second = memory_text(input->memory, name, strlen(name));
    return 0;
}

int parse_timezone(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    size_t size = strlen(input->text);
    bool good = size <= 64 && strspn(input->text, LOWER UPPER DIGITS "+-_/") == size && input->text[0] != '/';
    return good ? keep(input, ret_value) : refuse(input, why);
}

int parse_topic(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    size_t size = strlen(input->text);
    bool good = size <= TOPIC_PREFIX_MAX && !strpbrk(input->text, "+#\t ") && input->text[0] != '$' &&
                input->text[0] != '/' && input->text[size - 1] != '/' && !strstr(input->text, "//");
    return good ? keep(input, ret_value) : refuse(input, why);
}

// True when `word` stands in the blank-separated list.
static bool is_listed(const char *list, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = list; *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strcspn(at, " ") == size && strncmp(at, word, size) == 0)
            return true;
    return false;
}

int parse_url(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    struct url url;
    if (!url_parse(input->text, &url))
        return refuse(input, why);
    if (!is_listed(input->key->range, url.scheme))
        return fault_set(why, -EINVAL, _("\"%s\" begins with \"%s://\"; expected one of: %s"), input->shown, url.scheme,
                         input->key->range);
    if (url.has_user) // not shown: it may hold a password
        return fault_set(why, -EINVAL,
                         _("the address holds a user name; expected it in keys of its own, the password or "
                           "token in a file"));
    bool is_http = strncmp(url.scheme, "http", 4) == 0;
    if (!is_http && *url.path && strcmp(url.path, "/") != 0)
        return fault_set(why, -EINVAL, _("\"%s\" has a path; expected %s"), input->shown, "mqtt://HOST:PORT");
    return keep(input, ret_value);
}

static bool is_source(const char *text)
{
    struct url url;
    if (strcmp(text, "coap") == 0 || strcmp(text, "sim") == 0)
        return true;
    if (strncmp(text, "serial:", 7) == 0 || strncmp(text, "modbus:", 7) == 0)
        return text_is_id(text + 7, strlen(text + 7));
    if (!url_parse(text, &url) || url.has_user)
        return false;
    if (strcmp(url.scheme, "gpsd") == 0)
        return !*url.path;
    return strcmp(url.scheme, "coap") == 0 || strcmp(url.scheme, "coaps") == 0;
}

int parse_source(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    return is_source(input->text) ? keep(input, ret_value) : refuse(input, why);
}

// "HOST:PORT" with a number for a host, as a server needs it. "localhost" becomes 127.0.0.1.
static bool write_address(const char *text, struct bytes *out)
{
    struct address address;
    if (!address_parse(text, &address) || !address.port || !address_is_numeric(&address))
        return false;
    bool name = !address.ipv6 && !strchr(DIGITS, address.host[0]);
    bytes_printf(out, address.ipv6 ? "[%s]:%d" : "%s:%d", name ? "127.0.0.1" : address.host, address.port);
    return true;
}

static bool write_addresses(const char *text, size_t max, struct bytes *out)
{
    for (size_t count = 0; *text; count++) {
        char one[128];
        size_t size = strcspn(text, " \t");
        if (count == max || size >= sizeof one)
            return false;
        memcpy(one, text, size);
        one[size] = '\0';
        if (count)
            bytes_char(out, ' ');
        if (!write_address(one, out))
            return false;
        text += size;
        text += strspn(text, " \t");
    }
    return true;
}

static int keep_addresses(const struct value_input *input, size_t max, struct value *ret_value, struct fault *why)
{
    struct bytes out;
    bytes_init(&out, 4096);
    bool good = write_addresses(input->text, max, &out) && !out.overflow;
    if (good)
        ret_value->text = memory_text(input->memory, (const char *)out.data, out.used);
    bytes_finish(&out);
    return good ? 0 : refuse(input, why);
}

int parse_address(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    return keep_addresses(input, 1, ret_value, why);
}

int parse_addresses(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    return keep_addresses(input, ADDRESSES_MAX, ret_value, why);
}

int parse_bool(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(input->text, words[i]) != 0)
            continue;
        ret_value->integer = i % 2;
        return 0;
    }
    return refuse(input, why);
}

static int refuse_choice(const struct value_input *input, struct fault *why)
{
    const char *names[CHOICES_MAX];
    char list[200];
    size_t count = 0;
    for (const struct choice *choice = input->key->choices; choice->name && count < CHOICES_MAX; choice++)
        names[count++] = choice->name;
    const char *nearest = text_nearest(input->text, names, count);
    value_range(input->key, list, sizeof list);
    if (nearest)
        return fault_set(why, -EINVAL, _("\"%s\" is not known, perhaps \"%s\" is meant; expected one of: %s"),
                         input->shown, nearest, list);
    return fault_set(why, -EINVAL, _("\"%s\" is not known; expected one of: %s"), input->shown, list);
}

int parse_choice(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    for (const struct choice *choice = input->key->choices; choice->name; choice++) {
        if (strcmp(choice->name, input->text) != 0)
            continue;
        ret_value->integer = choice->value;
        ret_value->text = choice->name;
        ret_value->later = choice->later;
        return 0;
    }
    return refuse_choice(input, why);
}
