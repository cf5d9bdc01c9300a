// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>

/*
 * A fault is one sentence for the person who must act: what, where, what was expected. Functions return 0 or a negative
 * errno for the program and fill a fault for the person. NULL is allowed wherever a fault is asked for.
 */

struct fault {
    char text[400]; // UTF-8, no line break, always terminated
};

// Formats the sentence (cut at a character's border when too long, control bytes escaped) and returns `error`
// (a negative errno), so that `return fault_set(why, -EINVAL, _("..."), ...);` reads as one step.
int fault_set(struct fault *why, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

// The same, followed by ": " and the system's text for `error`.
int fault_errno(struct fault *why, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

// The system's text for an errno of either sign, in English; thread-safe, never NULL.
const char *error_text(int error);
