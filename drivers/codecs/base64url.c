// SPDX-License-Identifier: Apache-2.0
#include "base64url.h"
#include <stdint.h>

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool base64url_decode(char *text, size_t size, size_t *ret_size)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t written = 0;
    for (size_t i = 0; i < size; i++) {
        int six = sextet(text[i]);
        if (six < 0)
            return false;
        bits = bits << 6 | (uint32_t)six;
        held += 6;
        if (held >= 8) {
            held -= 8;
            text[written++] = (char)(bits >> held & 0xff);
            bits &= (1u << held) - 1;
        }
    }
    if (size % 4 == 1 || bits != 0)
        return false;
    *ret_size = written;
    return true;
}
