// SPDX-License-Identifier: Apache-2.0
#include "influxdb_batch.h"
#include "influxdb_feed.h"
#include <zlib.h>

static const struct line_identity identity = {.gateway = "g", .municipality = "271004", .epoch = "k7f3"};

struct bench {
    struct feed *feed;
    struct influxdb_batch batch;
};

static struct bench begin(size_t lines_max, size_t readings)
{
    struct bench bench = {.feed = feed_create()};
    feed_add_bays(bench.feed, readings);
    assert_int_equal(influxdb_batch_init(&bench.batch, &bench.feed->feed, lines_max, true), 0);
    return bench;
}

static void end(struct bench *bench)
{
    influxdb_batch_finish(&bench->batch);
    feed_destroy(bench->feed);
}

static int fill(struct bench *bench)
{
    return influxdb_batch_fill(&bench->batch, &identity);
}

// All of the slice arrived.
static void settle(struct bench *bench)
{
    influxdb_batch_settle(&bench->batch, influxdb_batch_slice(&bench->batch));
}

// The first line's seq in the present slice.
static uint64_t slice_first(const struct bench *bench)
{
    return bench->batch.lines[bench->batch.first].seq;
}

static void a_batch_is_filled_over_many_reads_up_to_its_maximum(void **state)
{
    (void)state;
    struct bench bench = begin(3000, 5000);
    assert_int_equal(fill(&bench), 0);
    assert_true(influxdb_batch_full(&bench.batch));
    assert_int_equal(bench.batch.count, 3000);
    assert_int_equal(influxdb_batch_pack(&bench.batch, 0, false), 0);
    settle(&bench);
    assert_int_equal(bench.feed->position, 3001);
    influxdb_batch_clear(&bench.batch);

    assert_int_equal(fill(&bench), 0);
    assert_false(influxdb_batch_full(&bench.batch));
    assert_int_equal(bench.batch.count, 2000);
    end(&bench);
}

static void a_batch_of_long_readings_ends_before_it_grows_too_large(void **state)
{
    (void)state;
    struct bench bench = begin(100000, 0);
    char text[30001];
    memset(text, '"', 30000); // doubled by escaping
    text[30000] = '\0';
    struct reading reading = {.kind = KIND_GENERIC, .zone = "", .value_count = 1};
    reading.values[0] = (struct value){.name = "state", .type = VALUE_TEXT, .text = text};
    for (uint64_t i = 1; i <= 200; i++)
        feed_add(bench.feed, "s", i, &reading);
    assert_int_equal(fill(&bench), 0);
    assert_true(influxdb_batch_full(&bench.batch));
    assert_in_range(bench.batch.count, 60, 140);
    end(&bench);
}

static void the_packed_slice_is_gzip_of_its_lines(void **state)
{
    (void)state;
    struct bench bench = begin(100, 100);
    fill(&bench);
    assert_int_equal(influxdb_batch_pack(&bench.batch, 0, true), 0);
    size_t packed_size, size;
    const void *packed = influxdb_batch_body(&bench.batch, true, &packed_size);
    const void *plain = influxdb_batch_body(&bench.batch, false, &size);
    assert_true(packed_size < size / 4);
    char *unpacked = malloc(size + 1);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed,
                       .avail_in = (uInt)packed_size,
                       .next_out = (Bytef *)unpacked,
                       .avail_out = (uInt)size + 1};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, size);
    assert_memory_equal(unpacked, plain, size);
    inflateEnd(&stream);
    free(unpacked);
    end(&bench);
}

// Sends slices to a server that refuses the `bad` seqs; tells how many requests it took.
static size_t bisect_all(struct bench *bench, const uint64_t *bad, size_t bad_count, uint64_t *ret_parked)
{
    struct influxdb_batch *batch = &bench->batch;
    size_t requests = 0, parked = 0;
    while (!influxdb_batch_done(batch)) {
        influxdb_batch_pack(batch, 0, false);
        requests++;
        bool refused = false;
        for (size_t i = 0; i < bad_count; i++)
            for (size_t line = batch->first; line < batch->end; line++)
                refused |= batch->lines[line].seq == bad[i];
        if (refused && influxdb_batch_bisect(batch))
            continue;
        if (refused)
            ret_parked[parked++] = slice_first(bench);
        settle(bench);
    }
    assert_int_equal(parked, bad_count);
    return requests;
}

static void halving_finds_every_bad_line_and_no_other(void **state)
{
    (void)state;
    static const uint64_t bad[][3] = {{1, 0, 0}, {1000, 0, 0}, {500, 0, 0}, {500, 501, 0}, {1, 2, 3}, {1, 500, 1000}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bench bench = begin(1000, 1000);
        fill(&bench);
        uint64_t parked[3] = {0};
        size_t count = bad[i][1] == 0 ? 1 : bad[i][2] == 0 ? 2 : 3;
        size_t requests = bisect_all(&bench, bad[i], count, parked);
        assert_memory_equal(parked, bad[i], sizeof parked);
        assert_in_range(requests, 1, 12 * count + 1); // log2 of 1000 each, and the rest
        end(&bench);
    }
}

static void a_batch_of_bad_lines_alone_ends(void **state)
{
    (void)state;
    struct bench bench = begin(7, 7);
    fill(&bench);
    static const uint64_t bad[] = {1, 2, 3, 4, 5, 6, 7};
    uint64_t parked[7];
    bisect_all(&bench, bad, 7, parked);
    assert_memory_equal(parked, bad, sizeof parked);
    end(&bench);
}

static void too_large_halves_down_to_one_line_and_grows_again(void **state)
{
    (void)state;
    struct bench bench = begin(1000, 1000);
    fill(&bench);
    influxdb_batch_pack(&bench.batch, 0, false);
    for (size_t lines = 1000; lines > 1; lines /= 2) {
        assert_int_equal(influxdb_batch_slice(&bench.batch), lines);
        assert_true(influxdb_batch_halve(&bench.batch));
        influxdb_batch_pack(&bench.batch, 0, false);
    }
    assert_int_equal(influxdb_batch_slice(&bench.batch), 1);
    assert_false(influxdb_batch_halve(&bench.batch));
    size_t requests = 0;
    for (; !influxdb_batch_done(&bench.batch); requests++) {
        influxdb_batch_pack(&bench.batch, 0, false);
        settle(&bench);
    }
    assert_in_range(requests, 64, 400);
    assert_true(bench.batch.slice_max > 1);
    end(&bench);
}

static void what_a_slice_settles_is_told_number_by_number(void **state)
{
    (void)state;
    struct bench bench = begin(100, 10);
    bench.batch.slice_max = 4;
    bench.feed->fed[1].held = true; // its time waits for the clock
    fill(&bench);
    static const uint64_t positions[] = {2, 2, 2};
    static const size_t delivered[] = {4, 8, 9};
    for (size_t i = 0; i < 3; i++) {
        influxdb_batch_pack(&bench.batch, 0, false);
        settle(&bench);
        assert_int_equal(bench.feed->position, positions[i]);
        assert_int_equal(bench.feed->delivered, delivered[i]);
    }
    assert_true(influxdb_batch_done(&bench.batch));
    bench.feed->fed[1].held = false;
    influxdb_batch_clear(&bench.batch);
    fill(&bench);
    assert_int_equal(bench.batch.count, 1);
    assert_int_equal(slice_first(&bench), 2);
    influxdb_batch_pack(&bench.batch, 0, false);
    settle(&bench);
    assert_int_equal(bench.feed->position, 11);
    end(&bench);
}

static void in_order_what_is_held_back_holds_back_what_follows(void **state)
{
    (void)state;
    struct bench bench = begin(100, 5);
    bench.batch.source.skip_held = false;
    bench.feed->fed[2].held = true;
    fill(&bench);
    assert_int_equal(bench.batch.count, 2);
    influxdb_batch_pack(&bench.batch, 0, false);
    settle(&bench);
    influxdb_batch_clear(&bench.batch);
    fill(&bench);
    assert_int_equal(bench.batch.count, 0);
    bench.feed->fed[2].held = false;
    fill(&bench);
    assert_int_equal(bench.batch.count, 3);
    end(&bench);
}

static void what_was_asked_for_again_goes_when_nothing_is_pending(void **state)
{
    (void)state;
    struct bench bench = begin(100, 5);
    bench.feed->replay_end = 3;
    fill(&bench);
    assert_int_equal(bench.batch.count, 5);
    influxdb_batch_pack(&bench.batch, 0, false);
    settle(&bench);
    influxdb_batch_clear(&bench.batch);
    assert_int_equal(bench.feed->replayed, 0);
    fill(&bench);
    assert_int_equal(bench.batch.count, 3);
    feed_add_bays(bench.feed, 1); // does not join them
    fill(&bench);
    assert_int_equal(bench.batch.count, 3);
    influxdb_batch_pack(&bench.batch, 0, false);
    settle(&bench);
    influxdb_batch_clear(&bench.batch);
    assert_int_equal(bench.feed->replayed, 3);
    assert_int_equal(bench.feed->delivered, 5);
    fill(&bench);
    assert_int_equal(bench.batch.count, 1);
    assert_int_equal(slice_first(&bench), 6);
    end(&bench);
}

static void a_corrected_time_is_the_points_time(void **state)
{
    (void)state;
    struct bench bench = begin(100, 1);
    bench.feed->fed[0].corrected_us = 1795316000000123;
    fill(&bench);
    influxdb_batch_pack(&bench.batch, 0, false);
    size_t size;
    const char *text = influxdb_batch_body(&bench.batch, false, &size);
    assert_non_null(memmem(text, size, " 1795316000000123\n", 18));
    assert_non_null(memmem(text, size, "time_quality=\"corrected\"", 24));
    end(&bench);
}

static uint64_t sampled(struct bench *bench, size_t sample)
{
    assert_int_equal(influxdb_batch_pack(&bench->batch, sample, false), 0);
    assert_int_equal(influxdb_batch_slice(&bench->batch), 1);
    size_t size;
    const char *text = influxdb_batch_body(&bench->batch, false, &size);
    assert_ptr_equal(memchr(text, '\n', size), text + size - 1);
    return bench->batch.lines[bench->batch.begin].seq;
}

static void samples_go_round_from_the_last_line_and_settle_nothing(void **state)
{
    (void)state;
    struct bench bench = begin(10, 4);
    bench.batch.slice_max = 1;
    fill(&bench);
    influxdb_batch_pack(&bench.batch, 0, false);
    settle(&bench);
    static const uint64_t seqs[] = {4, 3, 2, 4};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(sampled(&bench, i + 1), seqs[i]);
        assert_int_equal(influxdb_batch_sampled(&bench.batch), seqs[i] != 2);
    }
    influxdb_batch_pack(&bench.batch, 0, false);
    assert_int_equal(slice_first(&bench), 2);
    end(&bench);
}

static void a_full_batch_makes_room_where_lines_are_settled(void **state)
{
    (void)state;
    struct bench bench = begin(4, 7);
    bench.batch.slice_max = 3;
    fill(&bench);
    influxdb_batch_pack(&bench.batch, 0, false);
    settle(&bench);
    influxdb_batch_pack(&bench.batch, 0, false);
    influxdb_batch_bisect(&bench.batch); // the 4th is refused
    assert_true(influxdb_batch_lonely(&bench.batch));
    assert_int_equal(fill(&bench), 0);
    assert_int_equal(bench.batch.count, 4);
    assert_int_equal(sampled(&bench, 1), 7);
    assert_int_equal(sampled(&bench, 4), 4);
    influxdb_batch_pack(&bench.batch, 0, false);
    assert_int_equal(influxdb_batch_slice(&bench.batch), 1);
    settle(&bench);
    assert_int_equal(bench.feed->position, 5);
    end(&bench);
}

static void also_requests_of_one_line_leave_room_for_a_sample(void **state)
{
    (void)state;
    struct bench bench = begin(1, 5);
    fill(&bench);
    assert_true(influxdb_batch_full(&bench.batch));
    assert_false(influxdb_batch_lonely(&bench.batch));
    size_t requests = 0;
    for (; !influxdb_batch_done(&bench.batch); requests++) {
        influxdb_batch_pack(&bench.batch, 0, false);
        assert_int_equal(influxdb_batch_slice(&bench.batch), 1);
        settle(&bench);
    }
    assert_int_equal(requests, 3);
    end(&bench);
}

static void a_record_that_is_no_reading_is_parked(void **state)
{
    (void)state;
    struct bench bench = begin(100, 3);
    bench.feed->fed[1].payload.used = 3; // torn
    assert_int_equal(fill(&bench), 0);
    assert_int_equal(bench.batch.count, 2);
    assert_true(bench.feed->fed[1].settled);
    assert_int_equal(bench.feed->parked, 1);
    const char *told = bench.feed->parked_texts[0].text;
    assert_non_null(strstr(told, "bay-1"));
    assert_non_null(strstr(told, "seq 2"));
    end(&bench);
}

static void a_failing_disk_is_told_and_nothing_is_skipped(void **state)
{
    (void)state;
    struct bench bench = begin(100, 3);
    bench.feed->read_error = -EIO;
    assert_int_equal(fill(&bench), -EIO);
    assert_int_equal(bench.batch.count, 0);
    assert_int_equal(fill(&bench), 0);
    assert_int_equal(bench.batch.count, 3);
    end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_filled_over_many_reads_up_to_its_maximum),
        cmocka_unit_test(a_batch_of_long_readings_ends_before_it_grows_too_large),
        cmocka_unit_test(the_packed_slice_is_gzip_of_its_lines),
        cmocka_unit_test(halving_finds_every_bad_line_and_no_other),
        cmocka_unit_test(a_batch_of_bad_lines_alone_ends),
        cmocka_unit_test(too_large_halves_down_to_one_line_and_grows_again),
        cmocka_unit_test(what_a_slice_settles_is_told_number_by_number),
        cmocka_unit_test(in_order_what_is_held_back_holds_back_what_follows),
        cmocka_unit_test(what_was_asked_for_again_goes_when_nothing_is_pending),
        cmocka_unit_test(a_corrected_time_is_the_points_time),
        cmocka_unit_test(samples_go_round_from_the_last_line_and_settle_nothing),
        cmocka_unit_test(a_full_batch_makes_room_where_lines_are_settled),
        cmocka_unit_test(also_requests_of_one_line_leave_room_for_a_sample),
        cmocka_unit_test(a_record_that_is_no_reading_is_parked),
        cmocka_unit_test(a_failing_disk_is_told_and_nothing_is_skipped),
    };
    return cmocka_run_group_tests_name("influxdb_batch", tests, NULL, NULL);
}
