// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a city knows of its streets: speed bumps, manholes, rails. They shake a vehicle as well, and nobody needs to look at them.
 *
 * They come as CSV, as an office makes it: a header names the columns, in any order, `latitude`, `longitude` and `kind`, and if you like
 * `radius_m` and `label` (or 緯度, 経度, 種別, 半径, 名称); others are not read. Columns are parted by what the header has between them: comma, semicolon or tab. Numbers may
 * have a decimal comma, in quotes where commas part the columns. A field in quotes has "" for a quote, and ends with its line. UTF-8, with or
 * without a BOM, LF or CRLF. Empty lines, and lines that begin with #, are no objects. A bad line is reported and left out; the others count.
 *
 *     latitude;longitude;kind;radius_m;label
 *     34,702500;135,495900;hump;12;梅田駅前
 */

struct known;

enum { KNOWN_KIND_SIZE = 32, KNOWN_LABEL_SIZE = 64 };
enum { KNOWN_OBJECTS_MAX = 20000, KNOWN_FILE_MAX = 8 << 20 }; // of a city, and the file that lists them

struct known_object {
    double latitude, longitude;
    double radius_m;              // 15 when the file does not tell
    char kind[KNOWN_KIND_SIZE];   // UTF-8 without control characters, cut at a character's border, never empty
    char label[KNOWN_LABEL_SIZE]; // the same; may be empty
};

enum known_fault {
    KNOWN_NO_HEADER,    // latitude, longitude or kind is missing in it; nothing was read
    KNOWN_NOT_UTF8,     // or a control character
    KNOWN_TOO_FEW,      // columns
    KNOWN_BAD_POSITION, // not two numbers of degrees
    KNOWN_BAD_RADIUS,   // not 1 to 200 m
    KNOWN_NO_KIND,
    KNOWN_TOO_MANY, // objects: this line and all behind it were not read
    KNOWN_FAULT_COUNT
};
extern const char *const known_fault_texts[KNOWN_FAULT_COUNT]; // for people, to be translated

// Called back with the line's number, from 1.
typedef void known_report(void *context, size_t line, enum known_fault fault);

// Takes some 160 bytes an object. NULL without memory.
struct known *known_create(size_t objects_max);
void known_destroy(struct known *known); // NULL is fine

// Adds the objects of a text in memory, which is not kept. Returns how many they are. `report` may be NULL.
size_t known_read(struct known *known, const char *text, size_t size, known_report *report, void *context);

// The nearest of the objects that the position may be at, when it may be off by error_m: nearer to it than radius_m and error_m together.
// NULL: there is none. It lives as long as `known`.
const struct known_object *known_find(const struct known *known, double latitude, double longitude, double error_m);

size_t known_count(const struct known *known);
