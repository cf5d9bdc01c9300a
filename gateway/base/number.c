// SPDX-License-Identifier: Apache-2.0
#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t integer_text(int64_t value, char *ret_text)
{
    char reversed[24];
    size_t length = 0, used = 0;
    uint64_t rest = value < 0 ? (uint64_t)-value : (uint64_t)value;
    do
        reversed[length++] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        ret_text[used++] = '-';
    while (length)
        ret_text[used++] = reversed[--length];
    ret_text[used] = '\0';
    return used;
}

// A number with few decimals, as most readings are: the quotient of two whole numbers is rounded as their decimal text is
// when it is read, so what gives the value back is its text. 0: it has more decimals.
static size_t decimal_text(double value, char *ret_text)
{
    int64_t power = 10;
    double size = fabs(value);
    if (size < 1e-4 || size >= 1e11)
        return 0;
    for (int decimals = 1; decimals <= 4; decimals++, power *= 10) {
        int64_t all = (int64_t)(size * (double)power + 0.5);
        if ((double)all / (double)power != size)
            continue;
        size_t used = value < 0;
        ret_text[0] = '-';
        used += integer_text(all / power, ret_text + used);
        ret_text[used++] = '.';
        for (int64_t rest = all % power, place = power / 10; place; rest %= place, place /= 10)
            ret_text[used++] = (char)('0' + rest / place);
        ret_text[used] = '\0';
        return used;
    }
    return 0;
}

size_t number_text(double value, char ret_text[NUMBER_TEXT_SIZE])
{
    // Most readings are whole numbers or have a few decimals.
    if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value && !(value == 0 && signbit(value)))
        return integer_text((int64_t)value, ret_text);
    size_t decimal = decimal_text(value, ret_text);
    if (decimal)
        return decimal;
    for (int precision = 6; precision < 17; precision += precision < 14 ? 4 : 1) {
        int length = snprintf(ret_text, NUMBER_TEXT_SIZE, "%.*g", precision, value);
        if (strtod(ret_text, NULL) == value)
            return (size_t)length;
    }
    return (size_t)snprintf(ret_text, NUMBER_TEXT_SIZE, "%.17g", value);
}

bool number_parse(const char *text, size_t size, double *ret_value)
{
    char copy[64];
    if (size == 0 || size >= sizeof copy)
        return false;
    bool digit = false;
    for (size_t i = 0; i < size; i++) {
        if (!isdigit((unsigned char)text[i]) && (text[i] == '\0' || !strchr("+-.eE", text[i])))
            return false;
        digit |= isdigit((unsigned char)text[i]) != 0;
        copy[i] = text[i];
    }
    copy[size] = '\0';
    char *end;
    double value = strtod(copy, &end);
    if (!digit || *end || !isfinite(value))
        return false;
    *ret_value = value;
    return true;
}

bool integer_parse(const char *text, size_t size, int64_t min, int64_t max, int64_t *ret_value)
{
    char copy[24];
    if (size == 0 || size >= sizeof copy)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (!isdigit((unsigned char)text[i]) && !(i == 0 && size > 1 && (text[i] == '-' || text[i] == '+')))
            return false;
        copy[i] = text[i];
    }
    copy[size] = '\0';
    errno = 0;
    long long value = strtoll(copy, NULL, 10);
    if (errno || value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}
