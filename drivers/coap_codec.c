// SPDX-License-Identifier: Apache-2.0
#include "coap_codec.h"
#include "reading/reading.h"
#include <stdlib.h>
#include <string.h>

const struct codec *codec_for_body(const struct codec *own, bool one_sensor, int format)
{
    bool names_no_sensor = format == FORMAT_TEXT || format == FORMAT_LWM2M_TLV;
    if (format < 0 || format == FORMAT_OCTETS)
        return one_sensor ? own : NULL;
    return names_no_sensor && !one_sensor ? NULL : codec_for_content_format(format);
}

static enum refusal keep_bytes(const struct frame *frame, struct raw_pack *pack, struct fault *why)
{
    (void)why;
    struct raw_value *value = raw_pack_add(pack);
    value->type = RAW_DATA;
    value->text = (const char *)frame->data;
    value->text_size = frame->size;
    return REFUSAL_NONE;
}

static const struct codec unread = {.name = "", .content_format = -1, .parse = keep_bytes};

struct choice {
    const char *sensor;
    const struct codec *codec;
};

struct codec_choices {
    size_t count;
    struct choice choices[]; // in the order of the sensors' ids
};

static int compare(const void *one, const void *other)
{
    return strcmp(((const struct choice *)one)->sensor, ((const struct choice *)other)->sensor);
}

struct codec_choices *codec_choices_create(const struct settings *settings)
{
    struct codec_choices *choices = malloc(sizeof *choices + settings->sensor_count * sizeof *choices->choices);
    if (!choices)
        return NULL;
    choices->count = 0;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        const struct codec *codec = sensor->codec ? codec_find(sensor->codec) : NULL;
        if (!sensor->disabled && sensor->source_type == SOURCE_COAP)
            choices->choices[choices->count++] = (struct choice){sensor->id, codec};
    }
    qsort(choices->choices, choices->count, sizeof *choices->choices, compare);
    return choices;
}

const struct codec *codec_choice(const struct codec_choices *choices, const char *sensor)
{
    struct choice wanted = {.sensor = sensor};
    const struct choice *found = bsearch(&wanted, choices->choices, choices->count, sizeof *choices->choices, compare);
    return found ? found->codec : &unread;
}

unsigned codec_object(const struct settings *settings, const char *sensor)
{
    static const unsigned objects[KIND_COUNT] = {
        [KIND_PARKING] = 3431, [KIND_BUMP] = 3313,        [KIND_CROWD] = 3434,
        [KIND_TRAFFIC] = 3432, [KIND_ENVIRONMENT] = 3303,
    };
    for (size_t i = 0; i < settings->sensor_count; i++)
        if (strcmp(settings->sensor[i].id, sensor) == 0)
            return objects[settings->sensor[i].kind];
    return 0;
}
