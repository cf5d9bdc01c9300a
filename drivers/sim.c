// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/number.h"
#include "buses.h"
#include "drivers/virtual.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/*
 * The simulator as a driver: every sensor with `source = sim` reports once a second, one after the other, so that the load
 * is even. It is also the smallest whole driver to learn from: a bus, a timer, a pack, an emit.
 */

enum { PERIOD_MS = 1000, TICK_MIN_MS = 10 };

struct player {
    const char *id;
    struct virtual_sensor sensor;
};

struct sim {
    const struct driver_host *host;
    uv_timer_t *timer; // NULL while closed; its own memory, because libuv closes it in the background
    uint64_t tick_ms;
    uint64_t owed; // reports times PERIOD_MS
    size_t next;
    size_t count;
    struct player *players;
    struct raw_pack pack;
};

static void play(struct sim *sim, struct player *player)
{
    raw_pack_clear(&sim->pack);
    if (!virtual_report(&player->sensor, &sim->pack))
        return;
    const struct driver_pack pack = {.raw = &sim->pack, .sensor = player->id};
    sim->host->emit(sim->host->context, &pack, NULL); // a refusal is counted there, and the next report comes anyway
}

static void tick(uv_timer_t *timer)
{
    struct sim *sim = timer->data;
    for (sim->owed += sim->count * sim->tick_ms; sim->owed >= PERIOD_MS; sim->owed -= PERIOD_MS) {
        play(sim, &sim->players[sim->next]);
        sim->next = (sim->next + 1) % sim->count;
    }
}

static bool is_ours(const struct settings_sensor *sensor)
{
    return sensor->source_type == SOURCE_SIM && !sensor->disabled;
}

static int take_sensors(struct sim *sim, const struct settings *settings)
{
    sim->players = calloc(settings->sensor_count + 1, sizeof *sim->players);
    if (!sim->players)
        return -ENOMEM;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        if (!is_ours(sensor))
            continue;
        struct player *player = &sim->players[sim->count++];
        player->id = sensor->id;
        virtual_begin(&player->sensor, (enum kind)sensor->kind, fnv64(FNV_START, sensor->id, strlen(sensor->id)),
                      sensor->latitude, sensor->longitude);
    }
    return 0;
}

static void sim_close(void *state);

static void sim_destroy(void *state)
{
    struct sim *sim = state;
    if (!sim)
        return;
    sim_close(sim);
    free(sim->players);
    free(sim);
}

static int sim_create(const struct settings *settings, const char *name, const struct driver_host *host,
                      void **ret_state, struct fault *why)
{
    (void)name;
    struct sim *sim = calloc(1, sizeof *sim);
    if (!sim || take_sensors(sim, settings) != 0) {
        sim_destroy(sim);
        return fault_errno(why, -ENOMEM, _("the simulator did not start"));
    }
    sim->host = host;
    sim->tick_ms = sim->count == 0 ? PERIOD_MS : PERIOD_MS / sim->count;
    if (sim->tick_ms < TICK_MIN_MS)
        sim->tick_ms = TICK_MIN_MS;
    *ret_state = sim;
    return 0;
}

static int sim_open(void *state, struct fault *why)
{
    struct sim *sim = state;
    if (sim->timer || sim->count == 0)
        return 0;
    sim->timer = malloc(sizeof *sim->timer);
    if (!sim->timer)
        return fault_errno(why, -ENOMEM, _("the simulator did not start"));
    uv_timer_init(sim->host->loop, sim->timer);
    sim->timer->data = sim;
    uv_timer_start(sim->timer, tick, sim->tick_ms, sim->tick_ms);
    return 0;
}

static void free_timer(uv_handle_t *timer)
{
    free(timer);
}

static void sim_close(void *state)
{
    struct sim *sim = state;
    if (!sim->timer)
        return;
    uv_close((uv_handle_t *)sim->timer, free_timer);
    sim->timer = NULL;
}

const struct driver driver_sim = {
    .type = "sim",
    .create = sim_create,
    .open = sim_open,
    .close = sim_close,
    .destroy = sim_destroy,
};
