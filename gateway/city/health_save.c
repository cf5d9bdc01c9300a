// SPDX-License-Identifier: Apache-2.0
#include "city/health.h"

#include "base/clock.h"
#include <math.h>
#include <stdlib.h>

enum type { AGE, WALL, WORD, SHORT, BYTE, REAL };

// What is kept, in this order: a member, or the same one of several neighbours.
static const struct kept {
    size_t offset;
    enum type type;
    double most; // of its size
    size_t count, stride;
} kept[] = {
    {offsetof(struct health, heard_boot_us), AGE, 0x1p53, 1, 0},
    {offsetof(struct health, newest_us), WALL, (double)UTC_LAST_US, 1, 0},
    {offsetof(struct health, old_boot_us), AGE, 0x1p53, 1, 0},
    {offsetof(struct health, old_last_boot_us), AGE, 0x1p53, 1, 0},
    {offsetof(struct health, least_age_us), WALL, (double)UTC_LAST_US, 1, 0},
    {offsetof(struct health, old), BYTE, 3, 1, 0},
    {offsetof(struct health, range.refusals), SHORT, 1023, 1, 0},
    {offsetof(struct health, active), BYTE, (1 << HEALTH_CONDITION_COUNT) - 1, 1, 0},
#define VALUES(member, type, most)                                                                                     \
    {                                                                                                                  \
        offsetof(struct health, values[0].member), type, most, HEALTH_VALUES_MAX, sizeof(struct health_value)          \
    }
    VALUES(quantity, BYTE, UINT8_MAX),
    VALUES(hash, WORD, UINT32_MAX),
    VALUES(since_boot_us, AGE, 0x1p53),
    VALUES(same, BYTE, UINT8_MAX),
    VALUES(changes, BYTE, UINT8_MAX),
    VALUES(is_stuck, BYTE, 1),
    {offsetof(struct health, battery.means), REAL, 1e6, HEALTH_DAYS, sizeof(float)},
    {offsetof(struct health, battery.days), SHORT, UINT16_MAX, HEALTH_DAYS, sizeof(uint16_t)},
    {offsetof(struct health, battery.day), SHORT, UINT16_MAX, 1, 0},
    {offsetof(struct health, battery.readings), SHORT, UINT16_MAX, 1, 0},
    {offsetof(struct health, battery.sum), REAL, 1e11, 1, 0},
    {offsetof(struct health, battery.count), BYTE, HEALTH_DAYS, 1, 0},
};

static double get(const struct kept *row, const void *place, int64_t now_boot_us)
{
    switch (row->type) {
    case AGE:
        return (double)(now_boot_us - *(const int64_t *)place);
    case WALL:
        return (double)*(const int64_t *)place;
    case WORD:
        return *(const uint32_t *)place;
    case SHORT:
        return *(const uint16_t *)place;
    case BYTE:
        return *(const uint8_t *)place;
    default:
        return (double)*(const float *)place;
    }
}

static bool may_be(const struct kept *row, double number)
{
    bool is_whole = row->type == REAL || number == floor(number);
    bool may_be_below = row->type == AGE || row->type == WALL || row->type == REAL;
    return is_whole && number <= row->most && number >= (may_be_below ? -row->most : 0);
}

static void put(const struct kept *row, void *place, int64_t now_boot_us, double number)
{
    switch (row->type) {
    case AGE:
        *(int64_t *)place = now_boot_us - (int64_t)number;
        break;
    case WALL:
        *(int64_t *)place = (int64_t)number;
        break;
    case WORD:
        *(uint32_t *)place = (uint32_t)number;
        break;
    case SHORT:
        *(uint16_t *)place = (uint16_t)number;
        break;
    case BYTE:
        *(uint8_t *)place = (uint8_t)number;
        break;
    default:
        *(float *)place = (float)number;
    }
}

static const struct kept *const kept_end = kept + sizeof kept / sizeof *kept;

// What grew out of a damaged file must not make the next one unreadable.
static double within(double most, double number)
{
    return fmax(-most, fmin(number, most));
}

void health_save(const struct health *health, int64_t now_boot_us, double ret_numbers[HEALTH_NUMBERS])
{
    for (const struct kept *row = kept; row < kept_end; row++)
        for (size_t i = 0; i < row->count; i++)
            *ret_numbers++ =
                within(row->most, get(row, (const char *)health + row->offset + i * row->stride, now_boot_us));
}

// The slope needs days that differ, also from the one that is kept next.
static bool days_rise(const struct health_battery *battery)
{
    for (size_t i = 0; i < battery->count; i++)
        if (battery->days[i] >= (i + 1 < battery->count ? battery->days[i + 1] : battery->day))
            return false;
    return true;
}

bool health_restore(struct health *health, int64_t now_boot_us, const double numbers[], size_t count)
{
    struct health restored = {0};
    if (count != HEALTH_NUMBERS)
        return false;
    for (const struct kept *row = kept; row < kept_end; row++)
        for (size_t i = 0; i < row->count; i++, numbers++) {
            if (!may_be(row, *numbers))
                return false;
            put(row, (char *)&restored + row->offset + i * row->stride, now_boot_us, *numbers);
        }
    if (!days_rise(&restored.battery))
        return false;
    if (!health_is(&restored, HEALTH_STALE))
        restored.heard_boot_us = health->heard_boot_us; // the silence of the last start goes on from this one
    *health = restored;
    return true;
}
