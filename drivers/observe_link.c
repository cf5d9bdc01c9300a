// SPDX-License-Identifier: Apache-2.0
#include "observe_link.h"

#include <coap3/coap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { PARTS_MAX = 512, DATAGRAM_MAX = 1472, REGISTER = 0, DEREGISTER = 1, MAX_AGE_USUAL_S = 60, HOST_BYTES_MAX = 255 };

// Freed when the loop has let go of its handle.
struct observe_link {
    const struct observe_link_events *events;
    coap_context_t *context;
    coap_session_t *session;
    uv_poll_t poll;
    uint64_t token;
    bool live; // between open and close
    bool busy; // libcoap is at work, and may call us; what is closed meanwhile goes when it is done
    bool registered;
    char host[HOST_BYTES_MAX + 1];
    uint8_t path[PARTS_MAX], query[PARTS_MAX]; // options, one behind the other
    size_t path_size, query_size;
    size_t path_parts, query_parts;
};

static uint32_t option_number(const coap_pdu_t *pdu, coap_option_num_t number, bool *ret_is_there, uint32_t otherwise)
{
    coap_opt_iterator_t iterator;
    const coap_opt_t *option = coap_check_option(pdu, number, &iterator);
    if (ret_is_there)
        *ret_is_there = option != NULL;
    return option ? coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option)) : otherwise;
}

static bool is_ours(const struct observe_link *link, const coap_pdu_t *pdu)
{
    coap_bin_const_t token = coap_pdu_get_token(pdu);
    return token.length == sizeof link->token && memcmp(token.s, &link->token, sizeof link->token) == 0;
}

static struct observe_link *link_of(const coap_session_t *session)
{
    struct observe_link *link = coap_get_app_data(coap_session_get_context(session));
    return link && link->live ? link : NULL;
}

// A notification that nobody waits for is reset, which makes its sender forget us (RFC 7641 section 3.6).
static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent, const coap_pdu_t *received,
                                   const coap_mid_t mid)
{
    enum { BLOCK_MORE_BIT = 8 };
    (void)sent, (void)mid;
    struct observe_link *link = link_of(session);
    if (!link || !is_ours(link, received))
        return COAP_RESPONSE_FAIL;
    bool has_format;
    unsigned code = coap_pdu_get_code(received);
    struct observe_answer answer = {
        .code = (int)((code >> 5) * 100 + (code & 0x1f)),
        .is_reply = coap_pdu_get_type(received) == COAP_MESSAGE_ACK,
        .has_more = option_number(received, COAP_OPTION_BLOCK2, NULL, 0) & BLOCK_MORE_BIT,
        .max_age_s = option_number(received, COAP_OPTION_MAXAGE, NULL, MAX_AGE_USUAL_S),
    };
    answer.sequence = option_number(received, COAP_OPTION_OBSERVE, &answer.is_observed, 0) & 0xffffff;
    answer.format = (int)option_number(received, COAP_OPTION_CONTENT_FORMAT, &has_format, 0);
    answer.format = has_format ? answer.format : -1;
    if (!coap_get_data(received, &answer.size, &answer.data))
        answer.data = (const uint8_t *)"";
    link->registered = answer.is_observed;
    link->events->answer(link->events->context, &answer);
    return COAP_RESPONSE_OK;
}

static void on_failure(coap_session_t *session, const coap_pdu_t *sent, const coap_nack_reason_t reason,
                       const coap_mid_t mid)
{
    (void)mid;
    struct observe_link *link = link_of(session);
    // "Port unreachable" is no end: libcoap goes on retransmitting, and a sensor that restarts is back in time.
    if (!link || reason == COAP_NACK_ICMP_ISSUE || (sent && !is_ours(link, sent)))
        return;
    link->registered = false;
    link->events->unanswered(link->events->context);
}

static void free_link(uv_handle_t *poll)
{
    free(poll->data);
}

static void finish(struct observe_link *link)
{
    coap_set_app_data(link->context, NULL);
    if (link->session)
        coap_session_release(link->session);
    coap_free_context(link->context);
    uv_close((uv_handle_t *)&link->poll, free_link);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    struct observe_link *link = poll->data;
    link->busy = true;
    coap_io_process(link->context, COAP_IO_NO_WAIT);
    link->busy = false;
    if (!link->live)
        finish(link);
}

static void say_nothing(coap_log_t level, const char *message)
{
    (void)level, (void)message;
}

static int connect_plain(struct observe_link *link, const coap_address_t *address)
{
    errno = 0;
    link->session = coap_new_client_session(link->context, NULL, address, COAP_PROTO_UDP);
    return link->session ? 0 : errno ? -errno : -EIO;
}

static int connect_secure(struct observe_link *link, const coap_address_t *address, const struct observe_target *target)
{
    coap_dtls_cpsk_t setup = {
        .version = COAP_DTLS_CPSK_SETUP_VERSION,
        .psk_info = {.identity = {.s = target->identity, .length = target->identity_size},
                     .key = {.s = target->key, .length = target->key_size}},
    };
    errno = 0;
    link->session = coap_new_client_session_psk2(link->context, NULL, address, COAP_PROTO_DTLS, &setup);
    return link->session ? 0 : errno ? -errno : -EIO;
}

static int split(struct observe_link *link, const char *path)
{
    size_t path_length = strcspn(path, "?"), sizes[2] = {sizeof link->path, sizeof link->query};
    const char *query = path[path_length] ? path + path_length + 1 : "";
    path += path[0] == '/';
    path_length -= path_length > 0;
    int parts = path_length ? coap_split_path((const uint8_t *)path, path_length, link->path, &sizes[0]) : 0;
    int queries = *query ? coap_split_query((const uint8_t *)query, strlen(query), link->query, &sizes[1]) : 0;
    if (parts < 0 || queries < 0)
        return -EINVAL;
    link->path_parts = (size_t)parts;
    link->query_parts = (size_t)queries;
    return 0;
}

static int make_context(struct observe_link *link)
{
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    coap_dtls_set_log_level(0);
    coap_set_log_handler(say_nothing);
    link->context = coap_new_context(NULL);
    if (!link->context)
        return -ENOMEM;
    coap_context_set_block_mode(link->context, 0);
    coap_set_app_data(link->context, link);
    coap_register_response_handler(link->context, on_response);
    coap_register_nack_handler(link->context, on_failure);
    coap_prng(&link->token, sizeof link->token);
    return 0;
}

static int begin(struct observe_link *link, struct uv_loop_s *loop, const struct observe_target *target)
{
    coap_address_t address;
    coap_address_init(&address);
    address.size = target->address_size;
    memcpy(&address.addr, &target->address, target->address_size);
    strcpy(link->host, target->host ? target->host : "");
    int error = split(link, target->path);
    if (error == 0)
        error = make_context(link);
    if (error == 0)
        error = target->secure ? connect_secure(link, &address, target) : connect_plain(link, &address);
    if (error < 0)
        return error;
    coap_session_set_mtu(link->session, DATAGRAM_MAX);
    return uv_poll_init(loop, &link->poll, coap_context_get_coap_fd(link->context));
}

int link_open(struct uv_loop_s *loop, const struct observe_target *target, const struct observe_link_events *events,
              struct observe_link **ret_link, struct fault *why)
{
    struct observe_link *link = calloc(1, sizeof *link);
    if (!link)
        return fault_errno(why, -ENOMEM, "coap");
    link->events = events;
    int error = begin(link, loop, target);
    if (error < 0) {
        if (link->session)
            coap_session_release(link->session);
        if (link->context)
            coap_free_context(link->context);
        free(link);
        return fault_errno(why, error, "coap");
    }
    link->poll.data = link;
    uv_poll_start(&link->poll, UV_READABLE, on_readable);
    link->live = true;
    *ret_link = link;
    return 0;
}

static bool add_parts(coap_pdu_t *pdu, coap_option_num_t option, const uint8_t *parts, size_t count)
{
    for (size_t i = 0; i < count; i++, parts += coap_opt_size(parts))
        if (!coap_add_option(pdu, option, coap_opt_length(parts), coap_opt_value(parts)))
            return false;
    return true;
}

// Options in the order of their numbers.
static coap_pdu_t *make_request(struct observe_link *link, coap_pdu_type_t type, unsigned observe)
{
    coap_pdu_t *pdu = coap_pdu_init(type, COAP_REQUEST_CODE_GET, coap_new_message_id(link->session),
                                    coap_session_max_pdu_size(link->session));
    if (!pdu)
        return NULL;
    uint8_t bytes[4];
    size_t host = strlen(link->host);
    bool fits = coap_add_token(pdu, sizeof link->token, (const uint8_t *)&link->token) &&
                (!host || coap_add_option(pdu, COAP_OPTION_URI_HOST, host, (const uint8_t *)link->host)) &&
                coap_add_option(pdu, COAP_OPTION_OBSERVE, coap_encode_var_safe(bytes, sizeof bytes, observe), bytes) &&
                add_parts(pdu, COAP_OPTION_URI_PATH, link->path, link->path_parts) &&
                add_parts(pdu, COAP_OPTION_URI_QUERY, link->query, link->query_parts);
    if (fits)
        return pdu;
    coap_delete_pdu(pdu);
    return NULL;
}

static bool send_request(struct observe_link *link, coap_pdu_type_t type, unsigned observe)
{
    coap_pdu_t *pdu = make_request(link, type, observe);
    return pdu && coap_send(link->session, pdu) != COAP_INVALID_MID;
}

int link_register(struct observe_link *link)
{
    bool was_busy = link->busy;
    link->busy = true;
    // The first try may only collect the "port unreachable" that came for an earlier datagram.
    bool was_sent = send_request(link, COAP_MESSAGE_CON, REGISTER) || send_request(link, COAP_MESSAGE_CON, REGISTER);
    link->busy = was_busy;
    if (!link->live && !was_busy)
        finish(link);
    return was_sent ? 0 : -EHOSTUNREACH;
}

void link_close(struct observe_link *link)
{
    if (!link || !link->live)
        return;
    link->live = false; // nobody is to be called any more
    if (link->registered)
        send_request(link, COAP_MESSAGE_NON, DEREGISTER);
    if (!link->busy)
        finish(link);
}
