// SPDX-License-Identifier: Apache-2.0
#include "width.h"

#include <string.h>

/*
 * U+3000           E3 80 80
 * U+FF01..U+FF3F   EF BC 81..BF   0x21..0x5F
 * U+FF40..U+FF5E   EF BD 80..9E   0x60..0x7E
 */
static char half_of(const unsigned char *at)
{
    if (at[0] == 0xe3 && at[1] == 0x80 && at[2] == 0x80)
        return ' ';
    if (at[0] == 0xef && at[1] == 0xbc && at[2] >= 0x81 && at[2] <= 0xbf)
        return (char)(at[2] - 0x81 + 0x21);
    if (at[0] == 0xef && at[1] == 0xbd && at[2] >= 0x80 && at[2] <= 0x9e)
        return (char)(at[2] - 0x80 + 0x60);
    return '\0';
}

const char *width_find(const char *text, char *ret_half)
{
    for (; *text; text++) {
        char half = half_of((const unsigned char *)text);
        if (!half)
            continue;
        *ret_half = half;
        return text;
    }
    return NULL;
}

bool width_fold(const char *text, char *ret_text)
{
    bool folded = false;
    while (*text) {
        char half = half_of((const unsigned char *)text);
        folded = folded || half;
        *ret_text++ = half ? half : *text;
        text += half ? WIDTH_BYTES : 1;
    }
    *ret_text = '\0';
    return folded;
}

size_t width_columns(const char *text)
{
    size_t columns = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if ((*at & 0xc0) == 0x80)
            continue;
        bool wide = *at >= 0xe2 && !(*at == 0xe2 && at[1] < 0xba); // U+2E80 and above: CJK, kana, full-width forms
        bool half_kana = *at == 0xef && (at[1] == 0xbd || at[1] == 0xbe) && !half_of(at); // U+FF61..U+FF9F
        columns += wide && !half_kana ? 2 : 1;
    }
    return columns;
}
