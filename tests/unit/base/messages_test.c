// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "base/fault.h"
#include "base/messages.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A language's choice is seen in the variable that gettext obeys.
static void environment(const char *all, const char *messages, const char *lang)
{
    const char *names[] = {"LC_ALL", "LC_MESSAGES", "LANG"}, *values[] = {all, messages, lang};
    for (size_t i = 0; i < 3; i++)
        values[i] ? setenv(names[i], values[i], 1) : unsetenv(names[i]);
}

static void the_environment_chooses_the_language_when_it_names_one_of_ours(void **state)
{
    (void)state;
    environment(NULL, NULL, "ja_JP.UTF-8");
    messages_use("en");
    assert_string_equal(getenv("LANGUAGE"), "ja");
    environment("en_US.UTF-8", NULL, "ja_JP.UTF-8");
    messages_use("ja");
    assert_string_equal(getenv("LANGUAGE"), "en");
    environment("C.UTF-8", NULL, "ja_JP.UTF-8");
    messages_use("en");
    assert_string_equal(getenv("LANGUAGE"), "ja");
}

static void otherwise_the_settings_do(void **state)
{
    (void)state;
    environment("C", "POSIX", "de_DE.UTF-8");
    messages_use("ja");
    assert_string_equal(getenv("LANGUAGE"), "ja");
    messages_use(NULL);
    assert_string_equal(getenv("LANGUAGE"), "en");
    environment(NULL, NULL, "javanese");
    messages_use("en");
    assert_string_equal(getenv("LANGUAGE"), "en");
}

static void a_fault_is_one_bounded_line_and_returns_its_error(void **state)
{
    (void)state;
    struct fault why;
    char longest[2000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(fault_set(&why, -EINVAL, "a\nb %s", "\x1b[31m"), -EINVAL);
    assert_string_equal(why.text, "a\\x0ab \\x1b[31m");
    fault_set(&why, 0, "%s", longest);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
    assert_string_equal(why.text + sizeof why.text - 4, "...");
    assert_int_equal(fault_errno(&why, -ENOENT, "cannot read %s", "/x"), -ENOENT);
    assert_string_equal(why.text, "cannot read /x: No such file or directory");
    assert_int_equal(fault_set(NULL, -EIO, "nobody asks"), -EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_chooses_the_language_when_it_names_one_of_ours),
        cmocka_unit_test(otherwise_the_settings_do),
        cmocka_unit_test(a_fault_is_one_bounded_line_and_returns_its_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
