// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/text.h"
#include "buses.h"
#include "coap_codec.h"
#include "coap_observe_link.h"
#include "coap_observe_order.h"
#include "coap_observe_uri.h"
#include "reading/identifier.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/*
 * Sensors that are servers themselves: the gateway asks each resource once, and is told of changes (RFC 7641). Nobody is to be trusted
 * to tell for ever, since a sensor that restarts has forgotten us: when a value is older than it said it would be, or
 * nothing came for half the time after which the sensor counts as silent, it is asked again. One that does not tell of changes is
 * asked from time to time.
 */

enum {
    TICK_MS = 1000,
    ANSWER_TIMEOUT_S = 120, // longer than all retransmissions: after an empty ACK nothing else tells
    POLL_MIN_S = 10,
    SILENCE_MIN_S = 2,
    LATE_MIN_S = 5, // RFC 7641 section 3.3.1: Max-Age and 5 to 15 s
    LATE_SPREAD_S = 10,
    SUSPECT_S = 5,
    MAX_AGE_MAX_S = 7 * 86400,
    PAUSE_MAX_S = 60,
    PAUSE_LATER_MAX_S = 3600,
};

static const int64_t second_us = 1000000;

struct lookup {
    uv_getaddrinfo_t request;
    struct observe *observe; // NULL: nobody waits any more
};

struct observe {
    const struct settings *settings;
    const struct driver_host *host;
    const char *uri;
    const struct settings_sensor *sensor; // one of those whose source it is
    bool is_only;                         // and there is no other
    int64_t silence_us, poll_us;          // poll_us: 0 when no device profile says
    struct observe_uri where;
    struct observe_link_events events;
    struct observe_link *link;
    struct lookup *lookup;
    uv_timer_t *timer; // its own memory, because libuv closes it in the background
    unsigned attempts; // which of a name's addresses is next
    bool is_open, is_waiting, is_loopback;
    int64_t waiting_since_us, deadline_us;
    struct observe_order order;
    struct observe_order suspect; // what was refused while an answer was due: perhaps of a sensor that restarted
    uint64_t notifications, out_of_order, asked, failures;
};

static int64_t now_of(const struct observe *observe)
{
    return clock_boot_us(observe->host->clock);
}

// The host closes us, and tries again later.
static void fail(struct observe *observe, const struct fault *why)
{
    observe->failures++;
    observe->host->failed(observe->host->context, why);
}

static void ask(struct observe *observe)
{
    struct fault why = {0};
    observe->asked++;
    observe->is_waiting = true;
    observe->waiting_since_us = now_of(observe);
    observe->suspect = (struct observe_order){0};
    int error = link_register(observe->link);
    if (error == 0 || !observe->link)
        return;
    fault_errno(&why, error, _("the resource cannot be asked"));
    fail(observe, &why);
}

static int64_t late_us(void)
{
    uint32_t random = 0;
    uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
    return (LATE_MIN_S + (int64_t)(random % (LATE_SPREAD_S + 1))) * second_us;
}

// When to ask again, unless something comes before.
static int64_t patience_us(const struct observe *observe, const struct observe_answer *answer)
{
    int64_t max_age_us = (answer->max_age_s < MAX_AGE_MAX_S ? answer->max_age_s : (unsigned)MAX_AGE_MAX_S) * second_us;
    int64_t wanted_us = max_age_us + late_us();
    if (!answer->is_observed) {
        wanted_us = max_age_us > POLL_MIN_S * second_us ? max_age_us : POLL_MIN_S * second_us;
        wanted_us = observe->poll_us ? observe->poll_us : wanted_us;
    }
    return wanted_us < observe->silence_us ? wanted_us : observe->silence_us;
}

static const struct codec *find_codec(const struct observe *observe, int format)
{
    const char *own = observe->is_only ? observe->sensor->codec : NULL;
    return codec_for_body(own && *own ? codec_find(own) : NULL, observe->is_only, format);
}

static void emit(struct observe *observe, const struct raw_pack *raw)
{
    struct driver_pack pack = {
        .raw = raw,
        .sensor = observe->is_only ? observe->sensor->id : NULL,
        .unauthenticated = !observe->where.secure && !observe->is_loopback,
        .may_repeat = true,
    };
    observe->host->emit(observe->host->context, &pack, NULL); // a refusal is counted there
}

static enum refusal decode(struct observe *observe, const struct observe_answer *answer, struct raw_pack *raw,
                           struct fault *why)
{
    const struct codec *codec = find_codec(observe, answer->format);
    struct frame frame = {.data = answer->data, .size = answer->size};
    if (answer->is_too_long)
        fault_set(why, 0, _("the body has more than %lld bytes; expected less"),
                  (long long)observe->settings->coap.max_body_bytes);
    else if (answer->is_cut)
        fault_set(why, 0,
                  _("the answer comes in parts, and one was missing or of another state; it is asked for again"));
    if (answer->is_cut)
        return REFUSAL_LENGTH;
    if (!codec) {
        fault_set(why, 0, _("Content-Format %d is not read here; %s"), answer->format,
                  _("expected 110 (SenML JSON), 112 (SenML CBOR) or 0 (text, one value)"));
        return REFUSAL_FORMAT;
    }
    if (answer->format == FORMAT_LWM2M_TLV)
        frame.object = codec_object(observe->settings, observe->sensor->id);
    return codec_decode(codec, &frame, raw, why);
}

// A pack is 70 kB, and needed for a moment alone.
static void take(struct observe *observe, const struct observe_answer *answer)
{
    struct fault why = {0};
    struct raw_pack *raw = malloc(sizeof *raw);
    enum refusal refusal = raw ? decode(observe, answer, raw, &why) : REFUSAL_FULL;
    if (refusal)
        observe->host->refused(observe->host->context, refusal, &why);
    else
        emit(observe, raw);
    free(raw);
}

static void refuse_code(struct observe *observe, const struct observe_answer *answer)
{
    struct fault why = {0};
    char shown[128];
    text_escape((const char *)answer->data, answer->size, shown, sizeof shown);
    identifier_hide(shown, NULL, NULL);
    fault_set(&why, -EREMOTEIO, _("the sensor answers %d.%02d %s; expected 2.05"), answer->code / 100,
              answer->code % 100, shown);
    fail(observe, &why);
}

// What answers our request is the newest there is, whatever its number: a sensor that restarted counts from the beginning. An
// answer that does not come with the acknowledgement looks like a notification: so while one is due, the last number once more
// is the state that has not changed, and two lower ones in their order are of a sensor that restarted.
static bool is_newer(const struct observe *observe, const struct observe_answer *answer)
{
    int64_t now_us = now_of(observe);
    if (!answer->is_observed)
        return observe->is_waiting;
    if (order_is_fresh(&observe->order, answer->sequence, now_us))
        return true;
    if (!observe->is_waiting)
        return false;
    return answer->is_reply || answer->sequence == observe->order.sequence ||
           (observe->suspect.any && order_is_fresh(&observe->suspect, answer->sequence, now_us));
}

static void leave_out(struct observe *observe, const struct observe_answer *answer)
{
    int64_t now_us = now_of(observe);
    observe->out_of_order++;
    if (observe->is_waiting && answer->is_observed)
        order_take(&observe->suspect, answer->sequence, now_us);
    if (observe->deadline_us > now_us + SUSPECT_S * second_us) // or it restarted
        observe->deadline_us = now_us + SUSPECT_S * second_us;
}

// 5.03 says when it may be asked again (RFC 7252 section 5.9.3.4).
static void come_later(struct observe *observe, const struct observe_answer *answer)
{
    struct fault why = {0};
    unsigned pause_s = answer->max_age_s > POLL_MIN_S ? answer->max_age_s : POLL_MIN_S;
    pause_s = pause_s < PAUSE_LATER_MAX_S ? pause_s : PAUSE_LATER_MAX_S;
    fault_set(&why, 0, _("the sensor answers 5.03; it is asked again in %u s"), pause_s);
    observe->host->refused(observe->host->context, REFUSAL_FULL, &why);
    observe->is_waiting = false;
    observe->deadline_us = now_of(observe) + pause_s * second_us;
}

static void on_answer(void *context, const struct observe_answer *answer)
{
    enum { CONTENT = 205, UNAVAILABLE = 503 };
    struct observe *observe = context;
    int64_t now_us = now_of(observe);
    observe->notifications++;
    if (answer->code == UNAVAILABLE) {
        come_later(observe, answer);
        return;
    }
    if (answer->code != CONTENT) {
        refuse_code(observe, answer);
        return;
    }
    if (!is_newer(observe, answer)) {
        leave_out(observe, answer);
        return;
    }
    observe->is_waiting = false;
    if (answer->is_observed)
        order_take(&observe->order, answer->sequence, now_us);
    observe->deadline_us = now_us + (answer->is_cut ? SUSPECT_S * second_us : patience_us(observe, answer));
    if (!observe->is_open)
        observe->host->opened(observe->host->context);
    observe->is_open = true;
    take(observe, answer);
}

static void on_unanswered(void *context, enum observe_silence silence)
{
    struct observe *observe = context;
    struct fault why = {0};
    if (silence == SILENCE_NO_SESSION)
        fault_set(&why, -EACCES, _("no DTLS session; expected that the sensor knows %s with the key of psk_file"),
                  observe->where.identity);
    else if (silence == SILENCE_RESET)
        fault_set(&why, -ECONNRESET, _("the sensor resets the request; expected a CoAP server that can be observed"));
    else
        fault_set(&why, -ETIMEDOUT, _("the sensor does not answer"));
    fail(observe, &why);
}

static void tick(uv_timer_t *timer)
{
    struct observe *observe = timer->data;
    int64_t now_us = now_of(observe);
    if (!observe->link)
        return;
    if (observe->is_waiting && now_us - observe->waiting_since_us >= ANSWER_TIMEOUT_S * second_us)
        on_unanswered(observe, SILENCE_TIMEOUT);
    else if (!observe->is_waiting && now_us >= observe->deadline_us)
        ask(observe);
}

static void connect_to(struct observe *observe, const struct sockaddr *address, socklen_t size)
{
    struct fault why = {0};
    struct observe_target target = observe_uri_target(&observe->where, address, size);
    target.body_max = (size_t)observe->settings->coap.max_body_bytes;
    observe->is_loopback = address_is_this_machine(address);
    int error = address_is_group(address)
                    ? fault_set(&why, -EINVAL, _("the address is one of a group; expected a single sensor's"))
                    : link_open(observe->host->loop, &target, &observe->events, &observe->link, &why);
    if (error < 0)
        fail(observe, &why);
    else
        ask(observe);
}

static void connect_to_name(struct observe *observe, const struct addrinfo *found)
{
    unsigned count = 0;
    for (const struct addrinfo *at = found; at; at = at->ai_next)
        count++;
    unsigned skip = observe->attempts++ % count;
    while (skip-- > 0)
        found = found->ai_next;
    connect_to(observe, found->ai_addr, found->ai_addrlen);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct lookup *lookup = request->data;
    struct observe *observe = lookup->observe;
    struct fault why = {0};
    free(lookup);
    if (observe && status == 0) {
        observe->lookup = NULL;
        connect_to_name(observe, found);
    } else if (observe) {
        observe->lookup = NULL;
        fault_set(&why, -EHOSTUNREACH, _("the host %s is not known (%s)"), observe->where.host, uv_strerror(status));
        fail(observe, &why);
    }
    uv_freeaddrinfo(found);
}

static int look_up(struct observe *observe, struct fault *why)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return fault_errno(why, -ENOMEM, "coap");
    lookup->request.data = lookup;
    lookup->observe = observe;
    int error = uv_getaddrinfo(observe->host->loop, &lookup->request, on_found, observe->where.host,
                               observe->where.port, &hints);
    if (error < 0) {
        free(lookup);
        return fault_errno(why, error, "coap");
    }
    observe->lookup = lookup;
    return -EINPROGRESS;
}

static int start_timer(struct observe *observe)
{
    observe->timer = malloc(sizeof *observe->timer);
    if (!observe->timer)
        return -ENOMEM;
    uv_timer_init(observe->host->loop, observe->timer);
    observe->timer->data = observe;
    // In step with the others, so that they wake the machine together.
    uint64_t until_ms = TICK_MS - uv_now(observe->host->loop) % TICK_MS;
    return uv_timer_start(observe->timer, tick, until_ms, TICK_MS);
}

static int observe_open(void *state, struct fault *why)
{
    struct observe *observe = state;
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    observe->is_open = observe->is_waiting = false;
    observe->order = (struct observe_order){0};
    observe->events =
        (struct observe_link_events){.context = observe, .answer = on_answer, .unanswered = on_unanswered};
    if (!observe->timer && start_timer(observe) < 0)
        return fault_errno(why, -ENOMEM, "coap");
    if (!observe_uri_address(&observe->where, &address, &size))
        return look_up(observe, why);
    connect_to(observe, (struct sockaddr *)&address, size);
    return -EINPROGRESS;
}

static void free_timer(uv_handle_t *timer)
{
    free(timer);
}

static void observe_close(void *state)
{
    struct observe *observe = state;
    link_close(observe->link);
    observe->link = NULL;
    if (observe->lookup) {
        observe->lookup->observe = NULL;
        uv_cancel((uv_req_t *)&observe->lookup->request);
    }
    observe->lookup = NULL;
    if (observe->timer)
        uv_close((uv_handle_t *)observe->timer, free_timer);
    observe->timer = NULL;
}

static void observe_destroy(void *state)
{
    struct observe *observe = state;
    if (!observe)
        return;
    observe_close(observe);
    observe_uri_finish(&observe->where);
    free(observe);
}

static void take_sensors(struct observe *observe)
{
    const struct settings *settings = observe->settings;
    size_t count = 0;
    observe->silence_us = INT64_MAX;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        if (sensor->disabled || strcmp(sensor->source, observe->uri) != 0)
            continue;
        count++;
        observe->sensor = sensor;
        if (sensor->stale_after_us > 0 && sensor->stale_after_us / 2 < observe->silence_us)
            observe->silence_us = sensor->stale_after_us / 2;
    }
    if (observe->silence_us < SILENCE_MIN_S * second_us)
        observe->silence_us = SILENCE_MIN_S * second_us;
    observe->is_only = count == 1;
    for (size_t i = 0; observe->sensor && i < settings->device_count; i++)
        if (strcmp(settings->device[i].name, observe->sensor->device) == 0)
            observe->poll_us = settings->device[i].poll_us;
}

static int observe_create(const struct settings *settings, const char *name, const struct driver_host *host,
                          void **ret_state, struct fault *why)
{
    struct observe *observe = calloc(1, sizeof *observe);
    if (!observe)
        return fault_errno(why, -ENOMEM, "coap");
    observe->settings = settings;
    observe->host = host;
    observe->uri = name;
    take_sensors(observe);
    int error = observe->sensor ? observe_uri_read(settings, observe->sensor, &observe->where, why) : -ENOENT;
    if (error < 0) {
        observe_destroy(observe);
        return error;
    }
    *ret_state = observe;
    return 0;
}

static void observe_figures(void *state, driver_figure *figure, void *context)
{
    const struct observe *observe = state;
    figure(context, "citygw_observe_resources", "Resources that are observed or polled.", 1);
    figure(context, "citygw_observe_answers_total", "Notifications and answers that arrived.",
           (double)observe->notifications);
    figure(context, "citygw_observe_out_of_order_total",
           "Notifications left out because a newer one had come (RFC 7641).", (double)observe->out_of_order);
    figure(context, "citygw_observe_requests_total", "Registrations and polls that were sent.", (double)observe->asked);
    figure(context, "citygw_observe_failures_total", "Registrations and polls without a good answer.",
           (double)observe->failures);
}

const struct driver driver_observe = {
    .type = "observe",
    .pause_max_us = PAUSE_MAX_S * INT64_C(1000000),
    .create = observe_create,
    .open = observe_open,
    .close = observe_close,
    .figures = observe_figures,
    .destroy = observe_destroy,
};
