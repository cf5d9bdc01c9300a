// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "coap_driver.h"
#include "coap_request.h"
#include "codecs/codecs.h"
#include <errno.h>

/*
 * What Efento's NB-IoT sensors ask for, at the paths that they know: POST /m brings measurements, /i what the sensor is and how
 * its battery and radio are, /c how it is set. They wait for 2.01, and send again until it comes. /t asks for the time: four
 * bytes, seconds since 1970, big-endian, which last until 2106.
 */

static const struct route routes[] = {
    {.path = "/m", .codec = &codec_efento, .success = COAP_RESPONSE_CODE(201)},
    {.path = "/i", .success = COAP_RESPONSE_CODE(201), .discards = true},
    {.path = "/c", .success = COAP_RESPONSE_CODE(201), .discards = true},
};

static void post(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                 const coap_string_t *query, coap_pdu_t *response)
{
    (void)query;
    readings_take(session, request, coap_resource_get_userdata(resource), NULL, response);
}

static void post_time(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                      const coap_string_t *query, coap_pdu_t *response)
{
    (void)resource;
    (void)query;
    struct coap_driver *driver = coap_get_app_data(coap_session_get_context(session));
    if (!request_admitted(driver, session, request, response) || !request_in_time(driver, session, response) ||
        !time_is_known(driver, response))
        return;
    uint32_t seconds = (uint32_t)(clock_wall_us(driver->host->clock) / 1000000);
    uint8_t bytes[] = {(uint8_t)(seconds >> 24), (uint8_t)(seconds >> 16), (uint8_t)(seconds >> 8), (uint8_t)seconds};
    coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
    coap_add_data(response, sizeof bytes, bytes);
}

// libcoap's own answer would be longer than three times such a short request.
static void refuse_method(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                          const coap_string_t *query, coap_pdu_t *response)
{
    (void)resource;
    (void)query;
    struct coap_driver *driver = coap_get_app_data(coap_session_get_context(session));
    driver->requests++;
    if (!request_admitted(driver, session, request, response) || !request_in_time(driver, session, response))
        return;
    driver->host->refused(driver->host->context, REFUSAL_FORMAT, NULL);
    answer_fill(driver, response,
                &(struct reply){.code = COAP_RESPONSE_CODE(405), .text = _("sensors only send here; expected POST")});
}

static int add(coap_context_t *context, const char *path, coap_method_handler_t handler, const struct route *route)
{
    static const coap_request_t others[] = {COAP_REQUEST_GET,   COAP_REQUEST_PUT,   COAP_REQUEST_DELETE,
                                            COAP_REQUEST_FETCH, COAP_REQUEST_PATCH, COAP_REQUEST_IPATCH};
    coap_resource_t *resource = coap_resource_init(coap_make_str_const(path), 0);
    if (!resource)
        return -ENOMEM;
    coap_resource_set_userdata(resource, (void *)route);
    coap_register_request_handler(resource, COAP_REQUEST_POST, handler);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        coap_register_request_handler(resource, others[i], refuse_method);
    coap_add_resource(context, resource);
    return 0;
}

int efento_register(coap_context_t *context)
{
    int error = add(context, "t", post_time, NULL);
    for (size_t i = 0; i < sizeof routes / sizeof *routes && error == 0; i++)
        error = add(context, routes[i].path + 1, post, &routes[i]);
    return error;
}
