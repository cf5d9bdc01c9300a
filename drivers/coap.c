// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "buses.h"
#include "coap_driver.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void close_driver(void *state)
{
    struct coap_driver *driver = state;
    watch_stop(driver);
    for (size_t i = 0; i < driver->pending.size; i++) {
        coap_session_release(driver->pending.slots[i].session);
        driver->pending.slots[i].session = NULL;
    }
    driver->earlier_drops += endpoints_drops(driver);
    driver->socket_count = 0;
    for (enum coap_server_kind kind = 0; kind < COAP_SERVERS; kind++)
        server_close(driver, kind);
    driver->sessions = 0;
}

static int open_driver(void *state, struct fault *why)
{
    struct coap_driver *driver = state;
    int error = 0;
    for (enum coap_server_kind kind = 0; kind < COAP_SERVERS && error >= 0; kind++)
        error = server_open(driver, kind, why);
    if (error >= 0) {
        error = watch_start(driver);
        if (error < 0)
            fault_errno(why, error, "coap");
    }
    if (error < 0)
        close_driver(driver);
    return error < 0 ? error : 0;
}

static void settled(void *state, uint64_t ticket, int status)
{
    struct coap_driver *driver = state;
    struct pending *pending = pending_find(&driver->pending, ticket);
    if (!pending)
        return;
    struct dedup_answer answer = {.code = DEDUP_STORED, .text = ""};
    if (status < 0) {
        answer.code = COAP_RESPONSE_CODE(500);
        answer.text = _("the reading could not be stored; send it again later");
    }
    dedup_update(driver->dedup, pending->digest, coap_driver_now_us(driver), &answer);
    if (pending->session) {
        answer_send(driver, pending, status < 0 ? answer.code : pending->success, answer.text);
        coap_session_release(pending->session);
    }
    pending_remove(&driver->pending, pending);
}

static void restore_key(void *state, const uint8_t *key, size_t size, int64_t age_us)
{
    struct coap_driver *driver = state;
    struct dedup_answer answer = {.code = DEDUP_STORED, .text = ""};
    dedup_restore(driver->dedup, key, size, age_us, coap_driver_now_us(driver), &answer);
}

static void figures(void *state, driver_figure *figure, void *context)
{
    struct coap_driver *driver = state;
    size_t entries = dedup_count(driver->dedup, coap_driver_now_us(driver));
    figure(context, "citygw_coap_requests_total", "Requests that arrived.", (double)driver->requests);
    figure(context, "citygw_coap_duplicates_total", "Requests that came again and were answered as before.",
           (double)driver->duplicates);
    figure(context, "citygw_coap_dedup_entries", "Requests that would be known again.", (double)entries);
    figure(context, "citygw_coap_dedup_evicted_total", "Known requests forgotten for want of room.",
           (double)dedup_evicted(driver->dedup));
    figure(context, "citygw_coap_bodies", "Bodies of which parts wait for the others (Block1).",
           driver->bodies ? (double)bodies_count(driver->bodies) : 0);
    figure(context, "citygw_coap_bodies_given_up_total",
           "Bodies whose other parts did not come in time, or that made room.",
           driver->bodies ? (double)bodies_given_up(driver->bodies) : 0);
    figure(context, "citygw_coap_clients_forgotten_total", "Clients whose rate was forgotten for want of room.",
           (double)limit_evicted(driver->limit));
    figure(context, "citygw_coap_pending", "Requests that wait for the disk.", (double)driver->pending.count);
    figure(context, "citygw_coap_slow_commits_total",
           "Commits that took longer than a client waits for its acknowledgement.", (double)driver->slow_commits);
    figure(context, "citygw_coap_separate_responses_total", "Answers sent after an empty acknowledgement.",
           (double)driver->separate_responses);
    figure(context, "citygw_coap_unknown_identities_total", "DTLS handshakes with an identity that has no key.",
           (double)driver->unknown_identities);
    figure(context, "citygw_coap_discarded_total", "Datagrams that were no request and were dropped unanswered.",
           (double)driver->discarded);
    figure(context, "citygw_coap_sessions", "Peers that are remembered.", (double)driver->sessions);
    figure(context, "citygw_coap_sockets", "Sockets that listen.", (double)driver->socket_count);
    figure(context, "citygw_coap_socket_drops_total",
           "Datagrams that the kernel dropped because the receive buffer was full.",
           (double)(driver->earlier_drops + endpoints_drops(driver)));
}

static void destroy(void *state)
{
    struct coap_driver *driver = state;
    if (!driver)
        return;
    close_driver(driver);
    pending_finish(&driver->pending);
    dedup_destroy(driver->dedup);
    bodies_destroy(driver->bodies);
    limit_destroy(driver->limit);
    free(driver->codecs);
    free(driver);
}

static bool make_tables(struct coap_driver *driver, const struct settings *settings)
{
    driver->codecs = codec_choices_create(settings);
    driver->limit = limit_create(settings->coap.rate_limit);
    return driver->codecs && driver->limit && dedup_create(DEDUP_ENTRIES_MAX, &driver->dedup) == 0;
}

static int create(const struct settings *settings, const char *name, const struct driver_host *host, void **ret_state,
                  struct fault *why)
{
    (void)name;
    struct coap_driver *driver = calloc(1, sizeof *driver);
    if (!driver || !make_tables(driver, settings)) {
        destroy(driver);
        return fault_errno(why, -ENOMEM, "coap");
    }
    driver->settings = settings;
    driver->host = host;
    *ret_state = driver;
    return 0;
}

const struct driver driver_coap = {
    .type = "coap",
    .create = create,
    .open = open_driver,
    .close = close_driver,
    .settled = settled,
    .restore_key = restore_key,
    .figures = figures,
    .destroy = destroy,
};
