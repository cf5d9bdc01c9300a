// SPDX-License-Identifier: Apache-2.0
#include "codec_line.h"
#include "gnss_vectors.h"

static struct codec_run run;

enum { VECTORS = sizeof vectors / sizeof vectors[0], BYTES_MAX = 300 };

// As it stands on a line, of which no end belongs to UBX.
static size_t write_vector(const struct vector *vector, const char *end, uint8_t ret_data[BYTES_MAX])
{
    if (strncmp(vector->bytes, "B562", 4) == 0)
        return codec_unhex(vector->bytes, ret_data);
    return (size_t)snprintf((char *)ret_data, BYTES_MAX, "%s%s", vector->bytes, end);
}

static void use_options(const struct vector *vector)
{
    run.options = (struct codec_options){.columns = vector->columns, .separator = vector->separator};
}

static void every_vector_gives_its_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t data[BYTES_MAX];
        use_options(&vectors[i]);
        codec_try(&run, vectors[i].codec, data, write_vector(&vectors[i], "", data), false);
        if (run.refusal != vectors[i].refusal)
            fail_msg("%s %s: refusal %d: %s", vectors[i].codec, vectors[i].bytes, (int)run.refusal, run.why.text);
        if (strcmp(codec_describe(&run), vectors[i].told))
            fail_msg("%s %s:\n%sinstead of\n%s", vectors[i].codec, vectors[i].bytes, run.told, vectors[i].told);
    }
}

static bool has_checksum(const struct vector *vector)
{
    return strncmp(vector->bytes, "B562", 4) == 0 || strchr(vector->bytes, '*');
}

// All good vectors of a codec that share their options.
static void fill_line(struct line *line, const struct vector *first)
{
    line_begin(line, codec_find(first->codec));
    use_options(first);
    line->options = run.options;
    for (const struct vector *vector = vectors; vector < vectors + VECTORS; vector++) {
        uint8_t frame[BYTES_MAX];
        bool same = !strcmp(vector->columns, first->columns) && vector->separator == first->separator;
        // A line's own end is no other line's.
        if (!strcmp(vector->codec, first->codec) && same && !vector->refusal && !strchr(vector->bytes, '\n'))
            line_add(line, frame, write_vector(vector, "\r\n", frame), vector->told, has_checksum(vector));
    }
    // What waits for the rest of a message that never comes, gets enough of something else.
    line->shares_ends = true;
    line->filler = '\n';
    line->filler_size = line->codec->frame_max + 1;
}

static void harm_codec(const struct vector *first)
{
    static struct line line;
    struct heard heard;
    fill_line(&line, first);
    assert_true(line.count > 1);
    line_hear(&run, &line, line.data, line.size, sizeof line.data, &heard);
    line_check(&line, line.count, line.count, &heard, "no change");
    for (size_t at = 0; at < line.size; at++)
        for (int change = 0; change < LINE_CHANGES; change++)
            line_harm(&run, &line, at, change, sizeof line.data, &heard);
}

static void what_is_composed_of_a_frames_values_says_the_same(void **state)
{
    (void)state;
    static struct raw_pack values;
    uint8_t data[BYTES_MAX];
    for (size_t i = 0; i < VECTORS; i++) {
        const struct vector *vector = &vectors[i];
        const struct codec *codec = codec_find(vector->codec);
        if (!vector->told[0])
            continue;
        run.options = (struct codec_options){.columns = vector->columns, .separator = vector->separator};
        codec_try(&run, codec->name, data, write_vector(vector, "\r\n", data), true);
        values = run.pack;
        size_t size = codec->compose(&values, &run.options, data, sizeof data);
        codec_try(&run, codec->name, data, size, true);
        bool all = run.used + strlen("\r\n") >= size; // the end of a line is none of its sentence
        if (run.result != CODEC_TAKEN || !all || strcmp(codec_describe(&run), vector->told) != 0)
            fail_msg("%s %s: %.*s\n%s", codec->name, vector->bytes, (int)size, (char *)data,
                     run.why.text[0] ? run.why.text : run.told);
        assert_int_equal(codec->compose(&values, &run.options, data, size - 1), 0);
    }
}

static void a_byte_lost_doubled_or_flipped_costs_no_other_frame(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++)
        if (i == 0 || strcmp(vectors[i].codec, vectors[i - 1].codec))
            harm_codec(&vectors[i]);
}

static void ubx_and_nmea_are_read_from_one_line(void **state)
{
    (void)state;
    static struct line line;
    struct heard heard;
    uint8_t frame[BYTES_MAX];
    const struct vector *pvt = vectors;
    while (strcmp(pvt->codec, "ubx"))
        pvt++;
    const struct vector *sent[] = {&vectors[0], pvt, pvt, &vectors[1]};
    for (size_t heard_as = 0; heard_as < 2; heard_as++) { // ubx hears all, nmea the sentences alone
        line_begin(&line, codec_find(heard_as ? "nmea" : "ubx"));
        for (size_t i = 0; i < 4; i++)
            line_add(&line, frame, write_vector(sent[i], "\r\n", frame),
                     heard_as && sent[i] == pvt ? "" : sent[i]->told, true);
        line_hear(&run, &line, line.data, line.size, sizeof line.data, &heard);
        assert_int_equal(heard.count, heard_as ? 2 : 4);
        line_check(&line, line.count, line.count, &heard, "no change");
    }
}

static void try_stream(const char *codec, const void *data, size_t size, enum codec_result result, size_t used)
{
    codec_try(&run, codec, data, size, true);
    if (run.result != result || (result != CODEC_NEED_MORE && run.used != used))
        fail_msg("%s: result %d, used %zu: %s", codec, (int)run.result, run.used, run.why.text);
}

static void what_is_no_frame_is_refused_up_to_the_next_beginning(void **state)
{
    (void)state;
    static uint8_t data[600];
    try_stream("ubx", "\x80\x80\x80$GP", 6, CODEC_REFUSED, 3);
    assert_non_null(strstr(run.why.text, "baud rate"));
    try_stream("ubx", "\x80\x80$", 3, CODEC_REFUSED, 2);
    try_stream("ubx", "\x80\x80\xb5", 3, CODEC_REFUSED, 2);
    try_stream("ubx", "$$$\xb5x", 5, CODEC_REFUSED, 5);
    try_stream("ubx", "\r\n\r\n$", 5, CODEC_TAKEN, 4);
    try_stream("ubx", "$", 1, CODEC_NEED_MORE, 0);
    try_stream("ubx", "\xb5", 1, CODEC_NEED_MORE, 0);
    try_stream("ubx", "\xb5\x62\x01\x07\x5c", 5, CODEC_NEED_MORE, 0);
    try_stream("ubx", "$GPRMC,1\xb5\x62", 10, CODEC_REFUSED, 8);
    assert_non_null(strstr(run.why.text, "breaks off"));
    try_stream("nmea", "$GPRMC,1$GPGGA,123519\r\n", 23, CODEC_REFUSED, 8);
    try_stream("ubx", "\xb5\x62\x05\x01\x02\x00\x06\x01\x0f\x39$GP", 13, CODEC_REFUSED, 10);
    assert_int_equal(run.refusal, REFUSAL_CHECKSUM);
    // Lengths of 0xffff, and of as much as is waited for.
    try_stream("ubx", "\xb5\x62\x01\x07\xff\xff\x01\x07", 8, CODEC_REFUSED, 8);
    assert_int_equal(run.refusal, REFUSAL_LENGTH);
    try_stream("ubx", "\xb5\x62\x01\x35\xf8\x0f\x01\x07", 8, CODEC_NEED_MORE, 0);

    memset(data, 'A', sizeof data);
    data[0] = '$';
    try_stream("nmea", data, 255, CODEC_NEED_MORE, 0);
    try_stream("nmea", data, sizeof data, CODEC_REFUSED, sizeof data);
    assert_int_equal(run.refusal, REFUSAL_LENGTH);
}

static void what_is_wrong_with_a_line_of_numbers_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *line, *said;
    } wrong[] = {
        {"1.5,7", "ends after 2 columns"},
        {"1.5,7,3,4", "more than 3 columns"},
        {"1.5;7;3.6V", "column 3: \"3.6V\""},
        {"x,7,3.6", "column 1: \"x\""},
        {"1,5 7 3,6", "two ways"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run.options = (struct codec_options){.columns = "distance_m - battery_v"};
        codec_try(&run, "csv", wrong[i].line, strlen(wrong[i].line), false);
        assert_int_equal(run.refusal, REFUSAL_SYNTAX);
        if (!strstr(run.why.text, wrong[i].said))
            fail_msg("%s: %s", wrong[i].line, run.why.text);
    }
}

static void a_codec_without_options_says_so(void **state)
{
    (void)state;
    struct fault why = {""};
    const struct frame frame = {.data = (const uint8_t *)"1,2", .size = 3};
    assert_int_equal(codec_decode(codec_find("csv"), &frame, &run.pack, &why), REFUSAL_SYNTAX);
    assert_non_null(strstr(why.text, "key columns"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_gives_its_values),
        cmocka_unit_test(what_is_composed_of_a_frames_values_says_the_same),
        cmocka_unit_test(a_byte_lost_doubled_or_flipped_costs_no_other_frame),
        cmocka_unit_test(ubx_and_nmea_are_read_from_one_line),
        cmocka_unit_test(what_is_no_frame_is_refused_up_to_the_next_beginning),
        cmocka_unit_test(what_is_wrong_with_a_line_of_numbers_is_said),
        cmocka_unit_test(a_codec_without_options_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
