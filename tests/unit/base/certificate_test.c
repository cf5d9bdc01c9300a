// SPDX-License-Identifier: Apache-2.0
#include "base/certificate.h"

#include "check.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char folder[64], path[96];

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/citygw-certificate-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/pem", folder);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

// Appends a certificate that ends in so many days, made by openssl.
static void add(int days)
{
    char command[400];
    snprintf(command, sizeof command,
             "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj /CN=t "
             "-days %d -out one 2>err && cat one >>pem && rm key one err",
             folder, days);
    assert_int_equal(system(command), 0);
}

static void of_many_the_first_and_the_last_end_are_told(void **state)
{
    int64_t first_us, last_us, before_s = time(NULL);
    struct fault why;
    (void)state;
    add(500);
    add(10);
    add(100);
    assert_int_equal(certificate_ends(path, &first_us, &last_us, &why), 0);
    int64_t after_s = time(NULL);
    assert_in_range(first_us / 1000000, before_s + 10 * 86400, after_s + 10 * 86400);
    assert_in_range(last_us / 1000000, before_s + 500 * 86400, after_s + 500 * 86400);
}

static void a_file_without_any_is_a_fault(void **state)
{
    int64_t first_us, last_us;
    struct fault why;
    (void)state;
    assert_int_equal(certificate_ends(path, &first_us, &last_us, &why), -ENOENT);
    FILE *file = fopen(path, "w");
    fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", file);
    fclose(file);
    assert_int_equal(certificate_ends(path, &first_us, &last_us, &why), -EBADMSG);
    assert_non_null(strstr(why.text, "/pem holds no certificate"));
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(certificate_ends(path, &first_us, &last_us, &why), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_many_the_first_and_the_last_end_are_told, begin, finish),
        cmocka_unit_test_setup_teardown(a_file_without_any_is_a_fault, begin, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
