// SPDX-License-Identifier: Apache-2.0
#include "codec_check.h"

#include "drivers/sniff.h"
#include "drivers/virtual.h"
#include "uart.h"
#include <math.h>

static struct sniff_findings found;

enum { STREAM_MAX = 64 * 1024 };

static struct stream {
    uint8_t data[STREAM_MAX];
    size_t size;
} stream;

static void begin(void)
{
    stream.size = 0;
}

static void add(const void *data, size_t size)
{
    assert_true(size <= STREAM_MAX - stream.size);
    memcpy(stream.data + stream.size, data, size);
    stream.size += size;
}

static void add_text(const char *text)
{
    add(text, strlen(text));
}

static uint32_t next_random(void)
{
    static uint32_t random = 7;
    random = random * 1664525 + 1013904223;
    return random >> 16;
}

static void add_noise(size_t size)
{
    for (size_t i = 0; i < size; i++)
        add(&(uint8_t){(uint8_t)next_random()}, 1);
}

static const char *judged(void)
{
    assert_int_equal(sniff_judge(stream.data, stream.size, &found), 0);
    return found.best ? found.best->codec->name : "none";
}

static const struct codec_options played = {.columns = "distance_m battery_v temperature_c"};

// As simulated devices of each kind speak the codec; false when it has nothing to say of any.
static bool add_composed(const struct codec *codec, size_t reports)
{
    static struct raw_pack pack;
    size_t before = stream.size;
    for (enum kind kind = 0; kind < KIND_COUNT && stream.size == before; kind++) {
        struct virtual_sensor sensor;
        virtual_begin(&sensor, kind, 3, NAN, NAN);
        for (size_t i = 0; i < reports; i++) {
            uint8_t frames[4096];
            raw_pack_clear(&pack);
            if (!virtual_measure(&sensor, &pack) || !virtual_report(&sensor, &pack))
                continue;
            add(frames, codec->compose(&pack, &played, frames, sizeof frames));
        }
    }
    return stream.size > before;
}

static void a_device_that_speaks_a_codec_is_called_that(void **state)
{
    (void)state;
    size_t composed = 0;
    for (size_t i = 0; codecs[i]; i++) {
        if (!codecs[i]->delimit || !codecs[i]->compose)
            continue;
        begin();
        assert_true(add_composed(codecs[i], 20));
        assert_string_equal(judged(), codecs[i]->name);
        assert_true(found.best->frames >= 20 && found.best->covered > 0.99 && *found.sample);
        struct sniff_trial trial = {.findings = {.bytes = 0}};
        sniff_judge(stream.data, stream.size, &trial.findings);
        assert_true(sniff_is_settled(&trial));
        composed++;
    }
    assert_true(composed >= 6);
}

static void half_a_frame_at_either_end_does_no_harm(void **state)
{
    (void)state;
    for (size_t i = 0; codecs[i]; i++) {
        if (!codecs[i]->delimit || !codecs[i]->compose)
            continue;
        begin();
        add_composed(codecs[i], 4);
        memmove(stream.data, stream.data + 3, stream.size -= 3);
        stream.size--;
        assert_string_equal(judged(), codecs[i]->name);
    }
}

static void lost_bytes_do_not_hide_a_codec(void **state)
{
    (void)state;
    for (size_t i = 0; codecs[i]; i++) {
        if (!codecs[i]->delimit || !codecs[i]->compose)
            continue;
        begin();
        add_composed(codecs[i], 60);
        for (size_t at = 50; at < stream.size; at += 211)
            memmove(stream.data + at, stream.data + at + 1, --stream.size - at);
        assert_string_equal(judged(), codecs[i]->name);
        assert_true(found.best->passed_bytes > 0 || !codecs[i]->match); // a line with a byte less may still be read
    }
}

static void noise_is_nothing(void **state)
{
    (void)state;
    for (size_t round = 0; round < 20; round++) {
        begin();
        add_noise(1000 + 200 * round);
        assert_string_equal(judged(), "none");
        assert_true(found.printable < 0.5 && found.frame_length == 0 && !*found.sample && !*found.columns);
    }
}

// What a UART makes of a line that is slower or faster than it: runs of equal bits, few different bytes.
static void garbage_of_a_wrong_rate_is_nothing(void **state)
{
    (void)state;
    static const uint8_t few[] = {0x00, 0xff, 0xfe, 0x80, 0xf8, 0xe0};
    for (size_t kinds = 1; kinds <= sizeof few; kinds++) {
        begin();
        for (size_t i = 0; i < 4000; i++)
            add(&few[next_random() % kinds], 1);
        assert_string_equal(judged(), "none");
    }
}

static void lines_of_noise_and_digits_are_not_text(void **state)
{
    (void)state;
    begin();
    for (size_t i = 0; i < 100; i++) {
        add_noise(12);
        add_text("\n7\n");
    }
    assert_string_equal(judged(), "none");
}

static void lines(size_t count, const char *format)
{
    begin();
    for (size_t i = 0; i < count; i++) {
        char line[200];
        // The formats stand below, each with two numbers.
        snprintf(line, sizeof line, "%s", format);
        for (char *at = line; (at = strchr(at, '#'));)
            *at = (char)('0' + next_random() % 10);
        add_text(line);
    }
}

static void lines_are_what_they_look_like(void **state)
{
    (void)state;
    static const struct {
        const char *line, *codec, *columns;
        enum separator separator;
    } rows[] = {
        {"##.#\r\n", "text", "", SEPARATOR_AUTO},
        {"true\n", "text", "", SEPARATOR_AUTO},
        {"1##,2.#\n", "csv", "value_1 value_2", SEPARATOR_COMMA},
        {"##.#;-#\r\n", "csv", "value_1 value_2", SEPARATOR_SEMICOLON},
        {"1,## 2,# 3\n", "csv", "value_1 value_2 value_3", SEPARATOR_BLANK},
        {"##\t#\t#\n", "csv", "value_1 value_2 value_3", SEPARATOR_TAB},
        {"dist ### mm\n", "csv", "- value_2 -", SEPARATOR_BLANK},
        {"[{\"n\":\"bay-1:occupied\",\"v\":#},{\"n\":\"t\",\"v\":##}]\n", "senml", "", SEPARATOR_AUTO},
        {"hello world\n", "none", "", SEPARATOR_AUTO},
        {"[##,#,##]\n", "none", "", SEPARATOR_AUTO},
        {"one # two\nthree ##\nfour five six # seven\n", "none", "", SEPARATOR_AUTO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        lines(12, rows[i].line);
        assert_string_equal(judged(), rows[i].codec);
        assert_string_equal(found.columns, rows[i].columns);
        if (*rows[i].columns)
            assert_int_equal(found.separator, rows[i].separator);
        assert_true(found.printable == 1);
    }
}

#define RMC "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n"
#define GGA "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
#define GSV "$GPGSV,2,1,08,01,40,083,46,02,17,308,41,12,07,344,39,14,22,228,45*75\r\n"

static void add_message(uint8_t group, uint8_t id, size_t payload)
{
    uint8_t message[200] = {0xb5, 0x62, group, id, (uint8_t)payload, 0};
    for (size_t i = 0; i < payload; i++)
        message[6 + i] = (uint8_t)next_random();
    for (size_t i = 2; i < 6 + payload; i++) {
        message[6 + payload] = (uint8_t)(message[6 + payload] + message[i]);
        message[7 + payload] = (uint8_t)(message[7 + payload] + message[6 + payload]);
    }
    add(message, payload + 8);
}

static const struct sniff_codec *of(const char *codec)
{
    for (size_t i = 0; i < found.codec_count; i++)
        if (strcmp(found.codecs[i].codec->name, codec) == 0)
            return &found.codecs[i];
    fail_msg("%s was not asked", codec);
    return NULL;
}

static void a_checksum_is_better_evidence_than_numbers_between_commas(void **state)
{
    (void)state;
    begin();
    for (size_t i = 0; i < 10; i++)
        add_text(RMC);
    assert_string_equal(judged(), "nmea");
    assert_true(of("csv")->covered == 1 && of("nmea")->covered == 1);
    assert_true(of("csv")->score > 0 && of("nmea")->score > 1.2 * of("csv")->score);
    assert_true(of("nmea")->tight == 1 && of("text")->frames == 0);
}

static void what_nothing_proves_must_explain_nearly_all(void **state)
{
    (void)state;
    for (size_t loose = 0; loose < 2; loose++) {
        begin();
        for (size_t i = 0; i < 20; i++) {
            add_composed(codec_find(loose ? "ld2450" : "tfmini"), 1);
            add_noise(loose ? 15 : 5); // a third of all
        }
        assert_string_equal(judged(), loose ? "none" : "tfmini");
        assert_true(of(loose ? "ld2450" : "tfmini")->covered < 0.75);
    }
}

static void receivers_are_told_apart(void **state)
{
    (void)state;
    begin();
    for (size_t i = 0; i < 5; i++)
        add_text(RMC GGA GSV);
    assert_string_equal(judged(), "nmea");
    assert_int_equal(found.kind, KIND_BUMP);
    for (size_t i = 0; i < 5; i++)
        add_message(1, 7, 92);
    assert_string_equal(judged(), "ubx");

    begin(); // messages that say nothing, between sentences
    for (size_t i = 0; i < 5; i++) {
        add_text(RMC);
        add_message(1, 3, 16);
    }
    assert_string_equal(judged(), "ubx");
    begin(); // and alone
    for (size_t i = 0; i < 5; i++)
        add_message(2, 0x15, 64);
    assert_string_equal(judged(), "ubx");
    begin(); // without checksums, at a rate that is nearly right
    for (size_t i = 0; i < 10; i++)
        add_text("$GPVTG,054.7,T,034.4,M,005.5,N,010.2,K\r\n");
    assert_string_equal(judged(), "nmea");
}

// What each device of the table sends, and lines that others send; false when there are no more.
static bool add_device(size_t at, const char **ret_codec)
{
    static const struct {
        const char *codec, *line;
    } others[] = {{"nmea", RMC GGA GSV},
                  {"text", "21.5\r\n-3\r\n1013\r\n"},
                  {"csv", "12.5,3\n0.25,17\n"},
                  {"senml", "[{\"n\":\"bay-1:occupied\",\"vb\":true}]\n"}};
    begin();
    for (size_t i = 0; codecs[i]; i++) {
        if (!codecs[i]->delimit || !codecs[i]->compose || at-- > 0)
            continue;
        *ret_codec = codecs[i]->name;
        return add_composed(codecs[i], 60);
    }
    if (at >= sizeof others / sizeof *others)
        return false;
    *ret_codec = others[at].codec;
    for (size_t i = 0; i < 20; i++)
        add_text(others[at].line);
    return true;
}

static void judge_as_received(const struct uart *from, const struct uart *to, size_t gap, struct sniff_trial *ret_trial)
{
    static uint8_t received[STREAM_MAX];
    struct uart_errors errors;
    size_t size = uart_pass(from, to, stream.data, stream.size, gap, received, sizeof received, &errors);
    ret_trial->baud = (int64_t)to->baud;
    ret_trial->parity = (enum parity)to->parity;
    ret_trial->errors = (struct sniff_errors){.known = true, .framing = errors.framing, .parity = errors.parity};
    assert_int_equal(sniff_judge(received, size, &ret_trial->findings), 0);
}

static const double rates[] = {4800, 9600, 19200, 38400, 57600, 115200, 230400, 256000, 460800, 921600};

enum { RATES = sizeof rates / sizeof *rates };

static void at_a_wrong_rate_no_device_is_called_anything(void **state)
{
    (void)state;
    static struct sniff_trial trial;
    const char *codec;
    for (size_t device = 0; add_device(device, &codec); device++)
        for (size_t from = 0; from < RATES; from++)
            for (size_t to = 0; to < RATES; to++)
                for (enum uart_parity parity = UART_NONE; parity <= UART_ODD; parity++) {
                    bool near = fabs(rates[from] / rates[to] - 1) < 0.2; // 230400 and 256000 are hardly apart
                    struct uart sender = {.baud = rates[from]}, receiver = {.baud = rates[to], .parity = parity};
                    if (near)
                        continue;
                    judge_as_received(&sender, &receiver, device % 2 ? 0 : 9, &trial);
                    if (trial.findings.best)
                        fail_msg("%s at %g, heard at %g, is called %s", codec, rates[from], rates[to],
                                 trial.findings.best->codec->name);
                }
}

// Without the port's counters, too, what is heard at the right rate is best; with them also the parity is found.
static void the_right_rate_and_parity_win(void **state)
{
    (void)state;
    static struct sniff_trial right, trial;
    const char *codec;
    for (size_t device = 0; add_device(device, &codec); device++)
        for (enum uart_parity sent = UART_NONE; sent <= UART_ODD; sent++) {
            struct uart sender = {.baud = 9600, .parity = sent};
            judge_as_received(&sender, &sender, 5, &right);
            assert_non_null(right.findings.best);
            assert_string_equal(right.findings.best->codec->name, codec);
            assert_true(sniff_is_settled(&right));
            for (size_t to = 0; to < RATES; to++)
                for (enum uart_parity parity = UART_NONE; parity <= UART_ODD; parity++) {
                    struct uart receiver = {.baud = rates[to], .parity = parity};
                    judge_as_received(&sender, &receiver, 5, &trial);
                    // Bytes that all have as many ones look the same with another parity.
                    bool shows = trial.errors.framing + trial.errors.parity > 0 || rates[to] != 9600;
                    double ahead = sniff_merit(&trial) - sniff_merit(&right);
                    if (ahead > 0 || (shows && (ahead >= 0 || sniff_is_settled(&trial))))
                        fail_msg("%s, sent with parity %d: %g with parity %d is as good", codec, sent, rates[to],
                                 parity);
                }
        }
}

static void two_devices_on_one_line_are_the_one_with_more(void **state)
{
    (void)state;
    begin();
    for (size_t i = 0; i < 8; i++) {
        add_composed(codec_find("tfmini"), 20);
        add_noise(40);
    }
    assert_string_equal(judged(), "tfmini");
    assert_true(found.best->passed_bytes >= 200 && found.best->covered < 0.95);
}

static void refusals_are_counted_by_reason(void **state)
{
    (void)state;
    begin();
    add_composed(codec_find("tfmini"), 20);
    for (size_t frame = 0; frame < 20; frame += 5)
        stream.data[9 * frame + 8] ^= 0x55;
    assert_string_equal(judged(), "tfmini");
    assert_int_equal(found.best->frames, 16);
    assert_int_equal(found.best->refused[REFUSAL_CHECKSUM], 4);
    assert_int_equal(found.best->good_bytes + found.best->passed_bytes + found.best->rest_bytes, stream.size);
}

static void an_unknown_device_tells_its_frame_length(void **state)
{
    (void)state;
    begin();
    for (size_t i = 0; i < 60; i++) {
        add("\x7e\x01\x10\x44\x08\x00\x2a", 7);
        add_noise(2);
        add("\x0d\xf0\x0f\x99", 4);
    }
    assert_string_equal(judged(), "none");
    assert_int_equal(found.frame_length, 13);
    assert_true(found.frame_likeness > 0.8);
}

static void nothing_from_the_line_comes_unescaped(void **state)
{
    (void)state;
    begin();
    for (size_t i = 0; i < 5; i++)
        add_text("[{\"n\":\"bay-1:a\",\"vs\":\"x\\u001b[31m\\u009b2J\"},{\"n\":\"ok\",\"v\":1}]\n");
    assert_string_equal(judged(), "senml");
    assert_non_null(strstr(found.sample, "bay-1:a = x\\x1b[31m\\xc2\\x9b2J, ok = 1"));
    for (const char *at = found.sample; *at; at++)
        assert_true((uint8_t)*at >= ' ' && *at != 0x7f);
}

static void the_right_parity_is_the_one_without_errors(void **state)
{
    (void)state;
    static struct sniff_trial none = {.baud = 9600}, even = {.baud = 9600, .parity = PARITY_EVEN};
    begin();
    add_composed(codec_find("a02yyuw"), 50);
    sniff_judge(stream.data, stream.size, &none.findings);
    sniff_judge(stream.data, stream.size, &even.findings);
    none.errors = (struct sniff_errors){.known = true, .framing = stream.size / 2};
    even.errors = (struct sniff_errors){.known = true};
    assert_true(sniff_merit(&even) > sniff_merit(&none) && sniff_merit(&none) > 0);
    assert_true(sniff_is_settled(&even) && !sniff_is_settled(&none));
    even.errors = none.errors = (struct sniff_errors){.known = false, .framing = 9};
    assert_true(sniff_merit(&even) == sniff_merit(&none));
}

static void the_right_rate_is_the_one_that_is_understood(void **state)
{
    (void)state;
    static struct sniff_trial right, garbage, silent;
    begin();
    lines(20, "##.#\n");
    sniff_judge(stream.data, stream.size, &right.findings);
    begin();
    add_noise(1000);
    sniff_judge(stream.data, stream.size, &garbage.findings);
    begin();
    sniff_judge(stream.data, stream.size, &silent.findings);
    assert_true(sniff_merit(&right) > sniff_merit(&garbage) && sniff_merit(&garbage) > sniff_merit(&silent));
    assert_true(sniff_merit(&silent) == 0 && !sniff_is_settled(&garbage) && !sniff_is_settled(&silent));
}

static void the_whole_table_has_room(void **state)
{
    (void)state;
    size_t serial = 0;
    for (size_t i = 0; codecs[i]; i++)
        serial += codecs[i]->delimit != NULL;
    begin();
    judged();
    assert_int_equal(found.codec_count, serial);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_that_speaks_a_codec_is_called_that),
        cmocka_unit_test(half_a_frame_at_either_end_does_no_harm),
        cmocka_unit_test(lost_bytes_do_not_hide_a_codec),
        cmocka_unit_test(noise_is_nothing),
        cmocka_unit_test(garbage_of_a_wrong_rate_is_nothing),
        cmocka_unit_test(lines_of_noise_and_digits_are_not_text),
        cmocka_unit_test(lines_are_what_they_look_like),
        cmocka_unit_test(a_checksum_is_better_evidence_than_numbers_between_commas),
        cmocka_unit_test(what_nothing_proves_must_explain_nearly_all),
        cmocka_unit_test(receivers_are_told_apart),
        cmocka_unit_test(at_a_wrong_rate_no_device_is_called_anything),
        cmocka_unit_test(the_right_rate_and_parity_win),
        cmocka_unit_test(two_devices_on_one_line_are_the_one_with_more),
        cmocka_unit_test(refusals_are_counted_by_reason),
        cmocka_unit_test(an_unknown_device_tells_its_frame_length),
        cmocka_unit_test(nothing_from_the_line_comes_unescaped),
        cmocka_unit_test(the_right_parity_is_the_one_without_errors),
        cmocka_unit_test(the_right_rate_is_the_one_that_is_understood),
        cmocka_unit_test(the_whole_table_has_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
