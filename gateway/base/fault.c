// SPDX-License-Identifier: Apache-2.0
#include "base/fault.h"

#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *error_text(int error)
{
    const char *text = strerrordesc_np(error < 0 ? -error : error);
    return text ? text : "unknown error";
}

static void fill(struct fault *why, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static void fill(struct fault *why, const char *format, va_list args)
{
    char plain[2 * sizeof why->text];
    int length = vsnprintf(plain, sizeof plain, format, args);
    if (length < 0)
        length = 0;
    if ((size_t)length >= sizeof plain)
        length = (int)sizeof plain - 1;
    text_escape(plain, (size_t)length, why->text, sizeof why->text);
}

int fault_set(struct fault *why, int error, const char *format, ...)
{
    if (!why)
        return error;
    va_list args;
    va_start(args, format);
    fill(why, format, args);
    va_end(args);
    return error;
}

int fault_errno(struct fault *why, int error, const char *format, ...)
{
    if (!why)
        return error;
    va_list args;
    va_start(args, format);
    fill(why, format, args);
    va_end(args);
    size_t used = strlen(why->text);
    snprintf(why->text + used, sizeof why->text - used, ": %s", error_text(error));
    return error;
}
