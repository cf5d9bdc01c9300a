// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/text.h"
#include "coap_driver.h"
#include <errno.h>
#include <unistd.h>

enum {
    // More than ten thousand sensors: below that, each would push another one's session out and be a new one every time,
    // and for a new one libcoap walks them all. About 550 bytes each.
    PLAIN_SESSIONS_MAX = 12288,
    PLAIN_TIMEOUT_S = 30,
    // About 13 kB each.
    SECURE_SESSIONS_MIN = 256,
    SECURE_SESSIONS_MAX = 4096,
    SECURE_TIMEOUT_MIN_S = 300,
    SECURE_TIMEOUT_MAX_S = 7 * 86400,
    // Each ClientHello takes a place before it has shown that its sender's address is its own, and keeps it for 30 s: with
    // libcoap's hundred, four datagrams a second would keep every sensor out.
    HANDSHAKES_MAX = 3600,
};

static int count_session(coap_session_t *session, coap_event_t event)
{
    struct coap_driver *driver = coap_get_app_data(coap_session_get_context(session));
    if (event == COAP_EVENT_SERVER_SESSION_NEW)
        driver->sessions++;
    else if (event == COAP_EVENT_SERVER_SESSION_DEL && driver->sessions > 0)
        driver->sessions--;
    return 0;
}

static void say_nothing(coap_log_t level, const char *message)
{
    (void)level;
    (void)message;
}

// NULL ends the handshake.
static const coap_bin_const_t *find_key(coap_bin_const_t *identity, coap_session_t *session, void *context)
{
    (void)session;
    struct coap_driver *driver = context;
    driver->found_key.s = keys_find(driver->keys, identity->s, identity->length, &driver->found_key.length);
    if (driver->found_key.s)
        return &driver->found_key;
    struct fault why = {0};
    char shown[IDENTITY_MAX];
    driver->unknown_identities++;
    fault_set(&why, 0, _("unknown identity \"%s\"; expected one of psk_file"),
              text_escape((const char *)identity->s, identity->length, shown, sizeof shown));
    driver->host->refused(driver->host->context, REFUSAL_IDENTITY, &why);
    return NULL;
}

// A session outlives twice the longest time between two reports: a sensor that slept keeps its own.
static void set_session_limits(struct coap_driver *driver, coap_context_t *context)
{
    const struct settings *settings = driver->settings;
    int64_t longest_s = SECURE_TIMEOUT_MIN_S / 2;
    unsigned sensors = 0;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        int64_t silence_us =
            sensor->stale_after_us > sensor->heartbeat_us ? sensor->stale_after_us : sensor->heartbeat_us;
        if (!sensor->psk_identity || !*sensor->psk_identity)
            continue;
        if (sensor->stale_after_us == 0) // it may be silent for ever
            silence_us = SECURE_TIMEOUT_MAX_S * INT64_C(1000000);
        sensors++;
        longest_s = silence_us / 1000000 > longest_s ? silence_us / 1000000 : longest_s;
    }
    int64_t timeout_s = 2 * longest_s < SECURE_TIMEOUT_MAX_S ? 2 * longest_s : SECURE_TIMEOUT_MAX_S;
    unsigned most = 2 * sensors < SECURE_SESSIONS_MAX ? 2 * sensors : SECURE_SESSIONS_MAX;
    coap_context_set_max_idle_sessions(context, most > SECURE_SESSIONS_MIN ? most : SECURE_SESSIONS_MIN);
    coap_context_set_session_timeout(context, (unsigned)timeout_s);
    coap_context_set_max_handshake_sessions(context, HANDSHAKES_MAX);
}

static int make_secure(struct coap_driver *driver, coap_context_t *context, struct fault *why)
{
    coap_dtls_spsk_t setup = {
        .version = COAP_DTLS_SPSK_SETUP_VERSION,
        .validate_id_call_back = find_key,
        .id_call_back_arg = driver,
    };
    set_session_limits(driver, context);
    return coap_context_set_psk2(context, &setup) ? 0 : fault_set(why, -EIO, _("DTLS cannot be set up"));
}

static int make_context(struct coap_driver *driver, enum coap_server_kind kind, struct fault *why)
{
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    coap_dtls_set_log_level(0);
    coap_set_log_handler(say_nothing);
    coap_context_t *context = driver->contexts[kind] = coap_new_context(NULL);
    if (!context)
        return fault_errno(why, -ENOMEM, "coap");

    // Block-wise transfer by libcoap 4.3.1 can be crashed with two datagrams: it is off, and coap_block.c does it.
    coap_context_set_block_mode(context, 0);
    coap_context_set_max_idle_sessions(context, PLAIN_SESSIONS_MAX);
    coap_context_set_session_timeout(context, PLAIN_TIMEOUT_S);
    coap_set_app_data(context, driver);
    coap_register_event_handler(context, count_session);
    return kind == COAP_SECURE ? make_secure(driver, context, why) : 0;
}

// `citygw check` and the start tell of a file that is wrong; without one there is nothing to serve.
static bool is_wanted(struct coap_driver *driver, enum coap_server_kind kind)
{
    const struct settings_coap *coap = &driver->settings->coap;
    struct fault ignored;
    if (kind == COAP_PLAIN)
        return true;
    if (!coap->dtls_listen || !*coap->dtls_listen || !coap->psk_file || !*coap->psk_file)
        return false;
    return keys_load(coap->psk_file, &driver->keys, &ignored) == 0 && keys_count(driver->keys) > 0;
}

int server_open(struct coap_driver *driver, enum coap_server_kind kind, struct fault *why)
{
    if (!is_wanted(driver, kind))
        return 0;
    int error = make_context(driver, kind, why);
    if (error == 0)
        error = endpoints_open(driver, kind, why);
    if (error < 0)
        return error;
    error = readings_register(driver->contexts[kind]);
    if (error == 0)
        error = time_register(driver->contexts[kind]);
    if (error == 0)
        error = efento_register(driver->contexts[kind]);
    if (error == 0)
        error = core_register(driver->contexts[kind]);
    return error < 0 ? fault_errno(why, error, "coap") : 0;
}

void server_close(struct coap_driver *driver, enum coap_server_kind kind)
{
    if (driver->contexts[kind])
        coap_free_context(driver->contexts[kind]);
    driver->contexts[kind] = NULL;
    if (kind == COAP_SECURE) {
        keys_destroy(driver->keys);
        driver->keys = NULL;
    }
}
