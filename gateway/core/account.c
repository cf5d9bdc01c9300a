// SPDX-License-Identifier: Apache-2.0
#include "account.h"

#include "account_day.h"
#include "base/files.h"
#include "base/log.h"
#include "base/messages.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t look_every_us = 60 * 1000000LL, save_every_us = 3600 * 1000000LL, doubt_us = 180 * 1000000LL;
static const int64_t before_all_us = 1704067200 * 1000000LL; // 2024-01-01: a clock that shows less was not set

enum { PATH_SIZE = 512, SMALL_BACKLOG = 100000 };
static const char report_prefix[] = "report.", running[] = "account", closed[] = "account.closed";

struct account {
    struct account_options options;
    struct day day;      // the worker's while `busy`
    struct day refusals; // the loop's: only `refused` is used, until the worker is not busy
    bool busy, new_report;
    bool looked; // at least once
    int64_t created_boot_us, next_look_us, next_save_us;
    char last[DAY_TEXT_SIZE]; // the day whose report was closed last; "" none
    struct bytes today;       // the running day's report, as of the last look
    uv_work_t work;
};

static void path_of(const struct account *account, const char *name, const char *day, char ret_path[PATH_SIZE])
{
    snprintf(ret_path, PATH_SIZE, "%s/%s%s", account->options.folder, name, day);
}

static void tell(const char *path, const struct fault *why)
{
    (void)path;
    log_line(LOG_LEVEL_WARNING, "report", "%s", why->text);
}

/* The worker. */

static void save(struct account *account, const char *name)
{
    char path[PATH_SIZE];
    struct fault why = {""};
    path_of(account, name, "", path);
    if (day_save(&account->day, account->options.buffer, path, &why) != 0)
        tell(path, &why);
}

static bool is_report(const char *name)
{
    size_t prefix = sizeof report_prefix - 1;
    return strncmp(name, report_prefix, prefix) == 0 && strlen(name + prefix) == strlen("2026-11-24");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int choose_report(const struct dirent *entry)
{
    return is_report(entry->d_name);
}

// The oldest go; the newest one's day is put into `last`.
static void tidy(struct account *account)
{
    struct dirent **list;
    int count = scandir(account->options.folder, &list, choose_report, by_name);
    for (int i = 0; i < count; i++) {
        char path[PATH_SIZE];
        path_of(account, list[i]->d_name, "", path);
        if (i < count - ACCOUNT_DAYS_KEPT)
            unlink(path);
        else
            snprintf(account->last, sizeof account->last, "%.10s", list[i]->d_name + sizeof report_prefix - 1);
        free(list[i]);
    }
    if (count >= 0)
        free(list);
}

// The next day begins with the first record that is not counted yet: days without any make no report.
static int64_t next_day_us(struct account *account)
{
    const struct clock *clock = account->options.clock;
    int64_t now_us = clock_wall_us(clock), next_us = day_next_us(&account->day, account->options.buffer, clock);
    return next_us >= account->day.to_us && next_us < now_us ? next_us : now_us;
}

static void close_day(struct account *account)
{
    char path[PATH_SIZE];
    struct fault why = {""};
    struct bytes report;
    bytes_init(&report, ACCOUNT_REPORT_MAX);
    int error = day_report(&account->day, &account->options, true, &report);
    path_of(account, report_prefix, account->day.text, path);
    if (error)
        fault_errno(&why, error, _("yesterday's report cannot be made"));
    else
        error = file_replace(path, report.data, report.used, &why);
    if (error)
        tell(path, &why);
    bytes_finish(&report);
    tidy(account);
    account->new_report = error == 0;
    save(account, closed); // should the clock go back to it
    day_begin(&account->day, next_day_us(account));
}

static bool backlog_is_small(const struct account *account)
{
    for (size_t i = 0; i < account->options.outlet_count; i++)
        if (buffer_cursor_count(account->options.buffer, account->options.outlets[i]) > SMALL_BACKLOG)
            return false;
    return true;
}

// What a machine shows just after its start may be the time of its last end, until it hears of a better one.
static bool clock_is_believed(const struct account *account)
{
    const struct clock *clock = account->options.clock;
    bool waited = clock_boot_us(clock) - account->created_boot_us >= doubt_us;
    return clock->synchronised(clock) || (waited && clock_wall_us(clock) >= before_all_us);
}

static bool is_over(const struct account *account)
{
    return clock_wall_us(account->options.clock) >= account->day.to_us && clock_is_believed(account);
}

// The day that was closed last goes on, when that is today after all. What was refused since belongs to it.
static bool reopen_day(struct account *account, int64_t now_us)
{
    char path[PATH_SIZE];
    struct day day = {0};
    path_of(account, closed, "", path);
    bool reopens = day_load(&day, account->options.buffer, path) == 0 && now_us >= day.from_us && now_us < day.to_us;
    for (uint32_t i = 0; reopens && i < account->day.count; i++) {
        struct day_stream *stream = day_stream(&day, i);
        for (int r = 0; stream && r < REFUSAL_COUNT; r++)
            stream->refused[r] += account->day.streams[i].refused[r];
    }
    struct day other = reopens ? account->day : day;
    account->day = reopens ? day : account->day;
    day_finish(&other);
    return reopens;
}

// A day that began by a wrong clock becomes the one that it is.
static void date_day(struct account *account)
{
    int64_t now_us = clock_wall_us(account->options.clock);
    if (account->day.from_us < before_all_us) {
        account->day.complete &= account->day.first == 0;
        day_move(&account->day, next_day_us(account));
    } else if (now_us < account->day.from_us && !reopen_day(account, now_us)) {
        account->day.complete = false;
        day_move(&account->day, now_us);
    }
}

static void count(struct account *account)
{
    date_day(account);
    while (day_count(&account->day, account->options.buffer, account->options.clock) == 0 && is_over(account)) {
        close_day(account);
        account->next_save_us = 0;
    }
}

static void look(uv_work_t *work)
{
    struct account *account = work->data;
    int64_t now_boot_us = clock_boot_us(account->options.clock);
    if (clock_is_believed(account))
        count(account);
    if (now_boot_us >= account->next_save_us) {
        account->next_save_us = now_boot_us + save_every_us;
        save(account, running);
    }
    bytes_clear(&account->today);
    if (backlog_is_small(account) && day_report(&account->day, &account->options, false, &account->today) != 0)
        bytes_clear(&account->today);
}

/* The loop. */

// What was refused meanwhile joins the day's.
static void join_refusals(struct account *account)
{
    for (uint32_t i = 0; i < account->refusals.count; i++) {
        struct day_stream *stream = day_stream(&account->day, i);
        for (int r = 0; stream && r < REFUSAL_COUNT; r++)
            stream->refused[r] += account->refusals.streams[i].refused[r];
    }
    if (account->refusals.count)
        memset(account->refusals.streams, 0, account->refusals.count * sizeof *account->refusals.streams);
}

static void looked(uv_work_t *work, int status)
{
    struct account *account = work->data;
    (void)status;
    account->busy = false;
    account->looked = true;
    if (account->new_report && account->options.reported)
        account->options.reported(account->options.context);
    account->new_report = false;
}

void account_tick(struct account *account)
{
    int64_t now_us = clock_boot_us(account->options.clock);
    if (account->busy || (now_us < account->next_look_us && !is_over(account)))
        return;
    join_refusals(account);
    account->next_look_us = now_us + look_every_us;
    account->work.data = account;
    account->busy = uv_queue_work(account->options.loop, &account->work, look, looked) == 0;
}

void account_refused(struct account *account, uint32_t stream, enum refusal refusal)
{
    struct day_stream *counts = day_stream(&account->refusals, stream);
    if (counts && refusal < REFUSAL_COUNT)
        counts->refused[refusal]++;
}

// What cannot be read is kept for whoever wants to know why; the days that are closed have files of their own. That of an
// earlier buffer (-ESTALE) is no damage: its numbers mean nothing here.
static void set_aside(const char *path, int error)
{
    char aside[PATH_SIZE + sizeof ".damaged"];
    if (error == -ENOENT || error == -ESTALE)
        return;
    snprintf(aside, sizeof aside, "%s.damaged", path);
    if (rename(path, aside) == 0)
        log_line(LOG_LEVEL_WARNING, "account",
                 _("%s cannot be read (%s), so this day's account begins anew; it is kept as %s"), path,
                 error_text(error), aside);
    else
        log_line(LOG_LEVEL_WARNING, "account", _("%s cannot be read (%s), so this day's account begins anew"), path,
                 error_text(error));
}

struct account *account_create(const struct account_options *options)
{
    char path[PATH_SIZE];
    struct buffer_figures figures;
    struct account *account = calloc(1, sizeof *account);
    if (!account)
        return NULL;
    account->options = *options;
    account->created_boot_us = clock_boot_us(options->clock);
    bytes_init(&account->today, ACCOUNT_REPORT_MAX);
    buffer_figures(options->buffer, &figures);
    day_begin(&account->day, clock_wall_us(options->clock));
    path_of(account, running, "", path);
    int error = day_load(&account->day, options->buffer, path);
    if (error)
        set_aside(path, error);
    bool reaches = account->day.next >= figures.oldest && account->day.next <= figures.next;
    if (error || !reaches) { // a first start, or one after days: what came before is not known
        account->day.next = error ? figures.next : figures.oldest;
        account->day.complete = figures.next == 1;
    }
    account->next_save_us = clock_boot_us(options->clock) + save_every_us;
    tidy(account);
    return account;
}

void account_destroy(struct account *account)
{
    if (!account)
        return;
    while (account->busy)
        uv_run(account->options.loop, UV_RUN_ONCE);
    join_refusals(account);
    save(account, running);
    bytes_finish(&account->today);
    day_finish(&account->day);
    day_finish(&account->refusals);
    free(account);
}

static int read_report(const struct account *account, const char *day, struct bytes *out, struct fault *why)
{
    char path[PATH_SIZE];
    struct bytes text;
    path_of(account, report_prefix, day, path);
    bytes_init(&text, ACCOUNT_REPORT_MAX + 2);
    int error = file_read(path, ACCOUNT_REPORT_MAX, &text, why);
    if (error == -ENOENT)
        fault_set(why, error, _("there is no report of %s; the last %d days are kept"), day, ACCOUNT_DAYS_KEPT);
    if (!error && (error = day_report_fit(&text, out)) != 0)
        fault_errno(why, error, "%s", path);
    bytes_finish(&text);
    return error;
}

// "2026-11-24", and nothing that could be a path.
static bool is_day(const char *day)
{
    static const char shape[] = "dddd-dd-dd";
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == 'd' ? day[i] < '0' || day[i] > '9' : day[i] != shape[i])
            return false;
    return day[sizeof shape - 1] == '\0';
}

static bool is_today(const struct account *account, const char *day)
{
    return day && strcmp(day, account->day.text) == 0;
}

int account_report(struct account *account, const char *day, struct bytes *out, struct fault *why)
{
    if (day && !is_day(day))
        return fault_set(why, -EINVAL, "%s", _("\"day\" is no day; expected one such as 2026-11-24"));
    if (account->busy || (is_today(account, day) && !account->looked))
        return fault_set(why, -EBUSY, "%s", _("the account is just being made; try again in a moment"));
    if (!day && !*account->last)
        return fault_set(why, -ENOENT, "%s", _("no day has ended yet; ask for today's with its date"));
    if (!is_today(account, day))
        return read_report(account, day ? day : account->last, out, why);
    if (account->today.used == 0)
        return fault_set(why, -EBUSY, "%s", _("today's account is not made while much waits to be sent"));
    int error = day_report_fit(&account->today, out);
    return error ? fault_errno(why, error, "%s", day) : 0;
}
