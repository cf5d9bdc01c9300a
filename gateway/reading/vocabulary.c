// SPDX-License-Identifier: Apache-2.0
#include "reading/vocabulary.h"

#include "base/messages.h"
#include "base/text.h"
#include "suffixes.h"
#include "units.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    P = 1 << KIND_PARKING,
    B = 1 << KIND_BUMP,
    C = 1 << KIND_CROWD,
    T = 1 << KIND_TRAFFIC,
    E = 1 << KIND_ENVIRONMENT,
    ALL = (1 << KIND_COUNT) - 1,
};

#define COUNT_MAX 9007199254740992.0 // 2^53: the last whole number that a double counts to

static const char *const parking_states[] = {"free", "occupied", "unknown", "calibrating", NULL};
static const char *const bump_shapes[] = {"dip", "hump", "unknown", NULL};
static const char *const range_sides[] = {"below", "above", "unreliable", NULL};
static const char *const service_levels[] = {"A", "B", "C", "D", "E", "F", NULL};
static const char *const crowd_levels[] = {"normal", "warn", "high", "critical", NULL};
static const char *const fills[] = {"free", "almost_full", "full", NULL};

/*
 * One row a quantity, in the order of names (it is searched by halves). Ranges are what can be, not what is usual: a
 * sensor's `range.*` narrows them. A unit without SenML spelling is written in its manner ("uT", "1/m/min").
 */
static const struct quantity quantities[] = {
    {"acceleration_x_mps2", "m/s2", VALUE_NUMBER, -5000, 5000, B, N_("acceleration along the sensor's x axis"), NULL},
    {"acceleration_y_mps2", "m/s2", VALUE_NUMBER, -5000, 5000, B, N_("acceleration along the sensor's y axis"), NULL},
    {"acceleration_z_mps2", "m/s2", VALUE_NUMBER, -5000, 5000, B, N_("acceleration along the sensor's z axis"), NULL},
    {"altitude_m", "m", VALUE_NUMBER, -500, 9000, B | E, N_("height above sea level"), NULL},
    {"angular_x_dps", "deg/s", VALUE_NUMBER, -5000, 5000, B, N_("angular rate about the sensor's x axis"), NULL},
    {"angular_y_dps", "deg/s", VALUE_NUMBER, -5000, 5000, B, N_("angular rate about the sensor's y axis"), NULL},
    {"angular_z_dps", "deg/s", VALUE_NUMBER, -5000, 5000, B, N_("angular rate about the sensor's z axis"), NULL},
    {"band", "", VALUE_INTEGER, 0, 4, P, N_("a zone's occupancy band, from 0: what a tariff is made from"), NULL},
    {"battery_pct", "%EL", VALUE_NUMBER, 0, 100, ALL, N_("charge left in the battery"), NULL},
    {"battery_v", "V", VALUE_NUMBER, 0, 100, ALL, N_("voltage of the battery"), NULL},
    {"capacity", "count", VALUE_INTEGER, 0, 1e6, P, N_("spaces of a zone that are in service"), NULL},
    {"cause", "", VALUE_TEXT, 0, 0, P | C, N_("the sensor by whose reading a zone changed"), NULL},
    {"co2_ppm", "ppm", VALUE_NUMBER, 0, 1e6, E, N_("carbon dioxide in the air"), NULL},
    {"confidence", "/", VALUE_NUMBER, 0, 1, ALL, N_("how sure the sensor is, 0 to 1"), NULL},
    {"confirmed", "", VALUE_BOOL, 0, 1, B, N_("vehicles felt the bump at this place on three passes at least"), NULL},
    {"density_per_m2", "1/m2", VALUE_NUMBER, 0, 20, C, N_("people per square metre"), NULL},
    {"detector", "", VALUE_TEXT, 0, 0, B, N_("the detector and its settings that found the event"), NULL},
    {"distance_m", "m", VALUE_NUMBER, 0, 1000, P | C | T, N_("distance to the nearest object"), NULL},
    {"doubt", "", VALUE_TEXT, 0, 0, B, N_("why a roughness is doubtful: low_rate, few_samples or speed_guessed"), NULL},
    {"drift", "count", VALUE_INTEGER, -1e9, 1e9, P | C,
     N_("what entries and exits have counted wrong, as far as it shows"), NULL},
    {"duration_ms", "ms", VALUE_NUMBER, 0, 600000, B, N_("how long the event took"), NULL},
    {"duration_s", "s", VALUE_NUMBER, 0, 1e10, P, N_("how long the state that ended had lasted"), NULL},
    {"estimate", "", VALUE_BOOL, 0, 1, C, N_("the number of people is an estimate"), NULL},
    {"fill", "", VALUE_TEXT, 0, 0, P, N_("how full a zone is: free, almost_full or full"), fills},
    {"fix", "", VALUE_INTEGER, 0, 8, B,
     N_("how the position was found: 0 not, 1 satellites, 2 with corrections, 3 precise, 4 RTK, 5 RTK float, 6 "
        "reckoned"),
     NULL},
    {"flow_per_m_min", "1/m/min", VALUE_NUMBER, 0, 1000, C, N_("people per metre of width and minute"), NULL},
    {"frame", "count", VALUE_INTEGER, 0, 4294967295.0, ALL,
     N_("the number that the sensor gave its frame; lost ones are counted by it, and it is not stored"), NULL},
    {"free", "count", VALUE_INTEGER, 0, 1e6, P, N_("spaces of a zone that are known to be free"), NULL},
    {"hdop", "", VALUE_NUMBER, 0, 100, B, N_("horizontal dilution of precision of the position"), NULL},
    {"heading_deg", "deg", VALUE_NUMBER, 0, 360, B | T, N_("direction of travel, clockwise from true north"), NULL},
    {"humidity_pct", "%RH", VALUE_NUMBER, 0, 100, ALL, N_("relative humidity of the air"), NULL},
    {"illuminance_lux", "lx", VALUE_NUMBER, 0, 300000, P | E, N_("light falling on the sensor"), NULL},
    {"implausible", "", VALUE_BOOL, 0, 1, C, N_("more people than can have come so soon; not believed so far"), NULL},
    {"in", "count", VALUE_INTEGER, 0, 1e9, C | T, N_("people or vehicles that went in since the last reading"), NULL},
    {"in_total", "count", VALUE_INTEGER, 0, COUNT_MAX, C | T, N_("people or vehicles that went in, ever"), NULL},
    {"iri_m_per_km", "m/km", VALUE_NUMBER, 0, 100, B, N_("international roughness index"), NULL},
    {"known", "", VALUE_TEXT, 0, 0, B, N_("the known object at the place of a bump, such as manhole"), NULL},
    {"latitude", "lat", VALUE_NUMBER, -90, 90, ALL, N_("degrees north, WGS 84"), NULL},
    {"length_m", "m", VALUE_NUMBER, 0, 1e6, B, N_("length of the stretch of road"), NULL},
    {"level", "", VALUE_TEXT, 0, 0, C, N_("of a zone's density: normal, warn, high or critical"), crowd_levels},
    {"longitude", "lon", VALUE_NUMBER, -180, 180, ALL, N_("degrees east, WGS 84"), NULL},
    {"los", "", VALUE_TEXT, 0, 0, C, N_("level of service of the walkway, A to F"), service_levels},
    {"magnetic_x_ut", "uT", VALUE_NUMBER, -1e5, 1e5, P | T, N_("magnetic field along the sensor's x axis"), NULL},
    {"magnetic_y_ut", "uT", VALUE_NUMBER, -1e5, 1e5, P | T, N_("magnetic field along the sensor's y axis"), NULL},
    {"magnetic_z_ut", "uT", VALUE_NUMBER, -1e5, 1e5, P | T, N_("magnetic field along the sensor's z axis"), NULL},
    {"noise_db", "dB", VALUE_NUMBER, 0, 200, E, N_("sound pressure level"), NULL},
    {"occupancy", "/", VALUE_NUMBER, 0, 1, P | T,
     N_("part of the time that the detector was covered; part of a zone that is occupied"), NULL},
    {"occupied", "", VALUE_BOOL, 0, 1, P, N_("a vehicle stands in the bay"), NULL},
    {"out", "count", VALUE_INTEGER, 0, 1e9, C | T, N_("people or vehicles that went out since the last reading"), NULL},
    {"out_of_service", "count", VALUE_INTEGER, 0, 1e6, P, N_("bays of a zone that are out of service"), NULL},
    {"out_total", "count", VALUE_INTEGER, 0, COUNT_MAX, C | T, N_("people or vehicles that went out, ever"), NULL},
    {"passes", "count", VALUE_INTEGER, 0, 1e9, B, N_("how often vehicles have felt a bump at this place"), NULL},
    {"pdop", "", VALUE_NUMBER, 0, 100, B, N_("dilution of precision of the position, in space"), NULL},
    {"peak_mps2", "m/s2", VALUE_NUMBER, -5000, 5000, B, N_("largest vertical acceleration of the event"), NULL},
    {"people", "count", VALUE_INTEGER, 0, 1e6, C, N_("people present"), NULL},
    {"period_s", "s", VALUE_NUMBER, 0, 1e10, C | T, N_("the time that counts since the last reading cover"), NULL},
    {"ph", "pH", VALUE_NUMBER, -2, 16, E, N_("acidity"), NULL},
    {"place", "", VALUE_TEXT, 0, 0, B, N_("the id of the place of a bump"), NULL},
    {"pm10_ugm3", "ug/m3", VALUE_NUMBER, 0, 1e5, E, N_("particles up to 10 micrometres"), NULL},
    {"pm1_ugm3", "ug/m3", VALUE_NUMBER, 0, 1e5, E, N_("particles up to 1 micrometre"), NULL},
    {"pm25_ugm3", "ug/m3", VALUE_NUMBER, 0, 1e5, E, N_("particles up to 2.5 micrometres"), NULL},
    {"pressure_hpa", "hPa", VALUE_NUMBER, 300, 1200, E, N_("air pressure at the sensor"), NULL},
    {"rain_mm", "mm", VALUE_NUMBER, 0, 10000, E, N_("rain since the last reading"), NULL},
    {"rain_mmh", "mm/h", VALUE_NUMBER, 0, 5000, E, N_("rain intensity"), NULL},
    {"range", "", VALUE_TEXT, 0, 0, P | C | T, N_("why a distance head measures none: below, above or unreliable"),
     range_sides},
    {"roughness_mps2", "m/s2", VALUE_NUMBER, 0, 100, B,
     N_("how rough the stretch is: vertical shaking at 10 m/s, root mean square; compares roads, is no IRI"), NULL},
    {"rssi_dbm", "dBm", VALUE_NUMBER, -200, 50, ALL, N_("strength of the sensor's radio signal"), NULL},
    {"satellites", "count", VALUE_INTEGER, 0, 200, B, N_("satellites used for the position"), NULL},
    {"sensors", "count", VALUE_INTEGER, 0, 1e6, T, N_("sensors of a zone that spoke in its minute"), NULL},
    {"severity", "", VALUE_INTEGER, 1, 3, B, N_("1 light, 2 medium, 3 heavy"), NULL},
    {"shape", "", VALUE_TEXT, 0, 0, B, N_("dip, hump or unknown"), bump_shapes},
    {"sigma_m", "m", VALUE_NUMBER, 0, 1e7, B, N_("how far off the position is, horizontally, one standard deviation"),
     NULL},
    {"silent", "count", VALUE_INTEGER, 0, 1e6, P | C, N_("sensors of a zone that have been silent for too long"), NULL},
    {"snr_db", "dB", VALUE_NUMBER, -100, 100, ALL, N_("signal to noise of the sensor's radio"), NULL},
    {"solar_wm2", "W/m2", VALUE_NUMBER, 0, 3000, E, N_("solar irradiance"), NULL},
    {"speed_mps", "m/s", VALUE_NUMBER, 0, 150, B | C | T, N_("speed of travel or of walking"), NULL},
    {"start_latitude", "deg", VALUE_NUMBER, -90, 90, B, N_("where the stretch begins, degrees north"), NULL},
    {"start_longitude", "deg", VALUE_NUMBER, -180, 180, B, N_("where the stretch begins, degrees east"), NULL},
    {"state", "", VALUE_TEXT, 0, 0, P, N_("free, occupied, unknown or calibrating"), parking_states},
    {"suppressed", "", VALUE_BOOL, 0, 1, C, N_("people are too few to be told without watching somebody"), NULL},
    {"temperature_c", "Cel", VALUE_NUMBER, -90, 100, ALL, N_("temperature at the sensor"), NULL},
    {"travel_time_s", "s", VALUE_NUMBER, 0, 1e6, T, N_("travel time over the section, as the device gives it"), NULL},
    {"trough_mps2", "m/s2", VALUE_NUMBER, -5000, 5000, B, N_("smallest vertical acceleration of the event"), NULL},
    {"unknown", "count", VALUE_INTEGER, 0, 1e6, P, N_("spaces of a zone of which nobody knows"), NULL},
    {"uv_index", "", VALUE_NUMBER, 0, 50, E, N_("ultraviolet index"), NULL},
    {"vehicles", "count", VALUE_INTEGER, 0, 1e9, T, N_("vehicles since the last reading"), NULL},
    {"vehicles_total", "count", VALUE_INTEGER, 0, COUNT_MAX, T, N_("vehicles, ever"), NULL},
    {"wind_direction_deg", "deg", VALUE_NUMBER, 0, 360, E, N_("where the wind comes from, clockwise from north"), NULL},
    {"wind_gust_mps", "m/s", VALUE_NUMBER, 0, 150, E, N_("fastest wind"), NULL},
    {"wind_speed_mps", "m/s", VALUE_NUMBER, 0, 150, E, N_("mean wind"), NULL},
};

enum { QUANTITY_COUNT = sizeof quantities / sizeof quantities[0] };

static bool suits(const struct quantity *quantity, enum kind kind)
{
    return kind == KIND_GENERIC || (kind == KIND_ENVIRONMENT && quantity->unit[0]) || quantity->kinds >> kind & 1;
}

static int compare_name(const void *name, const void *quantity)
{
    return strcmp(name, ((const struct quantity *)quantity)->name);
}

const struct quantity *vocabulary_find(const char *name, enum kind kind)
{
    const struct quantity *found = bsearch(name, quantities, QUANTITY_COUNT, sizeof quantities[0], compare_name);
    if (found && suits(found, kind))
        return found;
    return !found && (kind == KIND_ENVIRONMENT || kind == KIND_GENERIC) ? suffix_quantity(name) : NULL;
}

bool quantity_is_counter(const struct quantity *quantity)
{
    const char *last = strrchr(quantity->name, '_');
    return quantity->type == VALUE_INTEGER && last && strcmp(last, "_total") == 0;
}

bool quantity_is_count(const char *name)
{
    static const char *const counted[] = {"in", "out", "vehicles", "rain_mm"};
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        if (strcmp(counted[i], name) == 0)
            return true;
    return false;
}

const struct quantity *vocabulary_at(size_t index)
{
    return index < QUANTITY_COUNT ? &quantities[index] : NULL;
}

const struct quantity *vocabulary_by_unit(const char *unit, enum kind kind)
{
    const char *canonical = unit_canonical(unit);
    const struct quantity *found = NULL;
    for (size_t i = 0; canonical && i < QUANTITY_COUNT; i++) {
        if (strcmp(canonical, quantities[i].unit) || !suits(&quantities[i], kind))
            continue;
        if (found)
            return NULL;
        found = &quantities[i];
    }
    return found;
}

const char *vocabulary_nearest_of(const char *name, enum kind kind)
{
    const char *names[QUANTITY_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < QUANTITY_COUNT; i++)
        if (suits(&quantities[i], kind))
            names[count++] = quantities[i].name;
    return text_nearest(name, names, count);
}
