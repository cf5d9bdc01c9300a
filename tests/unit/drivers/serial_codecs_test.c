// SPDX-License-Identifier: Apache-2.0
#include "codec_line.h"

#include "codecs/frames.h"
#include "drivers/virtual.h"
#include <math.h>

/*
 * Frames on serial lines. A new codec's frames are rows here; everything else walks the tables: each frame alone, and ten of
 * them in a row with every byte lost, doubled and flipped. Where a checksum has eight bits, ruins look like a frame once in
 * 256 times, and may cost a neighbour; then other numbers must be chosen for a row.
 */

static struct codec_run run;

// P: published by the maker, or in the document that `from` names. M: made after the layout.
static const struct vector {
    const char *codec, *from, *hex;
    const char *told; // "" for a frame without readings
} vectors[] = {
    {"text", "M", "32312E350D0A", " - v=21.5\n"},
    {"text", "M", "2D330A", " - v=-3\n"},
    {"senml", "M", "5B7B226E223A2261222C2276223A317D5D0A", "a - v=1\n"},
    {"senml", "M", "5B7B226E223A2262222C227662223A747275657D5D0D0A", "b - vb=true\n"},

    {"ld2450", "P: HLK-LD2450 serial protocol, the example",
     "AAFF0300 0E03B18610004001 0000000000000000 0000000000000000 55CC",
     "people count v=1\ntarget_1_x_m m v=-0.782\ntarget_1_y_m m v=1.713\ntarget_1_speed_mps m/s v=-0.16\n"},
    {"ld2450", "M: the second of three is not there",
     "AAFF0300 DC05D08723806801 0000000000000000 0080008001006801 55CC",
     "people count v=2\ntarget_1_x_m m v=-1.5\ntarget_1_y_m m v=2\ntarget_1_speed_mps m/s v=0.35\ntarget_3_x_m m v=0\n"
     "target_3_y_m m v=0\ntarget_3_speed_mps m/s v=-0.01\n"},
    {"ld2450", "M: nobody", "AAFF0300 0000000000000000 0000000000000000 0000000000000000 55CC", "people count v=0\n"},
    {"ld2450", "M: headers and an end within", "AAFF0300 AAFF0300AAFF6801 0000000000000000 55CCAAFF03006801 55CC",
     "people count v=2\ntarget_1_x_m m v=32.682\ntarget_1_y_m m v=-0.003\ntarget_1_speed_mps m/s v=326.82\n"
     "target_3_x_m m v=19.541\ntarget_3_y_m m v=32.682\ntarget_3_speed_mps m/s v=-0.03\n"},

    {"ld2410", "P: HLK-LD2410 serial protocol, normal mode", "F4F3F2F1 0D00 02AA 02 510000 00003B 0000 5500 F8F7F6F5",
     "presence - vb=true\nmoving - vb=false\nstill - vb=true\ndistance_m m v=0\nstill_distance_m m v=0\n"
     "moving_energy - v=0\nstill_energy - v=59\n"},
    {"ld2410", "P: HLK-LD2410 serial protocol, engineering mode",
     "F4F3F2F1 2300 01AA 03 1E003C 000039 0000 0808 3C2205030304030605 000039101306060804 0305 5500 F8F7F6F5",
     "presence - vb=true\nmoving - vb=true\nstill - vb=true\ndistance_m m v=0\nmoving_distance_m m v=0.3\n"
     "still_distance_m m v=0\nmoving_energy - v=60\nstill_energy - v=57\n"},
    {"ld2410", "M", "F4F3F2F1 0D00 02AA 03 780037 760028 7700 5500 F8F7F6F5",
     "presence - vb=true\nmoving - vb=true\nstill - vb=true\ndistance_m m v=1.19\nmoving_distance_m m v=1.2\n"
     "still_distance_m m v=1.18\nmoving_energy - v=55\nstill_energy - v=40\n"},
    {"ld2410", "M: nobody", "F4F3F2F1 0D00 02AA 00 000000 000000 0000 5500 F8F7F6F5",
     "presence - vb=false\nmoving - vb=false\nstill - vb=false\nmoving_energy - v=0\nstill_energy - v=0\n"},
    {"ld2410", "M: a header within", "F4F3F2F1 0D00 02AA 01 F4F355 F2F155 F100 5500 F8F7F6F5",
     "presence - vb=true\nmoving - vb=true\nstill - vb=false\ndistance_m m v=2.41\nmoving_distance_m m v=624.52\n"
     "moving_energy - v=85\nstill_energy - v=85\n"},
    {"ld2410", "M: it measures its surroundings", "F4F3F2F1 0D00 02AA 04 000000 000000 0000 5500 F8F7F6F5", ""},

    {"a02yyuw", "P: DFRobot's page of the SEN0311", "FF07A1A7", "distance_m m v=1.953\n"},
    {"a02yyuw", "M: 0xFF is data, too", "FF00FFFE", "distance_m m v=0.255\n"},
    {"a02yyuw", "M", "FF001D1C", "range - vs=below\n"},
    {"a02yyuw", "M", "FF001E1D", "distance_m m v=0.03\n"},
    {"a02yyuw", "M", "FF271036", "distance_m m v=10\n"},
    {"a02yyuw", "M", "FF271137", "range - vs=above\n"},
    {"a02yyuw", "M: no echo", "FFFFFDFB", "range - vs=above\n"},

    {"tfmini", "M: a TFmini Plus", "5959 7B00 E803 C808 E8",
     "distance_m m v=1.23\nstrength - v=1000\ntemperature_c Cel v=25\n"},
    {"tfmini", "M: a TFmini that is near", "5959 5203 F401 0200 FE", "distance_m m v=0.85\nstrength - v=500\n"},
    {"tfmini", "M: a TFmini that is far", "5959 4101 5802 0700 55", "distance_m m v=3.21\nstrength - v=600\n"},
    {"tfmini", "M", "5959 0000 6300 CA08 E7", "range - vs=unreliable\nstrength - v=99\ntemperature_c Cel v=25.25\n"},
    {"tfmini", "M", "5959 0000 FFFF CA08 82", "range - vs=unreliable\nstrength - v=65535\ntemperature_c Cel v=25.25\n"},
    {"tfmini", "M", "5959 B104 6400 CA08 9D", "range - vs=above\nstrength - v=100\ntemperature_c Cel v=25.25\n"},
    {"tfmini", "M: a header within", "5959 2D00 5959 2408 BD",
     "distance_m m v=0.45\nstrength - v=22873\ntemperature_c Cel v=4.5\n"},

    {"wt901", "M: at rest", "5551 000000000008 F609 AD",
     "acceleration_x_mps2 m/s2 v=0\nacceleration_y_mps2 m/s2 v=0\nacceleration_z_mps2 m/s2 v=9.80665\n"
     "temperature_c Cel v=25.5\n"},
    {"wt901", "M: headers within", "5551 5551EFAA5551 E803 76",
     "acceleration_x_mps2 m/s2 v=99.69935\nacceleration_y_mps2 m/s2 v=-104.27706\nacceleration_z_mps2 m/s2 v=99.69935\n"
     "temperature_c Cel v=10\n"},
    {"wt901", "M", "5552 004000C00100 0000 A8",
     "angular_x_dps - v=1000\nangular_y_dps - v=-1000\nangular_z_dps - v=0.06104\n"},
    {"wt901", "M", "5553 002000C0FFFF 0000 86", "roll_deg deg v=45\npitch_deg deg v=-90\nyaw_deg deg v=-0.00549\n"},
    {"wt901", "M", "5554 D4FE15005555 0000 3A", "magnetic_x - v=-300\nmagnetic_y - v=21\nmagnetic_z - v=21845\n"},
    {"wt901", "M: the time", "5550 170B0D1E0300 0001 F6", ""},

    {"terabee-people", "M: a Swipe Plus", "5043 00000002 0003 0001 3B",
     "in_total count v=3\nout_total count v=1\ninside count v=2\n"},
    {"terabee-people", "M: more went out", "5043 00000007 FFFFFFFE 0001 0003 B4",
     "in_total count v=1\nout_total count v=3\ninside count v=-2\nsensor_id - v=7\n"},
    {"terabee-people", "M: distances", "4444 04B0 FFFF 03", ""},
    {"terabee-people", "M: headers within", "5043 00000BFA 5043 4449 95",
     "in_total count v=20547\nout_total count v=17481\ninside count v=3066\n"},
    {"terabee-people", "M: right after eleven bytes, too", "5043 01020304 00000005 0009 0004 26",
     "in_total count v=9\nout_total count v=4\ninside count v=5\nsensor_id - v=16909060\n"},
    {"terabee-people", "M: one of the totals has wrapped", "5043 DEADBEEF 00000003 0002 FFFF 5C",
     "in_total count v=2\nout_total count v=65535\ninside count v=3\nsensor_id - v=3735928559\n"},
};

enum { VECTORS = sizeof vectors / sizeof *vectors, FRAMES = 10, FRAME_BYTES_MAX = 64 };

static void each_frame_decodes_to_its_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t frame[FRAME_BYTES_MAX];
        size_t size = codec_unhex(vectors[i].hex, frame);
        for (int stream = 0; stream < 2; stream++) {
            codec_try(&run, vectors[i].codec, frame, size, stream);
            if (run.result != CODEC_TAKEN || strcmp(codec_describe(&run), vectors[i].told) != 0)
                fail_msg("%s %s: %s%s", vectors[i].codec, vectors[i].hex, run.why.text, run.told);
            assert_int_equal(run.used, size);
        }
    }
}

static void the_beginning_of_a_frame_waits_for_its_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t frame[FRAME_BYTES_MAX];
        size_t size = codec_unhex(vectors[i].hex, frame);
        for (size_t part = 0; part < size; part++) {
            codec_try(&run, vectors[i].codec, frame, part, true);
            assert_int_equal(run.result, CODEC_NEED_MORE);
            if (codec_find(vectors[i].codec)->match) {
                codec_try(&run, vectors[i].codec, frame, part, false);
                assert_int_equal(run.refusal, REFUSAL_SYNTAX);
            }
        }
    }
}

static const struct vector *next_vector(const struct codec *codec, const struct vector *after)
{
    const struct vector *vector = after;
    for (size_t i = 0; i < VECTORS; i++) {
        vector = vector + 1 < vectors + VECTORS ? vector + 1 : vectors;
        if (strcmp(vector->codec, codec->name) == 0)
            return vector;
    }
    return NULL;
}

// Its rows by turns, ten in all. False when it has none. Sums of eight bits hold by chance, so no frame is trusted.
static bool fill_line(const struct codec *codec, struct line *ret_line)
{
    const struct vector *vector = vectors + VECTORS - 1;
    line_begin(ret_line, codec);
    for (size_t i = 0; i < FRAMES; i++) {
        uint8_t frame[FRAME_BYTES_MAX];
        vector = next_vector(codec, vector);
        if (!vector)
            return false;
        line_add(ret_line, frame, codec_unhex(vector->hex, frame), vector->told, false);
    }
    ret_line->shares_ends = codec->delimit == frame_line;
    ret_line->filler_size = codec->match ? FRAME_BYTES_MAX : 0;
    return true;
}

static void a_damaged_byte_costs_no_frame_but_its_own(void **state)
{
    (void)state;
    static struct line line;
    struct heard heard;
    for (size_t i = 0; codecs[i]; i++) {
        if (!codecs[i]->delimit || !fill_line(codecs[i], &line))
            continue;
        for (size_t at = 0; at < line.size; at++)
            for (int change = 0; change < LINE_CHANGES; change++) {
                line_harm(&run, &line, at, change, 0, &heard);
                line_harm(&run, &line, at, change, sizeof line.data, &heard);
                assert_true(heard.refusals <= 4);
            }
    }
}

static void however_a_stream_arrives_its_frames_are_the_same(void **state)
{
    (void)state;
    static struct line line;
    struct heard heard;
    for (size_t i = 0; codecs[i]; i++)
        for (size_t chunk = 0; codecs[i]->delimit && fill_line(codecs[i], &line) && chunk < 40; chunk++) {
            line_hear(&run, &line, line.data, line.size, chunk, &heard);
            line_check(&line, line.count, line.count, &heard, "no change");
            assert_int_equal(heard.refusals, 0);
            line_harm(&run, &line, line.size / 2, (int)(chunk % LINE_CHANGES), 1, &heard);
        }
}

static void every_codec_with_a_header_has_frames_here(void **state)
{
    (void)state;
    static struct line line;
    for (size_t i = 0; codecs[i]; i++)
        if (codecs[i]->match) {
            assert_true(fill_line(codecs[i], &line));
            assert_true(codecs[i]->anonymous && codecs[i]->compose && codecs[i]->delimit == frame_found);
        }
}

static void garbage_is_refused_in_one_piece_and_the_frame_behind_it_is_read(void **state)
{
    (void)state;
    static struct line line;
    static uint8_t data[8192];
    struct heard heard;
    for (size_t i = 0; codecs[i]; i++) {
        if (!codecs[i]->match || !fill_line(codecs[i], &line))
            continue;
        memset(data, 0x20, sizeof data);
        memcpy(data + 4000, line.data, line.size);
        line_hear(&run, &line, data, 4000 + line.size, sizeof data, &heard);
        line_check(&line, line.count, line.count, &heard, "behind garbage");
        assert_int_equal(heard.refusals, 1);
        assert_int_equal(heard.refused_bytes, 4000);
    }
}

static void assert_refused(const char *codec, const char *hex, enum refusal refusal, size_t used, const char *why)
{
    uint8_t data[FRAME_BYTES_MAX];
    size_t size = codec_unhex(hex, data);
    codec_try(&run, codec, data, size, true);
    assert_int_equal(run.result, CODEC_REFUSED);
    assert_int_equal(run.refusal, refusal);
    assert_int_equal(run.used, used);
    assert_non_null(strstr(run.why.text, why));
}

static void what_is_wrong_with_a_frame_is_named(void **state)
{
    (void)state;
    assert_refused("a02yyuw", "FF07A1A8 FF07A1A7", REFUSAL_CHECKSUM, 4, "a wrong checksum; 4 bytes");
    assert_refused("a02yyuw", "0102030405FF", REFUSAL_SYNTAX, 5, "5 bytes are no frame; expected");
    assert_refused("tfmini", "59597B00E803C808E9", REFUSAL_CHECKSUM, 9, "checksum");
    assert_refused("wt901", "5551000000000008F609AE", REFUSAL_CHECKSUM, 11, "checksum");
    assert_refused("wt901", "5561", REFUSAL_SYNTAX, 2, "2 bytes are no frame");
    assert_refused("terabee-people", "444404B0FFFF04", REFUSAL_CHECKSUM, 7, "checksum");
    assert_refused("ld2410", "F4F3F2F1 0E00 02AA", REFUSAL_LENGTH, 8, "a length that no frame has; 8 bytes");
    assert_refused("ld2410", "F4F3F2F1 2300 02AA", REFUSAL_LENGTH, 8, "length");
    assert_refused("ld2450", "AAFF0300 000000000000000000000000000000000000000000000000 55CD", REFUSAL_SYNTAX, 30,
                   "30 bytes are no frame");
}

static void the_crc_is_that_of_the_makers_commands(void **state)
{
    (void)state; // P: the manual of the Terabee Evo
    assert_int_equal(frame_crc8((const uint8_t *)"\x00\x61\x01", 3), 0xe7);
    assert_int_equal(frame_crc8((const uint8_t *)"\x00\x61\x02", 3), 0xee);
    assert_int_equal(frame_crc8((const uint8_t *)"\x00\x55\x08\x00\x00\x00\x00", 7), 0x7c);
}

// Composes into memory that ends where the frames end.
static const struct codec_options played = {.columns = "distance_m people - battery_v"};

static size_t compose(const struct codec *codec, const struct raw_pack *values, uint8_t *ret_data, size_t size)
{
    uint8_t *tight = malloc(size ? size : 1);
    assert_non_null(tight);
    size_t used = codec->compose(values, &played, tight, size);
    assert_true(used <= size);
    memcpy(ret_data, tight, used);
    free(tight);
    return used;
}

static void nudge(struct raw_pack *values, double factor)
{
    for (size_t i = 0; i < values->count; i++)
        values->values[i].number *= factor;
}

static void what_is_composed_of_a_frames_values_says_the_same(void **state)
{
    (void)state;
    static struct raw_pack values;
    uint8_t data[FRAME_BYTES_MAX];
    for (size_t i = 0; i < 2 * (size_t)VECTORS; i++) {
        const struct vector *vector = &vectors[i / 2];
        const struct codec *codec = codec_find(vector->codec);
        if (!codec->compose || !vector->told[0])
            continue;
        codec_try(&run, codec->name, data, codec_unhex(vector->hex, data), false);
        values = run.pack;
        nudge(&values, i % 2 ? 1 - 1e-10 : 1 + 1e-10); // the nearest number is meant, not the one below
        size_t size = compose(codec, &values, data, sizeof data);
        codec_try(&run, codec->name, data, size, true);
        if (run.result != CODEC_TAKEN || run.used != size || strcmp(codec_describe(&run), vector->told) != 0)
            fail_msg("%s %s: %s", codec->name, vector->hex, run.why.text[0] ? run.why.text : run.told);
        assert_int_equal(compose(codec, &values, data, size - 1), 0);
    }
}

static void every_codec_plays_sensors_of_a_kind(void **state)
{
    (void)state;
    static struct raw_pack values;
    for (size_t i = 0; codecs[i]; i++) {
        size_t decoded = 0;
        for (int kind = 0; codecs[i]->compose && kind < KIND_COUNT; kind++) {
            struct virtual_sensor sensor;
            virtual_begin(&sensor, (enum kind)kind, 1, NAN, NAN);
            for (int report = 0; report < 300; report++) {
                uint8_t data[256];
                raw_pack_clear(&values);
                assert_true(virtual_report(&sensor, &values) && virtual_measure(&sensor, &values));
                size_t size = compose(codecs[i], &values, data, sizeof data);
                run.options = played;
                for (size_t at = 0; at < size; at += run.used) {
                    codec_try(&run, codecs[i]->name, data + at, size - at, true);
                    if (run.result != CODEC_TAKEN)
                        fail_msg("%s: %.*s: %s", codecs[i]->name, (int)size, (char *)data, run.why.text);
                    decoded += run.pack.count;
                }
            }
        }
        assert_true(decoded > 0 || !codecs[i]->compose);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_frame_decodes_to_its_values),
        cmocka_unit_test(the_beginning_of_a_frame_waits_for_its_rest),
        cmocka_unit_test(a_damaged_byte_costs_no_frame_but_its_own),
        cmocka_unit_test(however_a_stream_arrives_its_frames_are_the_same),
        cmocka_unit_test(every_codec_with_a_header_has_frames_here),
        cmocka_unit_test(garbage_is_refused_in_one_piece_and_the_frame_behind_it_is_read),
        cmocka_unit_test(what_is_wrong_with_a_frame_is_named),
        cmocka_unit_test(the_crc_is_that_of_the_makers_commands),
        cmocka_unit_test(what_is_composed_of_a_frames_values_says_the_same),
        cmocka_unit_test(every_codec_plays_sensors_of_a_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
