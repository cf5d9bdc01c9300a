// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "coap_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];
static struct keys *keys;
static struct fault why;

static int begin(void **state)
{
    (void)state;
    strcpy(path, "/tmp/citygw-psk-XXXXXX");
    close(mkstemp(path));
    keys = NULL;
    why.text[0] = '\0';
    return 0;
}

static int end(void **state)
{
    (void)state;
    keys_destroy(keys);
    return unlink(path);
}

static int load(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return keys_load(path, &keys, &why);
}

static void assert_key(const char *identity, const char *key)
{
    size_t size;
    const uint8_t *found = keys_find(keys, identity, strlen(identity), &size);
    assert_non_null(found);
    assert_int_equal(size, strlen(key));
    assert_memory_equal(found, key, size);
    assert_string_equal(keys_identity(keys, identity, strlen(identity)), identity);
}

static void each_identity_has_its_key(void **state)
{
    (void)state;
    assert_int_equal(load("; the car park\r\n[PSK]\r\nkerb-2 = 6f74686572 ; east\r\nkerb-1=736563726574\r\n"
                          "urn:dev:mac:1 = 4142\r\n\xe5\xa4\xa7 = 43\r\n"),
                     0);
    assert_int_equal(keys_count(keys), 4);
    assert_key("kerb-1", "secret");
    assert_key("kerb-2", "other");
    assert_key("urn:dev:mac:1", "AB");
    assert_key("\xe5\xa4\xa7", "C");
}

static void who_is_not_there_has_none(void **state)
{
    (void)state;
    size_t size;
    char longer[IDENTITY_MAX + 1];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(load("[psk]\nkerb-1 = 736563726574\n"), 0);
    assert_null(keys_find(keys, "kerb-", 5, &size));
    assert_null(keys_find(keys, "KERB-1", 6, &size));
    assert_null(keys_find(keys, "kerb-1\0", 7, &size));
    assert_null(keys_find(keys, "", 0, &size));
    assert_null(keys_find(keys, longer, sizeof longer, &size));
    assert_null(keys_identity(keys, "nobody", 6));
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *word;
    } wrongs[] = {
        {"[psk]\na = xyz\n", ":2: ", "hexadecimal"},       {"[psk]\na = 123\n", ":2: ", "hexadecimal"},
        {"[psk]\na =\n", ":2: ", "hexadecimal"},           {"a = 11\n", ":1: ", "[psk]"},
        {"[psk]\na = 11\n[keys]\n", ":3: ", "[psk]"},      {"[psk]\nkerb-1 xyz123\n", ":2: ", "NAME = VALUE"},
        {"[psk]\na = 11\na = 22\n", "", "is given twice"}, {"[psk]\n = 11\n", ":2: ", ""},
    };
    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        int error = load(wrongs[i].text);
        if (!error || !strstr(why.text, wrongs[i].place) || !strstr(why.text, wrongs[i].word))
            fail_msg("%s: %d %s", wrongs[i].text, error, why.text);
        assert_null(strstr(why.text, "xyz")); // it may have been meant as a key
    }
    char text[300];
    snprintf(text, sizeof text, "[psk]\nlong = %0130d\n", 0);
    assert_int_equal(load(text), -EINVAL);
}

static void others_may_not_read_it(void **state)
{
    (void)state;
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(load("[psk]\na = 11\n"), -EPERM);
    assert_non_null(strstr(why.text, "0600"));
    assert_int_equal(keys_load("/nowhere/psk.ini", &keys, &why), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_identity_has_its_key, begin, end),
        cmocka_unit_test_setup_teardown(who_is_not_there_has_none, begin, end),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_told_with_its_line, begin, end),
        cmocka_unit_test_setup_teardown(others_may_not_read_it, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
