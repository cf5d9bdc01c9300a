// SPDX-License-Identifier: Apache-2.0
#include "guard.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

// The length of the host in "host", "host:port", "[v6]" or "[v6]:port"; 0 when it is none of these.
static size_t host_length(const char *header)
{
    const char *end = *header == '[' ? strchr(header, ']') : header + strcspn(header, ":");
    if (!end)
        return 0;
    if (*header == '[')
        end++;
    if (*end == '\0')
        return (size_t)(end - header);
    size_t digits = *end == ':' ? strspn(end + 1, "0123456789") : 0;
    return digits > 0 && digits <= 5 && end[1 + digits] == '\0' ? (size_t)(end - header) : 0;
}

static bool same(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && strncasecmp(text, name, length) == 0;
}

bool guard_host(const char *header, const char *own)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t length = host_length(header);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (same(header, length, names[i]))
            return true;
    if (length > 2 && *header == '[')
        return same(header + 1, length - 2, own);
    return length > 0 && same(header, length, own);
}

bool guard_token(const char *header, const char *token)
{
    static const char scheme[] = "Bearer ";
    if (!header || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *given = header + sizeof scheme - 1;
    given += strspn(given, " ");
    size_t given_size = strlen(given), size = strlen(token);
    unsigned difference = given_size != size;
    for (size_t i = 0; i < given_size; i++)
        difference |= (unsigned char)given[i] ^ (unsigned char)token[size ? i % size : 0];
    return difference == 0 && size > 0;
}
