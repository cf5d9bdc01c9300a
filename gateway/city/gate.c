// SPDX-License-Identifier: Apache-2.0
#include "gate.h"

#include "values.h"
#include <math.h>
#include <stdlib.h>

static const struct way {
    const char *total, *count;
    enum counting other; // a sensor that counts only that says nothing of this way
} ways[GATE_WAYS] = {{"in_total", "in", COUNTING_OUT}, {"out_total", "out", COUNTING_IN}};

// What the reading counted that way; TALLY_NONE: it does not say.
static enum tally_kind counted(const struct reading *reading, const struct way *way,
                               const struct settings_sensor *sensor, double *ret_value)
{
    const bool is_one_way = sensor->counting != COUNTING_BOTH;
    const struct {
        const char *name;
        enum tally_kind kind;
        bool is_said;
    } rows[] = {{way->total, TALLY_TOTAL, true},
                {"vehicles_total", TALLY_TOTAL, is_one_way},
                {way->count, TALLY_COUNTS, true},
                {"vehicles", TALLY_COUNTS, is_one_way}};
    for (size_t i = 0; sensor->counting != (int)way->other && i < sizeof rows / sizeof *rows; i++) {
        const struct value *value = rows[i].is_said ? reading_find(reading, rows[i].name) : NULL;
        if (!value || (value->type != VALUE_INTEGER && value->type != VALUE_NUMBER) || !(value->number >= 0))
            continue;
        *ret_value = value->number;
        return rows[i].kind;
    }
    return TALLY_NONE;
}

static bool take_way(struct gate_way *way, enum tally_kind kind, const struct reading *reading, double value,
                     int64_t since_us)
{
    if (way->tally.kind != kind)
        way->passage.count = 0;
    bool is_new = tally_take(&way->tally, kind, reading, value, since_us);
    if (is_new)
        passage_take(&way->passage, kind, reading, value);
    return is_new;
}

enum zone_news gate_take(struct gate **gate, const struct settings_sensor *sensor, const struct reading *reading,
                         int64_t since_us)
{
    enum zone_news news = ZONE_SAID_NOTHING;
    for (size_t i = 0; i < GATE_WAYS; i++) {
        double value;
        enum tally_kind kind = counted(reading, &ways[i], sensor, &value);
        if (kind == TALLY_NONE)
            continue;
        if (!*gate && !(*gate = calloc(1, sizeof **gate)))
            return ZONE_SAID_NOTHING;
        bool is_new = take_way(&(*gate)->ways[i], kind, reading, value, since_us);
        news = is_new || news == ZONE_TAKEN ? ZONE_TAKEN : ZONE_LATE;
    }
    return news;
}

void gate_since(struct gate *gate)
{
    for (size_t i = 0; i < GATE_WAYS; i++)
        tally_since(&gate->ways[i].tally);
}

double gate_inside(const struct gate *gate)
{
    return tally_sum(&gate->ways[0].tally) - tally_sum(&gate->ways[1].tally);
}

double gate_per_minute(const struct gate *gate)
{
    double in = passage_per_minute(&gate->ways[0].passage, gate->ways[0].tally.kind);
    double out = passage_per_minute(&gate->ways[1].passage, gate->ways[1].tally.kind);
    return isnan(in) ? out : isnan(out) ? in : in + out;
}

void keep_gate(struct keep *keep, struct gate *gate)
{
    for (size_t i = 0; i < GATE_WAYS; i++) {
        keep_tally(keep, &gate->ways[i].tally);
        keep_passage(keep, &gate->ways[i].passage);
    }
}

struct gate *gate_copy(const struct gate *gate)
{
    struct gate *copy = malloc(sizeof *copy);
    if (copy)
        *copy = *gate;
    return copy;
}
