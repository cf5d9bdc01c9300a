// SPDX-License-Identifier: Apache-2.0
#include "values.h"

#include "base/text.h"
#include "reading/identifier.h"
#include "units.h"
#include <math.h>
#include <string.h>

enum { TEXT_MAX = 256 };

static const double whole_enough = 1e-9; // what scaling may add to a whole number

static bool in_range(const struct settings_sensor *sensor, const struct quantity *quantity, double number)
{
    double low = quantity->low, high = quantity->high;
    for (size_t i = 0; i < sensor->range_count; i++)
        if (!strcmp(sensor->ranges[i].quantity, quantity->name)) {
            low = fmax(low, sensor->ranges[i].low);
            high = fmin(high, sensor->ranges[i].high);
        }
    return isfinite(number) && number >= low && number <= high;
}

static bool one_of(const char *text, const char *const words[])
{
    for (; *words; words++)
        if (!strcmp(text, *words))
            return true;
    return false;
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

// Free text could say whose device was seen: a crowd sensor has none, and nobody has one that looks like it.
static bool may_be_told(const struct settings_sensor *sensor, const struct raw_value *record)
{
    return sensor->kind != KIND_CROWD && !identifier_within(record->text, record->text_size);
}

static enum outcome read_text(const struct settings_sensor *sensor, const struct raw_value *record,
                              const struct quantity *quantity, struct value *ret_value)
{
    size_t size = record->text_size;
    if (record->type != RAW_TEXT || size > TEXT_MAX || strnlen(record->text, size) != size ||
        has_control(record->text) || !text_is_utf8(record->text, size))
        return VALUE_OUTSIDE;
    if (quantity->words ? !one_of(record->text, quantity->words) : !may_be_told(sensor, record))
        return VALUE_OUTSIDE;
    ret_value->text = record->text;
    return VALUE_TAKEN;
}

// What counts people and vehicles may overhear numbers of telephones; of totals alone the range has room for them.
static bool names_device(const struct settings_sensor *sensor, const struct quantity *quantity, double number)
{
    bool counts = sensor->kind == KIND_CROWD || sensor->kind == KIND_TRAFFIC;
    return counts && quantity_is_counter(quantity) && identifier_number(number);
}

static double raw_number(const struct raw_value *record)
{
    if (record->type == RAW_BOOL)
        return record->boolean;
    return record->type == RAW_NUMBER ? record->number : record->sum;
}

static enum outcome read_number(const struct settings_sensor *sensor, const struct raw_value *record,
                                const struct quantity *quantity, const struct mapping *mapping, struct value *ret_value)
{
    // A base unit also stands on the switches of a pack: a true is a true in any unit.
    const char *unit = record->type == RAW_BOOL ? "" : record->unit;
    double number = raw_number(record);
    if (record->type == RAW_TEXT || record->type == RAW_DATA)
        return VALUE_OUTSIDE;
    if (mapping && mapping->converts) {
        number = number_tidy(number * mapping->factor + mapping->offset);
        unit = mapping->unit;
    }
    if (!unit_convert(unit, quantity, number, &number))
        return VALUE_WRONG_UNIT;
    if (quantity->type == VALUE_INTEGER) {
        if (!(fabs(number - rint(number)) <= whole_enough))
            return VALUE_OUTSIDE;
        number = rint(number);
    }
    if (!in_range(sensor, quantity, number) || names_device(sensor, quantity, number))
        return VALUE_OUTSIDE;
    ret_value->number = number + 0.0; // no negative zero
    ret_value->counter_bits = record->counter_bits;
    ret_value->resets = record->counter_resets;
    return VALUE_TAKEN;
}

enum outcome value_read(const struct settings_sensor *sensor, const struct raw_value *record,
                        const struct quantity *quantity, const struct mapping *mapping, struct value *ret_value)
{
    *ret_value = (struct value){.name = quantity->name, .type = quantity->type};
    if (quantity->type == VALUE_TEXT)
        return read_text(sensor, record, quantity, ret_value);
    enum outcome outcome = read_number(sensor, record, quantity, mapping, ret_value);
    if (outcome == VALUE_TAKEN && quantity->type == VALUE_BOOL) {
        if (ret_value->number != 0 && ret_value->number != 1)
            return VALUE_OUTSIDE;
        ret_value->boolean = ret_value->number == 1;
        ret_value->number = 0;
    }
    return outcome;
}
