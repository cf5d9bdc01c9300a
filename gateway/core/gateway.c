// SPDX-License-Identifier: Apache-2.0
#include "gateway.h"

#include "base/files.h"
#include "base/log.h"
#include "base/messages.h"
#include "documents.h"
#include "facts.h"
#include "notify.h"
#include "snapshot.h"
#include "start.h"
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const int64_t stop_commit_us = 1500000, stop_outlets_us = 2500000;
enum { FINISH_MS = 1000 };
static const int64_t writer_silent_us = 10 * 1000000LL, sync_silent_us = 60 * 1000000LL,
                     outlet_silent_us = 60 * 1000000LL, loss_interval_us = 10 * 1000000LL;

static void on_settled(void *owner, uint64_t ticket, int status, void *context)
{
    (void)context;
    struct source *source = owner;
    if (ticket && source->driver_state && source->driver->settled) // what was derived has no owner
        source->driver->settled(source->driver_state, ticket, status);
}

static void on_buffer_wake(uv_async_t *async)
{
    struct gateway *gateway = async->data;
    buffer_settled(gateway->buffer, on_settled, NULL);
}

// On the writer's thread. The outlets need not wait until the loop has answered the sensors.
static void wake_all(void *context)
{
    struct gateway *gateway = context;
    uv_async_send(&gateway->buffer_wake);
    pthread_mutex_lock(&gateway->wake_lock);
    for (size_t i = 0; i < gateway->woken_outlets; i++)
        outlet_wake(&gateway->outlets[i]);
    pthread_mutex_unlock(&gateway->wake_lock);
}

// All outlets from now on, or none.
static void wake_outlets(struct gateway *gateway, bool on)
{
    pthread_mutex_lock(&gateway->wake_lock);
    gateway->woken_outlets = on ? gateway->outlet_count : 0;
    pthread_mutex_unlock(&gateway->wake_lock);
}

// Before the loop sleeps: what this turn brought, a burst of datagrams say, makes one commit instead of several.
static void on_turn(uv_prepare_t *prepare)
{
    struct gateway *gateway = prepare->data;
    bool at_once = gateway->settings->buffer.commit_interval_us == 0;
    if (intake_turn(&gateway->intake) && at_once)
        buffer_flush(gateway->buffer);
}

static void buffer_report(void *context, const char *text)
{
    (void)context;
    log_line(LOG_LEVEL_WARNING, "buffer", "%s", text);
}

static void sample_outlets(struct gateway *gateway, int64_t now_us)
{
    for (size_t i = 0; i < gateway->outlet_count; i++)
        if (fall_is_due(&gateway->falls[i], now_us))
            fall_sample(&gateway->falls[i], now_us, buffer_cursor_count(gateway->buffer, gateway->outlets[i].name));
}

// Readings that waited for the clock go now, and among them perhaps the newest of a state.
static void let_go(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->outlet_count; i++) {
        outlet_refresh(&gateway->outlets[i]);
        outlet_wake(&gateway->outlets[i]);
    }
}

// Also when an entry only became larger; not at every second of a loss that goes on, since it is published whole.
static bool ledger_grew(struct gateway *gateway, const struct buffer_figures *figures)
{
    uint64_t lost = gateway->losing.lost + figures->ledger_entries;
    bool due = clock_boot_us(gateway->clock) - gateway->ledger_boot_us >= loss_interval_us;
    if (lost == gateway->ledger_seen || !due)
        return false;
    gateway->ledger_seen = lost;
    gateway->ledger_boot_us = clock_boot_us(gateway->clock);
    return true;
}

static void on_second(uv_timer_t *timer)
{
    struct gateway *gateway = timer->data;
    int64_t now = clock_boot_us(gateway->clock);
    struct buffer_figures figures;
    buffer_figures(gateway->buffer, &figures);
    meter_sample(&gateway->meter, now, figures.committed, gateway->intake.taken_bytes);
    losing_tick(&gateway->losing, &figures, now);
    sample_outlets(gateway, now);
    if (hold_tick(&gateway->hold))
        let_go(gateway);
    account_tick(gateway->account);
    standing_tick(gateway->standing);
    vehicles_tick(gateway->vehicles);
    facts_tick(gateway);
    bool due = now - gateway->health_boot_us >= gateway->settings->gateway.status_interval_us;
    bool lost = ledger_grew(gateway, &figures);
    if (!due && !lost && !gateway->intake.quantities_changed)
        return;
    if (due)
        gateway->health_boot_us = now;
    gateway->intake.quantities_changed = false;
    documents_publish(gateway);
}

// The loop shows that it lives by being here; the writer and the outlets' threads by their beats. A broker that does not
// answer is not our death, nor is a card that takes its time for a sync, up to a minute.
static void on_watchdog(uv_timer_t *timer)
{
    struct gateway *gateway = timer->data;
    int64_t now = clock_boot_us(gateway->clock);
    struct buffer_figures figures;
    buffer_figures(gateway->buffer, &figures);
    bool syncing = figures.writer_syncing_since_boot_us && now - figures.writer_syncing_since_boot_us < sync_silent_us;
    bool alive = syncing || now - figures.writer_beat_boot_us < writer_silent_us;
    for (size_t i = 0; i < gateway->outlet_count; i++)
        alive &= now - outlet_beat_boot_us(&gateway->outlets[i]) < outlet_silent_us;
    if (alive)
        notify("WATCHDOG=1");
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct gateway *gateway = signal->data;
    if (number == SIGHUP) {
        log_line(LOG_LEVEL_NOTICE, "citygwd", _("SIGHUP: a changed configuration is read at the next start"));
        return;
    }
    gateway->stop_asked = true;
    uv_stop(&gateway->loop);
}

static void start_loop(struct gateway *gateway)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&gateway->loop);
    uv_async_init(&gateway->loop, &gateway->buffer_wake, on_buffer_wake);
    gateway->buffer_wake.data = gateway;
    uv_prepare_init(&gateway->loop, &gateway->turn);
    gateway->turn.data = gateway;
    for (size_t i = 0; i < 3; i++) {
        uv_signal_init(&gateway->loop, &gateway->signals[i]);
        gateway->signals[i].data = gateway;
        uv_signal_start(&gateway->signals[i], on_signal, numbers[i]);
    }
    uv_timer_init(&gateway->loop, &gateway->second);
    uv_timer_init(&gateway->loop, &gateway->watchdog);
    gateway->second.data = gateway->watchdog.data = gateway;
}

static void start_timers(struct gateway *gateway)
{
    unsigned watchdog_ms = notify_watchdog_ms();
    gateway->health_boot_us = clock_boot_us(gateway->clock);
    documents_publish(gateway);
    uv_prepare_start(&gateway->turn, on_turn);
    uv_timer_start(&gateway->second, on_second, 1000, 1000);
    if (watchdog_ms)
        uv_timer_start(&gateway->watchdog, on_watchdog, 0, watchdog_ms);
}

static void tick(uv_timer_t *timer)
{
    (void)timer; // only there so that uv_run(UV_RUN_ONCE) returns and the condition is looked at
}

static bool all_committed(struct gateway *gateway)
{
    struct buffer_figures figures;
    buffer_figures(gateway->buffer, &figures);
    return figures.waiting == 0;
}

static bool all_outlets_stopped(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->outlet_count; i++)
        if (!outlet_stopped(&gateway->outlets[i]))
            return false;
    return true;
}

static void run_until(struct gateway *gateway, bool (*done)(struct gateway *gateway), int64_t limit_us)
{
    int64_t end = clock_boot_us(gateway->clock) + limit_us;
    uv_timer_start(&gateway->second, tick, 0, 10);
    while (!done(gateway) && clock_boot_us(gateway->clock) < end)
        uv_run(&gateway->loop, UV_RUN_ONCE);
    uv_timer_stop(&gateway->second);
}

// Sources whose senders wait for an answer stay open until what was taken is committed and answered; the others, a serial
// line say, would only have what they still read refused.
static void stop_sources(struct gateway *gateway, bool answering)
{
    for (size_t i = 0; i < gateway->source_count; i++)
        if (answering == (gateway->sources[i].driver->settled != NULL))
            source_stop(&gateway->sources[i]);
}

static void commit_and_answer(struct gateway *gateway)
{
    gateway->intake.stopping = true;
    buffer_flush(gateway->buffer);
    run_until(gateway, all_committed, stop_commit_us);
    buffer_settled(gateway->buffer, on_settled, NULL);
    uv_run(&gateway->loop, UV_RUN_NOWAIT);
}

// The start's list, upward. Returns how many readings that were taken could not be stored.
static uint64_t gateway_stop(struct gateway *gateway)
{
    notify("STOPPING=1");
    uv_timer_stop(&gateway->watchdog);
    stop_sources(gateway, false);
    vehicles_flush(gateway->vehicles);
    if (gateway->city)
        city_flush(gateway->city);
    if (gateway->buffer)
        commit_and_answer(gateway);
    stop_sources(gateway, true);
    control_destroy(gateway->control);
    for (size_t i = 0; i < gateway->outlet_count; i++)
        outlet_stop(&gateway->outlets[i]);
    run_until(gateway, all_outlets_stopped, stop_outlets_us);
    wake_outlets(gateway, false);
    for (size_t i = 0; i < gateway->outlet_count; i++)
        outlet_finish(&gateway->outlets[i]);
    for (size_t i = 0; i < gateway->source_count; i++)
        source_finish(&gateway->sources[i]);
    account_destroy(gateway->account);
    standing_destroy(gateway->standing);
    city_destroy(gateway->city);
    exports_end(gateway->exports);
    return buffer_close(gateway->buffer);
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void end_loop(uv_timer_t *limit)
{
    uv_stop(limit->loop);
}

// Lets what is closing close. A look-up of a name cannot be ended, and a dead name server holds it for ten seconds: we do not
// wait for that.
static void finish_loop(struct gateway *gateway)
{
    uv_timer_t limit;
    uv_walk(&gateway->loop, close_handle, NULL);
    uv_timer_init(&gateway->loop, &limit);
    uv_timer_start(&limit, end_loop, FINISH_MS, 0);
    uv_unref((uv_handle_t *)&limit);
    uv_run(&gateway->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&limit, NULL);
    uv_run(&gateway->loop, UV_RUN_NOWAIT);
    gateway->is_looking_up = uv_loop_close(&gateway->loop) != 0;
}

static void gateway_finish(struct gateway *gateway)
{
    finish_loop(gateway);
    free(gateway->sources);
    free(gateway->states);
    free(gateway->sensor_ids);
    pthread_mutex_destroy(&gateway->wake_lock);
    snapshot_destroy(gateway->snapshot);
    commands_destroy(gateway->commands);
    exports_destroy(gateway->exports);
    intake_finish(&gateway->intake);
    vehicles_destroy(gateway->vehicles);
    sensors_destroy(gateway->sensors);
    free(gateway->http_token);
    findings_finish(&gateway->findings);
    settings_destroy(gateway->settings);
}

static bool step(int error, const struct fault *why)
{
    if (error)
        log_line(LOG_LEVEL_ERROR, "citygwd", _("%s; the gateway does not start"), why->text);
    return error == 0;
}

enum gateway_exit gateway_run(struct gateway *gateway, const char *config_path)
{
    struct fault why = {""};
    *gateway = (struct gateway){.config_path = config_path, .clock = &clock_system};
    pthread_mutex_init(&gateway->wake_lock, NULL);
    if (start_settings(gateway) != 0) {
        findings_finish(&gateway->findings);
        settings_destroy(gateway->settings);
        return GATEWAY_BAD_SETTINGS;
    }
    start_loop(gateway);
    bool running = step(start_buffer(gateway, wake_all, buffer_report, &why), &why) &&
                   step(start_intake(gateway, &why), &why) && step(start_outlets(gateway, &why), &why) &&
                   step(start_account(gateway, &why), &why) && step(start_sources(gateway, &why), &why) &&
                   step(start_control(gateway, &why), &why);
    if (running) {
        wake_outlets(gateway, true);
        wake_all(gateway); // for what was committed before
        start_timers(gateway);
        malloc_trim(0); // what reading the settings needed is not needed again
        notify("READY=1");
        log_line(LOG_LEVEL_NOTICE, "citygwd", _("citygw %s ready: %zu sensors, %zu outlets, epoch %s"), CITYGW_VERSION,
                 sensors_count(gateway->sensors), gateway->outlet_count, buffer_epoch(gateway->buffer));
        while (!gateway->stop_asked)
            uv_run(&gateway->loop, UV_RUN_DEFAULT);
    }
    uint64_t unstored = gateway_stop(gateway);
    gateway_finish(gateway);
    if (unstored)
        log_line(LOG_LEVEL_ERROR, "citygwd", _("stopped; %llu readings could not be stored"),
                 (unsigned long long)unstored);
    else if (running)
        log_line(LOG_LEVEL_NOTICE, "citygwd", _("stopped; everything taken is committed"));
    return running ? GATEWAY_FINE : GATEWAY_FAILED;
}
