// SPDX-License-Identifier: Apache-2.0
#include "unit_codes.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *unit, *code;
} codes[] = {
    {"%EL", "P1"},    {"%RH", "P1"}, {"/", "C62"},  {"/100", "P1"},  {"1/m2", "C93"}, {"A", "AMP"},     {"Cel", "CEL"},
    {"Hz", "HTZ"},    {"K", "KEL"},  {"Pa", "PAL"}, {"V", "VLT"},    {"W/m2", "D54"}, {"count", "C62"}, {"dB", "2N"},
    {"dBm", "DBM"},   {"deg", "DD"}, {"h", "HUR"},  {"hPa", "A97"},  {"kg", "KGM"},   {"km", "KMT"},    {"km/h", "KMH"},
    {"lat", "DD"},    {"lon", "DD"}, {"lx", "LUX"}, {"m", "MTR"},    {"m/s", "MTS"},  {"m/s2", "MSK"},  {"m2", "MTK"},
    {"m3", "MTQ"},    {"mA", "4K"},  {"mV", "2Z"},  {"mg/m3", "GP"}, {"min", "MIN"},  {"mm", "MMT"},    {"mm/h", "H67"},
    {"deg/s", "E96"}, {"ms", "C26"}, {"cm", "CMT"}, {"ppb", "61"},   {"ppm", "59"},   {"s", "SEC"},     {"l/s", "G51"},
    {"ug/m3", "GQ"},  {"uT", "D81"}, {"Wh", "WHR"}, {"kWh", "KWH"},  {"W", "WTT"},    {"kW", "KWT"},    {"kPa", "KPA"},
    {"m3/h", "MQH"},  {"pH", "Q30"},
};

const char *unit_code(const char *unit)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(codes[i].unit, unit) == 0) {
            return codes[i].code;
        }
    }
    return NULL;
}
