// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "power_cut.h"

/*
 * Records busy lives of a buffer and opens them in thousands of the states that a power cut could have left. In every one:
 *
 *   - what was settled is there, or some outlet had it, or the ledger tells that it made room;
 *   - nothing else than what was appended is there, each with its sequence and its content, in order; an event that was
 *     copied forward may be there twice;
 *   - what the outlet had not acknowledged is still pending for it;
 *   - times that were shown as corrected still are, and no other;
 *   - nothing is called damaged, and sequences go on without a hole.
 */

#if defined(__SANITIZE_THREAD__)
#define SANITIZED_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZED_THREADS 1
#endif
#endif
#ifndef SANITIZED_THREADS
#define SANITIZED_THREADS 0
#endif

// In all kinds of lives together, a quarter of each; CITYGW_CRASH_STATES in the environment asks for another number. Every opening makes a thread, which costs
// ThreadSanitizer ten times what it costs otherwise.
enum { READINGS_MAX = 2000, STATES = SANITIZED_THREADS ? 1200 : 20000, STATES_OF_A_LIFE = 1250, KINDS = 4 };

// Thousands of buffers are opened and closed here, each with tables of half a megabyte that are hardly touched: without
// this, AddressSanitizer spends most of the time on their shadow.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "clear_shadow_mmap_threshold=16777216:quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

// What a life is like. Of each kind there are as many as are needed for the states wanted.
struct kind {
    unsigned fail_every; // each so manieth sync fails; 0: none
    uint64_t max_size;
    bool events;
};

struct life {
    struct rig *rig; // runs the recorded life
    const struct kind *kind;
    struct cut_record record;
    _Atomic(struct buffer *) buffer;
    uint64_t base, next; // readings, counted from 1: what was stored before this day; and the next one
    uint64_t seq_of[READINGS_MAX];
    size_t acked_at[READINGS_MAX]; // before that operation; SIZE_MAX: never
    uint64_t corrected_to;         // readings below that are unsure have been seen with their corrected times
    size_t corrected_at;           // since that operation
    uint64_t random;
};

static const int64_t wall_at_boot_us = INT64_C(1700000000000000);

// What a state holds.
struct kept {
    unsigned came[READINGS_MAX];
    uint64_t last; // reading
    uint64_t count;
};

static inline void note_settled(void *context)
{
    struct life *life = (struct life *)context;
    struct buffer *buffer = atomic_load(&life->buffer);
    if (buffer) {
        struct buffer_figures figures;
        buffer_figures(buffer, &figures);
        atomic_store(&life->record.settled, life->base + figures.committed);
    }
    rig_wake(life->rig);
}

static inline void ignore_report(void *context, const char *text)
{
    (void)context;
    (void)text;
}

static inline uint64_t draw(struct life *life, uint64_t below)
{
    life->random = life->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (life->random >> 33) % below;
}

static inline bool is_unsure(uint64_t reading)
{
    return reading % 7 == 3;
}

static inline bool is_settled(struct rig *rig, uint64_t next)
{
    struct life *life = (struct life *)rig->options.context;
    return atomic_load(&life->record.settled) >= next;
}

static inline void append_pack(struct life *life, size_t count)
{
    struct rig *rig = life->rig;
    char payloads[4][512];
    struct buffer_record records[4];
    for (size_t i = 0; i < count; i++) {
        uint64_t reading = life->next + i;
        assert_true(reading < READINGS_MAX);
        records[i] = rig_record(rig, reading, payloads[i]);
        records[i].unsure = is_unsure(reading);
        records[i].boot_us = (int64_t)reading;
        // The pack's records of one stream follow each other.
        life->seq_of[reading] = buffer_stream_next_seq(rig->buffer, rig->streams[reading % 4]);
        life->acked_at[reading] = SIZE_MAX;
    }
    assert_int_equal(buffer_append(rig->buffer, records, count, "key", 3, NULL, 0), 0);
    life->next += count;
}

static inline void append_some(struct life *life)
{
    for (uint64_t packs = 1 + draw(life, 5); packs > 0; packs--)
        append_pack(life, 1 + (size_t)draw(life, 4));
    buffer_flush(life->rig->buffer);
    assert_true(rig_wait(life->rig, is_settled, life->next));
    buffer_settled(life->rig->buffer, rig_settled_ignored, NULL);
}

// Some of what is pending is acknowledged, in no order.
static inline void acknowledge_some(struct life *life)
{
    struct rig *rig = life->rig;
    uint64_t from = buffer_cursor(rig->buffer, "mqtt");
    from += draw(life, buffer_end(rig->buffer) - from + 1);
    assert_int_equal(buffer_read(rig->buffer, from, 1 + draw(life, 20), 100000, &rig->batch), 0);
    if (rig->batch.count == 0)
        return;
    size_t now = atomic_load(&life->record.count);
    for (size_t i = 0; i < rig->batch.count; i++) {
        size_t *acked_at = &life->acked_at[rig->batch.items[i].time_us / 1000];
        *acked_at = now < *acked_at ? now : *acked_at;
    }
    buffer_cursor_done(rig->buffer, "mqtt", rig->batch.items[0].number, rig->batch.next);
}

static inline bool shows_corrected(struct rig *rig, uint64_t number)
{
    assert_int_equal(buffer_read(rig->buffer, number, 1, 1000, &rig->batch), 0);
    return rig->batch.count == 0 || rig->batch.items[0].corrected_us != 0;
}

static inline void correct_all(struct life *life)
{
    struct rig *rig = life->rig;
    uint64_t from = 1;
    bool waited = false;
    assert_int_equal(buffer_correct(rig->buffer, 1, wall_at_boot_us), 0);
    while (!waited && buffer_read(rig->buffer, from, 1, 1, &rig->batch) == 0 && rig->batch.count > 0) {
        waited = rig->batch.items[0].unsure;
        from = rig->batch.next;
        if (waited)
            assert_true(rig_wait(rig, shows_corrected, rig->batch.items[0].number));
    }
    if (waited) {
        life->corrected_to = life->next;
        life->corrected_at = atomic_load(&life->record.count);
    }
}

static inline void open_day(struct life *life)
{
    life->base = life->next;
    rig_open(life->rig);
    atomic_store(&life->buffer, life->rig->buffer);
    assert_int_equal(buffer_cursor_open(life->rig->buffer, "mqtt", true, NULL), 0);
}

static inline void close_day(struct life *life)
{
    life->record.fail_every = 0;
    atomic_store(&life->buffer, NULL);
    buffer_close(life->rig->buffer);
    life->rig->buffer = NULL;
}

// Groups of packs, new sensors, acknowledgements, one correction, ends in order, and (when asked for) syncs that fail.
static inline void live(struct life *life)
{
    for (int day = 0; day < 3; day++) {
        open_day(life);
        life->record.fail_every = life->kind->fail_every;
        for (int group = 0; group < 14; group++) {
            append_some(life);
            if (draw(life, 8) == 0) {
                char name[32];
                uint32_t stream;
                snprintf(name, sizeof name, "new-%d-%d", day, group);
                assert_int_equal(buffer_stream(life->rig->buffer, name, &stream, NULL), 0);
            }
            if (draw(life, 2) == 0)
                acknowledge_some(life);
            if (day == 1 && group == 4)
                correct_all(life);
        }
        close_day(life);
    }
}

static inline void check_time(const struct life *life, const struct buffer_item *item, uint64_t reading, size_t op)
{
    bool corrected = is_unsure(reading) && reading < life->corrected_to && op >= life->corrected_at;
    assert_int_equal(item->unsure, is_unsure(reading));
    if (corrected)
        assert_int_equal(item->corrected_us, wall_at_boot_us + (int64_t)reading);
    else if (item->corrected_us != 0) // on disk and not shown yet
        assert_true(is_unsure(reading) && item->corrected_us == wall_at_boot_us + (int64_t)reading);
}

static inline bool is_pending(const struct buffer_pending *pending, uint64_t number)
{
    for (size_t i = 0; i < pending->count; i++)
        if (number >= pending->ranges[i].from && number < pending->ranges[i].to)
            return true;
    return false;
}

static inline void check_item(struct rig *rig, const struct life *life, const struct buffer_item *item, size_t op,
                              const struct buffer_pending *pending, struct kept *kept)
{
    struct buffer_item original = *item;
    uint64_t reading = original.number = (uint64_t)item->time_us / 1000;
    assert_true(reading >= 1 && reading < life->next);
    rig_check_item(rig, &original);
    assert_int_equal(item->seq, life->seq_of[reading]);
    check_time(life, item, reading, op);
    if (!item->copied)
        assert_true(reading > kept->last);
    kept->last = item->copied ? kept->last : reading;
    assert_true(kept->came[reading]++ == 0 || item->class == BUFFER_EVENT);
    kept->count++;
    // What is acknowledged may be sent again; what is not must be.
    if (life->acked_at[reading] > op)
        assert_true(is_pending(pending, item->number));
}

static inline void read_state(struct rig *rig, const struct life *life, size_t op, struct kept *kept)
{
    struct buffer_pending pending;
    assert_true(buffer_cursor_pending(rig->buffer, "mqtt", &pending));
    uint64_t from = 1;
    for (;;) {
        assert_int_equal(buffer_read(rig->buffer, from, BUFFER_BATCH_MAX, 1 << 20, &rig->batch), 0);
        if (rig->batch.count == 0)
            return;
        for (size_t i = 0; i < rig->batch.count; i++)
            check_item(rig, life, &rig->batch.items[i], op, &pending, kept);
        from = rig->batch.next;
    }
}

static inline bool is_told(struct rig *rig, const struct buffer_loss *losses, size_t count, uint64_t reading,
                           uint64_t seq)
{
    for (size_t i = 0; i < count; i++)
        if (losses[i].stream == rig->streams[reading % 4] && losses[i].first_seq <= seq && seq <= losses[i].last_seq)
            return true;
    return false;
}

static inline void check_missing(struct rig *rig, const struct life *life, size_t op, const struct kept *kept)
{
    static struct buffer_loss losses[BUFFER_LOSSES_MAX];
    size_t count = buffer_losses(rig->buffer, 0, losses, BUFFER_LOSSES_MAX);
    uint64_t told = 0, missing = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(losses[i].reason, BUFFER_LOSS_FULL);
        assert_true(losses[i].outlet[0] == '\0' || strcmp(losses[i].outlet, "mqtt") == 0);
        told += losses[i].count;
    }
    uint64_t settled = life->record.ops[op].settled;
    for (uint64_t reading = 1; reading < life->next; reading++) {
        missing += kept->came[reading] == 0;
        if (kept->came[reading] == 0 && (reading < settled || reading < kept->last))
            if (life->acked_at[reading] > op && !is_told(rig, losses, count, reading, life->seq_of[reading]))
                fail_msg("operation %zu: reading %" PRIu64 " is neither there nor told (settled below %" PRIu64
                         ", the last one there is %" PRIu64 ")",
                         op, reading, settled, kept->last);
    }
    assert_true(told <= missing || life->kind->events); // an event that was there twice may be lost twice
}

static inline void check_sequences(struct rig *rig, const struct life *life, uint64_t last)
{
    uint64_t expected[4] = {1, 1, 1, 1};
    for (uint64_t reading = 1; reading <= last; reading++)
        expected[reading % 4] = life->seq_of[reading] + 1;
    for (int i = 0; i < 4; i++)
        assert_int_equal(buffer_stream_next_seq(rig->buffer, rig->streams[i]), expected[i]);
}

// What a start mends is there at the next one, too. (What was never settled and stood in a segment whose sync had failed may
// then be there as well.)
static inline void check_again(struct rig *rig, const struct life *life, size_t op, const struct kept *kept)
{
    struct kept again = {.count = 0};
    rig_reopen(rig);
    read_state(rig, life, op, &again);
    for (uint64_t reading = 1; reading < life->next; reading++)
        assert_true(again.came[reading] >= kept->came[reading]);
    check_missing(rig, life, op, &again);
    check_sequences(rig, life, again.last);
}

static inline void check_state(struct rig *rig, const struct life *life, size_t op, bool twice)
{
    struct kept kept = {.count = 0};
    rig_forget_reports(rig);
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    read_state(rig, life, op, &kept);
    assert_true(kept.last + 1 >= life->record.ops[op].settled);
    check_missing(rig, life, op, &kept);
    check_sequences(rig, life, kept.last);
    if (twice)
        check_again(rig, life, op, &kept);
    struct buffer_figures figures = rig_figures(rig);
    assert_int_equal(figures.lost_damage, 0);
    assert_int_equal(figures.skipped, 0);
    rig_close(rig);
}

static inline struct rig *make_rig(const struct kind *kind, uint64_t max_size)
{
    struct rig *rig = rig_make();
    rig->routine_only = !kind->events;
    rig->options.segment_bytes = 4096;
    rig->options.max_size_bytes = max_size;
    return rig;
}

static inline size_t cut_everywhere(struct life *life, struct rig *rig, size_t wanted)
{
    struct cut_model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    model->random = 88172645463325252 ^ life->random;
    size_t states = 0, count = life->record.count;
    for (size_t k = 0; k < count; k++) {
        cut_step(model, &life->record.ops[k]);
        for (; states < wanted * (k + 1) / count; states++) { // spread evenly over the life
            cut_materialise(model, &life->record, (enum cut_mode)(states % CUT_MODES), rig);
            check_state(rig, life, k, states % 9 == 0);
        }
    }
    cut_model_end(model);
    return states;
}

static inline size_t cut_a_life(const struct kind *kind, uint64_t random, size_t wanted)
{
    struct life *life = calloc(1, sizeof *life);
    assert_non_null(life);
    life->rig = make_rig(kind, kind->max_size);
    life->kind = kind;
    life->next = 1;
    life->random = random;
    cut_begin(&life->record);
    struct buffer_options *options = &life->rig->options;
    options->disk = &life->record.disk;
    options->wake = note_settled;
    options->report = ignore_report;
    options->context = life;
    live(life);
    struct rig *rig = make_rig(kind, 64 << 20);
    rig->options.disk = NULL;
    size_t states = cut_everywhere(life, rig, wanted);
    rig_end(rig);
    rig_end(life->rig);
    cut_end(&life->record);
    free(life);
    return states;
}

static inline uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static inline void cut_lives(const struct kind *kind)
{
    size_t wanted = (size_t)number_of("CITYGW_CRASH_STATES", STATES) / (KINDS), states = 0;
    uint64_t seed = number_of("CITYGW_CRASH_SEED", 1);
    for (uint64_t life = 0; states < wanted; life++) {
        size_t left = wanted - states;
        uint64_t random = seed + 1000 * life;
        print_message("           a life with seed %" PRIu64 "\n", random);
        states += cut_a_life(kind, random, left < STATES_OF_A_LIFE ? left : STATES_OF_A_LIFE);
    }
    print_message("           %zu states\n", states);
}
