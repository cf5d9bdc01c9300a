// SPDX-License-Identifier: Apache-2.0
#include "units.h"

#include "reading/vocabulary.h"
#include <math.h>
#include <string.h>

/*
 * Every unit of SenML (RFC 8428 section 12.1, RFC 8798) and some more that devices use. A value in a unit is
 * value * up / down + offset in the base unit of its dimension; two whole factors rather than one fraction, because
 * 3300 / 1000 is 3.3 and 3300 * 0.001 is not quite.
 *
 * A unit may stand under several dimensions, and the quantity decides which is meant: "/" is any ratio, so also a relative
 * humidity (1 is 100 %RH); "g" is SenML's gram and everybody's standard gravity; "deg" is an angle and a latitude.
 */

enum dimension {
    ABSORBED_DOSE,
    ACCELERATION,
    ACTIVITY,
    AMOUNT,
    ANGLE,
    ANGULAR_RATE,
    APPARENT_ENERGY,
    APPARENT_POWER,
    AREA,
    BATTERY,
    CAPACITANCE,
    CATALYTIC,
    CHARGE,
    CONCENTRATION,
    CONDUCTANCE,
    CONDUCTIVITY,
    COUNT,
    CURRENT,
    DATA,
    DATA_RATE,
    DECIBEL,
    DENSITY,
    DOSE,
    ENERGY,
    ENERGY_PER_LENGTH,
    FLOW,
    FLUX,
    FORCE,
    FREQUENCY,
    HUMIDITY,
    ILLUMINANCE,
    INDUCTANCE,
    IRRADIANCE,
    LATITUDE,
    LENGTH,
    LONGITUDE,
    LUMINANCE,
    LUMINOUS_FLUX,
    LUMINOUS_INTENSITY,
    MAGNETIC_FIELD,
    MASS,
    PEOPLE_FLOW,
    PH,
    POWER,
    POWER_LEVEL,
    PRESSURE,
    RATIO,
    REACTIVE_ENERGY,
    REACTIVE_POWER,
    RESISTANCE,
    ROUGHNESS,
    SOLID_ANGLE,
    SPEED,
    TEMPERATURE,
    TIME,
    TURBIDITY,
    VOLTAGE,
    VOLUME,
};

#define DEGREES 57.29577951308232 // in a radian
#define FAHRENHEIT_ZERO 459.67    // degrees from absolute zero

static const struct unit {
    const char *name;
    enum dimension dimension;
    double up, down, offset;
} units[] = {
    {"/", RATIO, 1, 1, 0},
    {"/", HUMIDITY, 100, 1, 0},
    {"/", BATTERY, 100, 1, 0},
    {"/100", RATIO, 1, 100, 0},
    {"/100", HUMIDITY, 1, 1, 0},
    {"/100", BATTERY, 1, 1, 0},
    {"/1000", RATIO, 1, 1000, 0},
    {"%RH", HUMIDITY, 1, 1, 0},
    {"%EL", BATTERY, 1, 1, 0},
    {"ppm", RATIO, 1, 1e6, 0},
    {"ppb", RATIO, 1, 1e9, 0},
    {"ppt", RATIO, 1, 1e12, 0},
    {"Cel", TEMPERATURE, 1, 1, 273.15},
    {"K", TEMPERATURE, 1, 1, 0},
    {"degF", TEMPERATURE, 5, 9, FAHRENHEIT_ZERO * 5 / 9},
    {"V", VOLTAGE, 1, 1, 0},
    {"mV", VOLTAGE, 1, 1000, 0},
    {"kV", VOLTAGE, 1000, 1, 0},
    {"A", CURRENT, 1, 1, 0},
    {"mA", CURRENT, 1, 1000, 0},
    {"uA", CURRENT, 1, 1e6, 0},
    {"m", LENGTH, 1, 1, 0},
    {"mm", LENGTH, 1, 1000, 0},
    {"cm", LENGTH, 1, 100, 0},
    {"km", LENGTH, 1000, 1, 0},
    {"m2", AREA, 1, 1, 0},
    {"m3", VOLUME, 1, 1, 0},
    {"l", VOLUME, 1, 1000, 0},
    {"s", TIME, 1, 1, 0},
    {"EL", TIME, 1, 1, 0},
    {"ms", TIME, 1, 1000, 0},
    {"us", TIME, 1, 1e6, 0},
    {"min", TIME, 60, 1, 0},
    {"h", TIME, 3600, 1, 0},
    {"d", TIME, 86400, 1, 0},
    {"m/s", SPEED, 1, 1, 0},
    {"cm/s", SPEED, 1, 100, 0},
    {"mm/s", SPEED, 1, 1000, 0},
    {"m/min", SPEED, 1, 60, 0},
    {"m/h", SPEED, 1, 3600, 0},
    {"mm/h", SPEED, 1, 3.6e6, 0},
    {"km/h", SPEED, 10, 36, 0},
    {"kn", SPEED, 1852, 3600, 0},
    {"mph", SPEED, 1609.344, 3600, 0},
    {"m/s2", ACCELERATION, 1, 1, 0},
    {"g", ACCELERATION, 9.80665, 1, 0},
    {"mg", ACCELERATION, 9.80665, 1000, 0},
    {"g", MASS, 1, 1000, 0},
    {"kg", MASS, 1, 1, 0},
    {"count", COUNT, 1, 1, 0},
    {"beats", COUNT, 1, 1, 0},
    {"Hz", FREQUENCY, 1, 1, 0},
    {"1/s", FREQUENCY, 1, 1, 0},
    {"1/min", FREQUENCY, 1, 60, 0},
    {"beat/min", FREQUENCY, 1, 60, 0},
    {"kHz", FREQUENCY, 1000, 1, 0},
    {"MHz", FREQUENCY, 1e6, 1, 0},
    {"1/m2", DENSITY, 1, 1, 0},
    {"1/m/min", PEOPLE_FLOW, 1, 1, 0},
    {"1/m/s", PEOPLE_FLOW, 60, 1, 0},
    {"deg", ANGLE, 1, 1, 0},
    {"rad", ANGLE, DEGREES, 1, 0},
    {"deg/s", ANGULAR_RATE, 1, 1, 0},
    {"rad/s", ANGULAR_RATE, DEGREES, 1, 0},
    {"lat", LATITUDE, 1, 1, 0},
    {"deg", LATITUDE, 1, 1, 0},
    {"lon", LONGITUDE, 1, 1, 0},
    {"deg", LONGITUDE, 1, 1, 0},
    {"sr", SOLID_ANGLE, 1, 1, 0},
    {"Pa", PRESSURE, 1, 1, 0},
    {"hPa", PRESSURE, 100, 1, 0},
    {"kPa", PRESSURE, 1000, 1, 0},
    {"bar", PRESSURE, 1e5, 1, 0},
    {"dB", DECIBEL, 1, 1, 0},
    {"Bspl", DECIBEL, 10, 1, 0},
    {"dBW", POWER_LEVEL, 1, 1, 0},
    {"dBm", POWER_LEVEL, 1, 1, -30},
    {"T", MAGNETIC_FIELD, 1, 1, 0},
    {"mT", MAGNETIC_FIELD, 1, 1e3, 0},
    {"uT", MAGNETIC_FIELD, 1, 1e6, 0},
    {"nT", MAGNETIC_FIELD, 1, 1e9, 0},
    {"G", MAGNETIC_FIELD, 1, 1e4, 0},
    {"mG", MAGNETIC_FIELD, 1, 1e7, 0},
    {"kg/m3", CONCENTRATION, 1, 1, 0},
    {"g/m3", CONCENTRATION, 1, 1e3, 0},
    {"mg/m3", CONCENTRATION, 1, 1e6, 0},
    {"ug/m3", CONCENTRATION, 1, 1e9, 0},
    {"g/l", CONCENTRATION, 1, 1, 0},
    {"mg/l", CONCENTRATION, 1, 1e3, 0},
    {"ug/l", CONCENTRATION, 1, 1e6, 0},
    {"lx", ILLUMINANCE, 1, 1, 0},
    {"lm", LUMINOUS_FLUX, 1, 1, 0},
    {"cd", LUMINOUS_INTENSITY, 1, 1, 0},
    {"cd/m2", LUMINANCE, 1, 1, 0},
    {"W/m2", IRRADIANCE, 1, 1, 0},
    {"pH", PH, 1, 1, 0},
    {"NTU", TURBIDITY, 1, 1, 0},
    {"m/km", ROUGHNESS, 1, 1, 0},
    {"mm/m", ROUGHNESS, 1, 1, 0},
    {"m3/s", FLOW, 1, 1, 0},
    {"m3/h", FLOW, 1, 3600, 0},
    {"l/s", FLOW, 1, 1000, 0},
    {"l/min", FLOW, 1, 60000, 0},
    {"W", POWER, 1, 1, 0},
    {"kW", POWER, 1000, 1, 0},
    {"J", ENERGY, 1, 1, 0},
    {"Wh", ENERGY, 3600, 1, 0},
    {"kWh", ENERGY, 3.6e6, 1, 0},
    {"VA", APPARENT_POWER, 1, 1, 0},
    {"kVA", APPARENT_POWER, 1000, 1, 0},
    {"VAs", APPARENT_ENERGY, 1, 1, 0},
    {"VAh", APPARENT_ENERGY, 3600, 1, 0},
    {"kVAh", APPARENT_ENERGY, 3.6e6, 1, 0},
    {"var", REACTIVE_POWER, 1, 1, 0},
    {"kvar", REACTIVE_POWER, 1000, 1, 0},
    {"vars", REACTIVE_ENERGY, 1, 1, 0},
    {"varh", REACTIVE_ENERGY, 3600, 1, 0},
    {"kvarh", REACTIVE_ENERGY, 3.6e6, 1, 0},
    {"J/m", ENERGY_PER_LENGTH, 1, 1, 0},
    {"Wh/km", ENERGY_PER_LENGTH, 36, 10, 0},
    {"C", CHARGE, 1, 1, 0},
    {"Ah", CHARGE, 3600, 1, 0},
    {"mAh", CHARGE, 36, 10, 0},
    {"F", CAPACITANCE, 1, 1, 0},
    {"Ohm", RESISTANCE, 1, 1, 0},
    {"kOhm", RESISTANCE, 1000, 1, 0},
    {"S", CONDUCTANCE, 1, 1, 0},
    {"S/m", CONDUCTIVITY, 1, 1, 0},
    {"mS/cm", CONDUCTIVITY, 1, 10, 0},
    {"uS/cm", CONDUCTIVITY, 1, 1e4, 0},
    {"Wb", FLUX, 1, 1, 0},
    {"H", INDUCTANCE, 1, 1, 0},
    {"N", FORCE, 1, 1, 0},
    {"mol", AMOUNT, 1, 1, 0},
    {"kat", CATALYTIC, 1, 1, 0},
    {"Bq", ACTIVITY, 1, 1, 0},
    {"Gy", ABSORBED_DOSE, 1, 1, 0},
    {"Sv", DOSE, 1, 1, 0},
    {"bit", DATA, 1, 1, 0},
    {"B", DATA, 8, 1, 0},
    {"KiB", DATA, 8192, 1, 0},
    {"GB", DATA, 8e9, 1, 0},
    {"bit/s", DATA_RATE, 1, 1, 0},
    {"Mbit/s", DATA_RATE, 1e6, 1, 0},
    {"B/s", DATA_RATE, 8, 1, 0},
    {"MB/s", DATA_RATE, 8e6, 1, 0},
};

// "%" is SenML's old name of "/": a ratio of 0 to 1, not percent. "C" and "F" are coulomb and farad there and stay so.
static const struct {
    const char *spelling, *unit;
} spellings[] = {
    {"%", "/"},
    {"°C", "Cel"},
    {"℃", "Cel"},
    {"degC", "Cel"},
    {"°F", "degF"},
    {"℉", "degF"},
    {"°", "deg"},
    {"g0", "g"},
    {"gn", "g"},
    {"kmh", "km/h"},
    {"kph", "km/h"},
    {"mps", "m/s"},
    {"kt", "kn"},
    {"knot", "kn"},
    {"knots", "kn"},
    {"m/s/s", "m/s2"},
    {"m/s^2", "m/s2"},
    {"lux", "lx"},
    {"sec", "s"},
    {"L", "l"},
    {"dBA", "dB"},
    {"dB(A)", "dB"},
    {"mbar", "hPa"},
    {"\u03a9", "Ohm"},
    {"\u2126", "Ohm"},
    {"persons", "count"},
    {"people", "count"},
    {"count/m2", "1/m2"},
    {"1/(m min)", "1/m/min"},
    {"%rh", "%RH"},
};

// Micro sign and Greek mu become "u", raised figures plain ones. False when it is longer than any unit.
static bool plain_letters(const char *unit, char ret_plain[16])
{
    static const struct {
        const char *letter;
        char plain;
    } letters[] = {{"\u00b5", 'u'}, {"\u03bc", 'u'}, {"\u00b2", '2'}, {"\u00b3", '3'}};
    size_t used = 0;
    while (*unit) {
        size_t taken = 1;
        char plain = *unit;
        for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
            if (!strncmp(unit, letters[i].letter, strlen(letters[i].letter))) {
                taken = strlen(letters[i].letter);
                plain = letters[i].plain;
            }
        if (used == 15)
            return false;
        ret_plain[used++] = plain;
        unit += taken;
    }
    ret_plain[used] = '\0';
    return true;
}

static const struct unit *find(const char *name)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (!strcmp(units[i].name, name))
            return &units[i];
    return NULL;
}

// The first row of that unit, whatever its spelling; NULL when unknown.
static const struct unit *find_spelled(const char *unit)
{
    const struct unit *found = find(unit);
    char plain[16];
    if (found || !plain_letters(unit, plain))
        return found;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
        if (!strcmp(spellings[i].spelling, plain))
            return find(spellings[i].unit);
    return find(plain);
}

static const struct unit *find_in(const char *name, enum dimension dimension)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (units[i].dimension == dimension && !strcmp(units[i].name, name))
            return &units[i];
    return NULL;
}

bool unit_known(const char *unit)
{
    return find_spelled(unit);
}

const char *unit_canonical(const char *unit)
{
    const struct unit *found = find_spelled(unit);
    return found ? found->name : NULL;
}

double number_tidy(double value)
{
    enum { DIGITS = 12, EXACT_POWER = 22 }; // 10^22 is the largest power of ten that a double holds exactly
    if (!isfinite(value) || value == rint(value))
        return value;
    int decimals = DIGITS - 1 - (int)floor(log10(fabs(value)));
    if (decimals <= 0 || decimals > EXACT_POWER)
        return value;
    double scale = pow(10, decimals);
    return rint(value * scale) / scale;
}

bool unit_convert(const char *from, const struct quantity *to, double value, double *ret_value)
{
    if (!from[0] || !strcmp(from, to->unit)) {
        *ret_value = value;
        return true;
    }
    const struct unit *source = find_spelled(from);
    if (!source)
        return false;
    if (!to->unit[0]) { // a number without a unit is a ratio to SenML, and 0 or 1 for a switch is "/", too
        bool fits = to->type != VALUE_TEXT && !strcmp(source->name, "/");
        if (fits)
            *ret_value = value;
        return fits;
    }
    const struct unit *target = find(to->unit);
    source = target ? find_in(source->name, target->dimension) : NULL;
    if (!source)
        return false;
    double scaled = value * (source->up * target->down) / (source->down * target->up);
    *ret_value = number_tidy(scaled + (source->offset - target->offset) * target->down / target->up);
    return true;
}
