// SPDX-License-Identifier: Apache-2.0
#include "codec_check.h"

static struct codec_run run;

static void decode(const char *columns, const char *line)
{
    run.options = (struct codec_options){.columns = columns};
    codec_try(&run, "csv", line, strlen(line), false);
}

static void assert_said(const char *told)
{
    if (run.result != CODEC_TAKEN || strcmp(codec_describe(&run), told) != 0)
        fail_msg("%s%s", run.told, run.why.text);
}

static void a_quoted_column_may_hold_a_decimal_comma(void **state)
{
    (void)state;
    decode("ax ay speed_mps", "\"-0,0283\",\"0,0997\",\"12,5\",");
    assert_said("ax - v=-0.0283\nay - v=0.0997\nspeed_mps - v=12.5\n");
    decode("ax ay", "\"1.5\" ; 2,5 ;");
    assert_said("ax - v=1.5\nay - v=2.5\n");
    decode("ax ay", "\"\",\"2\"");
    assert_said("ay - v=2\n");
    decode("ax ay", "\"1,2\",\"3"); // a quote that does not end
    assert_int_equal(run.refusal, REFUSAL_SYNTAX);
}

static void the_column_time_is_the_devices_clock(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } times[] = {
        {"\"0,0500\"", 50000},
        {"436.688", 436688000},
        {"-2.5", -2500000},
        {"20:34:45:119", INT64_C(74085119000)},
        {"20:34:45.119", INT64_C(74085119000)},
        {"\"20:34:45,5\"", INT64_C(74085500000)},
        {"00:00:00", 0},
        {"23:59:60:999", INT64_C(86400999000)},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char line[64];
        snprintf(line, sizeof line, "%s,\"1,5\",7", times[i].text);
        decode("time ax ay", line);
        assert_said("ax - v=1.5\nay - v=7\n");
        for (size_t v = 0; v < 2; v++) {
            assert_int_equal(run.pack.values[v].time, RAW_TIME_DEVICE);
            assert_int_equal(run.pack.values[v].time_us, times[i].us);
        }
    }
}

static void without_its_time_a_line_has_none(void **state)
{
    (void)state;
    decode("time ax", ",1.5,");
    assert_said("ax - v=1.5\n");
    assert_int_equal(run.pack.values[0].time, RAW_TIME_NONE);
    decode("- ax", "0.5,1.5");
    assert_int_equal(run.pack.values[0].time, RAW_TIME_NONE);
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "time",  "24:00:00:000", "20:60:00",     "20:34:61",     "20:34:45:", "2:34:45", "20:34",
        "1e300", "20:34:4x",     "20:34:45:1:2", "20-34-45:119", "inf",       "1e11",    "20:34:-5.0"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char line[64];
        snprintf(line, sizeof line, "%s,1.5,7", wrong[i]);
        decode("time ax ay", line);
        if (run.refusal != REFUSAL_SYNTAX || !strstr(run.why.text, "is not a time; expected seconds, or HH:MM:SS"))
            fail_msg("%s: %s%s", wrong[i], run.told, run.why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quoted_column_may_hold_a_decimal_comma),
        cmocka_unit_test(the_column_time_is_the_devices_clock),
        cmocka_unit_test(without_its_time_a_line_has_none),
        cmocka_unit_test(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
