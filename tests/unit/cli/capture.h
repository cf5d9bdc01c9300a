// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check.h"
#include "cli/verb.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Runs the tool within the test and keeps what it prints.
 */

struct captured {
    int exit;
    char out[65536], err[8192];
};

static void capture_read(FILE *file, char *ret_text, size_t size)
{
    rewind(file);
    ret_text[fread(ret_text, 1, size - 1, file)] = '\0';
    fclose(file);
}

// argv ends with NULL.
static void capture(struct captured *ret, char **argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    FILE *files[2] = {tmpfile(), tmpfile()};
    fflush(NULL);
    int saved[2] = {dup(1), dup(2)};
    dup2(fileno(files[0]), 1);
    dup2(fileno(files[1]), 2);
    ret->exit = cli_run(argc, argv);
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        dup2(saved[i], i + 1);
        close(saved[i]);
    }
    capture_read(files[0], ret->out, sizeof ret->out);
    capture_read(files[1], ret->err, sizeof ret->err);
}

#define RUN(captured, ...) capture(captured, (char *[]){(char[]){"citygw"}, __VA_ARGS__, NULL})
