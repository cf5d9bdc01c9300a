// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/messages.h"
#include "base/text.h"
#include "cli/verb.h"
#include "complain.h"
#include "import_progress.h"
#include "import_send.h"
#include "interrupt.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

static const int64_t note_us = 5 * 1000000LL; // how often it is written down how far it came

struct import {
    const char *path;
    int fd;
    struct carry carry;
    struct broker *broker;
    struct sending *sending;
    int64_t noted_us;
    size_t noted;     // readings done by then
    bool cannot_note; // the stick may be read-only: said once
};

// All of it, before anything is sent.
static int check(struct import *import, struct fault *why)
{
    char chunk[CHUNK];
    ssize_t got;
    int error = 0;
    while (!error && (got = read(import->fd, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno != EINTR)
            return fault_errno(why, -errno, _("the file cannot be read"));
        if (got > 0)
            error = carry_feed(&import->carry, chunk, (size_t)got, why);
    }
    return error ? error : carry_end(&import->carry, why);
}

static int open_file(struct import *import, struct fault *why)
{
    struct stat status;
    import->fd = open(import->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // or a pipe would hold it up for ever
    if (import->fd < 0 || fstat(import->fd, &status) != 0)
        return fault_errno(why, -errno, _("the file cannot be opened"));
    if (!S_ISREG(status.st_mode))
        return fault_set(why, -EINVAL, _("%s is not a file"), import->path);
    return check(import, why);
}

static void note(struct import *import)
{
    struct fault why;
    size_t done = sending_done(import->sending);
    import->noted_us = clock_boot_us(&clock_system);
    if (import->cannot_note || done == import->noted)
        return;
    import->noted = done;
    if (progress_write(import->path, &import->carry, broker_url(import->broker), done, &why) == 0)
        return;
    import->cannot_note = true;
    complain(_("%s; how far it came is not remembered, so another run would send everything again, which does no harm"),
             why.text);
}

static void show_progress(const struct import *import)
{
    if (isatty(STDERR_FILENO))
        complain(_("%zu of %zu"), sending_done(import->sending), import->carry.readings);
}

static int send_all(struct import *import, struct fault *why)
{
    interrupt_catch();
    int error = broker_connect(import->broker, why);
    while (!error && sending_done(import->sending) < import->carry.readings && !interrupt_came()) {
        error = sending_turn(import->sending, why);
        if (clock_boot_us(&clock_system) - import->noted_us < note_us)
            continue;
        note(import);
        show_progress(import);
    }
    note(import);
    if (!error && sending_done(import->sending) < import->carry.readings)
        error = fault_set(why, -EINTR, _("interrupted"));
    return error;
}

static int send_rest(struct import *import, size_t done, struct fault *why)
{
    import->noted = done;
    int error = sending_create(import->broker, &import->carry, import->fd, done, &import->sending, why);
    error = error ? error : send_all(import, why);
    if (!error)
        printf(_("%zu readings of %s are at %s now\n"), import->carry.readings, import->carry.head.gateway,
               broker_url(import->broker));
    else if (import->sending)
        complain(_("%zu of %zu readings were acknowledged; the same command goes on from there"),
                 sending_done(import->sending), import->carry.readings);
    return error;
}

static int run(struct import *import, const struct options *options, struct fault *why)
{
    struct broker_options how = {.options = options, .purpose = "import", .tickets = SENDING_WINDOW_MAX};
    int error = broker_open(&how, &import->broker, why);
    error = error ? error : open_file(import, why);
    if (error)
        return error;
    size_t done = progress_read(import->path, &import->carry, broker_url(import->broker));
    if (done == import->carry.readings) {
        printf(_("all %zu readings of %s are at %s already; remove %s.imported to send them again\n"), done,
               import->carry.head.gateway, broker_url(import->broker), import->path);
        return 0;
    }
    return send_rest(import, done, why);
}

int verb_import(int argc, char **argv)
{
    const unsigned takes = OPTION_CONFIG | OPTION_OUTLET | OPTION_BROKER | OPTION_OPERAND;
    struct options options;
    struct import import = {.fd = -1};
    struct fault why = {""};
    char shown[150];
    int result;
    if (!options_read(argc, argv, takes, &options, &result))
        return result;
    if (!options.operand) {
        complain("%s", _("an import needs the FILE that citygw export wrote"));
        return VERB_USAGE;
    }
    import.path = options.operand;
    carry_init(&import.carry, true);
    int error = run(&import, &options, &why);
    if (error && *why.text)
        complain("%s: %s", text_escape(import.path, strlen(import.path), shown, sizeof shown), why.text);
    sending_destroy(import.sending);
    broker_close(import.broker);
    carry_finish(&import.carry);
    if (import.fd >= 0)
        close(import.fd);
    return error ? VERB_PROBLEM : VERB_FINE;
}
