// SPDX-License-Identifier: Apache-2.0
#include "codec_check.h"

#include "drivers/senml_write.h"
#include "senml_vectors.h"

static struct codec_run run;
static struct bytes out;

static int setup(void **state)
{
    (void)state;
    bytes_init(&out, 64 * 1024);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bytes_finish(&out);
    return 0;
}

static const char *codec_of(enum senml_format format)
{
    return codec_for_content_format((int)format)->name;
}

static const char *read_back(enum senml_format format)
{
    assert_false(out.overflow);
    codec_try(&run, codec_of(format), out.data, out.used, false);
    if (run.result != CODEC_TAKEN)
        fail_msg("%s", run.why.text);
    return codec_describe(&run);
}

static void json_reads_as_a_sensor_would_send_it(void **state)
{
    (void)state;
    const struct raw_value values[] = {
        {.name = "occupied", .unit = "", .type = RAW_BOOL, .boolean = true},
        {.name = "battery_v", .unit = "V", .type = RAW_NUMBER, .number = 3.61},
        {.name = "state", .unit = "", .type = RAW_TEXT, .text = "a \"b\""},
    };
    senml_write(&out, SENML_JSON, "bay-1:", values, 3);
    bytes_char(&out, '\0');
    assert_string_equal((char *)out.data, "[{\"bn\":\"bay-1:\",\"n\":\"occupied\",\"vb\":true},"
                                          "{\"n\":\"battery_v\",\"u\":\"V\",\"v\":3.61},"
                                          "{\"n\":\"state\",\"vs\":\"a \\\"b\\\"\"}]");
}

static void cbor_is_the_shortest_that_keeps_the_value(void **state)
{
    (void)state;
    const struct raw_value values[] = {
        {.name = "a", .unit = "", .type = RAW_NUMBER, .number = 23},
        {.name = "a", .unit = "", .type = RAW_NUMBER, .number = -500},
        {.name = "a", .unit = "", .type = RAW_NUMBER, .number = 1.5},
        {.name = "a", .unit = "", .type = RAW_NUMBER, .number = 23.1},
    };
    static const char expected[] = "84 a3 21627a3a 006161 0217 a2 006161 023901f3 a2 006161 02fa3fc00000 "
                                   "a2 006161 02fb403719999999999a";
    uint8_t bytes[100];
    size_t size = codec_unhex(expected, bytes);
    senml_write(&out, SENML_CBOR, "z:", values, 4);
    assert_int_equal(out.used, size);
    assert_memory_equal(out.data, bytes, size);
}

// What is read from the examples, written and read again, means the same.
static void what_was_written_is_read_back(void **state)
{
    (void)state;
    static struct codec_run first;
    for (size_t i = 0; i < sizeof senml_vectors / sizeof *senml_vectors; i++)
        for (int cbor = 0; cbor <= 1; cbor++) {
            const char *json = senml_vectors[i].json;
            codec_try(&first, "senml", json, strlen(json), false);
            if (strstr(senml_vectors[i].values, "vd="))
                continue;
            bytes_clear(&out);
            senml_write(&out, cbor ? SENML_CBOR : SENML_JSON, "", first.pack.values, first.pack.count);
            assert_string_equal(read_back(cbor ? SENML_CBOR : SENML_JSON), senml_vectors[i].values);
        }
}

static void extreme_numbers_survive(void **state)
{
    (void)state;
    static const double numbers[] = {0, -0.5, 0x1p53, -0x1p53, 0x1p53 - 1, 1e300, -1e300, 5e-324, 3.4e38, 0.1};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (int cbor = 0; cbor <= 1; cbor++) {
            const struct raw_value value = {.name = "a", .unit = "", .type = RAW_NUMBER, .number = numbers[i]};
            bytes_clear(&out);
            senml_write(&out, cbor ? SENML_CBOR : SENML_JSON, "", &value, 1);
            read_back(cbor ? SENML_CBOR : SENML_JSON);
            assert_true(run.pack.values[0].number == numbers[i]);
        }
}

static void a_base_name_alone_is_the_name(void **state)
{
    (void)state;
    const struct raw_value value = {.name = "", .unit = "", .type = RAW_NUMBER, .number = 1};
    senml_write(&out, SENML_CBOR, "bay-1", &value, 1);
    assert_string_equal(read_back(SENML_CBOR), "bay-1 - v=1\n");
}

static void a_full_buffer_is_told(void **state)
{
    (void)state;
    const struct raw_value value = {.name = "a", .unit = "V", .type = RAW_NUMBER, .number = 1.25};
    for (size_t max = 0; max < 10; max++)
        for (int cbor = 0; cbor <= 1; cbor++) {
            struct bytes small;
            bytes_init(&small, max);
            senml_write(&small, cbor ? SENML_CBOR : SENML_JSON, "b", &value, 1);
            assert_true(small.overflow);
            bytes_finish(&small);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(json_reads_as_a_sensor_would_send_it, setup, teardown),
        cmocka_unit_test_setup_teardown(cbor_is_the_shortest_that_keeps_the_value, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_written_is_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(extreme_numbers_survive, setup, teardown),
        cmocka_unit_test_setup_teardown(a_base_name_alone_is_the_name, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
