// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "coap_driver.h"
#include <errno.h>
#include <string.h>

/*
 * GET /time: UTC for sensors without a clock, as RFC 3339 text, or with Accept 60 as CBOR: tag 1 (RFC 8949 section
 * 3.4.2) with whole seconds since 1970, so that the smallest device can read it.
 */

static int accepted(const coap_pdu_t *request)
{
    coap_opt_iterator_t iterator;
    coap_opt_t *option = coap_check_option(request, COAP_OPTION_ACCEPT, &iterator);
    if (!option)
        return COAP_MEDIATYPE_TEXT_PLAIN;
    return (int)coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
}

static void put(coap_pdu_t *response, int format, const void *data, size_t size)
{
    coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
    answer_option(response, COAP_OPTION_CONTENT_FORMAT, (unsigned)format);
    answer_option(response, COAP_OPTION_MAXAGE, 0); // nobody may keep the time
    coap_add_data(response, size, data);
}

static void put_text(coap_pdu_t *response, int64_t time_us)
{
    char text[UTC_TEXT_SIZE];
    utc_text(time_us - time_us % 1000, text);
    put(response, COAP_MEDIATYPE_TEXT_PLAIN, text, strlen(text));
}

// Four bytes last until 2106.
static void put_cbor(coap_pdu_t *response, int64_t time_us)
{
    uint32_t seconds = (uint32_t)(time_us / 1000000);
    uint8_t bytes[] = {
        0xc1, 0x1a, (uint8_t)(seconds >> 24), (uint8_t)(seconds >> 16), (uint8_t)(seconds >> 8), (uint8_t)seconds};
    put(response, COAP_MEDIATYPE_APPLICATION_CBOR, bytes, sizeof bytes);
}

bool time_is_known(const struct coap_driver *driver, coap_pdu_t *response)
{
    const struct clock *clock = driver->host->clock;
    if (clock->synchronised(clock))
        return true;
    answer_fill(driver, response,
                &(struct reply){.code = COAP_RESPONSE_CODE(503),
                                .text = _("the gateway's own clock is not set yet; ask again later")});
    return false;
}

static void get_time(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                     const coap_string_t *query, coap_pdu_t *response)
{
    (void)resource;
    (void)query;
    struct coap_driver *driver = coap_get_app_data(coap_session_get_context(session));
    const struct clock *clock = driver->host->clock;
    if (!request_admitted(driver, session, request, response) || !request_in_time(driver, session, response) ||
        !time_is_known(driver, response))
        return;

    int format = accepted(request);
    if (format == COAP_MEDIATYPE_TEXT_PLAIN)
        put_text(response, clock_wall_us(clock));
    else if (format == COAP_MEDIATYPE_APPLICATION_CBOR)
        put_cbor(response, clock_wall_us(clock));
    else
        answer_fill(driver, response,
                    &(struct reply){.code = COAP_RESPONSE_CODE(406),
                                    .text = _("the time is given as text (Accept 0) or CBOR (Accept 60)")});
}

int time_register(coap_context_t *context)
{
    coap_resource_t *resource = coap_resource_init(coap_make_str_const("time"), 0);
    if (!resource)
        return -ENOMEM;
    coap_register_request_handler(resource, COAP_REQUEST_GET, get_time);
    coap_add_resource(context, resource);
    return 0;
}
