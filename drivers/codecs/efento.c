// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "codecs.h"
#include "efento.pb-c.h"
#include "frames.h"
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Efento NB-IoT sensors of every kind: the message Measurements of efento.proto. A channel is what one probe measured, and
 * has samples, the oldest first.
 *
 *   continuous   value i = (start point + offset i) / steps, at the channel's timestamp + i * base * factor seconds
 *   graded       the same, but it stands above a remainder by 3, the state of calibration, which is passed over
 *   binary       a change: the offset's sign is the state, and its amount less 1 the seconds since the timestamp
 *
 * An offset from 8355840 to 8388607 is an error of the probe, so no value. A factor of 0 means 14 when any channel is binary,
 * else 1. The cloud token goes nowhere.
 */

enum {
    SERIAL_SIZE = 6,
    CHANNELS_MAX = 16, // real sensors have 6
    PERIOD_PART_MAX = 65535,
    ERROR_FIRST = 8355840,
    ERROR_LAST = 8388607,
    GRADES = 3,
    BINARY_FACTOR = 14,
    SIGNAL_MAX = 63, // 1 is -110 dBm; 0 is weaker, or not told, and 99 is not known
    ARENA_SIZE = 16 * 1024,
    NAME_SIZE = 64,
};

static const struct type {
    const char *field, *unit;
    double steps; // in one unit
    enum { CONTINUOUS, GRADED, BINARY } kind;
} types[] = {
    [1] = {"temperature_c", "Cel", 10, CONTINUOUS},
    [2] = {"humidity_pct", "%RH", 1, CONTINUOUS},
    [3] = {"pressure_hpa", "hPa", 10, CONTINUOUS},
    [4] = {"differential_pressure_pa", "Pa", 1, CONTINUOUS},
    [5] = {"alarm", "", 1, BINARY},
    [6] = {"iaq", "", 1, GRADED},
    [7] = {"flooded", "", 1, BINARY},
    [8] = {"pulses", "count", 1, CONTINUOUS},
    [9] = {"energy_wh", "Wh", 1, CONTINUOUS},
    [10] = {"water_l", "l", 1, CONTINUOUS},
    [11] = {"soil_moisture_kpa", "kPa", 1, CONTINUOUS},
    [12] = {"co_ppm", "ppm", 1, CONTINUOUS},
    [13] = {"no2_ppm", "ppm", 1, CONTINUOUS},
    [14] = {"h2s_ppm", "ppm", 100, CONTINUOUS},
    [15] = {"illuminance_lux", "lx", 10, CONTINUOUS},
    [16] = {"pm1_ugm3", "ug/m3", 1, CONTINUOUS},
    [17] = {"pm25_ugm3", "ug/m3", 1, CONTINUOUS},
    [18] = {"pm10_ugm3", "ug/m3", 1, CONTINUOUS},
    [19] = {"noise_db", "dB", 10, CONTINUOUS},
    [20] = {"nh3_ppm", "ppm", 1, CONTINUOUS},
    [21] = {"ch4_ppm", "ppm", 1, CONTINUOUS},
    [22] = {"high_pressure_kpa", "kPa", 1, CONTINUOUS},
    [23] = {"distance_m", "m", 1000, CONTINUOUS},
    [26] = {"co2_ppm", "ppm", 1, GRADED},
    [27] = {"humidity_pct", "%RH", 10, CONTINUOUS},
    [28] = {"static_iaq", "", 1, GRADED},
    [29] = {"co2_equivalent_ppm", "ppm", 1, GRADED},
    [30] = {"breath_voc_ppm", "ppm", 1, GRADED},
    [32] = {"percentage_pct", "/100", 100, CONTINUOUS},
    [33] = {"voltage_mv", "mV", 10, CONTINUOUS},
    [34] = {"current_ma", "mA", 100, CONTINUOUS},
    [41] = {"current_ma", "mA", 1000, CONTINUOUS},
    [42] = {"output", "", 1, BINARY},
    [43] = {"resistance_ohm", "Ohm", 1, CONTINUOUS},
};

// All that protobuf-c may have for one message; given back as a whole.
struct arena {
    alignas(max_align_t) uint8_t bytes[ARENA_SIZE];
    size_t used;
    bool full;
};

struct walk {
    const struct frame *frame;
    struct raw_pack *pack;
    struct fault *why;
    const Efento__Measurements *message;
    char serial[2 * SERIAL_SIZE + 1];
    int64_t period_s, newest_s;
};

static void *take(void *data, size_t size)
{
    struct arena *arena = data;
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (size > ARENA_SIZE || rounded > ARENA_SIZE - arena->used) {
        arena->full = true;
        return NULL;
    }
    void *taken = arena->bytes + arena->used;
    arena->used += rounded;
    return taken;
}

static void keep(void *data, void *taken)
{
    (void)data;
    (void)taken;
}

// NULL for a type that is not in the table.
static const struct type *find_type(uint32_t type)
{
    return type < sizeof types / sizeof *types && types[type].field ? &types[type] : NULL;
}

static void describe_type(uint32_t type, char field[NAME_SIZE])
{
    const struct type *known = find_type(type);
    if (known)
        snprintf(field, NAME_SIZE, "%s", known->field);
    else
        snprintf(field, NAME_SIZE, "type_%u", type);
}

// SERIAL:FIELD, and SERIAL:FIELD_2 for the second channel that has the field.
static const char *name_of(const struct walk *walk, size_t index)
{
    char field[NAME_SIZE], other[NAME_SIZE], name[2 * NAME_SIZE];
    unsigned number = 1;
    describe_type(walk->message->channels[index]->type, field);
    for (size_t i = 0; i < index; i++) {
        describe_type(walk->message->channels[i]->type, other);
        number += strcmp(field, other) == 0;
    }
    int size = number > 1 ? snprintf(name, sizeof name, "%s:%s_%u", walk->serial, field, number)
                          : snprintf(name, sizeof name, "%s:%s", walk->serial, field);
    return raw_pack_copy(walk->pack, name, (size_t)size);
}

static bool is_error(int32_t offset)
{
    return offset >= ERROR_FIRST && offset <= ERROR_LAST;
}

static void put_time(struct walk *walk, size_t index, int64_t time_s)
{
    walk->pack->values[index].time = RAW_TIME_ABSOLUTE;
    walk->pack->values[index].time_us = time_s * 1000000;
    walk->newest_s = time_s > walk->newest_s ? time_s : walk->newest_s;
}

static bool put_change(struct walk *walk, const Efento__Channel *channel, const char *name, int32_t offset)
{
    if (!raw_pack_bool(walk->pack, name, offset > 0))
        return false;
    put_time(walk, walk->pack->count - 1, channel->timestamp + llabs((int64_t)offset) - 1);
    return true;
}

static bool put_sample(struct walk *walk, const Efento__Channel *channel, const char *name, size_t i)
{
    const struct type *type = find_type(channel->type);
    int64_t steps = (int64_t)channel->start_point + channel->sample_offsets[i];
    if (type && type->kind == GRADED)
        steps /= GRADES;
    double number = type ? (double)steps / type->steps : (double)steps;
    if (!raw_pack_number(walk->pack, name, type ? type->unit : "", number))
        return false;
    put_time(walk, walk->pack->count - 1, channel->timestamp + (int64_t)i * walk->period_s);
    return true;
}

static enum refusal refuse_channel(struct walk *walk, size_t index)
{
    fault_set(walk->why, 0,
              _("channel %zu has a sample without a time; expected seconds since 1970, and changes from 1 on"),
              index + 1);
    return REFUSAL_SYNTAX;
}

static enum refusal take_channel(struct walk *walk, size_t index)
{
    const Efento__Channel *channel = walk->message->channels[index];
    const struct type *type = find_type(channel->type);
    if (channel->type == 0) // a place without a probe
        return REFUSAL_NONE;
    const char *name = name_of(walk, index);
    bool fits = name != NULL && channel->n_sample_offsets <= RAW_VALUES_MAX;
    for (size_t i = 0; i < channel->n_sample_offsets && fits; i++) {
        int32_t offset = channel->sample_offsets[i];
        bool binary = type && type->kind == BINARY;
        if (channel->timestamp <= 0 || (binary && offset == 0))
            return refuse_channel(walk, index);
        if (!is_error(offset))
            fits = binary ? put_change(walk, channel, name, offset) : put_sample(walk, channel, name, i);
    }
    return fits ? REFUSAL_NONE : frame_refuse_size(walk->frame, _("fewer values"), walk->why);
}

// What is said of the sensor itself is as old as its newest sample, so that both are one reading.
static bool put_own(struct walk *walk)
{
    struct raw_pack *pack = walk->pack;
    size_t before = pack->count, size = strlen(walk->serial);
    uint32_t signal = walk->message->signal;
    const char *low = raw_pack_join(pack, walk->serial, size, ":battery_low", strlen(":battery_low"));
    const char *rssi = raw_pack_join(pack, walk->serial, size, ":rssi_dbm", strlen(":rssi_dbm"));
    bool fits = low && rssi && raw_pack_bool(pack, low, !walk->message->battery_status);
    if (fits && signal > 0 && signal <= SIGNAL_MAX)
        fits = raw_pack_number(pack, rssi, "dBm", (double)signal - 111);
    for (size_t i = before; i < pack->count && walk->newest_s; i++)
        put_time(walk, i, walk->newest_s);
    return fits;
}

static bool any_binary(const Efento__Measurements *message)
{
    for (size_t i = 0; i < message->n_channels; i++) {
        const struct type *type = find_type(message->channels[i]->type);
        if (type && type->kind == BINARY)
            return true;
    }
    return false;
}

static enum refusal check_message(const Efento__Measurements *message, struct fault *why)
{
    uint32_t base = message->measurement_period_base, factor = message->measurement_period_factor;
    if (message->serial_num.len != SERIAL_SIZE)
        fault_set(why, 0, _("the serial number has %zu bytes; expected 6"), message->serial_num.len);
    else if (message->n_channels > CHANNELS_MAX)
        fault_set(why, 0, _("the message has %zu channels; expected at most %d"), message->n_channels, CHANNELS_MAX);
    else if (base == 0 || base > PERIOD_PART_MAX || factor > PERIOD_PART_MAX)
        fault_set(why, 0, _("samples are %u times %u s apart; expected at most %d, and not 0 s"), factor, base,
                  PERIOD_PART_MAX);
    else
        return REFUSAL_NONE;
    return REFUSAL_SYNTAX;
}

static enum refusal take_message(struct walk *walk)
{
    const Efento__Measurements *message = walk->message;
    enum refusal refusal = check_message(message, walk->why);
    if (refusal)
        return refusal;
    for (size_t i = 0; i < SERIAL_SIZE; i++)
        snprintf(walk->serial + 2 * i, 3, "%02x", message->serial_num.data[i]);
    uint32_t usual = any_binary(message) ? BINARY_FACTOR : 1, factor = message->measurement_period_factor;
    walk->period_s = (int64_t)message->measurement_period_base * (factor ? factor : usual);
    for (size_t i = 0; i < message->n_channels && !refusal; i++)
        refusal = take_channel(walk, i);
    if (!refusal && !put_own(walk))
        refusal = frame_refuse_size(walk->frame, _("fewer values"), walk->why);
    return refusal;
}

static enum refusal parse(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    struct arena arena;
    arena.used = 0;
    arena.full = false;
    ProtobufCAllocator allocator = {.alloc = take, .free = keep, .allocator_data = &arena};
    struct walk walk = {.frame = frame, .pack = pack, .why = why};
    walk.message = efento__measurements__unpack(&allocator, frame->size, frame->data);
    if (walk.message)
        return take_message(&walk);
    if (arena.full)
        return frame_refuse_size(frame, _("fewer values"), why);
    fault_set(why, 0, _("the %zu bytes are no measurements of an Efento sensor (protobuf)"), frame->size);
    return REFUSAL_SYNTAX;
}

const struct codec codec_efento = {
    .name = "efento",
    .description = N_("Efento NB-IoT sensors (protobuf)"),
    .content_format = -1,
    .parse = parse,
};
