// SPDX-License-Identifier: Apache-2.0
#include "coap_request.h"
#include "base/messages.h"
#include "base/number.h"
#include "coap_driver.h"
#include <arpa/inet.h>
#include <string.h>

enum {
    UDP_HEADER_SIZE = 4,  // of CoAP over UDP
    REFUSAL_OPTIONS = 15, // bytes of Max-Age or Size1, and Block1, at most
};

// Also a key of the limits, as bytes: it has no padding.
struct peer {
    uint8_t address[16]; // IPv4 as ::ffff:a.b.c.d, whichever socket it came by
    uint32_t port;
    uint32_t scope;
};

_Static_assert(sizeof(struct peer) == 16 + 2 * sizeof(uint32_t), "it has no padding");

static struct peer peer_of(const coap_session_t *session)
{
    const coap_address_t *remote = coap_session_get_addr_remote(session);
    struct peer peer = {0};
    if (remote->addr.sa.sa_family == AF_INET) {
        peer.address[10] = peer.address[11] = 0xff;
        memcpy(peer.address + 12, &remote->addr.sin.sin_addr, 4);
        peer.port = ntohs(remote->addr.sin.sin_port);
    } else {
        memcpy(peer.address, &remote->addr.sin6.sin6_addr, 16);
        peer.port = ntohs(remote->addr.sin6.sin6_port);
        peer.scope = remote->addr.sin6.sin6_scope_id;
    }
    return peer;
}

static bool is_loopback(const struct peer *peer)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t v6[16] = {[15] = 1};
    if (memcmp(peer->address, mapped, sizeof mapped) == 0)
        return peer->address[12] == 127;
    return memcmp(peer->address, v6, sizeof v6) == 0;
}

static bool is_secure(const coap_session_t *session)
{
    return coap_session_get_proto(session) == COAP_PROTO_DTLS;
}

// That the session's peer has proved to be, as the file of keys spells it; NULL on plain UDP.
static const char *identity_of(const struct coap_driver *driver, const coap_session_t *session)
{
    const coap_bin_const_t *identity = is_secure(session) ? coap_session_get_psk_identity(session) : NULL;
    return identity ? keys_identity(driver->keys, identity->s, identity->length) : NULL;
}

// The payload is the last thing of the datagram, and without one the last option is.
static size_t bytes_of(const coap_pdu_t *pdu)
{
    coap_bin_const_t token = coap_pdu_get_token(pdu);
    const uint8_t *end = token.s + token.length, *payload;
    size_t size;
    if (coap_get_data(pdu, &size, &payload) && size > 0)
        return (size_t)(payload + size - token.s) + UDP_HEADER_SIZE;
    coap_opt_iterator_t iterator;
    coap_option_iterator_init(pdu, &iterator, COAP_OPT_ALL);
    for (const coap_opt_t *option; (option = coap_option_next(&iterator));)
        end = coap_opt_value(option) + coap_opt_length(option);
    return (size_t)(end - token.s) + UDP_HEADER_SIZE;
}

size_t request_answer_max(const coap_session_t *session, const coap_pdu_t *request, size_t options)
{
    enum { AMPLIFICATION = 3, MARKER = 1 };
    size_t head = UDP_HEADER_SIZE + coap_pdu_get_token(request).length + options + MARKER;
    size_t most = is_secure(session) ? SIZE_MAX : AMPLIFICATION * bytes_of(request);
    return most > head ? most - head : 0;
}

bool request_admitted(struct coap_driver *driver, const coap_session_t *session, const coap_pdu_t *request,
                      coap_pdu_t *response)
{
    struct peer peer = peer_of(session);
    size_t room = request_answer_max(session, request, REFUSAL_OPTIONS);
    driver->text_max = room < DEDUP_TEXT_MAX ? room : DEDUP_TEXT_MAX;
    bool may = is_secure(session) ? identity_of(driver, session) != NULL
                                  : is_loopback(&peer) || driver->settings->coap.allow_plain;
    if (may)
        return true;
    struct reply reply = {
        .code = COAP_RESPONSE_CODE(401),
        .text = _("plain coap:// is not accepted from other machines; expected coaps://, or allow_plain in [coap]"),
    };
    struct fault why = {0};
    fault_set(&why, 0, "%s", reply.text);
    driver->host->refused(driver->host->context, REFUSAL_IDENTITY, &why);
    answer_fill(driver, response, &reply);
    return false;
}

bool request_in_time(struct coap_driver *driver, const coap_session_t *session, coap_pdu_t *response)
{
    struct peer peer = peer_of(session);
    struct reply reply = {.code = COAP_RESPONSE_CODE(429)};
    struct fault why = {0};
    int64_t now_us = coap_driver_now_us(driver);
    if (!driver->settings->coap.limits_loopback && is_loopback(&peer))
        return true;
    const char *identity = identity_of(driver, session);
    enum limit_result result = identity
                                   ? limit_take(driver->limit, identity, strlen(identity), now_us, &reply.max_age_s)
                                   : limit_take(driver->limit, &peer, sizeof peer, now_us, &reply.max_age_s);
    if (result == LIMIT_FINE)
        return true;
    fault_set(&why, 0, _("more than %g requests a second; expected the next in %u s"),
              driver->settings->coap.rate_limit, reply.max_age_s);
    driver->host->refused(driver->host->context, REFUSAL_RATE, result == LIMIT_REFUSE ? &why : NULL);
    if (result == LIMIT_SILENT) {
        answer_nothing(response);
        return false;
    }
    reply.text = why.text;
    answer_fill(driver, response, &reply);
    return false;
}

// The number behind "NAME=", from `least` to `most`; -1 when the option is another one.
static int64_t query_number(const coap_opt_t *option, const char *name, int64_t least, int64_t most)
{
    const char *text = (const char *)coap_opt_value(option);
    size_t size = coap_opt_length(option), skip = strlen(name);
    int64_t number = -1;
    if (size > skip && memcmp(text, name, skip) == 0)
        integer_parse(text + skip, size - skip, least, most, &number);
    return number;
}

static void read_query(struct request *request, const coap_opt_t *option)
{
    int64_t port = query_number(option, "port=", 1, 255), object = query_number(option, "object=", 1, 65535),
            fcnt = query_number(option, "fcnt=", 0, UINT32_MAX);
    request->port = port > 0 ? (unsigned)port : request->port;
    request->object = object > 0 ? (unsigned)object : request->object;
    request->fcnt = fcnt >= 0 ? fcnt : request->fcnt;
}

// In one walk: libcoap's own search begins anew for each option. A second Content-Format counts as unknown and elective (RFC
// 7252 section 5.4.5); of Block1 the last one counts.
static void read_options(struct request *request)
{
    coap_opt_iterator_t iterator;
    coap_option_iterator_init(request->pdu, &iterator, COAP_OPT_ALL);
    for (const coap_opt_t *option; (option = coap_option_next(&iterator));) {
        unsigned value = coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
        if (iterator.number == COAP_OPTION_CONTENT_FORMAT && request->format < 0)
            request->format = (int)value;
        else if (iterator.number == COAP_OPTION_BLOCK1)
            request->block = BLOCK_PRESENT | (value & 0xffffff);
        else if (iterator.number == COAP_OPTION_URI_QUERY)
            read_query(request, option);
        else if (iterator.number == COAP_OPTION_SIZE1)
            request->announced = value;
        else if (iterator.number == COAP_OPTION_RTAG)
            request->tag = fnv64(request->tag, coap_opt_value(option), coap_opt_length(option)) + 1;
        else if (iterator.number == COAP_OPTION_NORESPONSE)
            request->no_response |= (uint8_t)value;
    }
}

static bool equals(const coap_opt_t *option, const char *text)
{
    return coap_opt_length(option) == strlen(text) && memcmp(coap_opt_value(option), text, strlen(text)) == 0;
}

enum request_path request_path_of(const coap_pdu_t *pdu, char ret_sensor[ID_MAX + 1])
{
    coap_opt_filter_t filter;
    coap_option_filter_clear(&filter);
    coap_option_filter_set(&filter, COAP_OPTION_URI_PATH);
    coap_opt_iterator_t iterator;
    coap_option_iterator_init(pdu, &iterator, &filter);

    const coap_opt_t *first = coap_option_next(&iterator);
    if (!first || !equals(first, "readings"))
        return PATH_OTHER;
    const coap_opt_t *second = coap_option_next(&iterator);
    if (!second)
        return PATH_READINGS;
    if (coap_option_next(&iterator))
        return PATH_OTHER;
    size_t size = coap_opt_length(second);
    if (!text_is_id((const char *)coap_opt_value(second), size))
        return PATH_NO_ID;
    memcpy(ret_sensor, coap_opt_value(second), size);
    ret_sensor[size] = '\0';
    return PATH_SENSOR;
}

static uint64_t hash_of(const struct request *request)
{
    int32_t format = request->format;
    uint64_t hash = fnv64(FNV_START, &format, sizeof format);
    if (request->route->path[0])
        hash = fnv64(hash, request->route->path, strlen(request->route->path) + 1);
    if (request->sensor)
        hash = fnv64(hash, request->sensor, strlen(request->sensor) + 1);
    if (request->identity) // a forged copy over plain UDP is another request
        hash = fnv64(hash, request->identity, strlen(request->identity) + 1);
    if (request->port)
        hash = fnv64(hash, &request->port, sizeof request->port);
    if (request->fcnt >= 0)
        hash = fnv64(hash, &request->fcnt, sizeof request->fcnt);
    if (request->object)
        hash = fnv64(hash, &request->object, sizeof request->object);
    if (request->block)
        hash = fnv64(hash, &request->block, sizeof request->block);
    return fnv64(hash, request->payload, request->size);
}

static struct dedup_key key_of(const struct request *request, const struct peer *peer)
{
    coap_bin_const_t token = coap_pdu_get_token(request->pdu);
    struct dedup_message message = {
        .confirmable = coap_pdu_get_type(request->pdu) == COAP_MESSAGE_CON,
        .id = (uint16_t)coap_pdu_get_mid(request->pdu),
        .token = token.s,
        .token_size = token.length,
        .port = (uint16_t)peer->port,
        .scope = peer->scope,
        .payload_size = request->size,
        .hash = hash_of(request),
    };
    memcpy(message.address, peer->address, sizeof message.address);
    return dedup_key_of(&message);
}

struct request request_read(const struct coap_driver *driver, const coap_session_t *session, const coap_pdu_t *pdu,
                            const struct route *route, const char *sensor, int64_t now_us)
{
    struct peer peer = peer_of(session);
    struct request request = {
        .pdu = pdu,
        .route = route,
        .time_us = now_us,
        .format = -1,
        .fcnt = -1,
        .tag = FNV_START,
        .sensor = sensor,
        .identity = identity_of(driver, session),
        .unauthenticated = !is_loopback(&peer) && !is_secure(session),
    };
    if (!coap_get_data(pdu, &request.size, &request.payload))
        request.payload = (const uint8_t *)"";
    read_options(&request);
    request.key = key_of(&request, &peer);
    memcpy(request.owner.address, peer.address, sizeof peer.address);
    request.owner.scope = peer.scope;
    request.owner.port = peer.port;
    request.owner.secure = is_secure(session);
    strcpy(request.owner.path, sensor ? sensor : route->path); // which begins with a slash, as no sensor does
    return request;
}

bool request_is_block(const struct request *request)
{
    return request->block && (BLOCK_NUMBER(request->block) != 0 || (request->block & BLOCK_MORE) != 0);
}

bool request_is_cut(const struct request *request)
{
    return request->size > 0 && bytes_of(request->pdu) >= REQUEST_DATAGRAM_MAX;
}
