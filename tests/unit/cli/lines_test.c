// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include "check.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *file_of(const char *text, size_t size)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    rewind(file);
    assert_int_equal(fflush(file), 0);
    return file;
}

static void expect(struct lines *lines, const char *text)
{
    const char *line;
    size_t size;
    assert_int_equal(lines_next(lines, &line, &size), 1);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(line, text, size);
}

static void lines_come_one_by_one_and_can_be_gone_back_to(void **state)
{
    static const char text[] = "one\n\nthree\nfour";
    FILE *file = file_of(text, sizeof text - 1);
    struct lines lines;
    const char *line;
    size_t size;
    (void)state;
    lines_init(&lines, fileno(file));
    expect(&lines, "one");
    expect(&lines, "");
    off_t offset = lines.offset;
    expect(&lines, "three");
    expect(&lines, "four");
    assert_int_equal(lines.number, 4);
    assert_int_equal(lines_next(&lines, &line, &size), 0);
    assert_int_equal(lines_seek(&lines, offset, 2), 0);
    expect(&lines, "three");
    assert_int_equal(lines.number, 3);
    lines_finish(&lines);
    fclose(file);
}

static void a_line_that_is_too_long_is_stepped_over(void **state)
{
    size_t size = 2 * LINES_MAX + 100;
    char *text = malloc(size);
    const char *line;
    (void)state;
    memset(text, 'x', size);
    memcpy(text, "first\n", 6);
    memcpy(text + size - 6, "\nlast\n", 6);
    FILE *file = file_of(text, size);
    struct lines lines;
    lines_init(&lines, fileno(file));
    expect(&lines, "first");
    size_t got;
    assert_int_equal(lines_next(&lines, &line, &got), -EMSGSIZE);
    expect(&lines, "last");
    assert_int_equal(lines.offset, size);
    assert_int_equal(lines_next(&lines, &line, &got), 0);
    lines_finish(&lines);
    fclose(file);
    free(text);
}

static void a_line_of_a_pipe_is_given_before_the_next_is_written(void **state)
{
    int ends[2];
    struct lines lines;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    lines_init(&lines, ends[0]);
    assert_int_equal(write(ends[1], "a\n", 2), 2);
    expect(&lines, "a");
    assert_int_equal(write(ends[1], "b\n", 2), 2);
    expect(&lines, "b");
    close(ends[1]);
    close(ends[0]);
    lines_finish(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_one_by_one_and_can_be_gone_back_to),
        cmocka_unit_test(a_line_that_is_too_long_is_stepped_over),
        cmocka_unit_test(a_line_of_a_pipe_is_given_before_the_next_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
