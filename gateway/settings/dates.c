// SPDX-License-Identifier: Apache-2.0
#include "dates.h"

#include "base/clock.h"
#include "base/messages.h"
#include "base/number.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DATE_SIZE = 10 };

static int refuse(const struct value_input *input, struct fault *why)
{
    return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), input->shown, input->expected);
}

int parse_time_of_day(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    const char *colon = strchr(input->text, ':');
    int64_t hour, minute;
    if (!colon || colon - input->text > 2 || strlen(colon + 1) != 2 ||
        !integer_parse(input->text, (size_t)(colon - input->text), 0, 23, &hour) ||
        !integer_parse(colon + 1, 2, 0, 59, &minute))
        return refuse(input, why);
    ret_value->integer = hour * 60 + minute;
    return 0;
}

// Days since 1970-01-01, of a date that there is.
static bool read_day(const char *text, int64_t *ret_day)
{
    char midnight[UTC_TEXT_SIZE];
    int64_t time_us;
    snprintf(midnight, sizeof midnight, "%.10sT00:00:00Z", text);
    if (utc_parse(midnight, &time_us) != 0)
        return false;
    int64_t day_us = 86400 * INT64_C(1000000);
    *ret_day = (time_us - (time_us < 0 ? day_us - 1 : 0)) / day_us;
    return true;
}

int parse_days(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    size_t size = strlen(input->text);
    bool is_one = size == DATE_SIZE;
    bool is_range = size == 2 * DATE_SIZE + 2 && strncmp(input->text + DATE_SIZE, "..", 2) == 0;
    int64_t first, last;
    if ((!is_one && !is_range) || !read_day(input->text, &first) ||
        !read_day(is_one ? input->text : input->text + DATE_SIZE + 2, &last) || last < first)
        return refuse(input, why);
    ret_value->integer = first;
    ret_value->last = last;
    return 0;
}
