// SPDX-License-Identifier: Apache-2.0
#include "amounts.h"

#include "base/messages.h"
#include "base/number.h"
#include <errno.h>
#include <math.h>
#include <string.h>

struct unit {
    const char *name; // NULL ends the list
    double factor;
};

static const struct unit durations[] = {{"us", 1},    {"µs", 1},    {"ms", 1e3},    {"s", 1e6},
                                        {"min", 6e7}, {"h", 3.6e9}, {"d", 8.64e10}, {NULL, 0}};
static const struct unit sizes[] = {{"B", 1},         {"kB", 1e3},         {"MB", 1e6},
                                    {"GB", 1e9},      {"TB", 1e12},        {"KiB", 1024},
                                    {"MiB", 1048576}, {"GiB", 1073741824}, {"TiB", 1099511627776},
                                    {NULL, 0}};
static const struct unit rates[] = {{"/s", 1}, {"/min", 1.0 / 60}, {"/h", 1.0 / 3600}, {NULL, 0}};
static const struct unit lengths[] = {{"m", 1}, {"cm", 1e-2}, {"mm", 1e-3}, {"km", 1e3}, {NULL, 0}};
static const struct unit areas[] = {{"m2", 1}, {"m²", 1}, {"㎡", 1}, {"ha", 1e4}, {NULL, 0}};
static const struct unit percents[] = {{"%", 1}, {NULL, 0}};
static const struct unit voltages[] = {{"V", 1}, {"mV", 1e-3}, {NULL, 0}};

static const struct unit *find_unit(const struct unit *units, const char *name, bool exact)
{
    for (; units->name; units++)
        if (exact ? strcmp(units->name, name) == 0 : strcasecmp(units->name, name) == 0)
            return units;
    return NULL;
}

static bool read_number(const char **text, double *ret_number)
{
    size_t size = strspn(*text, "0123456789+-.");
    if (!number_parse(*text, size, ret_number))
        return false;
    *text += size;
    *text += strspn(*text, " \t");
    return true;
}

// `exact`: the case of the unit's letters tells something. Without a unit only 0 has a meaning.
static int read_amount(const struct value_input *input, const char *text, const struct unit *units, bool exact,
                       double *ret_amount, struct fault *why)
{
    double number;
    if (!read_number(&text, &number))
        return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), input->shown, input->expected);
    const struct unit *unit = find_unit(units, text, exact);
    if (!unit && *text)
        return fault_set(why, -EINVAL, _("the unit of \"%s\" is not known; expected %s"), input->shown,
                         input->expected);
    if (!unit && number < 0)
        return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), input->shown, input->expected);
    if (!unit && number > 0)
        return fault_set(why, -EINVAL, _("\"%s\" has no unit; expected %s"), input->shown, input->expected);
    *ret_amount = unit ? number * unit->factor : 0;
    return 0;
}

static int to_integer(const struct value_input *input, double amount, int64_t *ret_integer, struct fault *why)
{
    if (!(amount > -9e18 && amount < 9e18))
        return fault_set(why, -EINVAL, _("\"%s\" is too large; expected %s"), input->shown, input->expected);
    *ret_integer = (int64_t)(amount < 0 ? amount - 0.5 : amount + 0.5);
    return 0;
}

int parse_integer(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    if (integer_parse(input->text, strlen(input->text), INT64_MIN, INT64_MAX, &ret_value->integer))
        return 0;
    return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), input->shown, input->expected);
}

int parse_number(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    if (number_parse(input->text, strlen(input->text), &ret_value->number))
        return 0;
    return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), input->shown, input->expected);
}

int parse_numbers(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    struct value numbers = {0};
    const char *at = input->text;
    while (*at) {
        size_t size = strcspn(at, " \t");
        double number;
        bool good = number_parse(at, size, &number) && numbers.count < VALUE_NUMBERS_MAX;
        if (!good || (numbers.count && number <= numbers.numbers[numbers.count - 1]))
            return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), input->shown, input->expected);
        numbers.numbers[numbers.count++] = number;
        at += size;
        at += strspn(at, " \t");
    }
    memcpy(ret_value->numbers, numbers.numbers, sizeof numbers.numbers);
    ret_value->count = numbers.count;
    ret_value->number = numbers.count ? numbers.numbers[0] : 0;
    return 0;
}

int parse_duration(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    double amount;
    int error = read_amount(input, input->text, durations, true, &amount, why);
    return error ? error : to_integer(input, amount, &ret_value->integer, why);
}

int parse_size(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    double amount;
    int error = read_amount(input, input->text, sizes, false, &amount, why);
    return error ? error : to_integer(input, amount, &ret_value->integer, why);
}

int parse_rate(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    return read_amount(input, input->text, rates, true, &ret_value->number, why);
}

int parse_byte_rate(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    char size_text[64];
    size_t size = strlen(input->text);
    bool per_second = size > 2 && strcmp(input->text + size - 2, "/s") == 0;
    if (size - 2 * per_second >= sizeof size_text || (!per_second && strcmp(input->text, "0") != 0))
        return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), input->shown, input->expected);
    memcpy(size_text, input->text, size - 2 * per_second);
    size_text[size - 2 * per_second] = '\0';
    double amount;
    int error = read_amount(input, size_text, sizes, false, &amount, why);
    return error ? error : to_integer(input, amount, &ret_value->integer, why);
}

int parse_metres(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    return read_amount(input, input->text, lengths, true, &ret_value->number, why);
}

int parse_area(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    return read_amount(input, input->text, areas, true, &ret_value->number, why);
}

// "34.7025 135.4959 200 m"
int parse_place(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    static const double mosts[] = {90, 180, 100000};
    const char *at = input->text;
    double numbers[VALUE_NUMBERS_MAX] = {0};
    for (size_t i = 0; i < 2; i++) {
        size_t size = strcspn(at, " \t,");
        if (!number_parse(at, size, &numbers[i]) || fabs(numbers[i]) > mosts[1])
            return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), input->shown, input->expected);
        at += size;
        at += strspn(at, " \t,");
    }
    if (fabs(numbers[0]) > mosts[0])
        return fault_set(why, -EINVAL, _("\"%s\" is no place, with a latitude beyond 90; expected %s"), input->shown,
                         input->expected);
    int error = read_amount(input, at, lengths, true, &numbers[2], why);
    if (!error && !(numbers[2] > 0 && numbers[2] <= mosts[2]))
        error = fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), input->shown, input->expected);
    if (error)
        return error;
    memcpy(ret_value->numbers, numbers, sizeof numbers);
    ret_value->count = sizeof mosts / sizeof *mosts;
    return 0;
}

int parse_percent(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    return read_amount(input, input->text, percents, true, &ret_value->number, why);
}

int parse_volts(const struct value_input *input, struct value *ret_value, struct fault *why)
{
    return read_amount(input, input->text, voltages, true, &ret_value->number, why);
}
