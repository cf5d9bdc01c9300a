// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * Messages to people, in Japanese or English, by gettext. Write _("text") where text is used and N_("text") in a
 * table whose rows are passed to _() later. Logs of programming mistakes and protocol words stay English.
 */

#define _(text) message_text(text)
#define N_(text) text

// Chooses the language: LC_ALL, LC_MESSAGES or LANG if one of them names "ja" or "en" (the system need not have that
// locale installed), else `fallback` ("ja", "en" or NULL for English). Call before threads start; may be called again
// once the settings' `language` is known.
void messages_use(const char *fallback);

// The translation of `text`, or `text` itself. The result lives as long as the program.
const char *message_text(const char *text) __attribute__((format_arg(1)));
