// SPDX-License-Identifier: Apache-2.0
#include "guard.h"

#include "check.h"
#include <stddef.h>
#include <stdint.h>

static void names_of_this_machine_are_taken_with_and_without_port(void **state)
{
    (void)state;
    static const char *const good[] = {"localhost", "LOCALHOST:8088", "127.0.0.1", "127.0.0.1:80",
                                       "[::1]",     "[::1]:8088",     "127.0.0.9", "127.0.0.9:8088"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(guard_host(good[i], "127.0.0.9"));
    assert_true(guard_host("[fe80::1]:80", "fe80::1"));
}

static void names_of_strangers_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      ":",
                                      ":80",
                                      "evil.example",
                                      "evil.example:8088",
                                      "localhost.evil.example",
                                      "localhost.",
                                      "localhost:",
                                      "localhost:80x",
                                      "localhost:123456",
                                      "localhost:80:80",
                                      "127.0.0.1.evil.example",
                                      "127.0.0.1@evil.example",
                                      " localhost",
                                      "[::1",
                                      "[::1]x",
                                      "[]",
                                      "[",
                                      "::1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(guard_host(bad[i], "127.0.0.9"));
    assert_false(guard_host("", ""));
    assert_false(guard_host("[]", ""));
}

static void only_the_whole_token_is_taken(void **state)
{
    (void)state;
    assert_true(guard_token("Bearer s3cret", "s3cret"));
    assert_true(guard_token("bearer  s3cret", "s3cret"));
    static const char *const bad[] = {
        "",       "Bearer",       "Bearer ",       "Bearer s3cre",        "Bearer s3cretx",
        "s3cret", "Basic s3cret", "Bearer S3cret", "Bearer s3crets3cret", "Bearers3cret"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(guard_token(bad[i], "s3cret"));
    assert_false(guard_token(NULL, "s3cret"));
}

static void an_empty_token_lets_nobody_in(void **state)
{
    (void)state;
    assert_false(guard_token("Bearer ", ""));
    assert_false(guard_token("Bearer x", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_this_machine_are_taken_with_and_without_port),
        cmocka_unit_test(names_of_strangers_are_refused),
        cmocka_unit_test(only_the_whole_token_is_taken),
        cmocka_unit_test(an_empty_token_lets_nobody_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
