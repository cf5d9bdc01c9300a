// SPDX-License-Identifier: Apache-2.0
#include "reading/identifier.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

// How many bytes of a text, from `at` on, are an identifier; 0: none begins there.
typedef size_t shape(const char *text, size_t size, size_t at);

static bool is_hex(char c)
{
    return isxdigit((unsigned char)c);
}

static bool is_decimal(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
    return c == ':' || c == '-' || c == '.' || c == '_';
}

static bool is_enough(size_t digits, size_t decimals)
{
    return digits >= 12 || (digits >= 10 && decimals > 0);
}

// Groups of hexadecimal digits with one separator between two. A last group that goes on as a word (the "ba" of ":battery") is left
// out, if there is enough without it.
static size_t digits_from(const char *text, size_t size)
{
    size_t at = 0, whole = 0, digits = 0, decimals = 0;
    while (at < size && is_hex(text[at])) {
        for (; at < size && is_hex(text[at]); at++, digits++)
            decimals += is_decimal(text[at]);
        bool is_word = at < size && isalnum((unsigned char)text[at]);
        if (is_enough(digits, decimals) && !is_word)
            whole = at;
        if (is_word || at == size || !is_separator(text[at]))
            break;
        at++;
    }
    return whole ? whole : is_enough(digits, decimals) ? at : 0;
}

// The end of a word before it (the "ac" of "mac:") is no part of it, if there is enough without.
static size_t hexadecimal(const char *text, size_t size, size_t at)
{
    if (!is_hex(text[at]) || (at > 0 && is_hex(text[at - 1])))
        return 0;
    size_t next = at;
    while (next < size && is_hex(text[next]) && !is_decimal(text[next]))
        next++;
    bool is_word = at > 0 && isalnum((unsigned char)text[at - 1]) && next < size && is_separator(text[next]);
    if (is_word && digits_from(text + next + 1, size - next - 1))
        return 0;
    return digits_from(text + at, size - at);
}

static bool is_base64(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("+/-_=", c));
}

static bool is_letter_or_decimal(char c)
{
    return isalnum((unsigned char)c);
}

struct run {
    size_t size, decimals, small, large;
};

// The characters from `at` on that may be in it; none when one stands before them.
static struct run run_from(const char *text, size_t size, size_t at, bool (*is_part)(char c))
{
    struct run run = {0};
    if (at > 0 && is_part(text[at - 1]))
        return run;
    for (; at < size && is_part(text[at]); at++, run.size++) {
        run.decimals += is_decimal(text[at]);
        run.small += islower((unsigned char)text[at]) != 0;
        run.large += isupper((unsigned char)text[at]) != 0;
    }
    return run;
}

enum { RUN_LEAST = 20 };

static size_t base64(const char *text, size_t size, size_t at)
{
    struct run run = run_from(text, size, at, is_base64);
    return run.size >= RUN_LEAST && run.decimals >= 2 && run.small && run.large ? run.size : 0;
}

static size_t word(const char *text, size_t size, size_t at)
{
    struct run run = run_from(text, size, at, is_letter_or_decimal);
    return run.size >= RUN_LEAST && run.decimals >= 3 ? run.size : 0;
}

static shape *const shapes[] = {base64, word, hexadecimal}; // what the first find may begin as the last does

// "192.168.1.23:49152", which is where something was sent from in a network of ours, is none: its length, or 0.
static size_t internet_address(const char *text, size_t size)
{
    enum { GROUPS = 4, GROUP_DIGITS = 3 };
    size_t at = 0;
    for (int group = 0; group < GROUPS; group++) {
        size_t begin = at;
        while (at < size && is_decimal(text[at]))
            at++;
        if (at == begin || at - begin > GROUP_DIGITS || (group < GROUPS - 1 && (at == size || text[at++] != '.')))
            return 0;
    }
    if (at + 1 < size && text[at] == ':' && is_decimal(text[at + 1]))
        for (at++; at < size && is_decimal(text[at]); at++)
            ;
    bool goes_on = at < size && (isalnum((unsigned char)text[at]) ||
                                 (is_separator(text[at]) && at + 1 < size && is_hex(text[at + 1])));
    return goes_on ? 0 : at;
}

// The first from `at` on; its length, or 0.
static size_t find(const char *text, size_t size, size_t at, size_t *ret_at)
{
    for (; at < size; at++) {
        bool begins = at == 0 || (!isalnum((unsigned char)text[at - 1]) && !is_separator(text[at - 1]));
        at += begins ? internet_address(text + at, size - at) : 0;
        for (size_t i = 0; at < size && i < sizeof shapes / sizeof *shapes; i++) {
            size_t length = shapes[i](text, size, at);
            if (length) {
                *ret_at = at;
                return length;
            }
        }
    }
    return 0;
}

bool identifier_within(const char *text, size_t size)
{
    size_t at;
    return find(text, size, 0, &at) > 0;
}

bool identifier_number(double number)
{
    return fabs(number) > UINT32_MAX;
}

size_t identifier_hide(char *text, bool (*is_ours)(const void *context, const char *found, size_t size),
                       const void *context)
{
    size_t size = strlen(text), at = 0, used = 0, found, length, hidden = 0;
    while ((length = find(text, size, at, &found)) > 0) {
        bool ours = is_ours && is_ours(context, text + found, length);
        size_t kept = found - at + (ours ? length : 0);
        memmove(text + used, text + at, kept);
        used += kept;
        at = found + length;
        if (ours)
            continue;
        char sign[32];
        size_t sign_size = (size_t)snprintf(sign, sizeof sign, "…(%zu)", length);
        memcpy(text + used, sign, sign_size);
        used += sign_size;
        hidden++;
    }
    memmove(text + used, text + at, size - at + 1);
    return hidden;
}
