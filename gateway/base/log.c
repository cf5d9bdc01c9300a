// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/text.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// JOURNAL_STREAM names the journal's stream by device and inode; children of a service inherit the variable, but may have
// another stderr (systemd.exec(5)).
static bool stderr_is_journal(void)
{
    const char *journal = getenv("JOURNAL_STREAM");
    char own[48];
    struct stat status;
    if (!journal || fstat(STDERR_FILENO, &status) != 0)
        return false;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
    return strcmp(own, journal) == 0;
}

void log_line(enum log_level level, const char *who, const char *format, ...)
{
    static const char *const names[] = {"", "", "", "error", "warning", "notice", "info"};
    char plain[800], text[480], line[640];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(plain, sizeof plain, format, args);
    va_end(args);
    if (length < 0)
        return;
    if ((size_t)length >= sizeof plain)
        length = (int)sizeof plain - 1;
    text_escape(plain, (size_t)length, text, sizeof text);

    // The journal reads the priority from "<4>"; a person at a terminal reads the word.
    if (stderr_is_journal())
        length = snprintf(line, sizeof line, "<%d>%s: %s\n", (int)level, who, text);
    else
        length = snprintf(line, sizeof line, "%s: %s: %s\n", names[level], who, text);
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0)
        return; // nobody is left to tell
}
