// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

// On 32-bit ARM Debian 12 still defaults to 32 bits; the build asks for 64.
_Static_assert(sizeof(time_t) == 8 && sizeof(off_t) == 8, "64-bit time_t and off_t");

static const int64_t second_us = 1000000;

static int64_t now_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * second_us + now.tv_nsec / 1000;
}

static int64_t system_wall(const struct clock *clock)
{
    (void)clock;
    return now_us(CLOCK_REALTIME);
}

static int64_t system_boot(const struct clock *clock)
{
    (void)clock;
    return now_us(CLOCK_BOOTTIME);
}

static bool system_synchronised(const struct clock *clock)
{
    (void)clock;
    struct timex state = {0};
    int result = adjtimex(&state);
    // A system call filter may forbid the question: then nothing is known, and that is not "synchronised".
    return result >= 0 && result != TIME_ERROR && !(state.status & STA_UNSYNC);
}

const struct clock clock_system = {
    .wall_us = system_wall,
    .boot_us = system_boot,
    .synchronised = system_synchronised,
};

void clock_boot_id(uint8_t ret_id[16])
{
    char text[64] = "";
    memset(ret_id, 0, 16);
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    int digits = 0;
    for (ssize_t i = 0; i < size && digits < 32; i++) {
        if (!isxdigit((unsigned char)text[i]))
            continue;
        int digit = isdigit((unsigned char)text[i]) ? text[i] - '0' : (tolower(text[i]) - 'a' + 10);
        ret_id[digits / 2] = (uint8_t)(ret_id[digits / 2] << 4 | digit);
        digits++;
    }
}

// So many digits, then a sign. Every message has its time, and strftime is slow.
static char *put(char *at, int count, int value, char sign)
{
    for (int i = count; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    at[count] = sign;
    return at + count + 1;
}

char *utc_text(int64_t time_us, char ret_text[UTC_TEXT_SIZE])
{
    static const int64_t first = -62167219200, last = 253402300799; // years 0000 and 9999
    int64_t seconds = time_us / second_us, micros = time_us % second_us;
    if (micros < 0) {
        micros += second_us;
        seconds--;
    }
    if (seconds < first)
        seconds = first;
    if (seconds > last)
        seconds = last;
    time_t when = (time_t)seconds;
    struct tm tm;
    gmtime_r(&when, &tm);
    char *at = put(ret_text, 4, tm.tm_year + 1900, '-');
    at = put(at, 2, tm.tm_mon + 1, '-');
    at = put(at, 2, tm.tm_mday, 'T');
    at = put(at, 2, tm.tm_hour, ':');
    at = put(at, 2, tm.tm_min, ':');
    at = put(at, 2, tm.tm_sec, '.');
    at = micros % 1000 ? put(at, 6, (int)micros, 'Z') : put(at, 3, (int)(micros / 1000), 'Z');
    *at = '\0';
    return ret_text;
}

char *utc_text_ms(int64_t time_us, char ret_text[UTC_TEXT_SIZE])
{
    int64_t beyond_us = time_us % 1000;
    if (beyond_us < 0) {
        beyond_us += time_us < INT64_MIN + 1000 ? 0 : 1000; // far outside the years that there are
    }
    return utc_text(time_us - beyond_us, ret_text);
}

static bool digits(const char **text, int count, int *ret_value)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return false;
        value = value * 10 + (**text - '0');
    }
    *ret_value = value;
    return true;
}

static bool literal(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static int64_t fraction(const char **text)
{
    int64_t micros = 0, unit = second_us;
    for (int i = 0; i < 9 && isdigit((unsigned char)**text); i++, (*text)++) {
        unit /= 10;
        micros += unit * (**text - '0');
    }
    return micros;
}

int utc_parse(const char *text, int64_t *ret_time_us)
{
    int year, month, day, hour, minute, second, zone_hour = 0, zone_minute = 0, sign = 1;
    int64_t micros = 0;
    if (!digits(&text, 4, &year) || !literal(&text, '-') || !digits(&text, 2, &month) || !literal(&text, '-') ||
        !digits(&text, 2, &day) || !(literal(&text, 'T') || literal(&text, 't') || literal(&text, ' ')) ||
        !digits(&text, 2, &hour) || !literal(&text, ':') || !digits(&text, 2, &minute) || !literal(&text, ':') ||
        !digits(&text, 2, &second))
        return -EINVAL;
    if (literal(&text, '.'))
        micros = fraction(&text);
    if (*text == '+' || *text == '-') {
        sign = *text++ == '-' ? -1 : 1;
        if (!digits(&text, 2, &zone_hour) || !literal(&text, ':') || !digits(&text, 2, &zone_minute))
            return -EINVAL;
    } else if (!literal(&text, 'Z') && !literal(&text, 'z')) {
        return -EINVAL;
    }
    if (*text || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 ||
        zone_hour > 23 || zone_minute > 59)
        return -EINVAL;
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    int64_t seconds = (int64_t)timegm(&tm);
    if (tm.tm_mday != day && second < 60)
        return -EINVAL; // 31 April
    *ret_time_us = (seconds - sign * (zone_hour * 3600 + zone_minute * 60)) * second_us + micros;
    return 0;
}
