// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/messages.h"
#include <stdlib.h>

#define SECOND INT64_C(1000000)
#define READ_AGAIN (5 * SECOND) // even if nobody woke us
#define STALE SECOND            // what was read earlier is asked for again: it may be late by now
#define PLAN_AGAIN (SECOND / 5)

enum { READ_RECORDS = OUTLET_BATCH_MAX, READ_BYTES = 256 * 1024 };

void lane_forget(struct lane *lane)
{
    lane->used = lane->read.count = 0;
    lane->dry = false;
}

void lane_take(struct lane *lane)
{
    lane->used++;
}

void lane_news(struct mqtt *mqtt)
{
    for (int i = 0; i < LANES; i++) {
        mqtt->lanes[i].dry = false;
    }
    mqtt->backlog.news = true;
}

/* The backlog's plan. */

static bool waits_unrefused(const struct window_message *message)
{
    return message->state == MESSAGE_WAITING && !message->held && message->refused == 0 && !message->singly;
}

// What was not sent, or whose fate is unknown, is read again in its turn, marked as what it is then.
static void drop_waiting(struct window *window)
{
    for (uint64_t place = window->first; place < window->next; place++) {
        struct window_message *message = window_at(window, place);
        if (waits_unrefused(message)) {
            window_mark(window, message, MESSAGE_DROPPED);
        }
    }
}

void lane_begin(struct mqtt *mqtt)
{
    struct lane *live = &mqtt->lanes[LANE_LIVE], *backlog = &mqtt->lanes[LANE_BACKLOG];
    throttle_begin(&mqtt->throttle);
    lane_news(mqtt);
    if (mqtt->in_order) {
        return;
    }
    drop_waiting(&live->window);
    drop_waiting(&backlog->window);
    lane_forget(live);
    lane_forget(backlog);
    live->position = mqtt->feed.end(mqtt->feed.context);
    mqtt->backlog.count = 0;
    mqtt->backlog.again_us = 0;
}

static int by_number(const void *a, const void *b)
{
    const struct outlet_range *left = a, *right = b;
    return (left->from > right->from) - (left->from < right->from);
}

// What the backlog's lane must not take, because it is under way.
static size_t collect_busy(struct mqtt *mqtt)
{
    const struct window *window = &mqtt->lanes[LANE_BACKLOG].window;
    size_t count = 0;
    for (uint64_t place = window->first; place < window->next; place++) {
        const struct window_message *message = window_at(window, place);
        if (message->state != MESSAGE_DROPPED) {
            mqtt->busy[count++] = (struct outlet_range){message->from, message->to};
        }
    }
    for (size_t i = 0; i < ASIDE_MAX; i++) {
        if (mqtt->aside[i].state != MESSAGE_NONE) {
            mqtt->busy[count++] = (struct outlet_range){mqtt->aside[i].from, mqtt->aside[i].to};
        }
    }
    qsort(mqtt->busy, count, sizeof *mqtt->busy, by_number);
    return count;
}

static bool window_has(const struct window *window, uint64_t number)
{
    for (uint64_t place = window->first; place < window->next; place++) {
        const struct window_message *message = window_at(window, place);
        if (message->state != MESSAGE_DROPPED && message->from <= number && number < message->to) {
            return true;
        }
    }
    return false;
}

bool lane_has(const struct mqtt *mqtt, uint64_t number)
{
    for (size_t i = 0; i < ASIDE_MAX; i++) {
        const struct window_message *aside = &mqtt->aside[i];
        if (aside->state != MESSAGE_NONE && aside->from <= number && number < aside->to) {
            return true;
        }
    }
    return window_has(&mqtt->lanes[LANE_LIVE].window, number) || window_has(&mqtt->lanes[LANE_BACKLOG].window, number);
}

uint64_t lane_unsent(const struct lane *lane)
{
    return lane->used < lane->read.count ? lane->read.records[lane->used].number : lane->position;
}

// The lowest number that is the live lane's.
static uint64_t live_bottom(const struct lane *live)
{
    uint64_t unsent = lane_unsent(live), lowest = window_lowest(&live->window);
    return lowest < unsent ? lowest : unsent;
}

static struct outlet_range *next_planned(struct mqtt *mqtt)
{
    struct backlog *backlog = &mqtt->backlog;
    struct outlet_range pending[OUTLET_RANGES_MAX], *range = backlog_next(backlog);
    if (range || !backlog->news) {
        return range;
    }
    if (mqtt->now_us < backlog->again_us) {
        publish_look(mqtt, backlog->again_us);
        return NULL;
    }
    const struct lane *live = &mqtt->lanes[LANE_LIVE];
    uint64_t bound = live_bottom(live);
    size_t count = mqtt->feed.pending(mqtt->feed.context, pending);
    backlog_plan(backlog, pending, count, mqtt->busy, collect_busy(mqtt), bound);
    // When this plan gave something, look once more (see read_backlog); also when what is under way live hides something
    // behind it. A wake comes when what waits for the clock may go.
    backlog->news = bound < lane_unsent(live);
    backlog->again_us = mqtt->now_us + PLAN_AGAIN;
    return backlog_next(backlog);
}

/* Reading. */

static int read_live(struct mqtt *mqtt, struct lane *lane)
{
    uint64_t from;
    int error;
    do {
        from = lane->position;
        error = mqtt->feed.read(mqtt->feed.context, from, UINT64_MAX, !mqtt->in_order, READ_RECORDS, READ_BYTES,
                                &lane->read);
        lane->position = error ? from : lane->read.next;
    } while (!error && lane->read.count == 0 && lane->position > from);
    return error;
}

static int read_backlog(struct mqtt *mqtt, struct lane *lane)
{
    struct outlet_range *range;
    int error = 0;
    lane->read.count = 0;
    while (!error && lane->read.count == 0 && (range = next_planned(mqtt))) {
        uint64_t from = range->from;
        error = mqtt->feed.read(mqtt->feed.context, from, range->to, true, READ_RECORDS, READ_BYTES, &lane->read);
        if (!error) {
            bool ended = lane->read.count == 0 && lane->read.next <= from; // nothing of it may go now
            range->from = ended ? range->to : lane->read.next;
            mqtt->backlog.news = mqtt->backlog.news || lane->read.count > 0;
        }
    }
    return error;
}

static int read_replay(struct mqtt *mqtt, struct lane *lane)
{
    return mqtt->feed.read_replay(mqtt->feed.context, READ_RECORDS, READ_BYTES, &lane->read);
}

static void read_on(struct mqtt *mqtt, enum mqtt_lane which)
{
    static int (*const reads[LANES])(struct mqtt *, struct lane *) = {
        [LANE_LIVE] = read_live, [LANE_BACKLOG] = read_backlog, [LANE_REPLAY] = read_replay};
    struct lane *lane = &mqtt->lanes[which];
    if (lane->dry && mqtt->now_us < lane->again_us) {
        return;
    }
    lane->read.count = lane->used = 0;
    int error = reads[which](mqtt, lane);
    if (error || (lane->read.count == 0 && which != LANE_LIVE)) {
        mqtt->feed.batch_finish(mqtt->feed.context, &lane->read); // large, and not needed for long
    }
    lane->dry = error || (lane->read.count == 0 && which != LANE_BACKLOG); // that one's plan knows better
    lane->read_us = mqtt->now_us;
    lane->again_us = mqtt->now_us + READ_AGAIN;
    if (error) {
        struct fault line;
        lane->read.count = 0;
        fault_errno(&line, error, _("stored readings cannot be read"));
        if (error != lane->error) {
            mqtt->feed.event(mqtt->feed.context, OUTLET_NOTICE, line.text);
        }
    }
    lane->error = error;
}

// Too old to be live: the lane goes on with what is newest, and leaves this to the backlog. The states in it go first.
static void fall_behind(struct mqtt *mqtt, struct lane *live)
{
    lane_forget(live);
    live->position = mqtt->feed.end(mqtt->feed.context);
    live->dry = true;
    live->again_us = mqtt->now_us + READ_AGAIN;
    mqtt->backlog.news = true;
    mqtt->backlog.again_us = 0;
    mqtt->states.wanted = true;
}

static const struct outlet_record *peek(struct mqtt *mqtt, enum mqtt_lane which)
{
    struct lane *lane = &mqtt->lanes[which];
    bool live = which == LANE_LIVE && !mqtt->in_order;
    if (live && lane->used < lane->read.count && mqtt->now_us - lane->read_us > STALE) {
        lane->position = lane->read.records[lane->used].number;
        lane->used = lane->read.count = 0;
    }
    if (lane->used == lane->read.count) {
        read_on(mqtt, which);
    }
    if (lane->used == lane->read.count) {
        return NULL;
    }
    const struct outlet_record *record = &lane->read.records[lane->used];
    if (live && record->late) {
        fall_behind(mqtt, lane);
        return NULL;
    }
    return record;
}

// What went beside its turn has had it. Whether it arrived is waited for: the answer wakes us.
const struct outlet_record *lane_peek(struct mqtt *mqtt, enum mqtt_lane which)
{
    const struct outlet_record *record;
    enum ahead_fate fate = AHEAD_NOT;
    while ((record = peek(mqtt, which)) && which != LANE_REPLAY &&
           (fate = ahead_fate(&mqtt->ahead, record->number)) == AHEAD_ARRIVED) {
        lane_take(&mqtt->lanes[which]);
    }
    return record && fate == AHEAD_UNDER_WAY ? NULL : record;
}
