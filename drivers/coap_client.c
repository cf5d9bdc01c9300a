// SPDX-License-Identifier: Apache-2.0
#include "drivers/coap_client.h"
#include "base/messages.h"
#include "base/text.h"
#include <coap3/coap.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum {
    WAITING_MAX = 64,
    HOST_MAX = 256,
    DATAGRAM_MAX = 1472,
    DIAGNOSTIC_MAX = 256,
    TICK_MS = 5000,
    // After an empty ACK libcoap waits for ever; before, it gives up by itself after at most 93 s (MAX_TRANSMIT_WAIT).
    ANSWER_TIMEOUT_MS = 120 * 1000,
};

struct waiting {
    bool used;
    uint64_t token; // as it stands in the message
    uint64_t ticket;
    uint64_t since_ms;
};

// Freed when the loop has let go of all its handles.
struct coap_client {
    coap_context_t *context;
    coap_session_t *session;
    coap_client_answer *answer;
    void *answer_context;
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned handles;
    uint64_t last_token;
    struct waiting waiting[WAITING_MAX];
    size_t count;
};

static void finish(struct coap_client *client, struct waiting *waiting, int code, const char *diagnostic)
{
    uint64_t ticket = waiting->ticket;
    waiting->used = false;
    if (--client->count == 0)
        uv_timer_stop(&client->timer);
    client->answer(client->answer_context, ticket, code, diagnostic);
}

static struct waiting *find_waiting(struct coap_client *client, const coap_pdu_t *pdu)
{
    coap_bin_const_t token = coap_pdu_get_token(pdu);
    for (size_t i = 0; token.length == sizeof(uint64_t) && i < WAITING_MAX; i++)
        if (client->waiting[i].used && memcmp(&client->waiting[i].token, token.s, token.length) == 0)
            return &client->waiting[i];
    return NULL;
}

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent, const coap_pdu_t *received,
                                   const coap_mid_t mid)
{
    (void)sent;
    (void)mid;
    struct coap_client *client = coap_get_app_data(coap_session_get_context(session));
    struct waiting *waiting = client ? find_waiting(client, received) : NULL;
    if (!waiting)
        return COAP_RESPONSE_OK;

    int code = (int)coap_pdu_get_code(received);
    int class = code >> 5;
    char diagnostic[DIAGNOSTIC_MAX] = "";
    const uint8_t *data = NULL;
    size_t size = 0;
    if (class >= 4 && coap_get_data(received, &size, &data))
        text_escape((const char *)data, size, diagnostic, sizeof diagnostic);
    finish(client, waiting, class * 100 + (code & 0x1f), diagnostic);
    return COAP_RESPONSE_OK;
}

static void on_failure(coap_session_t *session, const coap_pdu_t *sent, const coap_nack_reason_t reason,
                       const coap_mid_t mid)
{
    (void)mid;
    struct coap_client *client = coap_get_app_data(coap_session_get_context(session));
    // "Port unreachable" is no end: libcoap goes on retransmitting, and a server that restarts is back in time.
    if (!client || !sent || reason == COAP_NACK_ICMP_ISSUE)
        return;
    struct waiting *waiting = find_waiting(client, sent);
    if (waiting)
        finish(client, waiting, 0, "");
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct coap_client *client = poll->data;
    coap_io_process(client->context, COAP_IO_NO_WAIT);
}

static void on_tick(uv_timer_t *timer)
{
    struct coap_client *client = timer->data;
    uint64_t now_ms = uv_now(timer->loop);
    for (size_t i = 0; i < WAITING_MAX; i++) {
        struct waiting *waiting = &client->waiting[i];
        if (waiting->used && now_ms - waiting->since_ms >= ANSWER_TIMEOUT_MS)
            finish(client, waiting, 0, "");
    }
}

static int refuse_uri(struct fault *why, const char *uri)
{
    char shown[HOST_MAX];
    return fault_set(why, -EINVAL,
                     _("\"%s\" is not an address of a CoAP server; expected coap://HOST or coap://HOST:PORT"),
                     text_escape(uri, strlen(uri), shown, sizeof shown));
}

// coap://HOST[:PORT], HOST a name, an IPv4 address or an IPv6 address in brackets.
static int split_uri(const char *uri, char ret_host[HOST_MAX], char ret_port[8], struct fault *why)
{
    static const char scheme[] = "coap://";
    if (strncmp(uri, scheme, sizeof scheme - 1) != 0)
        return refuse_uri(why, uri);
    const char *host = uri + sizeof scheme - 1;
    bool brackets = host[0] == '[';
    host += brackets;
    size_t size = strcspn(host, brackets ? "]" : ":/");
    const char *rest = host + size;
    if (size == 0 || size >= HOST_MAX || (brackets && *rest++ != ']'))
        return refuse_uri(why, uri);

    const char *port = "5683";
    size_t port_size = strlen(port);
    if (*rest == ':') {
        port = rest + 1;
        port_size = strspn(port, "0123456789");
        rest = port + port_size;
    }
    bool ends = rest[0] == '\0' || strcmp(rest, "/") == 0;
    if (port_size == 0 || port_size > 5 || !ends)
        return refuse_uri(why, uri);
    memcpy(ret_host, host, size);
    ret_host[size] = '\0';
    memcpy(ret_port, port, port_size);
    ret_port[port_size] = '\0';
    return 0;
}

static int find_address(const char *uri, coap_address_t *ret_address, struct fault *why)
{
    char host[HOST_MAX], port[8];
    int error = split_uri(uri, host, port, why);
    if (error < 0)
        return error;
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    error = getaddrinfo(host, port, &hints, &found);
    if (error != 0)
        return fault_set(why, -EHOSTUNREACH, _("%s: the host is not known (%s)"), uri, gai_strerror(error));

    // "localhost" gives ::1 first, where a gateway may well not listen.
    const struct addrinfo *chosen = found;
    for (const struct addrinfo *at = found; at && chosen->ai_family != AF_INET; at = at->ai_next)
        if (at->ai_family == AF_INET)
            chosen = at;
    coap_address_init(ret_address);
    ret_address->size = chosen->ai_addrlen;
    memcpy(&ret_address->addr, chosen->ai_addr, chosen->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

static void say_nothing(coap_log_t level, const char *message)
{
    (void)level;
    (void)message;
}

static int connect_client(struct coap_client *client, const coap_address_t *address)
{
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    coap_set_log_handler(say_nothing);
    client->context = coap_new_context(NULL);
    if (!client->context)
        return -ENOMEM;
    coap_context_set_block_mode(client->context, 0);
    coap_set_app_data(client->context, client);
    coap_register_response_handler(client->context, on_response);
    coap_register_nack_handler(client->context, on_failure);
    errno = 0;
    client->session = coap_new_client_session(client->context, NULL, address, COAP_PROTO_UDP);
    if (!client->session)
        return errno ? -errno : -EIO;
    coap_session_set_nstart(client->session, WAITING_MAX);
    coap_session_set_mtu(client->session, DATAGRAM_MAX);
    coap_prng(&client->last_token, sizeof client->last_token);
    return 0;
}

static void handle_closed(uv_handle_t *handle)
{
    struct coap_client *client = handle->data;
    if (--client->handles == 0)
        free(client);
}

static void add_handle(struct coap_client *client, uv_handle_t *handle)
{
    handle->data = client;
    client->handles++;
}

static int watch(struct coap_client *client, uv_loop_t *loop)
{
    int error = uv_poll_init(loop, &client->poll, coap_context_get_coap_fd(client->context));
    if (error < 0)
        return error;
    uv_timer_init(loop, &client->timer);
    add_handle(client, (uv_handle_t *)&client->poll);
    add_handle(client, (uv_handle_t *)&client->timer);
    return uv_poll_start(&client->poll, UV_READABLE, on_readable);
}

static void disconnect(struct coap_client *client)
{
    if (!client->context)
        return;
    coap_set_app_data(client->context, NULL); // freeing calls back for what still waits
    if (client->session)
        coap_session_release(client->session);
    coap_free_context(client->context);
}

void coap_client_destroy(struct coap_client *client)
{
    if (!client)
        return;
    bool in_loop = client->handles > 0;
    if (in_loop) {
        uv_close((uv_handle_t *)&client->poll, handle_closed);
        uv_close((uv_handle_t *)&client->timer, handle_closed);
    }
    disconnect(client);
    if (!in_loop)
        free(client);
}

int coap_client_create(struct uv_loop_s *loop, const char *uri, coap_client_answer *answer, void *context,
                       struct coap_client **ret_client, struct fault *why)
{
    coap_address_t address;
    int error = find_address(uri, &address, why);
    if (error < 0)
        return error;
    struct coap_client *client = calloc(1, sizeof *client);
    if (!client)
        return fault_errno(why, -ENOMEM, "coap");
    client->answer = answer;
    client->answer_context = context;
    error = connect_client(client, &address);
    if (error == 0)
        error = watch(client, loop);
    if (error < 0) {
        coap_client_destroy(client);
        return fault_errno(why, error, _("cannot talk to %s"), uri);
    }
    *ret_client = client;
    return 0;
}

static bool add_path(coap_pdu_t *pdu, const char *path)
{
    for (const char *at = path + strspn(path, "/"); *at; at += strspn(at, "/")) {
        size_t size = strcspn(at, "/");
        if (!coap_add_option(pdu, COAP_OPTION_URI_PATH, size, (const uint8_t *)at))
            return false;
        at += size;
    }
    return true;
}

static coap_pdu_t *make_request(struct coap_client *client, uint64_t token, const char *path, int content_format,
                                const void *payload, size_t size)
{
    coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_POST, coap_new_message_id(client->session),
                                    coap_session_max_pdu_size(client->session));
    if (!pdu)
        return NULL;
    uint8_t bytes[4];
    unsigned length = coap_encode_var_safe(bytes, sizeof bytes, (unsigned)content_format);
    bool fits = coap_add_token(pdu, sizeof token, (const uint8_t *)&token) && add_path(pdu, path) &&
                coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, length, bytes) &&
                (size == 0 || coap_add_data(pdu, size, payload));
    if (fits)
        return pdu;
    coap_delete_pdu(pdu);
    return NULL;
}

static struct waiting *free_place(struct coap_client *client)
{
    for (size_t i = 0; i < WAITING_MAX; i++)
        if (!client->waiting[i].used)
            return &client->waiting[i];
    return NULL;
}

int coap_client_post(struct coap_client *client, const char *path, int content_format, const void *payload, size_t size,
                     uint64_t ticket)
{
    struct waiting *place = free_place(client);
    if (!place)
        return -EBUSY;
    uint64_t token = ++client->last_token;
    bool was_sent = false;
    // The first try may only collect the "port unreachable" that came for an earlier datagram.
    for (int try = 0; !was_sent && try < 2; try++) {
        coap_pdu_t *pdu = make_request(client, token, path, content_format, payload, size);
        if (!pdu)
            return -EMSGSIZE;
        was_sent = coap_send(client->session, pdu) != COAP_INVALID_MID;
    }
    if (!was_sent)
        return -EHOSTUNREACH;

    uv_loop_t *loop = client->timer.loop;
    *place = (struct waiting){.used = true, .token = token, .ticket = ticket, .since_ms = uv_now(loop)};
    client->count++;
    if (!uv_is_active((uv_handle_t *)&client->timer))
        uv_timer_start(&client->timer, on_tick, TICK_MS, TICK_MS);
    return 0;
}

size_t coap_client_waiting(const struct coap_client *client)
{
    return client->count;
}
