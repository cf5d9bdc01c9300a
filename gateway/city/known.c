// SPDX-License-Identifier: Apache-2.0
#include "city/known.h"

#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include "place_grid.h"
#include "place_on_earth.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FIELDS_MAX = 32, FIELD_SIZE = 256, OBJECTS_MOST = 1000000 };
enum column { LATITUDE, LONGITUDE, KIND, RADIUS, LABEL, COLUMN_COUNT, COLUMNS_NEEDED = RADIUS };

static const double usual_radius_m = 15, greatest_radius_m = 200, greatest_error_m = 50;
static const char *const column_names[COLUMN_COUNT] = {"latitude", "longitude", "kind", "radius_m", "label"},
                         *const japanese_names[COLUMN_COUNT] = {"緯度", "経度", "種別", "半径", "名称"};

const char *const known_fault_texts[KNOWN_FAULT_COUNT] = {
    [KNOWN_NO_HEADER] = N_("no header names the columns; expected latitude, longitude, kind"),
    [KNOWN_NOT_UTF8] = N_("this is not UTF-8"),
    [KNOWN_TOO_FEW] = N_("there are too few columns; expected as many as in the header"),
    [KNOWN_BAD_POSITION] = N_("this is no position; expected degrees north and east"),
    [KNOWN_BAD_RADIUS] = N_("this is no radius; expected metres"),
    [KNOWN_NO_KIND] = N_("the kind is missing; expected a word such as manhole"),
    [KNOWN_TOO_MANY] = N_("there are more objects than can be kept"),
};

struct known {
    struct place_grid *grid;
    struct known_object *objects;
    size_t count, max;
};

struct fields {
    char text[FIELDS_MAX + 1][FIELD_SIZE]; // behind the last one there is an empty one
    size_t count;
};

struct layout {
    char separator;
    size_t places[COLUMN_COUNT]; // FIELDS_MAX: not there
};

struct known *known_create(size_t objects_max)
{
    struct known *known = calloc(1, sizeof *known);
    if (!known)
        return NULL;
    known->max = objects_max < OBJECTS_MOST ? objects_max : OBJECTS_MOST;
    known->objects = calloc(known->max + 1, sizeof *known->objects);
    known->grid = place_grid_create((uint32_t)known->max);
    if (!known->objects || !known->grid) {
        known_destroy(known);
        return NULL;
    }
    return known;
}

void known_destroy(struct known *known)
{
    if (!known)
        return;
    place_grid_destroy(known->grid);
    free(known->objects);
    free(known);
}

size_t known_count(const struct known *known)
{
    return known->count;
}

// As much of it as fits, without half a character.
static void copy_cut(char *to, size_t to_size, const char *from, size_t size)
{
    if (size >= to_size) {
        size = to_size - 1;
        while (size > 0 && ((unsigned char)from[size] & 0xc0) == 0x80)
            size--;
    }
    memcpy(to, from, size);
    to[size] = '\0';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

// The field that begins there, without its quotes and the blanks around it. Returns where the next one begins, or NULL.
static const char *take_field(const char *at, const char *end, char separator, char ret_text[FIELD_SIZE])
{
    char field[FIELD_SIZE];
    size_t used = 0;
    bool in_quotes = false;
    while (at < end && is_blank(*at) && *at != separator)
        at++;
    for (; at < end && (in_quotes || *at != separator); at++) {
        bool is_doubled = in_quotes && *at == '"' && at + 1 < end && at[1] == '"';
        if (*at == '"' && !is_doubled) {
            in_quotes = !in_quotes;
            continue;
        }
        at += is_doubled;
        if (used < sizeof field)
            field[used++] = *at;
    }
    while (used > 0 && is_blank(field[used - 1]))
        used--;
    copy_cut(ret_text, FIELD_SIZE, field, used);
    return at < end ? at + 1 : NULL;
}

static void take_fields(const char *line, size_t size, char separator, struct fields *ret_fields)
{
    const char *at = line;
    ret_fields->count = 0;
    ret_fields->text[FIELDS_MAX][0] = '\0';
    while (at && ret_fields->count < FIELDS_MAX)
        at = take_field(at, line + size, separator, ret_fields->text[ret_fields->count++]);
}

static bool take_header(const char *line, size_t size, struct layout *ret_layout)
{
    struct fields fields;
    ret_layout->separator = memchr(line, ';', size) ? ';' : memchr(line, '\t', size) ? '\t' : ',';
    take_fields(line, size, ret_layout->separator, &fields);
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        ret_layout->places[c] = FIELDS_MAX;
        for (size_t i = fields.count; i-- > 0;)
            if (strcasecmp(fields.text[i], column_names[c]) == 0 || strcmp(fields.text[i], japanese_names[c]) == 0)
                ret_layout->places[c] = i;
        if (c < COLUMNS_NEEDED && ret_layout->places[c] == FIELDS_MAX)
            return false;
    }
    return true;
}

static bool take_number(char *text, double *ret_number)
{
    char *comma = strchr(text, ',');
    if (comma)
        *comma = '.';
    return number_parse(text, strlen(text), ret_number);
}

// "" where the column is not there, or the line ends before it.
static char *field_of(struct fields *fields, const struct layout *layout, enum column column)
{
    size_t place = layout->places[column];
    return fields->text[place < fields->count ? place : FIELDS_MAX];
}

// KNOWN_FAULT_COUNT: none.
static enum known_fault take_object(struct fields *fields, const struct layout *layout, struct known_object *ret_object)
{
    struct known_object object = {.radius_m = usual_radius_m};
    char *radius = field_of(fields, layout, RADIUS), *kind = field_of(fields, layout, KIND);
    char *label = field_of(fields, layout, LABEL);
    for (size_t c = 0; c < COLUMNS_NEEDED; c++)
        if (layout->places[c] >= fields->count)
            return KNOWN_TOO_FEW;
    if (!take_number(field_of(fields, layout, LATITUDE), &object.latitude) ||
        !take_number(field_of(fields, layout, LONGITUDE), &object.longitude) ||
        !place_is_one(object.latitude, object.longitude))
        return KNOWN_BAD_POSITION;
    if (*radius &&
        (!take_number(radius, &object.radius_m) || object.radius_m < 1 || object.radius_m > greatest_radius_m))
        return KNOWN_BAD_RADIUS;
    if (!*kind)
        return KNOWN_NO_KIND;
    copy_cut(object.kind, sizeof object.kind, kind, strlen(kind));
    copy_cut(object.label, sizeof object.label, label, strlen(label));
    *ret_object = object;
    return KNOWN_FAULT_COUNT;
}

static enum known_fault take_line(struct known *known, const char *line, size_t size, const struct layout *layout)
{
    struct fields fields;
    take_fields(line, size, layout->separator, &fields);
    for (size_t i = 0; i < fields.count; i++)
        if (!text_is_plain(fields.text[i], strlen(fields.text[i])))
            return KNOWN_NOT_UTF8;
    if (!text_is_utf8(line, size))
        return KNOWN_NOT_UTF8;
    if (known->count == known->max)
        return KNOWN_TOO_MANY;
    struct known_object *object = &known->objects[known->count];
    enum known_fault fault = take_object(&fields, layout, object);
    if (fault == KNOWN_FAULT_COUNT)
        place_grid_put(known->grid, (uint32_t)known->count++, object->latitude, object->longitude);
    return fault;
}

static bool says_nothing(const char *line, size_t size)
{
    while (size > 0 && is_blank(*line))
        line++, size--;
    return size == 0 || *line == '#';
}

size_t known_read(struct known *known, const char *text, size_t size, known_report *report, void *context)
{
    size_t before = known->count, number = 0;
    const char *end = text + size;
    struct layout layout;
    bool has_header = false;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text)), *line = text;
        size_t length = (size_t)((line_end ? line_end : end) - line);
        text = line_end ? line_end + 1 : end;
        number++;
        if (length > 0 && line[length - 1] == '\r')
            length--;
        if (says_nothing(line, length))
            continue;
        enum known_fault fault = KNOWN_FAULT_COUNT;
        if (has_header)
            fault = take_line(known, line, length, &layout);
        else if (!take_header(line, length, &layout))
            fault = KNOWN_NO_HEADER;
        has_header = true;
        if (fault != KNOWN_FAULT_COUNT && report)
            report(context, number, fault);
        if (fault == KNOWN_NO_HEADER || fault == KNOWN_TOO_MANY)
            break;
    }
    return known->count - before;
}

const struct known_object *known_find(const struct known *known, double latitude, double longitude, double error_m)
{
    const struct known_object *nearest = NULL;
    double least_m = INFINITY;
    struct place_grid_walk walk;
    uint32_t item;
    error_m = error_m > 0 ? fmin(error_m, greatest_error_m) : 0;
    place_grid_begin(known->grid, latitude, longitude, greatest_radius_m + error_m, &walk);
    while (place_grid_next(&walk, &item)) {
        const struct known_object *object = &known->objects[item];
        double metres = place_distance_m(latitude, longitude, object->latitude, object->longitude);
        if (metres <= object->radius_m + error_m && metres < least_m) {
            nearest = object;
            least_m = metres;
        }
    }
    return nearest;
}
