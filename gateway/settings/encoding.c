// SPDX-License-Identifier: Apache-2.0
#include "encoding.h"

#include "base/messages.h"
#include "base/text.h"
#include <errno.h>
#include <iconv.h>
#include <string.h>

static int line_at(const uint8_t *data, size_t place)
{
    int line = 1;
    for (size_t i = 0; i < place; i++)
        line += data[i] == '\n' || (data[i] == '\r' && (i + 1 == place || data[i + 1] != '\n'));
    return line;
}

static bool starts_with(const uint8_t *data, size_t size, const char *mark, size_t mark_size)
{
    return size >= mark_size && memcmp(data, mark, mark_size) == 0;
}

// Without a mark, UTF-16 shows by its NUL bytes: the first character of an INI file is ASCII, and so is at least one in
// sixteen. A stray NUL in other text does not look like that.
static bool guess_utf16(const uint8_t *data, size_t size, enum encoding *ret_encoding)
{
    size_t even = 0, odd = 0;
    if (size < 2 || size % 2)
        return false;
    for (size_t i = 0; i < size; i += 2) {
        even += data[i] == 0;
        odd += data[i + 1] == 0;
    }
    if (data[0] && !data[1] && odd > even && odd >= (size / 2 + 15) / 16) {
        *ret_encoding = ENCODING_UTF16_LE;
        return true;
    }
    if (!data[0] && data[1] && even > odd && even >= (size / 2 + 15) / 16) {
        *ret_encoding = ENCODING_UTF16_BE;
        return true;
    }
    return false;
}

static void append_utf8(struct bytes *out, uint32_t c)
{
    uint8_t piece[4];
    size_t size = 1;
    if (c < 0x80) {
        piece[0] = (uint8_t)c;
    } else if (c < 0x800) {
        piece[0] = (uint8_t)(0xc0 | c >> 6);
        size = 2;
    } else if (c < 0x10000) {
        piece[0] = (uint8_t)(0xe0 | c >> 12);
        size = 3;
    } else {
        piece[0] = (uint8_t)(0xf0 | c >> 18);
        size = 4;
    }
    for (size_t i = 1; i < size; i++)
        piece[i] = (uint8_t)(0x80 | (c >> 6 * (size - 1 - i) & 0x3f));
    bytes_append(out, piece, size);
}

static int from_utf16(const uint8_t *data, size_t size, bool big, struct bytes *out, int *ret_line, struct fault *why)
{
    size_t at = 0;
    size_t high = big ? 0 : 1, low = big ? 1 : 0;
    int line = 1;
    while (at + 1 < size) {
        uint32_t c = (uint32_t)data[at + high] << 8 | data[at + low];
        at += 2;
        if (c >= 0xd800 && c < 0xdc00 && at + 1 < size && (data[at + high] & 0xfc) == 0xdc) {
            uint32_t second = (uint32_t)data[at + high] << 8 | data[at + low];
            c = 0x10000 + ((c & 0x3ff) << 10) + (second & 0x3ff);
            at += 2;
        }
        line += c == '\n';
        *ret_line = line;
        if (c == 0)
            return fault_set(why, -EINVAL, _("a NUL character stands in the file; expected text"));
        if (c >= 0xd800 && c < 0xe000)
            return fault_set(why, -EILSEQ, _("this is not valid UTF-16; expected text, best saved as UTF-8"));
        append_utf8(out, c);
    }
    if (at < size)
        return fault_set(why, -EILSEQ,
                         _("the file ends within a UTF-16 character; expected text, best saved as UTF-8"));
    return 0;
}

static size_t first_not_utf8(const uint8_t *data, size_t size)
{
    size_t good = 0;
    while (good < size) { // line by line: a line break is never part of another character
        const uint8_t *end = memchr(data + good, '\n', size - good);
        size_t length = end ? (size_t)(end - (data + good)) + 1 : size - good;
        if (!text_is_utf8((const char *)data + good, length))
            break;
        good += length;
    }
    return good;
}

static int from_cp932(const uint8_t *data, size_t size, struct bytes *out, int *ret_line, struct fault *why)
{
    iconv_t converter = iconv_open("UTF-8", "CP932");
    if (converter == (iconv_t)-1)
        return fault_set(why, -EILSEQ, _("this is not UTF-8, and this system cannot read Shift_JIS; expected UTF-8"));
    char piece[4096];
    char *from = (char *)(uintptr_t)data; // iconv does not write there, its prototype is older than const
    size_t left = size;
    int error = 0;
    while (left && !error) {
        char *to = piece;
        size_t room = sizeof piece;
        if (iconv(converter, &from, &left, &to, &room) == (size_t)-1 && errno != E2BIG)
            error = -EILSEQ;
        bytes_append(out, piece, (size_t)(to - piece));
    }
    iconv_close(converter);
    if (!error)
        return 0;
    *ret_line = line_at(data, size - left);
    return fault_set(why, error, _("this is neither UTF-8, UTF-16 nor Shift_JIS; expected text, best saved as UTF-8"));
}

static int from_bytes(const uint8_t *data, size_t size, struct bytes *out, enum encoding *ret_encoding, int *ret_line,
                      struct fault *why)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    if (nul) {
        *ret_line = line_at(data, (size_t)(nul - data));
        return fault_set(why, -EINVAL, _("a NUL character stands in the file; expected text"));
    }
    *ret_encoding = ENCODING_UTF8;
    size_t good = first_not_utf8(data, size);
    if (good == size) {
        bytes_append(out, data, size);
        return 0;
    }
    *ret_encoding = ENCODING_CP932;
    *ret_line = line_at(data, good);
    return from_cp932(data, size, out, ret_line, why);
}

int encoding_to_utf8(const uint8_t *data, size_t size, struct bytes *ret_text, enum encoding *ret_encoding,
                     int *ret_line, struct fault *why)
{
    *ret_line = 1;
    int error = 0;
    if (!size)
        data = (const uint8_t *)""; // there may be no bytes at all
    enum encoding guess;
    if (starts_with(data, size, "\xff\xfe", 2) || starts_with(data, size, "\xfe\xff", 2)) {
        *ret_encoding = data[0] == 0xfe ? ENCODING_UTF16_BE : ENCODING_UTF16_LE;
        error = from_utf16(data + 2, size - 2, data[0] == 0xfe, ret_text, ret_line, why);
    } else if (guess_utf16(data, size, &guess)) {
        *ret_encoding = guess;
        error = from_utf16(data, size, guess == ENCODING_UTF16_BE, ret_text, ret_line, why);
    } else {
        size_t mark = starts_with(data, size, "\xef\xbb\xbf", 3) ? 3 : 0;
        error = from_bytes(data + mark, size - mark, ret_text, ret_encoding, ret_line, why);
    }
    bytes_char(ret_text, '\0');
    if (ret_text->overflow)
        return fault_set(why, -ENOMEM, _("the file does not fit into memory"));
    ret_text->used--;
    return error;
}
