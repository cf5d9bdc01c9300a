// SPDX-License-Identifier: Apache-2.0
#include "intake.h"

#include "account.h"
#include "base/messages.h"
#include "city.h"
#include "city/late.h"
#include "fast.h"
#include "hold.h"
#include "leave_out.h"
#include "meaning.h"
#include "numbered.h"
#include "recall.h"
#include "source.h"
#include "stranger.h"
#include "unknown.h"
#include "vehicle.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STORED_MAX = 1024 * 1024, LAST_MAX = 64 * 1024 };

// The city room has names of its own beside the vocabulary's.
static bool is_noted(const struct sensor_live *live, const char *quantity)
{
    for (size_t i = 0; i < live->quantity_count; i++)
        if (strcmp(live->quantities[i], quantity) == 0)
            return true;
    return false;
}

// Most sensors ever show four or fewer. Without memory the quantity is noted with a later reading.
static bool note(struct sensor_live *live, const char *quantity)
{
    enum { STEP = 4 };
    if (live->quantity_count == READING_VALUES_MAX)
        return false;
    if (live->quantity_count % STEP == 0) {
        size_t size = (live->quantity_count + STEP) * sizeof *live->quantities;
        const char **larger = realloc(live->quantities, size);
        if (!larger)
            return false;
        live->quantities = larger;
    }
    live->quantities[live->quantity_count++] = quantity;
    return true;
}

static void note_quantities(struct intake *intake, struct sensor_live *live, const struct reading *reading)
{
    for (size_t v = 0; v < reading->value_count; v++)
        if (!is_noted(live, reading->values[v].name) && note(live, reading->values[v].name))
            intake->quantities_changed = true;
}

struct recalling {
    struct intake *intake;
    struct sensor_live **by_stream;
    size_t streams;
};

static void recall(void *context, const struct buffer_item *item, const struct reading *stored)
{
    struct recalling *recalling = context;
    struct sensor_live *live = item->stream < recalling->streams ? recalling->by_stream[item->stream] : NULL;
    if (!live)
        return;
    moments_take(&live->moments, item->time_us, stored ? reading_content(stored) : 0);
    if (!stored)
        return;
    struct reading reading = *stored;
    for (size_t v = 0; v < reading.value_count; v++) {
        // A stored name lives in the batch; the vocabulary's own lives as long as the program.
        const struct quantity *quantity = vocabulary_find(reading.values[v].name, reading.kind);
        reading.values[v].name = quantity ? quantity->name : NULL;
        if (!quantity)
            return;
    }
    note_quantities(recalling->intake, live, &reading);
}

static int recall_all(struct intake *intake)
{
    struct recalling recalling = {.intake = intake, .streams = buffer_stream_count(intake->buffer)};
    recalling.by_stream = calloc(recalling.streams + 1, sizeof *recalling.by_stream);
    if (!recalling.by_stream)
        return -ENOMEM;
    for (size_t i = 0; i < sensors_count(intake->sensors); i++)
        recalling.by_stream[intake->live[i].stream] = &intake->live[i];
    int error = recall_each(intake->buffer, recall_begin(intake->buffer), recall, &recalling);
    free(recalling.by_stream);
    return error;
}

int intake_init(struct intake *intake, const struct clock *clock, const struct sensors *sensors, struct buffer *buffer,
                struct fault *why)
{
    size_t count = sensors_count(sensors);
    *intake = (struct intake){.clock = clock, .sensors = sensors, .buffer = buffer};
    bytes_init(&intake->stored, STORED_MAX);
    intake->live = calloc(count + 1, sizeof *intake->live);
    intake->pack = malloc(sizeof *intake->pack);
    intake->spare = malloc(sizeof *intake->spare);
    intake->unknowns = unknowns_create();
    if (!intake->live || !intake->pack || !intake->spare || !intake->unknowns)
        return fault_set(why, -ENOMEM, _("out of memory"));
    for (size_t i = 0; i < count; i++) {
        const struct sensor *sensor = sensors_at(sensors, i);
        bytes_init(&intake->live[i].last, LAST_MAX);
        bytes_init(&intake->live[i].waiting, LAST_MAX);
        intake->live[i].moments.keeps_contents = sensor->settings->source_type == SOURCE_COAP_OBSERVE;
        int error = buffer_stream(buffer, sensor->settings->id, &intake->live[i].stream, why);
        if (error)
            return error;
    }
    int error = recall_all(intake);
    return error ? fault_errno(why, error, _("stored readings cannot be read")) : 0;
}

void intake_finish(struct intake *intake)
{
    for (size_t i = 0; intake->live && i < sensors_count(intake->sensors); i++) {
        bytes_finish(&intake->live[i].last);
        bytes_finish(&intake->live[i].waiting);
        free(intake->live[i].quantities);
        moments_finish(&intake->live[i].moments);
    }
    free(intake->live);
    free(intake->pack);
    free(intake->spare);
    unknowns_destroy(intake->unknowns);
    bytes_finish(&intake->stored);
    *intake = (struct intake){0};
}

// When a reading was, by the clock since boot: what its time, of the same moment, is away from now.
static int64_t boot_time(const struct intake *intake, const struct reading *reading, int64_t received_us)
{
    return clock_boot_us(intake->clock) - (received_us - reading->time_us);
}

bool intake_is_event(const struct normalised *one)
{
    return kind_is_event(one->reading.kind) && !one->is_rest;
}

// Stores the readings one behind the other in `stored` and describes them as records, whose payloads are offsets until
// the buffer has stopped growing.
static bool encode_all(struct intake *intake, int64_t received_us, struct buffer_record records[])
{
    size_t offsets[PACK_READINGS_MAX];
    struct normalised_pack *pack = intake->pack;
    bytes_clear(&intake->stored);
    for (size_t i = 0; i < pack->count; i++) {
        offsets[i] = intake->stored.used;
        reading_encode(&pack->readings[i].reading, &intake->stored);
    }
    if (intake->stored.overflow)
        return false;
    for (size_t i = 0; i < pack->count; i++) {
        const struct normalised *one = &pack->readings[i];
        size_t end = i + 1 < pack->count ? offsets[i + 1] : intake->stored.used;
        records[i] = (struct buffer_record){.stream = intake->live[one->sensor->index].stream,
                                            .class = intake_is_event(one) ? BUFFER_EVENT : BUFFER_ROUTINE,
                                            .time_us = one->reading.time_us,
                                            .payload = intake->stored.data + offsets[i],
                                            .size = end - offsets[i]};
        if (one->reading.time_quality == TIME_ESTIMATED && !hold_is_over(intake->hold)) {
            records[i].unsure = true;
            records[i].boot_us = boot_time(intake, &one->reading, received_us);
        }
    }
    return true;
}

static void note_contents(struct intake *intake)
{
    for (size_t i = 0; i < intake->pack->count; i++) {
        struct normalised *one = &intake->pack->readings[i];
        if (intake->live[one->sensor->index].moments.keeps_contents)
            one->content = reading_content(&one->reading);
    }
}

static bool is_synchronised(struct intake *intake)
{
    if (!intake->clock_asked)
        intake->clock_synchronised = intake->clock->synchronised(intake->clock);
    intake->clock_asked = true;
    return intake->clock_synchronised;
}

void intake_keep_last(struct intake *intake, struct sensor_live *live, const struct reading *reading,
                      const void *stored, size_t size)
{
    int64_t now_us = is_synchronised(intake) ? clock_wall_us(intake->clock) : INT64_MAX;
    if (live->last.used > 0 && is_late(reading, live->last_us))
        return;
    bytes_keep(&live->last, stored, size);
    live->last_us = reading->time_us < now_us ? reading->time_us : now_us;
}

static void remember(struct intake *intake, const struct buffer_record records[])
{
    for (size_t i = 0; i < intake->pack->count; i++) {
        const struct normalised *one = &intake->pack->readings[i];
        struct sensor_live *live = &intake->live[one->sensor->index];
        intake_keep_last(intake, live, &one->reading, records[i].payload, records[i].size);
        live->last_boot_us = clock_boot_us(intake->clock);
        live->readings++;
        moments_take(&live->moments, one->reading.time_us, one->content);
        note_quantities(intake, live, &one->reading);
    }
}

void intake_note(struct intake *intake, const struct sensor *sensor, const struct reading *reading)
{
    struct sensor_live *live = &intake->live[sensor->index];
    struct bytes stored;
    bytes_init(&stored, LAST_MAX);
    reading_encode(reading, &stored);
    intake_keep_last(intake, live, reading, stored.data, stored.used);
    bytes_finish(&stored);
    live->last_boot_us = clock_boot_us(intake->clock);
    live->readings++;
    moments_take(&live->moments, reading->time_us, 0);
    note_quantities(intake, live, reading);
}

static bool time_is_taken(const struct intake *intake, size_t index, int64_t time_us)
{
    const struct normalised *readings = intake->pack->readings;
    for (size_t earlier = 0; earlier < index; earlier++)
        if (readings[earlier].sensor == readings[index].sensor && readings[earlier].reading.time_us == time_us)
            return true;
    return moments_taken(&intake->live[readings[index].sensor->index].moments, time_us);
}

static void give_times(struct intake *intake)
{
    for (size_t i = 0; i < intake->pack->count; i++)
        while (time_is_taken(intake, i, intake->pack->readings[i].reading.time_us))
            intake->pack->readings[i].reading.time_us++;
}

static enum refusal refuse_append(int error, struct fault *why)
{
    switch (error) {
    case -EBUSY:
        fault_set(why, error, _("too many readings wait for the disk; try again later"));
        return REFUSAL_FULL;
    case -ENOSPC:
        fault_set(why, error, _("the buffer is full; try again later"));
        return REFUSAL_FULL;
    case -EMSGSIZE:
        fault_set(why, error, _("the pack is too large; send it in parts"));
        return REFUSAL_LENGTH;
    default:
        fault_errno(why, error, _("the readings cannot be stored"));
        return REFUSAL_STORAGE;
    }
}

bool intake_turn(struct intake *intake)
{
    bool took = intake->took;
    intake->took = intake->clock_asked = false;
    vehicles_turn(intake->vehicles);
    if (intake->city && city_turn(intake->city))
        took = true;
    return took;
}

// A frame's header and key, its records' headers, and the padding; see the buffer's format.
static uint64_t bytes_in_buffer(size_t readings, size_t payload, size_t key)
{
    enum { FRAME = 60, RECORD = 25 };
    return FRAME + key + readings * RECORD + payload;
}

static enum refusal append(struct intake *intake, struct source *source, const struct driver_pack *pack,
                           int64_t received_us, struct fault *why)
{
    struct buffer_record records[PACK_READINGS_MAX];
    give_times(intake);
    if (!encode_all(intake, received_us, records))
        return refuse_append(-EMSGSIZE, why);
    int error =
        buffer_append(intake->buffer, records, intake->pack->count, pack->key, pack->key_size, source, pack->ticket);
    if (error)
        return refuse_append(error, why);
    remember(intake, records);
    intake->took = true;
    intake->taken_bytes += bytes_in_buffer(intake->pack->count, intake->stored.used, pack->key_size);
    source->received += intake->pack->count;
    return REFUSAL_NONE;
}

// The readings of the intake's pack.
static enum refusal store(struct intake *intake, struct source *source, const struct driver_pack *pack,
                          int64_t received_us, struct fault *why)
{
    enum refusal refusal = append(intake, source, pack, received_us, why);
    fast_settle(intake, refusal == REFUSAL_NONE);
    return refusal;
}

// Nothing of it is to be kept.
static enum refusal settle_at_once(struct source *source, const struct driver_pack *pack)
{
    if (pack->ticket && source->driver && source->driver->settled)
        source->driver->settled(source->driver_state, pack->ticket, 0);
    return REFUSAL_NONE;
}

static enum refusal take_readings(struct intake *intake, struct source *source, const struct driver_pack *pack,
                                  int64_t received_us, struct fault *why)
{
    note_contents(intake); // before anything is added that the source did not say
    if (pack->may_repeat)
        source->repeated += leave_out_known(intake);
    leave_out_private(intake);
    meaning_take(intake, source, is_synchronised(intake) ? clock_wall_us(intake->clock) : 0);
    source->unchanged += leave_out_unchanged(intake);
    source->unknown_fields += intake->pack->unknown_fields;
    if (source->merge_us > 0 && !pack->ticket)
        fast_hold_back(intake, source);
    if (intake->pack->count == 0)
        return settle_at_once(source, pack);
    enum refusal refusal = store(intake, source, pack, received_us, why);
    if (refusal)
        meaning_undo(intake, pack->ticket != 0);
    return refusal;
}

// Records of nobody in a pack whose others are taken.
static void note_strangers(struct intake *intake, struct source *source, const struct driver_pack *pack,
                           struct fault *why)
{
    size_t first = intake->pack->unknown_record;
    if (intake->pack->unknown_records == 0)
        return;
    enum refusal refusal = stranger_refuse(intake, source->name, pack, pack->raw->values[first].name, why);
    source_refused(source, refusal, why);
    why->text[0] = '\0';
}

static enum refusal take(struct intake *intake, struct source *source, const struct driver_pack *pack,
                         struct fault *why)
{
    if (intake->stopping) {
        fault_set(why, 0, _("the gateway is stopping; try again later"));
        return REFUSAL_FULL;
    }
    if (vehicles_locate(intake->vehicles, source->name, pack)) {
        source->received++;
        return REFUSAL_NONE;
    }
    const struct sensor *sensor = pack->sensor ? sensors_find(intake->sensors, pack->sensor) : NULL;
    if (pack->sensor && !sensor)
        return stranger_refuse(intake, source->name, pack, pack->sensor, why);
    struct normalise_context context = {.sensors = intake->sensors,
                                        .source = source->name,
                                        .sensor = sensor,
                                        .received_us = clock_wall_us(intake->clock),
                                        .clock_synchronised = is_synchronised(intake),
                                        .unauthenticated = pack->unauthenticated,
                                        .takes_parts = !pack->ticket,
                                        .identity = pack->identity};
    enum refusal refusal = normalise(&context, pack->raw, intake->pack, why);
    if (refusal == REFUSAL_UNKNOWN_SENSOR) {
        struct fault name = *why; // what the source called it
        return stranger_refuse(intake, source->name, pack, name.text, why);
    }
    if (refusal)
        return refusal;
    note_strangers(intake, source, pack, why);
    if (intake->city)
        city_hear(intake->city, intake->pack, is_synchronised(intake)); // also of what is nothing but a frame's number
    numbered_take(intake);
    size_t samples = vehicles_take(intake->vehicles, intake->pack, context.received_us);
    refusal = take_readings(intake, source, pack, context.received_us, why);
    bool comes_again = refusal && pack->ticket;
    vehicles_settle(intake->vehicles, !comes_again);
    source->received += comes_again ? 0 : samples;
    return refusal;
}

void intake_flush(struct intake *intake, struct source *source)
{
    const struct driver_pack pack = {.key = NULL};
    struct fault why = {""};
    while (fast_collect(intake, source)) {
        enum refusal refusal = store(intake, source, &pack, clock_wall_us(intake->clock), &why);
        if (refusal)
            source_refused(source, refusal, &why);
        fast_drop(intake); // also what cannot be stored: it must not wait without end
    }
}

static void count_for(const struct intake *intake, const struct sensor *sensor, enum refusal refusal)
{
    account_refused(intake->account, intake->live[sensor->index].stream, refusal);
}

static bool is_among(const struct sensor *sensor, const struct sensor *const list[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == sensor)
            return true;
    return false;
}

// A pack that was refused counts once for each sensor that it, or its request, names.
static void count_refused(const struct intake *intake, const struct source *source, const struct driver_pack *pack,
                          enum refusal refusal)
{
    const struct sensor *seen[PACK_READINGS_MAX];
    size_t count = 0;
    const struct sensor *named = pack->sensor ? sensors_find(intake->sensors, pack->sensor) : NULL;
    if (named)
        count_for(intake, named, refusal);
    for (size_t i = 0; !pack->sensor && i < pack->raw->count && count < PACK_READINGS_MAX; i++) {
        const char *field;
        named = sensors_by_name(intake->sensors, source->name, pack->raw->values[i].name, &field);
        if (!named || is_among(named, seen, count))
            continue;
        seen[count++] = named;
        count_for(intake, named, refusal);
    }
}

enum refusal intake_take(struct intake *intake, struct source *source, const struct driver_pack *pack,
                         struct fault *why)
{
    struct fault local = {""};
    enum refusal refusal = take(intake, source, pack, &local);
    if (!refusal)
        source_taken(source);
    if (refusal) {
        source_refused(source, refusal, &local);
        if (intake->account)
            count_refused(intake, source, pack, refusal);
    }
    if (refusal && why)
        *why = local;
    return refusal;
}
