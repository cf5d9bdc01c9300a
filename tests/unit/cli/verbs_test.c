// SPDX-License-Identifier: Apache-2.0
#include "cli/verb.h"

#include "base/messages.h"
#include "capture.h"
#include "check.h"
#include <fcntl.h>
#include <stdlib.h>

static struct captured got;

static void every_verb_has_a_name_help_and_something_to_run(void **state)
{
    (void)state;
    static const char *const names[] = {"check", "keys", "status", "sensors", "simulate"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_non_null(verb_find(names[i]));
    for (const struct verb *verb = verbs; verb->name; verb++) {
        assert_ptr_equal(verb_find(verb->name), verb);
        assert_true(*verb->help && *verb->usage && verb->run);
        RUN(&got, "help", (char *)verb->name);
        assert_int_equal(got.exit, VERB_FINE);
        assert_non_null(strstr(got.out, verb->help));
        RUN(&got, (char *)verb->name, "--help");
        assert_int_equal(got.exit, VERB_FINE);
        assert_non_null(strstr(got.out, verb->usage));
    }
    assert_null(verb_find("CHECK"));
    assert_null(verb_find(""));
}

static void without_a_verb_the_usage_goes_to_stderr(void **state)
{
    (void)state;
    capture(&got, (char *[]){(char[]){"citygw"}, NULL});
    assert_int_equal(got.exit, VERB_USAGE);
    assert_string_equal(got.out, "");
    assert_non_null(strstr(got.err, "\n  status    "));
}

static void asked_for_help_goes_to_stdout(void **state)
{
    (void)state;
    static const char *const words[] = {"help", "--help", "-h"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        RUN(&got, (char *)words[i]);
        assert_int_equal(got.exit, VERB_FINE);
        assert_non_null(strstr(got.out, "\n  status    "));
        assert_string_equal(got.err, "");
    }
}

static void an_unknown_verb_is_answered_with_the_nearest(void **state)
{
    (void)state;
    RUN(&got, "stauts");
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "\"stauts\"; did you mean \"status\"?"));
    RUN(&got, "help", "chekc");
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "\"check\""));
    RUN(&got, "xyzzy");
    assert_int_equal(got.exit, VERB_USAGE);
    assert_null(strstr(got.err, "did you mean"));
}

static void a_hostile_verb_is_printed_escaped(void **state)
{
    (void)state;
    RUN(&got, "\x1b[2J\xff");
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "\"\\x1b[2J\\xff\""));
    RUN(&got, "");
    assert_int_equal(got.exit, VERB_USAGE);
}

static void the_version_is_told(void **state)
{
    (void)state;
    RUN(&got, "--version");
    assert_int_equal(got.exit, VERB_FINE);
    assert_string_equal(got.out, "citygw " CITYGW_VERSION "\n");
}

static void wrong_options_end_with_2_and_the_word_that_was_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *words[4], *says;
    } wrong[] = {
        {{"status", "--bogus"}, "the option --bogus is not known here"},
        {{"status", "-x"}, "the option -x is not known here"},
        {{"status", "--json=1"}, "the option --json=1 is not known here"},
        {{"status", "--socket"}, "the option --socket wants a value"},
        {{"status", "-c"}, "the option -c wants a value"},
        {{"status", "more"}, "\"more\" is too much"},
        {{"sensors", "--json", "more"}, "\"more\" is too much"},
        {{"check", "--json"}, "the option --json is not known here"},
        {{"check", "a.ini", "b.ini"}, "\"b.ini\" is too much"},
        {{"check", "a.ini", "--", "b.ini"}, "\"b.ini\" is too much"},
        {{"keys", "--socket", "x"}, "the option --socket is not known here"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *const *words = (char *const *)wrong[i].words;
        RUN(&got, words[0], words[1], words[2], words[3]);
        assert_int_equal(got.exit, VERB_USAGE);
        assert_string_equal(got.out, "");
        assert_non_null(strstr(got.err, wrong[i].says));
        assert_non_null(strstr(got.err, "expected: citygw "));
    }
}

static void keys_are_printed_for_one_section_or_all(void **state)
{
    (void)state;
    RUN(&got, "keys");
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "municipality"));
    assert_non_null(strstr(got.out, "stale_after"));
    RUN(&got, "keys", "gateway");
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "municipality"));
    assert_null(strstr(got.out, "stale_after"));
    RUN(&got, "keys", "gatewy");
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "gateway"));
    RUN(&got, "keys", "quantities");
    assert_int_equal(got.exit, VERB_FINE);
    assert_non_null(strstr(got.out, "\nbattery_v "));
    assert_non_null(strstr(got.out, "\nwind_speed_mps "));
    assert_null(strstr(got.out, "stale_after"));
}

static void a_gateway_that_does_not_run_is_said_so(void **state)
{
    (void)state;
    RUN(&got, "status", "--socket", "/nowhere/http.sock");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_string_equal(got.out, "");
    assert_non_null(strstr(got.err, "/nowhere/http.sock"));
    assert_non_null(strstr(got.err, "systemctl status citygwd"));
    RUN(&got, "sensors", "-c", "/nowhere.ini");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "/nowhere.ini"));
}

// The exit of the tool when its output goes to that file, or nowhere (NULL), and the buffer of this test's own output.
static int exit_with_output(const char *path, char **argv)
{
    fflush(stdout);
    int saved = dup(1), fd = path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    if (fd >= 0)
        dup2(fd, 1);
    else
        close(1);
    int result = cli_run(2, argv);
    fflush(stdout);
    clearerr(stdout);
    dup2(saved, 1);
    close(saved);
    if (fd >= 0)
        close(fd);
    return result;
}

static void output_that_cannot_be_written_ends_with_1(void **state)
{
    (void)state;
    char *keys[] = {(char[]){"citygw"}, (char[]){"keys"}, NULL};
    char *version[] = {(char[]){"citygw"}, (char[]){"--version"}, NULL};
    assert_int_equal(exit_with_output("/dev/full", keys), VERB_PROBLEM);
    assert_int_equal(exit_with_output("/dev/full", version), VERB_PROBLEM);
    assert_int_equal(exit_with_output(NULL, version), VERB_PROBLEM);
    assert_int_equal(exit_with_output("/dev/null", version), VERB_FINE);
}

int main(void)
{
    setenv("LC_ALL", "en_US.UTF-8", 1);
    messages_use(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_has_a_name_help_and_something_to_run),
        cmocka_unit_test(without_a_verb_the_usage_goes_to_stderr),
        cmocka_unit_test(asked_for_help_goes_to_stdout),
        cmocka_unit_test(an_unknown_verb_is_answered_with_the_nearest),
        cmocka_unit_test(a_hostile_verb_is_printed_escaped),
        cmocka_unit_test(the_version_is_told),
        cmocka_unit_test(wrong_options_end_with_2_and_the_word_that_was_wrong),
        cmocka_unit_test(keys_are_printed_for_one_section_or_all),
        cmocka_unit_test(a_gateway_that_does_not_run_is_said_so),
        cmocka_unit_test(output_that_cannot_be_written_ends_with_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
