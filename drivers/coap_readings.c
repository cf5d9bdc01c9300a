// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "coap_driver.h"
#include "coap_request.h"
#include "drivers/codec.h"
#include <errno.h>
#include <string.h>

// Fills `why`, counts, and gives the code.
static uint8_t refuse(struct coap_driver *driver, enum refusal refusal, const struct fault *why)
{
    driver->host->refused(driver->host->context, refusal, why);
    return answer_code(refusal);
}

static uint8_t refuse_size(struct coap_driver *driver, const struct request *request, struct fault *why)
{
    long long max = (long long)driver->settings->coap.max_body_bytes;
    if (request_is_cut(request))
        fault_set(why, 0, _("the datagram is longer than %d bytes; expected less, or a block-wise transfer"),
                  REQUEST_DATAGRAM_MAX - 1);
    else if ((long long)request->size > max)
        fault_set(why, 0, _("the body has %zu bytes; expected at most %lld"), request->size, max);
    else
        return 0;
    return refuse(driver, REFUSAL_LENGTH, why);
}

static const struct fault *describe_part(const struct coap_driver *driver, const struct request *request,
                                         enum body_result result, struct fault *why)
{
    switch (result) {
    case BODY_WRONG:
        fault_set(why, 0, _("a block of %zu bytes with size exponent %u; expected full blocks of 16 to 1024 bytes"),
                  request->size, request->block & BLOCK_EXPONENT);
        break;
    case BODY_GAP:
        fault_set(why, 0, _("block %u does not follow what came before; expected the body again from block 0"),
                  BLOCK_NUMBER(request->block));
        break;
    case BODY_TOO_LONG:
        fault_set(why, 0, _("the body has more than %lld bytes; expected less"),
                  (long long)driver->settings->coap.max_body_bytes);
        break;
    default:
        fault_set(why, 0, _("there is no memory for the body; send it again later"));
    }
    return why;
}

// Puts a body together that comes in parts (RFC 7959 section 2.5). 0: `request` has the whole of it now.
static uint8_t put_together(struct coap_driver *driver, struct request *request, struct fault *why)
{
    struct body_part part = {
        .owner = request->owner,
        .block = request->block,
        .announced = request->announced,
        .tag = request->tag,
        .format = request->format,
        .data = request->payload,
        .size = request->size,
    };
    if (!driver->bodies)
        driver->bodies = bodies_create((size_t)driver->settings->coap.max_body_bytes);
    enum body_result result =
        driver->bodies ? bodies_take(driver->bodies, &part, request->time_us, &request->payload, &request->size)
                       : BODY_NO_ROOM;
    if (result == BODY_WHOLE)
        return 0;
    if (result == BODY_MORE)
        return COAP_RESPONSE_CODE(231);
    refuse(driver, result == BODY_NO_ROOM ? REFUSAL_FULL : REFUSAL_LENGTH, describe_part(driver, request, result, why));
    static const uint8_t codes[] = {
        [BODY_WRONG] = COAP_RESPONSE_CODE(400),
        [BODY_GAP] = COAP_RESPONSE_CODE(408),
        [BODY_TOO_LONG] = COAP_RESPONSE_CODE(413),
        [BODY_NO_ROOM] = COAP_RESPONSE_CODE(503),
    };
    return codes[result];
}

static const struct codec *find_codec(const struct coap_driver *driver, const struct request *request)
{
    if (request->route->codec)
        return request->route->codec;
    bool needs_own = request->sensor && (request->format < 0 || request->format == FORMAT_OCTETS);
    const struct codec *own = needs_own ? codec_choice(driver->codecs, request->sensor) : NULL;
    return codec_for_body(own, request->sensor != NULL, request->format);
}

static uint8_t refuse_format(struct coap_driver *driver, const struct request *request, struct fault *why)
{
    const char *expected = request->sensor ? _("expected 110 (SenML JSON), 112 (SenML CBOR) or 0 (text, one value)")
                                           : _("expected 110 (SenML JSON) or 112 (SenML CBOR)");
    if (request->sensor && request->format == COAP_MEDIATYPE_APPLICATION_OCTET_STREAM)
        fault_set(why, 0, _("the sensor %s has no codec for such payloads; expected codec = in its section"),
                  request->sensor);
    else if (request->format < 0)
        fault_set(why, 0, _("the request has no Content-Format; %s"), expected);
    else
        fault_set(why, 0, _("Content-Format %d is not read here; %s"), request->format, expected);
    return refuse(driver, REFUSAL_FORMAT, why);
}

static uint8_t decode(struct coap_driver *driver, const struct request *request, const struct codec *codec,
                      struct fault *why)
{
    struct frame frame = {.data = request->payload, .size = request->size, .port = request->port};
    if (request->format == FORMAT_LWM2M_TLV && request->sensor)
        frame.object = request->object ? request->object : codec_object(driver->settings, request->sensor);
    enum refusal refusal = codec_decode(codec, &frame, &driver->raw, why);
    if (!refusal && request->sensor && request->fcnt >= 0)
        raw_pack_frame(&driver->raw, (uint32_t)request->fcnt, 0);
    return refusal ? refuse(driver, refusal, why) : 0;
}

static uint64_t wait_for_commit(struct coap_driver *driver, coap_session_t *session, const struct request *request)
{
    struct pending *pending = pending_add(&driver->pending);
    if (!pending)
        return 0;
    coap_bin_const_t token = coap_pdu_get_token(request->pdu);
    pending->session = coap_session_reference(session);
    pending->digest = request->digest;
    pending->time_us = request->time_us;
    pending->id = (uint16_t)coap_pdu_get_mid(request->pdu);
    pending->token_size = (uint8_t)token.length;
    memcpy(pending->token, token.s, token.length);
    pending->block = request->block;
    pending->text_max = (uint8_t)driver->text_max;
    pending->success = request->route->success;
    pending->no_response = request->no_response;
    pending->confirmable = coap_pdu_get_type(request->pdu) == COAP_MESSAGE_CON;
    watch_pending(driver);
    return pending->ticket;
}

static void stop_waiting(struct coap_driver *driver, uint64_t ticket)
{
    struct pending *pending = pending_find(&driver->pending, ticket);
    if (!pending)
        return;
    coap_session_release(pending->session);
    pending_remove(&driver->pending, pending);
}

// The host may settle the ticket before emit returns, so everything stands ready before.
static uint8_t submit(struct coap_driver *driver, coap_session_t *session, const struct request *request,
                      struct fault *why)
{
    uint64_t ticket = wait_for_commit(driver, session, request);
    if (ticket == 0) {
        fault_set(why, 0, _("too many requests wait to be stored; send it again later"));
        return refuse(driver, REFUSAL_FULL, why);
    }
    struct dedup_answer waiting = {.text = "", .ticket = ticket};
    dedup_update(driver->dedup, request->digest, request->time_us, &waiting);

    struct driver_pack pack = {
        .raw = &driver->raw,
        .sensor = request->sensor,
        .key = request->key.bytes,
        .key_size = sizeof request->key.bytes,
        .unauthenticated = request->unauthenticated,
        .identity = request->identity,
        .ticket = ticket,
    };
    enum refusal refusal = driver->host->emit(driver->host->context, &pack, why);
    if (refusal == REFUSAL_NONE)
        return 0;
    stop_waiting(driver, ticket);
    return answer_code(refusal);
}

// 0: taken, the answer follows with the commit. Of what is not kept, success is told at once.
static uint8_t judge(struct coap_driver *driver, coap_session_t *session, struct request *request, struct fault *why)
{
    uint8_t code = refuse_size(driver, request, why);
    if (code == 0 && request_is_block(request))
        code = put_together(driver, request, why);
    if (code)
        return code;
    if (request->route->discards) {
        driver->discarded++;
        return request->route->success;
    }
    const struct codec *codec = find_codec(driver, request);
    if (!codec)
        return refuse_format(driver, request, why);
    code = decode(driver, request, codec, why);
    if (code)
        return code;
    return submit(driver, session, request, why);
}

// A copy of a request: nothing is stored, and the answer is what it was, or will be.
static void repeat(struct coap_driver *driver, coap_session_t *session, const struct request *request,
                   const struct dedup_answer *known, coap_pdu_t *response)
{
    driver->duplicates++;
    if (known->code) {
        uint8_t code = known->code == DEDUP_STORED ? request->route->success : known->code;
        answer_fill(driver, response, &(struct reply){.code = code, .text = known->text, .block = request->block});
        return;
    }
    struct pending *pending = pending_find(&driver->pending, known->ticket);
    if (pending && !pending->session) { // the driver was closed and opened again meanwhile
        pending->session = coap_session_reference(session);
        watch_pending(driver);
    }
    bool acknowledge_again = pending && pending->acknowledged;
    if (!acknowledge_again)
        answer_nothing(response);
}

// A body counts once, however many parts it has.
static bool is_later_part(const struct coap_driver *driver, const struct request *request)
{
    return request_is_block(request) && BLOCK_NUMBER(request->block) > 0 && driver->bodies &&
           bodies_has(driver->bodies, &request->owner);
}

void readings_take(coap_session_t *session, const coap_pdu_t *pdu, const struct route *route, const char *sensor,
                   coap_pdu_t *response)
{
    struct coap_driver *driver = coap_get_app_data(coap_session_get_context(session));
    driver->requests++;
    if (!request_admitted(driver, session, pdu, response))
        return;

    int64_t now_us = coap_driver_now_us(driver);
    struct request request = request_read(driver, session, pdu, route, sensor, now_us);
    request.digest = dedup_digest_of(driver->dedup, &request.key);
    struct dedup_answer answer = {.text = ""};
    if (dedup_find(driver->dedup, request.digest, now_us, &answer)) {
        repeat(driver, session, &request, &answer, response);
        return;
    }
    if (!is_later_part(driver, &request) && !request_in_time(driver, session, response))
        return;
    dedup_add(driver->dedup, request.digest, now_us, &answer);

    struct fault why = {0};
    uint8_t code = judge(driver, session, &request, &why);
    if (code == 0) {
        answer_nothing(response);
        return;
    }
    answer_fill(driver, response, &(struct reply){.code = code, .text = why.text, .block = request.block});
    answer = (struct dedup_answer){.code = code, .text = why.text};
    dedup_update(driver->dedup, request.digest, now_us, &answer);
}

static const struct route readings_route = {.path = "", .success = COAP_RESPONSE_CODE(204)};

static void post_readings(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                          const coap_string_t *query, coap_pdu_t *response)
{
    (void)resource;
    (void)query;
    readings_take(session, request, &readings_route, NULL, response);
}

static void refuse_path(struct coap_driver *driver, enum request_path path, coap_pdu_t *response)
{
    struct reply reply = {.code = COAP_RESPONSE_CODE(404)};
    if (path == PATH_NO_ID) {
        reply.text = _("no sensor has such a name; expected 1 to 64 of A-Z a-z 0-9 _ . -");
    } else if (path == PATH_OTHER) {
        reply.text = _("there is nothing at this path; expected /readings, /readings/SENSOR or /time");
    } else {
        reply.code = COAP_RESPONSE_CODE(405);
        reply.text = _("readings are only taken; expected POST");
    }
    enum refusal refusal = path == PATH_SENSOR ? REFUSAL_FORMAT : REFUSAL_UNKNOWN_SENSOR;
    driver->host->refused(driver->host->context, refusal, NULL);
    answer_fill(driver, response, &reply);
}

static void handle_other(struct coap_driver *driver, coap_session_t *session, const coap_pdu_t *request,
                         enum request_path path, coap_pdu_t *response)
{
    driver->requests++;
    if (request_admitted(driver, session, request, response) && request_in_time(driver, session, response))
        refuse_path(driver, path, response);
}

// Every path that has no resource of its own comes here, those of sensors among them.
static void any_path(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                     const coap_string_t *query, coap_pdu_t *response)
{
    (void)resource;
    (void)query;
    struct coap_driver *driver = coap_get_app_data(coap_session_get_context(session));
    char sensor[ID_MAX + 1];
    enum request_path path = request_path_of(request, sensor);
    if (path == PATH_SENSOR && coap_pdu_get_code(request) == COAP_REQUEST_CODE_POST)
        readings_take(session, request, &readings_route, sensor, response);
    else
        handle_other(driver, session, request, path, response);
}

int readings_register(coap_context_t *context)
{
    coap_resource_t *readings = coap_resource_init(coap_make_str_const("readings"), 0);
    if (!readings)
        return -ENOMEM;
    coap_register_request_handler(readings, COAP_REQUEST_POST, post_readings);
    coap_add_resource(context, readings);

    // All methods, because libcoap itself says 2.02 to DELETE of what is not there.
    coap_resource_t *others = coap_resource_unknown_init(any_path);
    if (!others)
        return -ENOMEM;
    static const coap_request_t methods[] = {COAP_REQUEST_GET,   COAP_REQUEST_POST,  COAP_REQUEST_DELETE,
                                             COAP_REQUEST_FETCH, COAP_REQUEST_PATCH, COAP_REQUEST_IPATCH};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        coap_register_request_handler(others, methods[i], any_path);
    coap_add_resource(context, others);
    return 0;
}
