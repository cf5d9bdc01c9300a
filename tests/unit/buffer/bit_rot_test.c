// SPDX-License-Identifier: Apache-2.0
#include "holes.h"

#include <inttypes.h>

/*
 * One bit flips, anywhere in the folder: never is a wrong value read, and what is missing is counted and told. 2 000 flips
 * a run; CITYGW_BIT_FLIPS asks for more, CITYGW_BIT_SEED for others.
 */

enum { FLIPS = 2000, READINGS = 700, FILES_MAX = 32 };

struct file {
    char name[64];
    uint8_t *data;
    size_t size;
};

struct fixture {
    struct rig *rig;
    struct file files[FILES_MAX];
    size_t file_count, bytes;
    struct holes holes;
    uint64_t oldest, next, random;
    struct buffer_pending pending;
};

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t draw(struct fixture *fixture, uint64_t below)
{
    fixture->random = fixture->random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (fixture->random >> 20) % below;
}

static void take_file(const char *folder, const char *name, void *context)
{
    (void)folder;
    struct fixture *fixture = context;
    if (strcmp(name, "lock") == 0)
        return;
    assert_true(fixture->file_count < FILES_MAX);
    struct file *file = &fixture->files[fixture->file_count++];
    snprintf(file->name, sizeof file->name, "%s", name);
    file->data = rig_load(fixture->rig, name, &file->size);
    fixture->bytes += file->size;
}

// Segments, a ledger, and a place with a hole.
static void leave_a_folder(struct fixture *fixture)
{
    struct rig *rig = fixture->rig;
    rig->routine_only = true;
    rig->options.segment_bytes = 8192;
    rig->options.max_size_bytes = 48 << 10;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    rig_commit(rig, 1, READINGS);
    buffer_cursor_done(rig->buffer, "mqtt", READINGS - 100, READINGS - 50);
    fixture->oldest = rig_figures(rig).oldest;
    fixture->next = READINGS;
    assert_true(buffer_cursor_pending(rig->buffer, "mqtt", &fixture->pending));
    rig_close(rig);
    rig_each_file(rig->path, take_file, fixture);
    assert_true(fixture->file_count > 8);
}

static void flip(struct fixture *fixture, uint64_t at)
{
    rig_empty(fixture->rig->path);
    for (size_t i = 0; i < fixture->file_count; i++) {
        struct file *file = &fixture->files[i];
        bool here = at / 8 < file->size && at != UINT64_MAX;
        if (here)
            file->data[at / 8] ^= (uint8_t)(1u << at % 8);
        rig_store(fixture->rig, file->name, file->data, file->size);
        if (here)
            file->data[at / 8] ^= (uint8_t)(1u << at % 8);
        at = here ? UINT64_MAX : at == UINT64_MAX ? at : at - 8 * file->size;
    }
}

static bool is_pending(const struct buffer_pending *pending, uint64_t number)
{
    for (size_t i = 0; i < pending->count; i++)
        if (number >= pending->ranges[i].from && number < pending->ranges[i].to)
            return true;
    return false;
}

static void check(struct fixture *fixture)
{
    struct rig *rig = fixture->rig;
    static bool seen[READINGS];
    memset(seen, 0, sizeof seen);
    memset(&fixture->holes, 0, sizeof fixture->holes);
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    struct buffer_pending pending;
    assert_true(buffer_cursor_pending(rig->buffer, "mqtt", &pending));
    uint64_t came = rig_read(rig, 1, seen, READINGS); // each is what was appended
    struct buffer_figures figures = rig_figures(rig);
    uint64_t lost = 0;
    for (uint64_t number = fixture->oldest; number < fixture->next; number++) {
        lost += !seen[number];
        if (seen[number] && is_pending(&fixture->pending, number))
            assert_true(is_pending(&pending, number));
        if (!seen[number] && !is_pending(&fixture->pending, number)) // it was had
            holes_mark(&fixture->holes, number % 4, (number - number % 4) / 4 + (number % 4 != 0),
                       (number - number % 4) / 4 + (number % 4 != 0));
    }
    assert_int_equal(came, fixture->next - fixture->oldest - lost);
    assert_true(figures.lost_damage >= lost);
    assert_true(lost < 60); // no more than one segment
    assert_int_equal(holes_left(rig, &fixture->holes, "mqtt"), 0);
    rig_close(rig);
}

static void no_flipped_bit_makes_a_wrong_value_and_what_it_takes_is_told(void **state)
{
    (void)state;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->rig = rig_make();
    leave_a_folder(fixture);
    uint64_t flips = number_of("CITYGW_BIT_FLIPS", FLIPS);
    fixture->random = number_of("CITYGW_BIT_SEED", 1);
    print_message("           %" PRIu64 " flips with seed %" PRIu64 " in %zu bytes\n", flips, fixture->random,
                  fixture->bytes);
    for (uint64_t i = 0; i < flips; i++) {
        flip(fixture, draw(fixture, 8 * fixture->bytes));
        check(fixture);
    }
    rig_end(fixture->rig);
    for (size_t i = 0; i < fixture->file_count; i++)
        free(fixture->files[i].data);
    free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_flipped_bit_makes_a_wrong_value_and_what_it_takes_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
