// SPDX-License-Identifier: Apache-2.0
#include "coap_driver.h"
#include "coap_request.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * GET /.well-known/core: what is here, in Core Link Format (RFC 6690), with its filters. libcoap would answer it, too, but
 * with as much as there is; a datagram whose sender nobody has proved is answered with no more than three times its own bytes
 * (RFC 9175 section 2.4), else a forged address could be flooded through us. So over plain UDP it comes in blocks that small
 * (Block2, RFC 7959).
 */

enum {
    TEXT_MAX = 512,
    OPTIONS = 7, // bytes of Content-Format and Block2, at most
    EXPONENT_MAX = 6,
};

static const struct link {
    const char *href, *rt, *ct;
} links[] = {
    {"/readings", "citygw.readings", "110 112"},
    {"/time", "citygw.time", "0 60"},
    {"/m", "citygw.efento", "42"},
};

// One filter: name=value, or name=value* for a beginning (RFC 6690 section 4.1).
struct filter {
    const char *name, *value;
    size_t name_size, value_size;
    bool is_prefix;
};

static struct filter read_filter(const coap_opt_t *option)
{
    const char *text = (const char *)coap_opt_value(option);
    size_t size = coap_opt_length(option);
    const char *equals = size ? memchr(text, '=', size) : NULL;
    struct filter filter = {.name = text, .name_size = equals ? (size_t)(equals - text) : size};
    filter.value = equals ? equals + 1 : text + size;
    filter.value_size = size - (size_t)(filter.value - text);
    filter.is_prefix = filter.value_size > 0 && filter.value[filter.value_size - 1] == '*';
    filter.value_size -= filter.is_prefix;
    return filter;
}

static bool word_matches(const struct filter *filter, const char *word, size_t size)
{
    return (filter->is_prefix ? size >= filter->value_size : size == filter->value_size) &&
           memcmp(word, filter->value, filter->value_size) == 0;
}

// An attribute may hold several words, of which one must match.
static bool any_word_matches(const struct filter *filter, const char *words)
{
    for (size_t size; *words; words += size, words += *words == ' ') {
        size = strcspn(words, " ");
        if (word_matches(filter, words, size))
            return true;
    }
    return false;
}

static bool is_named(const struct filter *filter, const char *name)
{
    return filter->name_size == strlen(name) && memcmp(filter->name, name, filter->name_size) == 0;
}

static bool link_matches(const struct link *link, const struct filter *filter)
{
    if (is_named(filter, "href"))
        return word_matches(filter, link->href, strlen(link->href));
    if (is_named(filter, "rt"))
        return any_word_matches(filter, link->rt);
    return is_named(filter, "ct") && any_word_matches(filter, link->ct);
}

// What was asked for.
struct asked {
    int accept;
    unsigned block; // Block2: number << 4 | size exponent
    const coap_opt_t *filter;
};

static struct asked read_request(const coap_pdu_t *pdu)
{
    struct asked asked = {.accept = -1, .block = EXPONENT_MAX};
    coap_opt_iterator_t iterator;
    coap_option_iterator_init(pdu, &iterator, COAP_OPT_ALL);
    for (const coap_opt_t *option; (option = coap_option_next(&iterator));) {
        unsigned value = coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
        if (iterator.number == COAP_OPTION_ACCEPT)
            asked.accept = (int)value;
        else if (iterator.number == COAP_OPTION_BLOCK2)
            asked.block = value & ~BLOCK_MORE;
        else if (iterator.number == COAP_OPTION_URI_QUERY && !asked.filter)
            asked.filter = option;
    }
    return asked;
}

static size_t compose(const struct asked *asked, char text[TEXT_MAX])
{
    struct filter filter;
    size_t used = 0;
    if (asked->filter)
        filter = read_filter(asked->filter);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (!asked->filter || link_matches(&links[i], &filter))
            used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s<%s>;rt=\"%s\";ct=\"%s\"", used ? "," : "",
                                     links[i].href, links[i].rt, links[i].ct);
    return used;
}

// The largest block that was asked for, and that the request's size allows. No request is so small that 16 bytes are too much.
static unsigned fitting_exponent(const struct asked *asked, size_t most)
{
    unsigned exponent = asked->block & BLOCK_EXPONENT;
    while (exponent > 0 && (size_t)16 << exponent > most)
        exponent--;
    return exponent;
}

static void put(coap_pdu_t *response, const struct asked *asked, unsigned exponent, const char *text, size_t size)
{
    // Where the block that was asked for begins, counted in blocks of the size that it gets.
    unsigned wanted = asked->block & BLOCK_EXPONENT;
    size_t offset = (size_t)(asked->block >> 4) << (wanted + 4), block = (size_t)16 << exponent;
    if (wanted > EXPONENT_MAX || (offset > 0 && offset >= size)) {
        coap_pdu_set_code(response, COAP_RESPONSE_CODE(400));
        return;
    }
    size_t left = size - offset;
    bool more = left > block;
    coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
    answer_option(response, COAP_OPTION_CONTENT_FORMAT, COAP_MEDIATYPE_APPLICATION_LINK_FORMAT);
    if (more || offset > 0)
        answer_option(response, COAP_OPTION_BLOCK2, (unsigned)(offset / block) << 4 | (more ? 8u : 0) | exponent);
    if (left > 0)
        coap_add_data(response, more ? block : left, (const uint8_t *)text + offset);
}

static void get_core(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                     const coap_string_t *query, coap_pdu_t *response)
{
    (void)resource;
    (void)query;
    struct coap_driver *driver = coap_get_app_data(coap_session_get_context(session));
    char text[TEXT_MAX];
    if (!request_admitted(driver, session, request, response) || !request_in_time(driver, session, response))
        return;
    struct asked asked = read_request(request);
    if (asked.accept >= 0 && asked.accept != COAP_MEDIATYPE_APPLICATION_LINK_FORMAT) {
        answer_fill(driver, response, &(struct reply){.code = COAP_RESPONSE_CODE(406)});
        return;
    }
    size_t size = compose(&asked, text);
    put(response, &asked, fitting_exponent(&asked, request_answer_max(session, request, OPTIONS)), text, size);
}

int core_register(coap_context_t *context)
{
    coap_resource_t *resource = coap_resource_init(coap_make_str_const(".well-known/core"), 0);
    if (!resource)
        return -ENOMEM;
    coap_register_request_handler(resource, COAP_REQUEST_GET, get_core);
    coap_add_resource(context, resource);
    return 0;
}
