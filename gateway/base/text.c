// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool text_is_id(const char *text, size_t size)
{
    if (size == 0 || size > ID_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)text[i]) && (text[i] == '\0' || !strchr("_.-", text[i])))
            return false;
    return true;
}

// The length of the well-formed character at `at` (RFC 3629), or 0.
static size_t character(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80)
        return 1;
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xed && at[1] > 0x9f;
    bool beyond = at[0] == 0xf4 && at[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : length;
}

bool text_is_utf8(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    uint64_t eight;
    while (size) {
        if (size >= sizeof eight && (memcpy(&eight, at, sizeof eight), !(eight & UINT64_C(0x8080808080808080)))) {
            at += sizeof eight; // all ASCII
            size -= sizeof eight;
            continue;
        }
        size_t length = character(at, size);
        if (!length)
            return false;
        at += length;
        size -= length;
    }
    return true;
}

static uint32_t code_point(const unsigned char *at, size_t length)
{
    uint32_t code = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (at[i] & 0x3f);
    return code;
}

bool text_is_plain(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t length; size; at += length, size -= length) {
        length = character(at, size);
        uint32_t code = length ? code_point(at, length) : 0;
        bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        bool no_character = (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
        if (control || no_character)
            return false;
    }
    return true;
}

enum { WORD_MAX = 64 };

// Edits between two words (insert, delete, replace, swap of neighbours), case ignored.
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t row[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b_size; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            size_t best = before[j - 1] + (x != y);
            if (before[j] + 1 < best)
                best = before[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) && tolower((unsigned char)a[i - 2]) == y &&
                earlier[j - 2] + 1 < best)
                best = earlier[j - 2] + 1;
            now[j] = best;
        }
    }
    return row[a_size % 3][b_size];
}

const char *text_nearest(const char *word, const char *const candidates[], size_t count)
{
    size_t size = strnlen(word, WORD_MAX + 1);
    if (size > WORD_MAX)
        return NULL;
    const char *nearest = NULL;
    size_t best = size / 3 + 2; // one edit more than this is another word
    for (size_t i = 0; i < count; i++) {
        size_t other = strnlen(candidates[i], WORD_MAX + 1);
        if (other > WORD_MAX)
            continue;
        size_t edits = distance(word, size, candidates[i], other);
        if (edits < best && edits < other) {
            best = edits;
            nearest = candidates[i];
        }
    }
    return nearest;
}

// Controls that can move a terminal's cursor (C0, C1), and marks that turn, hide or break text so that it reads as what it
// is not (bidirectional controls, zero-width characters, line separators).
static bool is_control(const unsigned char *at, size_t length)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},  {0x200b, 0x200f},
                  {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}};
    uint32_t code = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (at[i] & 0x3f);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

char *text_escape(const char *text, size_t size, char *ret_text, size_t ret_size)
{
    enum { DOTS = 3 };
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0, fits = 0; // `fits`: where the dots go should the text not fit whole
    if (!ret_size)
        return ret_text;
    while (size) {
        char piece[5];
        size_t taken = character(at, size), length = taken;
        if (!taken || is_control(at, taken)) {
            length = (size_t)snprintf(piece, sizeof piece, "\\x%02x", at[0]);
            taken = 1;
        } else {
            memcpy(piece, at, taken);
        }
        if (used + length >= ret_size) {
            used = fits;
            for (int i = 0; i < DOTS && used + 1 < ret_size; i++)
                ret_text[used++] = '.';
            break;
        }
        memcpy(ret_text + used, piece, length);
        used += length;
        if (used + DOTS < ret_size)
            fits = used;
        at += taken;
        size -= taken;
    }
    ret_text[used] = '\0';
    return ret_text;
}
