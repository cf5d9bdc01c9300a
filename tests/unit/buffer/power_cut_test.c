// SPDX-License-Identifier: Apache-2.0
#include "power_cut.h"

/*
 * Records a busy life of a buffer and opens it in thousands of the states that a power cut could have left. In every one:
 * what was settled is there exactly once with its right sequence, nothing else than what was appended is there, and
 * nothing is called damaged.
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

// Of each life; CUT_STATES in the environment asks for another number. Every opening makes a thread, which costs
// ThreadSanitizer ten times what it costs otherwise.
enum { NUMBERS_MAX = 4000, STATES = SANITIZED_THREADS ? 150 : 1700 };

static size_t states_wanted(void)
{
    const char *text = getenv("CUT_STATES");
    long wanted = text ? strtol(text, NULL, 10) : 0;
    return wanted > 0 ? (size_t)wanted : STATES;
}

struct life {
    struct rig *rig; // runs the recorded life
    struct cut_record record;
    uint64_t next;
    uint64_t seq_of[NUMBERS_MAX];
    uint64_t random;
};

static void note_settled(void *context)
{
    struct life *life = (struct life *)context;
    if (life->record.buffer) {
        struct buffer_figures figures;
        buffer_figures(life->record.buffer, &figures);
        atomic_store(&life->record.settled, figures.next);
    }
    rig_wake(life->rig);
}

static void ignore_report(void *context, const char *text)
{
    (void)context;
    (void)text;
}

static uint64_t draw(struct life *life, uint64_t below)
{
    life->random = life->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (life->random >> 33) % below;
}

static void append_some(struct life *life)
{
    struct rig *rig = life->rig;
    for (uint64_t packs = 1 + draw(life, 9); packs > 0; packs--) {
        size_t count = 1 + (size_t)draw(life, 4);
        for (size_t i = 0; i < count; i++) {
            // The pack's records of one stream follow each other.
            uint64_t seq = buffer_stream_next_seq(rig->buffer, rig->streams[(life->next + i) % 4]);
            life->seq_of[life->next + i] = seq;
        }
        rig_pack(rig, life->next, count);
        life->next += count;
    }
}

static void open_life(struct life *life)
{
    life->record.buffer = NULL;
    rig_open(life->rig);
    life->record.buffer = life->rig->buffer;
}

static void close_life(struct life *life)
{
    buffer_close(life->rig->buffer);
    life->rig->buffer = NULL;
    life->record.buffer = NULL;
}

// Groups of packs, new sensors, cursors that move, ends in order, and (when asked for) syncs that fail.
static void live(struct life *life, unsigned fail_every)
{
    struct rig *rig = life->rig;
    for (int day = 0; day < 4; day++) {
        life->record.fail_every = 0;
        open_life(life);
        assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
        life->record.fail_every = fail_every;
        for (int group = 0; group < 40; group++) {
            append_some(life);
            if (draw(life, 8) == 0) {
                char name[32];
                uint32_t stream;
                snprintf(name, sizeof name, "new-%d-%d", day, group);
                assert_int_equal(buffer_stream(rig->buffer, name, &stream, NULL), 0);
            }
            rig_durable(rig, life->next);
            if (draw(life, 3) == 0)
                buffer_cursor_done(rig->buffer, "mqtt", 0, life->next - draw(life, 5));
        }
        life->record.fail_every = 0;
        close_life(life);
    }
}

static void check_sequences(struct rig *rig, const struct life *life, uint64_t next)
{
    uint64_t expected[4] = {1, 1, 1, 1};
    for (uint64_t number = 1; number < next; number++)
        expected[number % 4] = life->seq_of[number] + 1;
    for (int i = 0; i < 4; i++)
        assert_int_equal(buffer_stream_next_seq(rig->buffer, rig->streams[i]), expected[i]);
}

static void check_state(struct rig *rig, const struct life *life, const struct cut_op *op, bool twice)
{
    rig_forget_reports(rig);
    rig_open(rig);
    struct buffer_figures figures = rig_figures(rig);
    assert_true(figures.next >= op->settled);
    assert_true(figures.next <= life->next);
    assert_true(figures.oldest <= op->dropped);
    uint64_t from = figures.oldest, last = figures.oldest - 1;
    for (;;) {
        assert_int_equal(buffer_read(rig->buffer, from, 200, 100000, &rig->batch), 0);
        if (rig->batch.count == 0)
            break;
        for (size_t i = 0; i < rig->batch.count; i++) {
            const struct buffer_item *item = &rig->batch.items[i];
            assert_int_equal(item->number, ++last);
            assert_int_equal(item->seq, life->seq_of[item->number]);
            rig_check_item(rig, item);
        }
        from = rig->batch.next;
    }
    assert_int_equal(last, figures.next - 1);
    assert_int_equal(rig_figures(rig).lost_damage, 0);
    check_sequences(rig, life, figures.next);
    if (twice) {
        rig_commit(rig, figures.next, figures.next + 3);
        rig_reopen(rig);
        rig_holds(rig, figures.oldest, figures.next + 3);
        assert_int_equal(rig_figures(rig).lost_damage, 0);
    }
    rig_close(rig);
}

static void cut_everywhere(struct life *life, struct rig *rig)
{
    struct cut_model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    model->random = 88172645463325252;
    size_t wanted = states_wanted(), states = 0;
    for (size_t k = 0; k < life->record.count; k++) {
        cut_step(model, &life->record.ops[k]);
        for (; states < wanted * (k + 1) / life->record.count; states++) { // spread evenly over the life
            cut_materialise(model, &life->record, (enum cut_mode)(states % CUT_MODES), rig);
            check_state(rig, life, &life->record.ops[k], states % 7 == 0);
        }
    }
    assert_int_equal(states, wanted);
    print_message("           %zu states of %zu operations\n", states, life->record.count);
    cut_model_end(model);
}

static void cut_a_life(unsigned fail_every, uint64_t max_size, uint64_t random)
{
    struct life *life = calloc(1, sizeof *life);
    assert_non_null(life);
    life->rig = rig_make();
    life->next = 1;
    life->random = random;
    cut_begin(&life->record);
    life->rig->routine_only = true;
    struct buffer_options *options = &life->rig->options;
    options->segment_bytes = 8192;
    options->max_size_bytes = max_size;
    options->disk = &life->record.disk;
    options->wake = note_settled;
    options->report = ignore_report;
    options->context = life;
    live(life, fail_every);

    struct rig *rig = rig_make();
    rig->routine_only = true;
    rig->options.segment_bytes = 8192;
    rig->options.max_size_bytes = 64 << 20;
    rig->options.disk = NULL;
    cut_everywhere(life, rig);
    rig_end(rig);
    rig_end(life->rig);
    cut_end(&life->record);
    free(life);
}

static void a_power_cut_at_any_moment_loses_nothing_settled(void **state)
{
    (void)state;
    cut_a_life(0, 64 << 20, 1);
}

static void nor_when_the_oldest_is_dropped(void **state)
{
    (void)state;
    cut_a_life(0, 48 << 10, 2);
}

static void nor_when_syncs_fail(void **state)
{
    (void)state;
    cut_a_life(13, 64 << 20, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_power_cut_at_any_moment_loses_nothing_settled),
        cmocka_unit_test(nor_when_the_oldest_is_dropped),
        cmocka_unit_test(nor_when_syncs_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
