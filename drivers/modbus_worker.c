// SPDX-License-Identifier: Apache-2.0
#include "modbus_worker.h"

#include "base/messages.h"
#include "modbus_pace.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { QUEUE_MAX = 64, UNITS = 248, ILLEGAL_ADDRESS = 2 };

// One turn's state of a target; the thread's own.
struct turn {
    int64_t due_us;
    bool careful;
};

struct modbus_worker {
    struct modbus_worker_options options;
    struct modbus_line *line;
    pthread_t thread;
    int stop_fd;
    struct turn *turns;
    struct modbus_health health[UNITS];
    struct modbus_answer answer;
    struct modbus_result result;
    pthread_mutex_t lock; // of all below
    struct modbus_counts counts;
    struct modbus_result queue[QUEUE_MAX]; // a ring
    size_t first, waiting;
    bool gone;
    struct fault why;
};

static void push(struct modbus_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    if (worker->waiting < QUEUE_MAX)
        worker->queue[(worker->first + worker->waiting++) % QUEUE_MAX] = worker->result;
    else
        worker->counts.dropped++;
    pthread_mutex_unlock(&worker->lock);
    worker->options.wake(worker->options.context);
}

static void leave(struct modbus_worker *worker)
{
    int error = worker->answer.error;
    bool unplugged = error == -EIO || error == -ENXIO || error == -ECONNRESET || error == -ENODEV;
    pthread_mutex_lock(&worker->lock);
    worker->gone = true;
    fault_set(&worker->why, 0, _("%s is gone (%s)"), worker->options.settings->device,
              unplugged ? _("unplugged") : error_text(error));
    pthread_mutex_unlock(&worker->lock);
    worker->options.wake(worker->options.context);
}

static void count(struct modbus_worker *worker, const struct modbus_answer *answer)
{
    struct modbus_counts *counts = &worker->counts;
    pthread_mutex_lock(&worker->lock);
    counts->requests += answer->requests;
    counts->timeouts += answer->outcome == MODBUS_SILENT;
    counts->checksums += answer->checksums;
    counts->garbled += answer->outcome == MODBUS_GARBLED;
    counts->exceptions += answer->outcome == MODBUS_EXCEPTION;
    counts->foreign += answer->foreign;
    pthread_mutex_unlock(&worker->lock);
}

static void take_values(struct modbus_worker *worker, const struct modbus_target *target,
                        const struct modbus_reads *reads, size_t read)
{
    for (size_t i = 0; i < target->field_count; i++) {
        if (reads->places[i].read != read)
            continue;
        worker->result.numbers[i] =
            modbus_field_decode(&target->fields[i], worker->answer.values + reads->places[i].offset);
        worker->result.known[i] = true;
    }
}

static void note_failure(struct modbus_result *result, const struct modbus_answer *answer,
                         const struct modbus_read *read)
{
    result->outcome = answer->outcome;
    result->exception = answer->exception;
    result->read = *read;
    result->garbled += answer->outcome == MODBUS_GARBLED;
}

static void note_health(struct modbus_health *health, enum modbus_outcome outcome, int64_t now_us)
{
    if (outcome == MODBUS_SILENT)
        modbus_unanswered(health, now_us);
    else if (outcome == MODBUS_CHECKSUM || outcome == MODBUS_GARBLED)
        modbus_garbled(health, now_us);
    else
        modbus_answered(health);
}

// Asks for one read. False when the target's turn is over with it.
static bool ask(struct modbus_worker *worker, const struct modbus_target *target, const struct modbus_reads *reads,
                size_t index)
{
    const struct modbus_read *read = &reads->reads[index];
    struct modbus_answer *answer = &worker->answer;
    modbus_line_ask(worker->line, target->unit, read, answer);
    if (answer->outcome == MODBUS_STOPPED || answer->outcome == MODBUS_GONE)
        return false;
    count(worker, answer);
    worker->result.checksums += answer->checksums;
    if (answer->outcome == MODBUS_FINE)
        take_values(worker, target, reads, index);
    else
        note_failure(&worker->result, answer, read);
    note_health(&worker->health[target->unit], answer->outcome, clock_boot_us(worker->options.clock));
    return answer->outcome == MODBUS_FINE || answer->outcome == MODBUS_EXCEPTION;
}

static bool refuses_gap(const struct modbus_answer *answer, const struct modbus_read *read)
{
    return answer->outcome == MODBUS_EXCEPTION && answer->exception == ILLEGAL_ADDRESS && read->bridged;
}

// False when the worker has to end.
static bool take_turn(struct modbus_worker *worker, size_t index)
{
    const struct modbus_target *target = &worker->options.targets[index];
    struct turn *turn = &worker->turns[index];
    const struct modbus_reads *reads = turn->careful ? &target->careful : &target->joined;
    worker->result = (struct modbus_result){.target = index};
    worker->answer.outcome = MODBUS_FINE;
    for (size_t i = 0; i < reads->count && ask(worker, target, reads, i); i++)
        if (refuses_gap(&worker->answer, &reads->reads[i])) {
            turn->careful = true;
            return take_turn(worker, index);
        }
    if (worker->answer.outcome == MODBUS_STOPPED || worker->answer.outcome == MODBUS_GONE)
        return false;
    turn->due_us = modbus_next_due(turn->due_us, target->poll_us, clock_boot_us(worker->options.clock));
    push(worker);
    return true;
}

static int64_t due_us(const struct modbus_worker *worker, size_t index)
{
    return modbus_due(worker->turns[index].due_us, &worker->health[worker->options.targets[index].unit]);
}

static size_t next_target(const struct modbus_worker *worker)
{
    size_t next = 0;
    for (size_t i = 1; i < worker->options.target_count; i++)
        if (due_us(worker, i) < due_us(worker, next))
            next = i;
    return next;
}

static void *run(void *context)
{
    struct modbus_worker *worker = context;
    enum modbus_outcome outcome = MODBUS_FINE;
    if (worker->options.target_count == 0)
        outcome = modbus_line_rest(worker->line, INT64_MAX); // until the port is gone
    while (outcome == MODBUS_FINE) {
        size_t next = next_target(worker);
        outcome = modbus_line_rest(worker->line, due_us(worker, next));
        worker->answer.error = -EIO;
        if (outcome == MODBUS_FINE && !take_turn(worker, next))
            outcome = worker->answer.outcome;
    }
    if (outcome == MODBUS_GONE)
        leave(worker);
    return NULL;
}

// Signals are the loop's.
static int start_thread(struct modbus_worker *worker)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&worker->thread, NULL, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

static void destroy(struct modbus_worker *worker)
{
    modbus_line_close(worker->line);
    if (worker->stop_fd >= 0)
        close(worker->stop_fd);
    pthread_mutex_destroy(&worker->lock);
    free(worker->turns);
    free(worker);
}

static int prepare(struct modbus_worker *worker, struct fault *why)
{
    const struct modbus_worker_options *options = &worker->options;
    worker->turns = calloc(options->target_count + 1, sizeof *worker->turns);
    worker->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!worker->turns || worker->stop_fd < 0)
        return fault_errno(why, worker->turns ? -errno : -ENOMEM, _("%s cannot be opened"), options->settings->device);
    for (size_t i = 0; i < options->target_count; i++)
        worker->turns[i].due_us = clock_boot_us(options->clock);
    return modbus_line_open(options->settings, options->clock, worker->stop_fd, &worker->line, why);
}

int modbus_worker_start(const struct modbus_worker_options *options, struct modbus_worker **ret_worker,
                        struct fault *why)
{
    struct modbus_worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return fault_errno(why, -ENOMEM, _("%s cannot be opened"), options->settings->device);
    worker->options = *options;
    worker->stop_fd = -1;
    pthread_mutex_init(&worker->lock, NULL);
    int error = prepare(worker, why);
    if (!error && (error = start_thread(worker)) != 0)
        fault_errno(why, error, _("%s cannot be opened"), options->settings->device);
    if (error)
        destroy(worker);
    else
        *ret_worker = worker;
    return error;
}

void modbus_worker_stop(struct modbus_worker *worker)
{
    if (!worker)
        return;
    eventfd_write(worker->stop_fd, 1);
    pthread_join(worker->thread, NULL);
    destroy(worker);
}

bool modbus_worker_take(struct modbus_worker *worker, struct modbus_result *ret_result)
{
    pthread_mutex_lock(&worker->lock);
    bool any = worker->waiting > 0;
    if (any) {
        *ret_result = worker->queue[worker->first];
        worker->first = (worker->first + 1) % QUEUE_MAX;
        worker->waiting--;
    }
    pthread_mutex_unlock(&worker->lock);
    return any;
}

bool modbus_worker_is_gone(struct modbus_worker *worker, struct fault *ret_why)
{
    pthread_mutex_lock(&worker->lock);
    bool gone = worker->gone;
    if (gone)
        *ret_why = worker->why;
    pthread_mutex_unlock(&worker->lock);
    return gone;
}

void modbus_worker_counts(struct modbus_worker *worker, struct modbus_counts *ret_counts)
{
    pthread_mutex_lock(&worker->lock);
    *ret_counts = worker->counts;
    pthread_mutex_unlock(&worker->lock);
}
