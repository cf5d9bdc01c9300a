// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * One event, one line on stderr: who, what, what happens next. Under systemd a line starts with its priority ("<4>").
 * Whatever comes from outside is escaped (control bytes as \xNN, 400 bytes at most), so a line cannot be forged.
 * Rooms report and the core decides: only core and cli call this.
 */

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_NOTICE = 5, LOG_LEVEL_INFO = 6 };

// `who` is the part that speaks, such as "mqtt" or "serial:kerb". Thread-safe.
void log_line(enum log_level level, const char *who, const char *format, ...) __attribute__((format(printf, 3, 4)));
