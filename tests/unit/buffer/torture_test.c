// SPDX-License-Identifier: Apache-2.0
#include "holes.h"

/*
 * Every so manieth call to the disk fails, once, or for ever from there until somebody mends it, with each error that such
 * a disk gives. Nothing that was taken is lost without a word, nothing crashes, and all goes on once the disk does.
 */

enum { ROUNDS = 40, PACKS = 60 };

struct torture {
    struct buffer_disk disk;
    atomic_int calls, from, left; // the call `from` and so many after it fail
    int error;
};

static bool fails(const struct buffer_disk *disk)
{
    struct torture *torture = (struct torture *)disk;
    int call = atomic_fetch_add(&torture->calls, 1), from = atomic_load(&torture->from);
    return call >= from && call - from < atomic_load(&torture->left);
}

#define FAIL_OR(call) return fails(disk) ? -((const struct torture *)disk)->error : disk_system.call

static int t_open(const struct buffer_disk *disk, int folder, const char *name, int flags)
{
    FAIL_OR(open)(disk, folder, name, flags);
}

static int t_write(const struct buffer_disk *disk, int fd, const void *data, size_t size, int64_t offset)
{
    FAIL_OR(write)(disk, fd, data, size, offset);
}

static int t_sync(const struct buffer_disk *disk, int fd)
{
    FAIL_OR(sync)(disk, fd);
}

static int t_truncate(const struct buffer_disk *disk, int fd, int64_t size)
{
    FAIL_OR(truncate)(disk, fd, size);
}

static int t_allocate(const struct buffer_disk *disk, int fd, int64_t size)
{
    FAIL_OR(allocate)(disk, fd, size);
}

static int t_remove(const struct buffer_disk *disk, int folder, const char *name)
{
    FAIL_OR(remove)(disk, folder, name);
}

static int t_sync_folder(const struct buffer_disk *disk, int folder)
{
    FAIL_OR(sync_folder)(disk, folder);
}

static bool nothing_waits(struct rig *rig, uint64_t number)
{
    (void)number;
    struct buffer_figures figures = rig_figures(rig);
    return figures.waiting == 0 && !figures.failing;
}

static void store_all(struct rig *rig)
{
    buffer_flush(rig->buffer);
    assert_true(rig_wait(rig, nothing_waits, 0));
    buffer_settled(rig->buffer, rig_settled_ignored, NULL);
}

// Returns how many calls it took.
static int live(int from, int left, int error)
{
    struct rig *rig = rig_make();
    struct torture torture = {.disk = disk_system, .error = error};
    static struct holes holes;
    torture.disk.open = t_open;
    torture.disk.write = t_write;
    torture.disk.sync = t_sync;
    torture.disk.truncate = t_truncate;
    torture.disk.allocate = t_allocate;
    torture.disk.remove = t_remove;
    torture.disk.sync_folder = t_sync_folder;
    rig->options.disk = &torture.disk;
    rig->options.segment_bytes = 4096;
    rig->options.max_size_bytes = 20 << 10;
    rig_open(rig);
    assert_int_equal(buffer_cursor_open(rig->buffer, "mqtt", true, NULL), 0);
    atomic_store(&torture.calls, 0);
    atomic_store(&torture.from, from);
    atomic_store(&torture.left, left);
    uint64_t next = 1;
    for (int pack = 0; pack < PACKS; pack++) {
        if (rig_try_pack(rig, next, 4) == 0)
            next += 4;
        if (left <= 1)
            store_all(rig);
        else
            buffer_flush(rig->buffer);
    }
    atomic_store(&torture.left, 0); // mended
    store_all(rig);
    int calls = atomic_load(&torture.calls);
    for (int i = 0; i < 2; i++) {
        uint64_t sum = 0;
        for (int k = 0; k < 4; k++)
            sum += buffer_stream_next_seq(rig->buffer, rig->streams[k]) - 1;
        assert_int_equal(sum, next - 1);
        memset(&holes, 0, sizeof holes);
        assert_int_equal(holes_left(rig, &holes, "mqtt"), 0);
        assert_int_equal(rig_figures(rig).lost_damage, 0);
        assert_false(rig_figures(rig).failing);
        rig_reopen(rig);
    }
    rig_end(rig);
    return calls;
}

static void torment(int left)
{
    static const int errors[] = {EIO, ENOSPC, EROFS};
    int calls = live(0, 0, 0);
    assert_true(calls > 100);
    for (int i = 0; i < ROUNDS; i++)
        live(i * calls / ROUNDS + i % 3, left, errors[i % 3]);
}

static void a_call_that_fails_once_costs_nothing(void **state)
{
    (void)state;
    torment(1);
}

static void nor_does_a_disk_that_fails_until_it_is_mended(void **state)
{
    (void)state;
    torment(1 << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_fails_once_costs_nothing),
        cmocka_unit_test(nor_does_a_disk_that_fails_until_it_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
