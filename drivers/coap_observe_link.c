// SPDX-License-Identifier: Apache-2.0
#include "coap_observe_link.h"

#include "base/number.h"
#include "coap_block.h"
#include <coap3/coap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { PARTS_MAX = 512, DATAGRAM_MAX = 1472, MAX_AGE_USUAL_S = 60, HOST_BYTES_MAX = 255, SUCCESS = 2 };

struct request_kind {
    coap_pdu_type_t type;
    uint64_t token;
    int observe;   // 0 to be told of changes, 1 to be told no more; -1: not asked
    int64_t block; // Block2; -1: none
};

// Freed when the loop has let go of its handle.
struct observe_link {
    const struct observe_link_events *events;
    coap_context_t *context;
    coap_session_t *session;
    uv_poll_t poll;
    uint64_t token;
    uint64_t body_token;         // of the requests for the parts that are missing; 0: none
    unsigned wanted;             // the number of the part that was asked for
    struct bodies *bodies;       // NULL until an answer comes in parts
    struct observe_answer first; // what the first part said
    size_t body_max;
    bool live; // between open and close
    bool busy; // libcoap is at work, and may call us; what is closed meanwhile goes when it is done
    bool registered;
    char host[HOST_BYTES_MAX + 1];
    uint8_t path[PARTS_MAX], query[PARTS_MAX]; // options, one behind the other
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

static bool has_token(const coap_pdu_t *pdu, uint64_t wanted)
{
    coap_bin_const_t token = coap_pdu_get_token(pdu);
    return token.length == sizeof wanted && memcmp(token.s, &wanted, sizeof wanted) == 0;
}

static bool is_part(const struct observe_link *link, const coap_pdu_t *pdu)
{
    return link->body_token && has_token(pdu, link->body_token);
}

static struct observe_link *link_of(const coap_session_t *session)
{
    struct observe_link *link = coap_get_app_data(coap_session_get_context(session));
    return link && link->live ? link : NULL;
}

static void tell(struct observe_link *link, const struct observe_answer *answer)
{
    link->body_token = 0;
    if (link->live)
        link->events->answer(link->events->context, answer);
}

static uint64_t etag_of(const coap_pdu_t *pdu)
{
    coap_opt_iterator_t iterator;
    const coap_opt_t *etag = coap_check_option(pdu, COAP_OPTION_ETAG, &iterator);
    return etag ? fnv64(FNV_START, coap_opt_value(etag), coap_opt_length(etag)) : FNV_START;
}

static enum body_result put_together(struct observe_link *link, const coap_pdu_t *received, uint32_t block,
                                     struct observe_answer *answer)
{
    struct body_part part = {
        .block = BLOCK_PRESENT | (block & 0xffffff),
        .announced = option_number(received, COAP_OPTION_SIZE2, NULL, 0),
        .tag = etag_of(received),
        .format = answer->format,
        .data = answer->data,
        .size = answer->size,
    };
    if (!link->bodies)
        link->bodies = bodies_create(link->body_max);
    int64_t now_us = (int64_t)uv_now(link->poll.loop) * 1000;
    return link->bodies ? bodies_take(link->bodies, &part, now_us, &answer->data, &answer->size) : BODY_NO_ROOM;
}

static bool send_request(struct observe_link *link, const struct request_kind *kind);

// Asks for the part that follows. With a token of its own: a request without Observe would end the observation (RFC 7641
// section 3.6), and what was asked for an older state is not to be mixed in.
static bool ask_for_next(struct observe_link *link, uint32_t block)
{
    coap_prng(&link->body_token, sizeof link->body_token);
    link->wanted = BLOCK_NUMBER(block) + 1;
    return send_request(
        link, &(struct request_kind){.type = COAP_MESSAGE_CON,
                                     .token = link->body_token,
                                     .observe = -1,
                                     .block = (int64_t)(((BLOCK_NUMBER(block) + 1) << 4) | (block & BLOCK_EXPONENT))});
}

static void take_part(struct observe_link *link, const coap_pdu_t *received, uint32_t block,
                      struct observe_answer *answer)
{
    bool is_wanted = BLOCK_NUMBER(block) == (is_part(link, received) ? link->wanted : 0);
    if (BLOCK_NUMBER(block) == 0 && is_wanted)
        link->first = *answer;
    enum body_result result = is_wanted ? put_together(link, received, block, answer) : BODY_GAP;
    if (result == BODY_MORE && ask_for_next(link, block))
        return;
    struct observe_answer whole = link->first;
    whole.data = answer->data;
    whole.size = answer->size;
    whole.is_cut = result != BODY_WHOLE;
    whole.is_too_long = result == BODY_TOO_LONG;
    tell(link, &whole);
}

static struct observe_answer read_answer(const coap_pdu_t *received)
{
    bool has_format;
    unsigned code = coap_pdu_get_code(received);
    struct observe_answer answer = {
        .code = (int)((code >> 5) * 100 + (code & 0x1f)),
        .is_reply = coap_pdu_get_type(received) == COAP_MESSAGE_ACK,
        .max_age_s = option_number(received, COAP_OPTION_MAXAGE, NULL, MAX_AGE_USUAL_S),
    };
    answer.sequence = option_number(received, COAP_OPTION_OBSERVE, &answer.is_observed, 0) & 0xffffff;
    answer.format = (int)option_number(received, COAP_OPTION_CONTENT_FORMAT, &has_format, 0);
    answer.format = has_format ? answer.format : -1;
    if (!coap_get_data(received, &answer.size, &answer.data))
        answer.data = (const uint8_t *)"";
    return answer;
}

// A notification that nobody waits for is reset, which makes its sender forget us (RFC 7641 section 3.6).
static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent, const coap_pdu_t *received,
                                   const coap_mid_t mid)
{
    (void)sent, (void)mid;
    struct observe_link *link = link_of(session);
    bool is_ours = link && (has_token(received, link->token) || is_part(link, received));
    if (!is_ours) // an acknowledgement is never reset (RFC 7252 section 4.2)
        return coap_pdu_get_type(received) == COAP_MESSAGE_ACK ? COAP_RESPONSE_OK : COAP_RESPONSE_FAIL;
    bool is_later_part = is_part(link, received);
    struct observe_answer answer = read_answer(received);
    uint32_t block = option_number(received, COAP_OPTION_BLOCK2, NULL, 0);
    bool in_parts = is_later_part || BLOCK_NUMBER(block) > 0 || block & BLOCK_MORE;
    if (!is_later_part)
        link->registered = answer.is_observed;
    if (in_parts && answer.code / 100 == SUCCESS)
        take_part(link, received, block, &answer);
    else
        tell(link, &answer);
    return COAP_RESPONSE_OK;
}

static void on_failure(coap_session_t *session, const coap_pdu_t *sent, const coap_nack_reason_t reason,
                       const coap_mid_t mid)
{
    (void)mid;
    struct observe_link *link = link_of(session);
    // "Port unreachable" is no end: libcoap goes on retransmitting, and a sensor that restarts is back in time.
    if (!link || reason == COAP_NACK_ICMP_ISSUE || (sent && !has_token(sent, link->token) && !is_part(link, sent)))
        return;
    link->registered = false;
    enum observe_silence silence = reason == COAP_NACK_RST                ? SILENCE_RESET
                                   : reason == COAP_NACK_TOO_MANY_RETRIES ? SILENCE_TIMEOUT
                                                                          : SILENCE_NO_SESSION;
    if (coap_session_get_proto(session) != COAP_PROTO_DTLS && silence == SILENCE_NO_SESSION)
        silence = SILENCE_TIMEOUT;
    link->events->unanswered(link->events->context, silence);
}

static void free_link(uv_handle_t *poll)
{
    free(poll->data);
}

static void finish(struct observe_link *link)
{
    coap_set_app_data(link->context, NULL);
    uv_poll_stop(&link->poll); // before the descriptor goes
    if (link->session)
        coap_session_release(link->session);
    coap_free_context(link->context);
    bodies_destroy(link->bodies);
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
    link->body_max = target->body_max;
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

static bool add_number(coap_pdu_t *pdu, coap_option_num_t option, int64_t value)
{
    uint8_t bytes[4];
    return value < 0 || coap_add_option(pdu, option, coap_encode_var_safe(bytes, sizeof bytes, (unsigned)value), bytes);
}

// Options in the order of their numbers.
static coap_pdu_t *make_request(struct observe_link *link, const struct request_kind *kind)
{
    coap_pdu_t *pdu = coap_pdu_init(kind->type, COAP_REQUEST_CODE_GET, coap_new_message_id(link->session),
                                    coap_session_max_pdu_size(link->session));
    if (!pdu)
        return NULL;
    size_t host = strlen(link->host);
    bool fits = coap_add_token(pdu, sizeof kind->token, (const uint8_t *)&kind->token) &&
                (!host || coap_add_option(pdu, COAP_OPTION_URI_HOST, host, (const uint8_t *)link->host)) &&
                add_number(pdu, COAP_OPTION_OBSERVE, kind->observe) &&
                add_parts(pdu, COAP_OPTION_URI_PATH, link->path, link->path_parts) &&
                add_parts(pdu, COAP_OPTION_URI_QUERY, link->query, link->query_parts) &&
                add_number(pdu, COAP_OPTION_BLOCK2, kind->block);
    if (fits)
        return pdu;
    coap_delete_pdu(pdu);
    return NULL;
}

static bool send_request(struct observe_link *link, const struct request_kind *kind)
{
    coap_pdu_t *pdu = make_request(link, kind);
    return pdu && coap_send(link->session, pdu) != COAP_INVALID_MID;
}

int link_register(struct observe_link *link)
{
    const struct request_kind kind = {.type = COAP_MESSAGE_CON, .token = link->token, .block = -1};
    bool was_busy = link->busy;
    link->busy = true;
    bool was_sent = send_request(link, &kind);
    if (!was_sent && link->live) // it may only have collected the "port unreachable" of an earlier datagram
        was_sent = send_request(link, &kind);
    if (!was_busy && link->live) // arms the timers of DTLS, too
        coap_io_process(link->context, COAP_IO_NO_WAIT);
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
        send_request(link,
                     &(struct request_kind){.type = COAP_MESSAGE_NON, .token = link->token, .observe = 1, .block = -1});
    if (!link->busy)
        finish(link);
}
