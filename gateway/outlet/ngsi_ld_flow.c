// SPDX-License-Identifier: Apache-2.0
#include "ngsi_ld_flow.h"

#include <stdlib.h>

static void on_time(uv_timer_t *timer);
static void after_work(uv_work_t *work, int status);

// True when we are to stop, and nothing new may begin.
static bool stop_here(struct ngsi_ld_outlet *outlet)
{
    if (!outlet->stopping) {
        return false;
    }
    uv_timer_stop(&outlet->timer);
    outlet->phase = LD_STOPPED;
    return true;
}

/* Waiting. */

static int64_t choose_delay_ms(int64_t first_ms, int64_t max_ms, unsigned failures, int64_t retry_after_s)
{
    uint32_t chance = 0;
    uv_random(NULL, NULL, &chance, sizeof chance, 0, NULL);
    return influxdb_delay_ms(first_ms, max_ms, failures, retry_after_s, chance);
}

static void wait_for(struct ngsi_ld_outlet *outlet, int64_t delay_ms)
{
    if (!stop_here(outlet)) {
        outlet->phase = LD_WAITING;
        uv_timer_start(&outlet->timer, on_time, (uint64_t)delay_ms, 0);
    }
}

static void retry_soon(struct ngsi_ld_outlet *outlet, int64_t retry_after_s)
{
    const struct influxdb_pace *pace = &outlet->pace;
    outlet->holds = 0;
    outlet->retries++;
    wait_for(outlet, choose_delay_ms(pace->retry_first_ms, pace->retry_max_ms, outlet->retries, retry_after_s));
}

static void hold(struct ngsi_ld_outlet *outlet, int64_t retry_after_s)
{
    const struct influxdb_pace *pace = &outlet->pace;
    outlet->retries = 0;
    outlet->holds++;
    wait_for(outlet, choose_delay_ms(pace->hold_first_ms, pace->hold_max_ms, outlet->holds, retry_after_s));
}

/* Sending. */

static void post(struct ngsi_ld_outlet *outlet, const struct bytes *body)
{
    struct influxdb_request request = {.url = outlet->upsert,
                                       .content_type = "application/ld+json",
                                       .body = body ? body->data : NULL,
                                       .size = body ? body->used : 0,
                                       .connect_timeout_ms = outlet->pace.connect_ms,
                                       .timeout_ms = outlet->pace.request_ms};
    outlet->phase = LD_SENDING;
    if (!body || influxdb_http_send(outlet->http, &request) != 0) {
        retry_soon(outlet, 0); // out of memory
    }
}

static void send_step(struct ngsi_ld_outlet *outlet)
{
    struct ngsi_ld_batch *batch = &outlet->batch;
    if (stop_here(outlet)) {
        return;
    }
    outlet->refill = false;
    if (outlet->step == STEP_WHOLE) {
        post(outlet, &batch->text);
    } else {
        post(outlet, ngsi_ld_batch_alone(batch, outlet->step == STEP_WITNESS ? outlet->witness : outlet->at));
    }
}

static void probe(struct ngsi_ld_outlet *outlet)
{
    struct influxdb_request request = {
        .url = outlet->probe, .connect_timeout_ms = outlet->pace.connect_ms, .timeout_ms = outlet->pace.connect_ms};
    outlet->phase = LD_PROBING;
    if (influxdb_http_send(outlet->http, &request) != 0) {
        outlet->phase = LD_IDLE;
        uv_timer_start(&outlet->timer, on_time, (uint64_t)outlet->pace.retry_max_ms, 0);
    }
}

/* Filling. */

static void do_work(uv_work_t *work)
{
    struct ngsi_ld_outlet *outlet = work->data;
    outlet->work_error = ngsi_ld_batch_fill(&outlet->batch, &outlet->context);
    uv_sem_post(&outlet->worked);
}

static void fill(struct ngsi_ld_outlet *outlet)
{
    if (stop_here(outlet)) {
        return;
    }
    outlet->phase = LD_WORKING;
    outlet->step = STEP_WHOLE;
    outlet->refill = true;
    outlet->news = false;
    outlet->work_running = true;
    uv_queue_work(outlet->feed->loop, &outlet->work, do_work, after_work);
}

static void rest(struct ngsi_ld_outlet *outlet)
{
    if (outlet->news) {
        fill(outlet);
    } else if (outlet->link.state == LINK_UP) {
        outlet->phase = LD_IDLE;
        uv_timer_start(&outlet->timer, on_time, (uint64_t)outlet->pace.idle_ms, 0);
    } else {
        probe(outlet);
    }
}

static void after_work(uv_work_t *work, int status)
{
    struct ngsi_ld_outlet *outlet = work->data;
    outlet->work_running = false;
    if (outlet->destroyed) {
        if (--outlet->holders == 0) {
            free(outlet);
        }
        return;
    }
    (void)status; // only destroy cancels
    uv_sem_wait(&outlet->worked);
    if (stop_here(outlet)) {
        return;
    }
    if (outlet->work_error) {
        http_link_no_readings(&outlet->link, outlet->work_error);
        retry_soon(outlet, 0);
    } else if (outlet->batch.count > 0) {
        send_step(outlet);
    } else {
        rest(outlet);
    }
}

/* Answers. */

static size_t next_with(const struct ngsi_ld_batch *batch, size_t from, enum ngsi_ld_fate fate)
{
    while (from < batch->count && batch->items[from].fate != fate) {
        from++;
    }
    return from;
}

static void go_on(struct ngsi_ld_outlet *outlet)
{
    outlet->retries = outlet->holds = 0;
    ngsi_ld_batch_settle(&outlet->batch, outlet->batch.count);
    fill(outlet);
}

// The broker may be wrong about the refused ones: they stay pending, and what went before them is settled.
static void give_way(struct ngsi_ld_outlet *outlet, const struct ngsi_ld_judgement *judgement)
{
    ngsi_ld_link_fails(&outlet->link, judgement);
    size_t settled = 0;
    while (settled < outlet->batch.count && outlet->batch.items[settled].fate != FATE_REFUSED &&
           outlet->batch.items[settled].fate != FATE_UNKNOWN) {
        settled++;
    }
    ngsi_ld_batch_settle(&outlet->batch, settled);
    outlet->refill = true;
    hold(outlet, judgement->retry_after_s);
}

// The next one that was refused, behind a witness; or the batch is done with.
static void ask_again(struct ngsi_ld_outlet *outlet, size_t from)
{
    outlet->at = next_with(&outlet->batch, from, FATE_REFUSED);
    if (outlet->at == outlet->batch.count) {
        go_on(outlet);
    } else {
        outlet->step = STEP_WITNESS;
        send_step(outlet);
    }
}

static void take_asked(struct ngsi_ld_outlet *outlet, const struct ngsi_ld_judgement *judgement)
{
    struct ngsi_ld_batch *batch = &outlet->batch;
    bool taken = judgement->verdict == NGSI_LD_TAKEN;
    batch->items[outlet->at].fate = taken ? FATE_TAKEN : FATE_REFUSED;
    if (++outlet->at < batch->count) {
        send_step(outlet);
        return;
    }
    outlet->witness = next_with(batch, 0, FATE_TAKEN);
    if (outlet->witness == batch->count) {
        give_way(outlet, judgement);
    } else {
        ask_again(outlet, 0);
    }
}

static void take_whole(struct ngsi_ld_outlet *outlet, const struct ngsi_ld_judgement *judgement)
{
    struct ngsi_ld_batch *batch = &outlet->batch;
    if (judgement->verdict == NGSI_LD_TAKEN) {
        for (size_t i = 0; i < batch->count; i++) {
            batch->items[i].fate = FATE_TAKEN;
        }
        go_on(outlet);
        return;
    }
    outlet->step = STEP_ASKING;
    outlet->at = 0;
    if (batch->count == 1) { // it was alone
        take_asked(outlet, judgement);
    } else {
        send_step(outlet);
    }
}

static void take_witness(struct ngsi_ld_outlet *outlet, const struct ngsi_ld_judgement *judgement)
{
    if (judgement->verdict == NGSI_LD_TAKEN) {
        outlet->step = STEP_AGAIN;
        send_step(outlet);
    } else {
        give_way(outlet, judgement);
    }
}

static void take_again(struct ngsi_ld_outlet *outlet, const struct ngsi_ld_judgement *judgement)
{
    struct ngsi_ld_item *item = &outlet->batch.items[outlet->at];
    item->fate = judgement->verdict == NGSI_LD_TAKEN ? FATE_TAKEN : FATE_PARKED;
    if (item->fate == FATE_PARKED) {
        http_link_parked(&outlet->link, item->sensor, item->seq, judgement->text);
    }
    ask_again(outlet, outlet->at + 1);
}

static void take_probed(struct ngsi_ld_outlet *outlet, const struct ngsi_ld_judgement *judgement)
{
    int64_t delay_ms = outlet->pace.idle_ms;
    if (judgement->verdict == NGSI_LD_UNREACHABLE) {
        ngsi_ld_link_fails(&outlet->link, judgement);
        outlet->retries++;
        delay_ms = choose_delay_ms(outlet->pace.retry_first_ms, outlet->pace.retry_max_ms, outlet->retries, 0);
    } else {
        http_link_answers(&outlet->link);
        outlet->retries = 0;
    }
    outlet->phase = LD_IDLE;
    uv_timer_start(&outlet->timer, on_time, (uint64_t)delay_ms, 0);
}

static void take_entities(struct ngsi_ld_outlet *outlet, const struct ngsi_ld_judgement *judgement)
{
    static void (*const takes[])(struct ngsi_ld_outlet *,
                                 const struct ngsi_ld_judgement *) = {[STEP_WHOLE] = take_whole,
                                                                      [STEP_ASKING] = take_asked,
                                                                      [STEP_WITNESS] = take_witness,
                                                                      [STEP_AGAIN] = take_again};
    if (judgement->verdict == NGSI_LD_TAKEN) {
        http_link_works(&outlet->link);
    } else {
        http_link_answers(&outlet->link);
    }
    outlet->retries = 0;
    takes[outlet->step](outlet, judgement);
}

void ngsi_ld_flow_answer(void *context, const struct influxdb_answer *answer)
{
    struct ngsi_ld_outlet *outlet = context;
    struct ngsi_ld_judgement judgement;
    ngsi_ld_judge(answer, &judgement);
    if (outlet->phase == LD_PROBING) {
        take_probed(outlet, &judgement);
    } else if (judgement.verdict == NGSI_LD_TAKEN || judgement.verdict == NGSI_LD_REFUSED) {
        take_entities(outlet, &judgement);
    } else {
        ngsi_ld_link_fails(&outlet->link, &judgement);
        bool passing = judgement.verdict == NGSI_LD_UNREACHABLE || judgement.verdict == NGSI_LD_BUSY;
        (passing ? retry_soon : hold)(outlet, judgement.retry_after_s);
    }
}

static void on_time(uv_timer_t *timer)
{
    struct ngsi_ld_outlet *outlet = timer->data;
    if (outlet->stopping) {
        influxdb_http_abort(outlet->http);
        stop_here(outlet);
    } else if (outlet->phase == LD_IDLE) {
        probe(outlet);
    } else if (outlet->refill) {
        fill(outlet);
    } else {
        send_step(outlet);
    }
}

void ngsi_ld_flow_start(struct ngsi_ld_outlet *outlet)
{
    fill(outlet);
}

void ngsi_ld_flow_news(struct ngsi_ld_outlet *outlet)
{
    outlet->news = true;
    if (outlet->phase == LD_PROBING) {
        influxdb_http_abort(outlet->http);
    }
    if (outlet->phase == LD_PROBING || outlet->phase == LD_IDLE) {
        uv_timer_stop(&outlet->timer);
        fill(outlet);
    }
}

void ngsi_ld_flow_stop(struct ngsi_ld_outlet *outlet)
{
    outlet->stopping = true;
    if (outlet->phase == LD_PROBING) {
        influxdb_http_abort(outlet->http);
    }
    if (outlet->phase == LD_SENDING) {
        uv_timer_start(&outlet->timer, on_time, outlet->pace.stop_ms, 0);
    } else if (outlet->phase != LD_WORKING) {
        stop_here(outlet);
    }
}
