// SPDX-License-Identifier: Apache-2.0
#include "source.h"

#include "base/log.h"
#include "base/messages.h"
#include "intake.h"
#include "reading/identifier.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A technician who plugs a sensor in again waits for readings: the longest pause stays short.
static const int64_t backoff_first_us = 250000, backoff_last_us = 4000000;
static const int64_t tell_again_us = 60 * 1000000LL, babble_us = 10 * 1000000LL;

static bool holds(const char *text, const char *found, size_t size)
{
    return memmem(text, strlen(text), found, size) != NULL;
}

// A configured sensor is no person's device, whatever it is called and wherever it is asked.
static bool is_of_sensor(const void *context, const char *found, size_t size)
{
    const struct sensors *sensors = context;
    for (size_t i = 0; i < sensors_count(sensors); i++) {
        const struct settings_sensor *settings = sensors_at(sensors, i)->settings;
        if (holds(settings->id, found, size) || holds(settings->address, found, size) ||
            holds(settings->source, found, size))
            return true;
    }
    return false;
}

// A wrong baud rate, or another device than the codec's: the port is open and yet useless. What many senders share is not judged.
static void note_babble(struct source *source, enum refusal refusal, int64_t now, const char *text)
{
    if (source->driver->settled || refusal == REFUSAL_FULL || refusal == REFUSAL_STORAGE)
        return;
    if (!source->babbling_boot_us)
        source->babbling_boot_us = now;
    if (now - source->babbling_boot_us < babble_us || source->babble.text[0])
        return;
    fault_set(&source->babble, 0, _("nothing that came for %d s could be taken: %s"), (int)(babble_us / 1000000), text);
    log_line(LOG_LEVEL_WARNING, source->name, "%s", source->babble.text);
}

void source_taken(struct source *source)
{
    if (source->babble.text[0])
        log_line(LOG_LEVEL_NOTICE, source->name, _("what comes can be taken again"));
    source->babble.text[0] = '\0';
    source->babbling_boot_us = 0;
}

void source_refused(struct source *source, enum refusal refusal, const struct fault *why)
{
    struct source_refusals *refusals = &source->refusals[refusal];
    int64_t now = clock_boot_us(source->host.clock);
    struct fault shown = {"-"};
    if (why && why->text[0])
        shown = *why;
    const char *text = shown.text;
    // It may quote what a sensor said; whoever sent it is told in full, the log is not.
    identifier_hide(shown.text, is_of_sensor, source->intake->sensors);
    refusals->count++;
    note_babble(source, refusal, now, text);
    if (refusals->told_boot_us && now - refusals->told_boot_us < tell_again_us) {
        refusals->untold++;
        return;
    }
    if (refusals->untold)
        log_line(LOG_LEVEL_WARNING, source->name, _("refused (%s): %s; %llu more since the last such line"),
                 refusal_name(refusal), text, (unsigned long long)refusals->untold);
    else
        log_line(LOG_LEVEL_WARNING, source->name, _("refused (%s): %s"), refusal_name(refusal), text);
    refusals->told_boot_us = now;
    refusals->untold = 0;
}

static void retry_due(uv_timer_t *timer);

// A bus that stays open for so long, or gives a pack, is well: its next failure is news and begins with a short pause.
// One that opens and dies at once keeps its growing pause, and is not told again and again.
static const int64_t steady_us = 10 * 1000000LL;

static void note_steady(struct source *source)
{
    if (!source->steady && clock_boot_us(source->host.clock) - source->opened_boot_us < steady_us)
        return;
    source->backoff_us = 0;
    source->fault.text[0] = '\0';
}

static void wait_and_retry(struct source *source, const struct fault *why)
{
    bool news = strcmp(source->fault.text, why->text) != 0;
    source->fault = *why;
    source->state = SOURCE_WAITING;
    int64_t last_us = source->driver->pause_max_us ? source->driver->pause_max_us : backoff_last_us;
    source->backoff_us = source->backoff_us ? source->backoff_us * 2 : backoff_first_us;
    if (source->backoff_us > last_us)
        source->backoff_us = last_us;
    source->retry_boot_us = clock_boot_us(source->host.clock) + source->backoff_us;
    uv_timer_start(&source->retry, retry_due, (uint64_t)source->backoff_us / 1000, 0);
    source->told |= news;
    if (news)
        log_line(LOG_LEVEL_WARNING, source->name, _("%s; it will be tried again"), why->text);
}

static void became_open(struct source *source)
{
    source->babbling_boot_us = 0;
    source->babble.text[0] = '\0';
    source->state = SOURCE_OPEN;
    source->reopened += source->opened_boot_us != 0;
    if (source->told || !source->opened_boot_us)
        log_line(LOG_LEVEL_NOTICE, source->name, source->opened_boot_us ? _("open again") : _("open"));
    source->opened_boot_us = clock_boot_us(source->host.clock);
    source->steady = source->told = false;
}

static void try_open(struct source *source)
{
    struct fault why = {""};
    source->state = SOURCE_OPENING; // open() itself may say more
    int error = source->driver->open(source->driver_state, &why);
    if (source->state != SOURCE_OPENING || error == -EINPROGRESS)
        return;
    if (error)
        wait_and_retry(source, &why);
    else
        became_open(source);
}

static void retry_due(uv_timer_t *timer)
{
    try_open(timer->data);
}

static enum refusal host_emit(void *context, const struct driver_pack *pack, struct fault *why)
{
    struct source *source = context;
    // A driver that wants long pauses has a peer that could answer once and fail each time: only time tells there.
    source->steady |= !source->driver->pause_max_us;
    return intake_take(source->intake, source, pack, why);
}

static void host_refused(void *context, enum refusal refusal, const struct fault *why)
{
    source_refused(context, refusal, why);
}

static void host_tell(void *context, bool good, const struct fault *what)
{
    const struct source *source = context;
    log_line(good ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING, source->name, "%s", what->text);
}

static void host_opened(void *context)
{
    struct source *source = context;
    if (source->state == SOURCE_OPENING)
        became_open(source);
}

static bool is_in_use(const struct source *source)
{
    return source->state == SOURCE_OPEN || source->state == SOURCE_OPENING;
}

static void host_failed(void *context, const struct fault *why)
{
    struct source *source = context;
    if (!is_in_use(source))
        return;
    if (source->state == SOURCE_OPEN)
        note_steady(source);
    source->driver->close(source->driver_state);
    wait_and_retry(source, why);
}

static void merged(uv_timer_t *timer)
{
    struct source *source = timer->data;
    intake_flush(source->intake, source);
}

void source_wait(struct source *source)
{
    if (!uv_is_active((uv_handle_t *)&source->merge))
        uv_timer_start(&source->merge, merged, (uint64_t)(source->merge_us + 999) / 1000, 0);
}

int source_init(struct source *source, const struct driver *driver, const char *name, const char *port,
                const struct settings *settings, const struct clock *clock, uv_loop_t *loop, struct intake *intake,
                struct fault *why)
{
    *source = (struct source){.driver = driver, .intake = intake, .name = strdup(name)};
    source->host = (struct driver_host){.context = source,
                                        .clock = clock,
                                        .loop = loop,
                                        .emit = host_emit,
                                        .refused = host_refused,
                                        .tell = host_tell,
                                        .opened = host_opened,
                                        .failed = host_failed};
    uv_timer_init(loop, &source->retry);
    source->retry.data = source;
    uv_timer_init(loop, &source->merge);
    source->merge.data = source;
    if (!source->name)
        return fault_errno(why, -ENOMEM, "%s", name);
    return driver->create(settings, port, &source->host, &source->driver_state, why);
}

void source_start(struct source *source)
{
    try_open(source);
}

void source_stop(struct source *source)
{
    uv_timer_stop(&source->retry);
    if (uv_is_active((uv_handle_t *)&source->merge))
        intake_flush(source->intake, source);
    uv_timer_stop(&source->merge);
    if (is_in_use(source))
        source->driver->close(source->driver_state);
    source->state = SOURCE_CLOSED;
}

void source_finish(struct source *source)
{
    source_stop(source);
    if (source->driver_state)
        source->driver->destroy(source->driver_state);
    source->driver_state = NULL;
    free(source->name);
    source->name = NULL;
    uv_close((uv_handle_t *)&source->retry, NULL);
    uv_close((uv_handle_t *)&source->merge, NULL);
}
