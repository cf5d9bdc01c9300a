// SPDX-License-Identifier: Apache-2.0
#include "influxdb_flow.h"

#include <stdlib.h>
#include <string.h>

enum { REFUSALS_ENOUGH = 3 }; // of single lines in a row: now a person must look

static void on_time(uv_timer_t *timer);
static void after_work(uv_work_t *work, int status);

// True when we are to stop, and nothing new may begin.
static bool stop_here(struct influxdb *influxdb)
{
    if (!influxdb->stopping)
        return false;
    uv_timer_stop(&influxdb->timer);
    influxdb->phase = STOPPED;
    return true;
}

static void do_work(uv_work_t *work)
{
    struct influxdb *influxdb = work->data;
    struct influxdb_batch *batch = &influxdb->batch;
    int error = influxdb->filling ? influxdb_batch_fill(batch, &influxdb->identity) : 0;
    // What was read before the disk failed can go.
    bool ready = error || influxdb->due || influxdb_batch_full(batch);
    if (ready && !influxdb_batch_done(batch)) {
        error = influxdb_batch_pack(batch, influxdb->refusals, influxdb->settings->gzip);
        influxdb->packed = error == 0;
    }
    influxdb->work_error = error;
    uv_sem_post(&influxdb->worked);
}

// `filling`: read on first. Otherwise the next slice of the same lines is made.
static void begin_work(struct influxdb *influxdb, bool filling)
{
    if (stop_here(influxdb))
        return;
    influxdb->phase = WORKING;
    influxdb->packed = false;
    influxdb->filling = filling;
    influxdb->due = !filling || uv_now(influxdb->feed->loop) >= influxdb->gather_until_ms;
    if (filling)
        influxdb->news = false;
    influxdb->work_running = true;
    uv_queue_work(influxdb->feed->loop, &influxdb->work, do_work, after_work);
}

static void start_gathering_time(struct influxdb *influxdb)
{
    uint64_t flush_ms = (uint64_t)influxdb->settings->flush_interval_us / 1000;
    influxdb->gather_until_ms = uv_now(influxdb->feed->loop) + flush_ms;
}

// News come with every commit; reading them ten times per flush interval finds a full batch early enough.
static void gather(struct influxdb *influxdb)
{
    enum { LOOKS = 10, LONGEST_MS = 100 };
    uint64_t pause_ms = (uint64_t)influxdb->settings->flush_interval_us / 1000 / LOOKS;
    influxdb->phase = GATHERING;
    uv_timer_start(&influxdb->timer, on_time, pause_ms < LONGEST_MS ? pause_ms : LONGEST_MS, 0);
}

static int64_t choose_delay_ms(int64_t first_ms, int64_t max_ms, unsigned failures, int64_t retry_after_s)
{
    uint32_t chance = 0;
    uv_random(NULL, NULL, &chance, sizeof chance, 0, NULL);
    return influxdb_delay_ms(first_ms, max_ms, failures, retry_after_s, chance);
}

static void rest_for(struct influxdb *influxdb, int64_t delay_ms)
{
    influxdb->phase = IDLE;
    uv_timer_start(&influxdb->timer, on_time, (uint64_t)delay_ms, 0);
}

static void rest_after_failure(struct influxdb *influxdb)
{
    const struct influxdb_pace *pace = &influxdb->pace;
    influxdb->retries++;
    rest_for(influxdb, choose_delay_ms(pace->retry_first_ms, pace->retry_max_ms, influxdb->retries, 0));
}

static void probe(struct influxdb *influxdb)
{
    struct influxdb_request request = {.url = influxdb->address.ping,
                                       .connect_timeout_ms = influxdb->pace.connect_ms,
                                       .timeout_ms = influxdb->pace.connect_ms};
    influxdb->phase = PROBING;
    if (influxdb_http_send(influxdb->http, &request) != 0)
        rest_after_failure(influxdb); // out of memory
}

static void take_probed(struct influxdb *influxdb, const struct influxdb_judgement *judgement)
{
    if (judgement->verdict == VERDICT_UNREACHABLE) {
        influxdb_link_fails(&influxdb->link, influxdb->settings, judgement);
        rest_after_failure(influxdb);
    } else {
        http_link_answers(&influxdb->link);
        influxdb->retries = 0;
        rest_for(influxdb, influxdb->pace.idle_ms);
    }
}

static void rest(struct influxdb *influxdb)
{
    if (influxdb->news) {
        start_gathering_time(influxdb);
        gather(influxdb);
    } else if (influxdb->link.state == LINK_UP) {
        rest_for(influxdb, influxdb->pace.idle_ms);
    } else {
        probe(influxdb);
    }
}

static void wait_and_retry(struct influxdb *influxdb, int64_t first_ms, int64_t max_ms, unsigned failures,
                           int64_t retry_after_s)
{
    if (stop_here(influxdb))
        return;
    int64_t delay_ms = choose_delay_ms(first_ms, max_ms, failures, retry_after_s);
    influxdb->phase = WAITING;
    uv_timer_start(&influxdb->timer, on_time, (uint64_t)delay_ms, 0);
}

static void retry_soon(struct influxdb *influxdb, int64_t retry_after_s)
{
    influxdb->holds = 0;
    influxdb->retries++;
    wait_and_retry(influxdb, influxdb->pace.retry_first_ms, influxdb->pace.retry_max_ms, influxdb->retries,
                   retry_after_s);
}

static void post(struct influxdb *influxdb, enum phase phase, const struct influxdb_request *request)
{
    influxdb->phase = phase;
    if (influxdb_http_send(influxdb->http, request) != 0)
        retry_soon(influxdb, 0); // out of memory
}

static void send_slice(struct influxdb *influxdb)
{
    struct influxdb_request request = {.url = influxdb->address.write,
                                       .content_type = "text/plain; charset=utf-8",
                                       .gzip = influxdb->settings->gzip,
                                       .connect_timeout_ms = influxdb->pace.connect_ms,
                                       .timeout_ms = influxdb->pace.request_ms};
    request.body = influxdb_batch_body(&influxdb->batch, request.gzip, &request.size);
    post(influxdb, SENDING, &request);
}

static void create_database(struct influxdb *influxdb)
{
    struct influxdb_request request = {.url = influxdb->address.query,
                                       .body = influxdb->address.create,
                                       .size = strlen(influxdb->address.create),
                                       .content_type = "application/x-www-form-urlencoded",
                                       .connect_timeout_ms = influxdb->pace.connect_ms,
                                       .timeout_ms = influxdb->pace.request_ms};
    influxdb->create_tried = true;
    post(influxdb, CREATING, &request);
}

static void after_work(uv_work_t *work, int status)
{
    struct influxdb *influxdb = work->data;
    influxdb->work_running = false;
    if (influxdb->destroyed) {
        if (--influxdb->holders == 0)
            free(influxdb);
        return;
    }
    (void)status; // only destroy cancels
    uv_sem_wait(&influxdb->worked);
    if (stop_here(influxdb))
        return;
    if (influxdb->work_error) {
        http_link_no_readings(&influxdb->link, influxdb->work_error);
        retry_soon(influxdb, 0);
    } else if (influxdb->packed) {
        send_slice(influxdb);
    } else if (!influxdb_batch_done(&influxdb->batch)) {
        gather(influxdb);
    } else {
        rest(influxdb);
    }
}

// The slice needs no more sending, and so many of its readings arrived.
static void finish_slice(struct influxdb *influxdb, size_t readings)
{
    influxdb_batch_settle(&influxdb->batch, readings);
    influxdb->retries = influxdb->holds = 0;
    influxdb->create_tried = false;
    bool done = influxdb_batch_done(&influxdb->batch);
    if (done) {
        influxdb_batch_clear(&influxdb->batch);
        start_gathering_time(influxdb);
    }
    begin_work(influxdb, done);
}

static void note_taken(struct influxdb *influxdb)
{
    influxdb->proven = true;
    influxdb->refusals = 0;
    http_link_works(&influxdb->link);
}

// A sample was taken, so the line in doubt goes again at once.
static void take_sample(struct influxdb *influxdb)
{
    influxdb->retries = influxdb->holds = 0;
    begin_work(influxdb, false);
}

static void take_accepted(struct influxdb *influxdb, const struct influxdb_judgement *judgement)
{
    (void)judgement;
    note_taken(influxdb);
    if (influxdb_batch_sampled(&influxdb->batch))
        take_sample(influxdb);
    else
        finish_slice(influxdb, influxdb_batch_slice(&influxdb->batch));
}

static void take_partial(struct influxdb *influxdb, const struct influxdb_judgement *judgement)
{
    note_taken(influxdb);
    if (influxdb_batch_sampled(&influxdb->batch)) {
        take_sample(influxdb);
        return;
    }
    influxdb_link_parked_some(&influxdb->link, judgement);
    finish_slice(influxdb, influxdb_batch_slice(&influxdb->batch) - judgement->dropped);
}

static void park_line(struct influxdb *influxdb, const struct influxdb_judgement *judgement)
{
    const struct influxdb_line *line = &influxdb->batch.lines[influxdb->batch.first];
    http_link_parked(&influxdb->link, line->sensor, line->seq, judgement->text);
    finish_slice(influxdb, 0);
}

static void hold(struct influxdb *influxdb, int64_t retry_after_s)
{
    influxdb->retries = 0;
    influxdb->holds++;
    wait_and_retry(influxdb, influxdb->pace.hold_first_ms, influxdb->pace.hold_max_ms, influxdb->holds, retry_after_s);
}

static void doubt(struct influxdb *influxdb, const struct influxdb_judgement *judgement)
{
    http_link_answers(&influxdb->link);
    influxdb->refusals++;
    influxdb->gather_until_ms = 0;
    bool company = influxdb->news || !influxdb_batch_lonely(&influxdb->batch);
    if (influxdb->refusals < REFUSALS_ENOUGH && company) {
        begin_work(influxdb, true);
        return;
    }
    if (influxdb->refusals >= REFUSALS_ENOUGH)
        influxdb_link_fails(&influxdb->link, influxdb->settings, judgement);
    influxdb->packed = false; // read on first: what comes may be taken
    influxdb->filling = true;
    hold(influxdb, judgement->retry_after_s);
}

// `smaller`: a smaller slice was chosen to go next; otherwise a single line was refused.
static void take_refused(struct influxdb *influxdb, const struct influxdb_judgement *judgement, bool smaller)
{
    bool proven = influxdb->proven;
    influxdb->proven = false;
    if (smaller)
        begin_work(influxdb, false);
    else if (proven)
        park_line(influxdb, judgement);
    else
        doubt(influxdb, judgement);
}

static void take_bad_line(struct influxdb *influxdb, const struct influxdb_judgement *judgement)
{
    struct influxdb_batch *batch = &influxdb->batch;
    if (batch->bad_end <= batch->first) // not refused before
        influxdb->proven = false;
    bool smaller = !influxdb_batch_sampled(batch) && influxdb_batch_bisect(batch);
    take_refused(influxdb, judgement, smaller);
}

static void take_too_large(struct influxdb *influxdb, const struct influxdb_judgement *judgement)
{
    if (influxdb_batch_halve(&influxdb->batch))
        take_refused(influxdb, judgement, true);
    else
        take_bad_line(influxdb, judgement);
}

static void take_failed(struct influxdb *influxdb, const struct influxdb_judgement *judgement)
{
    influxdb_link_fails(&influxdb->link, influxdb->settings, judgement);
    retry_soon(influxdb, judgement->retry_after_s);
}

static void take_hold(struct influxdb *influxdb, const struct influxdb_judgement *judgement)
{
    influxdb_link_fails(&influxdb->link, influxdb->settings, judgement);
    hold(influxdb, judgement->retry_after_s);
}

static void take_missing(struct influxdb *influxdb, const struct influxdb_judgement *judgement)
{
    bool database = influxdb->settings->api == 1 && strstr(judgement->text, "database not found");
    if (database && !influxdb->create_tried && !influxdb->stopping)
        create_database(influxdb);
    else
        take_hold(influxdb, judgement);
}

// An error stands also in the body of a 200.
static void take_created(struct influxdb *influxdb, const struct influxdb_answer *answer,
                         struct influxdb_judgement *judgement)
{
    if (judgement->verdict == VERDICT_UNREACHABLE || judgement->verdict == VERDICT_BUSY) {
        influxdb->create_tried = false;
        take_failed(influxdb, judgement);
    } else if (judgement->verdict != VERDICT_ACCEPTED || strstr(answer->body, "\"error\"")) {
        judgement->verdict = VERDICT_MISSING;
        take_hold(influxdb, judgement);
    } else if (!stop_here(influxdb)) {
        influxdb_link_database_made(&influxdb->link, influxdb->settings);
        send_slice(influxdb);
    }
}

void influxdb_flow_answer(void *context, const struct influxdb_answer *answer)
{
    static void (*const takes[VERDICT_COUNT])(struct influxdb *, const struct influxdb_judgement *) = {
        [VERDICT_ACCEPTED] = take_accepted, [VERDICT_PARTIAL] = take_partial,     [VERDICT_UNREACHABLE] = take_failed,
        [VERDICT_BUSY] = take_failed,       [VERDICT_TOO_LARGE] = take_too_large, [VERDICT_BAD_LINE] = take_bad_line,
        [VERDICT_DENIED] = take_hold,       [VERDICT_MISSING] = take_missing,     [VERDICT_STRANGE] = take_hold,
    };
    struct influxdb *influxdb = context;
    struct influxdb_judgement judgement;
    influxdb_judge(answer, influxdb_batch_slice(&influxdb->batch), &judgement);
    if (influxdb->phase == PROBING)
        take_probed(influxdb, &judgement);
    else if (influxdb->phase == CREATING)
        take_created(influxdb, answer, &judgement);
    else
        takes[judgement.verdict](influxdb, &judgement);
}

static void on_time(uv_timer_t *timer)
{
    struct influxdb *influxdb = timer->data;
    if (influxdb->stopping) {
        influxdb_http_abort(influxdb->http);
        stop_here(influxdb);
    } else if (influxdb->phase == IDLE) {
        probe(influxdb);
    } else if (influxdb->phase == WAITING && influxdb->packed) {
        send_slice(influxdb);
    } else if (influxdb->phase == WAITING) {
        begin_work(influxdb, influxdb->filling);
    } else if (influxdb->news || uv_now(influxdb->feed->loop) >= influxdb->gather_until_ms) {
        begin_work(influxdb, true);
    } else {
        gather(influxdb);
    }
}

// A line in doubt waits for company.
static bool lonely_doubt(const struct influxdb *influxdb)
{
    return influxdb->phase == WAITING && influxdb->refusals > 0 && !influxdb->packed &&
           influxdb_batch_lonely(&influxdb->batch);
}

void influxdb_flow_start(struct influxdb *influxdb)
{
    start_gathering_time(influxdb);
    begin_work(influxdb, true);
}

void influxdb_flow_news(struct influxdb *influxdb)
{
    bool first = !influxdb->news;
    influxdb->news = true;
    if (influxdb->phase == PROBING)
        influxdb_http_abort(influxdb->http);
    if (influxdb->phase == PROBING || influxdb->phase == IDLE) {
        start_gathering_time(influxdb);
        gather(influxdb);
    } else if (first && lonely_doubt(influxdb)) {
        uint64_t flush_ms = (uint64_t)influxdb->settings->flush_interval_us / 1000;
        uint64_t due_ms = uv_timer_get_due_in(&influxdb->timer);
        uv_timer_start(&influxdb->timer, on_time, flush_ms < due_ms ? flush_ms : due_ms, 0);
    }
}

void influxdb_flow_stop(struct influxdb *influxdb)
{
    influxdb->stopping = true;
    if (influxdb->phase == PROBING)
        influxdb_http_abort(influxdb->http);
    if (influxdb->phase == SENDING || influxdb->phase == CREATING)
        uv_timer_start(&influxdb->timer, on_time, influxdb->pace.stop_ms, 0);
    else if (influxdb->phase != WORKING)
        stop_here(influxdb);
}
