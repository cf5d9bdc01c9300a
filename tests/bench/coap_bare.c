// SPDX-License-Identifier: Apache-2.0
/*
 * A CoAP server that stores nothing, for scripts/bench: the same libcoap as the gateway's, used the plain way, answers 2.04 to
 * every POST. What it reaches is the limit that the gateway's figures stand beside.
 *   coap_bare PORT        the plain way: coap_io_process
 *   coap_bare PORT burst  many datagrams for each walk through libcoap's sessions, as the gateway reads them
 */
#include <arpa/inet.h>
#include <coap3/coap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { BURST = 64, SOCKET_BYTES = 8 << 20, DESCRIPTORS = 64 };

static void answer(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
                   const coap_string_t *query, coap_pdu_t *response)
{
    (void)resource, (void)session, (void)request, (void)query;
    coap_pdu_set_code(response, COAP_RESPONSE_CODE(204));
}

static void serve(coap_context_t *context, coap_resource_t *resource)
{
    coap_register_request_handler(resource, COAP_REQUEST_POST, answer);
    coap_add_resource(context, resource);
}

// libcoap does not tell its sockets; here they are the only ones.
static void widen_sockets(void)
{
    int bytes = SOCKET_BYTES;
    for (int fd = 3; fd < DESCRIPTORS; fd++)
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
            setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

static void run_bursts(coap_context_t *context)
{
    int fd = coap_context_get_coap_fd(context);
    while (1) {
        struct epoll_event ready[4], repeated[4 * BURST];
        size_t total = 0;
        int count = epoll_wait(fd, ready, 4, -1);
        for (int i = 0; i < count; i++)
            for (int copy = 0; copy < (ready[i].data.ptr ? BURST : 1); copy++)
                repeated[total++] = ready[i];
        coap_io_do_epoll(context, repeated, total);
    }
}

int main(int argc, char *argv[])
{
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    coap_context_t *context = coap_new_context(NULL);
    coap_address_t address;
    coap_address_init(&address);
    address.size = sizeof address.addr.sin;
    address.addr.sin = (struct sockaddr_in){.sin_family = AF_INET,
                                            .sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "5683")),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!context || !coap_new_endpoint(context, &address, COAP_PROTO_UDP)) {
        fprintf(stderr, "coap_bare: cannot listen\n");
        return 2;
    }
    widen_sockets();
    serve(context, coap_resource_init(coap_make_str_const("readings"), 0));
    serve(context, coap_resource_unknown_init(answer));
    if (argc > 2)
        run_bursts(context);
    while (coap_io_process(context, COAP_IO_WAIT) >= 0)
        ;
    return 0;
}
