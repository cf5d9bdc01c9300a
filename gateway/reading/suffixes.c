// SPDX-License-Identifier: Apache-2.0
#include "suffixes.h"

#include "base/number.h"
#include "reading/identifier.h"
#include <math.h>
#include <pthread.h>
#include <string.h>

static const struct suffix {
    const char *part; // of the name, after its last '_'
    const char *unit;
    enum value_type type;
    double low, high;
} suffixes[] = {
    {"a", "A", VALUE_NUMBER, -INFINITY, INFINITY},
    {"bar", "bar", VALUE_NUMBER, -INFINITY, INFINITY},
    {"c", "Cel", VALUE_NUMBER, -273.15, INFINITY},
    {"cm", "cm", VALUE_NUMBER, -INFINITY, INFINITY},
    {"count", "count", VALUE_INTEGER, 0, INFINITY},
    {"db", "dB", VALUE_NUMBER, -INFINITY, INFINITY},
    {"dbm", "dBm", VALUE_NUMBER, -INFINITY, INFINITY},
    {"deg", "deg", VALUE_NUMBER, -360, 360},
    {"h", "h", VALUE_NUMBER, -INFINITY, INFINITY},
    {"hpa", "hPa", VALUE_NUMBER, -INFINITY, INFINITY},
    {"hz", "Hz", VALUE_NUMBER, 0, INFINITY},
    {"k", "K", VALUE_NUMBER, 0, INFINITY},
    {"kg", "kg", VALUE_NUMBER, -INFINITY, INFINITY},
    {"km", "km", VALUE_NUMBER, -INFINITY, INFINITY},
    {"kmh", "km/h", VALUE_NUMBER, -INFINITY, INFINITY},
    {"kpa", "kPa", VALUE_NUMBER, -INFINITY, INFINITY},
    {"kw", "kW", VALUE_NUMBER, -INFINITY, INFINITY},
    {"kwh", "kWh", VALUE_NUMBER, -INFINITY, INFINITY},
    {"l", "l", VALUE_NUMBER, -INFINITY, INFINITY},
    {"lps", "l/s", VALUE_NUMBER, -INFINITY, INFINITY},
    {"lux", "lx", VALUE_NUMBER, 0, INFINITY},
    {"lx", "lx", VALUE_NUMBER, 0, INFINITY},
    {"m", "m", VALUE_NUMBER, -INFINITY, INFINITY},
    {"m2", "m2", VALUE_NUMBER, 0, INFINITY},
    {"m3", "m3", VALUE_NUMBER, -INFINITY, INFINITY},
    {"m3h", "m3/h", VALUE_NUMBER, -INFINITY, INFINITY},
    {"m3s", "m3/s", VALUE_NUMBER, -INFINITY, INFINITY},
    {"ma", "mA", VALUE_NUMBER, -INFINITY, INFINITY},
    {"mgl", "mg/l", VALUE_NUMBER, 0, INFINITY},
    {"mgm3", "mg/m3", VALUE_NUMBER, 0, INFINITY},
    {"min", "min", VALUE_NUMBER, -INFINITY, INFINITY},
    {"mm", "mm", VALUE_NUMBER, -INFINITY, INFINITY},
    {"mmh", "mm/h", VALUE_NUMBER, 0, INFINITY},
    {"mps", "m/s", VALUE_NUMBER, -INFINITY, INFINITY},
    {"mps2", "m/s2", VALUE_NUMBER, -INFINITY, INFINITY},
    {"ms", "ms", VALUE_NUMBER, -INFINITY, INFINITY},
    {"mv", "mV", VALUE_NUMBER, -INFINITY, INFINITY},
    {"ntu", "NTU", VALUE_NUMBER, 0, INFINITY},
    {"ohm", "Ohm", VALUE_NUMBER, 0, INFINITY},
    {"pa", "Pa", VALUE_NUMBER, -INFINITY, INFINITY},
    {"pct", "/100", VALUE_NUMBER, -INFINITY, INFINITY},
    {"ph", "pH", VALUE_NUMBER, -2, 16},
    {"ppb", "ppb", VALUE_NUMBER, 0, 1e9},
    {"ppm", "ppm", VALUE_NUMBER, 0, 1e6},
    {"ratio", "/", VALUE_NUMBER, -INFINITY, INFINITY},
    {"s", "s", VALUE_NUMBER, -INFINITY, INFINITY},
    {"total", "count", VALUE_INTEGER, 0, INFINITY},
    {"ugm3", "ug/m3", VALUE_NUMBER, 0, INFINITY},
    {"uscm", "uS/cm", VALUE_NUMBER, 0, INFINITY},
    {"ut", "uT", VALUE_NUMBER, -INFINITY, INFINITY},
    {"v", "V", VALUE_NUMBER, -INFINITY, INFINITY},
    {"w", "W", VALUE_NUMBER, -INFINITY, INFINITY},
    {"wh", "Wh", VALUE_NUMBER, -INFINITY, INFINITY},
    {"wm2", "W/m2", VALUE_NUMBER, -INFINITY, INFINITY},
};

const char *vocabulary_suffix_at(size_t index)
{
    return index < sizeof suffixes / sizeof suffixes[0] ? suffixes[index].part : NULL;
}

static const struct suffix *find_suffix(const char *name)
{
    if (name[0] < 'a' || name[0] > 'z')
        return NULL;
    size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    const char *last = strrchr(name, '_');
    // "people_per_m2" is not an area: what is per something stands in the table or nowhere.
    if (name[size] || size > QUANTITY_NAME_MAX || !last || strstr(name, "_per_") || identifier_within(name, size))
        return NULL;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (!strcmp(suffixes[i].part, last + 1))
            return &suffixes[i];
    return NULL;
}

/*
 * The quantities made so far: a hash table that only grows. It is the one mutable thing in this room that nobody holds,
 * because a quantity is part of the language, like a row of the table, and outlives every configuration.
 */
enum { MADE_MAX = 1024, SLOTS = 2 * MADE_MAX };

static pthread_mutex_t made_lock = PTHREAD_MUTEX_INITIALIZER;
static struct made {
    struct quantity quantity;
    char name[QUANTITY_NAME_MAX + 1];
} made[MADE_MAX];
static size_t made_count;
static uint64_t made_refused;
static unsigned short made_slots[SLOTS]; // index + 1, 0 for free

static const struct quantity *make(const char *name, const struct suffix *suffix)
{
    struct made *new = &made[made_count++];
    strcpy(new->name, name);
    new->quantity = (struct quantity){.name = new->name,
                                      .unit = suffix->unit,
                                      .type = suffix->type,
                                      .low = suffix->low,
                                      .high = suffix->high,
                                      .kinds = 1u << KIND_ENVIRONMENT | 1u << KIND_GENERIC,
                                      .meaning = "named by the operator"};
    return &new->quantity;
}

static const struct quantity *find_or_make(const char *name, const struct suffix *suffix)
{
    size_t slot = (size_t)(fnv64(FNV_START, name, strlen(name)) % SLOTS);
    while (made_slots[slot] && strcmp(made[made_slots[slot] - 1].name, name))
        slot = (slot + 1) % SLOTS;
    if (made_slots[slot])
        return &made[made_slots[slot] - 1].quantity;
    if (made_count == MADE_MAX) {
        made_refused++;
        return NULL;
    }
    made_slots[slot] = (unsigned short)(made_count + 1);
    return make(name, suffix);
}

const struct quantity *suffix_quantity(const char *name)
{
    const struct suffix *suffix = find_suffix(name);
    if (!suffix)
        return NULL;
    pthread_mutex_lock(&made_lock);
    const struct quantity *quantity = find_or_make(name, suffix);
    pthread_mutex_unlock(&made_lock);
    return quantity;
}

void vocabulary_made(uint64_t *ret_made, uint64_t *ret_refused)
{
    pthread_mutex_lock(&made_lock);
    *ret_made = made_count;
    *ret_refused = made_refused;
    pthread_mutex_unlock(&made_lock);
}
