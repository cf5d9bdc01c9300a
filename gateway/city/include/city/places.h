// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "city/known.h"

/*
 * Where is the road damaged? One bump tells little: a vehicle alone is wrong about every second one. Events of many vehicles on many days
 * are gathered by place, and a place that was hit on three passes is confirmed (as Street Bump has it).
 *
 * A place is where events lie near each other: within 10 m, and more by how far off the position may be and how fast the vehicle was,
 * 40 m at most. When both headings are known, they must agree within 60 degrees, so that the two carriageways of a road are two places. An
 * event belongs to the nearest place that it may belong to, by the place's centre as it was before; where there is none, it begins one.
 * Confirmed places of one direction whose centres come nearer than 15 m are one, and go on as the earlier.
 *
 * A pass is one vehicle at one place: its events less than a minute apart are one. The same vehicle at the same time is the same event, however
 * often it comes.
 *
 * The result depends on the events, not on the order that they come in: when an event is late, the places around it are taken apart
 * and put together again in the order of time. That holds as long as a place has no more than 16 hits and no more than 32 places
 * are linked by less than 80 m; `rough` counts where it did not hold. Of a place with more hits the last 16 are remembered, and the
 * earlier ones in sums alone: an event that is older than these is taken for a repeated one.
 *
 * A place's id is made of where and in what direction its first hit was, and stays what it is, also when a late event turns out to be earlier.
 */

enum { PLACE_HITS_MAX = 16, PLACE_ID_SIZE = 13 };

enum place_shape { PLACE_UNKNOWN, PLACE_DIP, PLACE_HUMP };

struct places_settings {
    double least_radius_m;        // 10
    double heading_tolerance_deg; // 60
    uint64_t confirm_passes;      // 3
    int64_t pass_us;              // 60 s
    int64_t forget_us;            // 90 d
    uint32_t places_max;          // 10 000; each takes 1.4 kB
};

extern const struct places_settings places_usual;

struct places_event {
    int64_t time_us;               // UTC
    const char *vehicle;           // or sensor: its id
    double latitude, longitude;    // WGS 84
    double accuracy_m, hdop;       // NAN: unknown. accuracy_m is one standard deviation
    double speed_mps, heading_deg; // NAN: unknown
    double severity;               // NAN: unknown
    enum place_shape shape;
};

struct place_hit {
    int64_t time_us;
    uint64_t vehicle; // a hash of its id
    double latitude, longitude;
    double error_m, radius_m;
    double heading_deg, severity; // NAN: unknown
    enum place_shape shape;
};

struct place_sums { // of hits that are remembered in no other way
    uint64_t hits, passes, dips, humps, severities;
    double weight, north, east; // of the hits' positions, in degrees from the base
    double cosine, sine;        // of the headings
    double severity;
    int64_t first_us, last_us;
};

// All there is of a place: who saves it saves what is above the line, and gives that back to places_restore(). Events that come
// again after that count once, so that it need not be saved with each.
struct place {
    uint64_t id;
    bool is_told; // somebody was told that it is confirmed
    double base_latitude, base_longitude;
    struct place_sums earlier;
    struct place_hit hits[PLACE_HITS_MAX]; // the last ones, in the order of time
    size_t hit_count;
    // ---- what follows from it
    bool is_confirmed;
    double latitude, longitude; // the mean of the hits, weighted by how good their positions were
    double heading_deg;         // NAN: unknown
    double severity;            // mean; NAN: unknown
    enum place_shape shape;     // of most hits
    uint64_t hit_total, passes;
    int64_t first_us, last_us;
};

enum places_verdict {
    PLACES_REFUSED,   // not a time, a vehicle or a position, or that may be off by more than 100 m; there is no place
    PLACES_REPEATED,  // seen before, or too old to tell
    PLACES_CANDIDATE, // too few passes yet
    PLACES_CONFIRMED_NOW, // the place is confirmed, and nobody was told before
    PLACES_CONFIRMED,     // was already
    PLACES_KNOWN,         // the place, confirmed or not, is a known object's
    PLACES_VERDICT_COUNT
};
extern const char *const places_verdict_names[PLACES_VERDICT_COUNT]; // "refused", ...

struct places_news {
    enum places_verdict verdict;
    // Borrowed until the next call that changes anything. NULL when the event was refused, is older than what places_age dropped, or
    // found no room since all other places were hit later.
    const struct place *place;
    const struct known_object *object; // NULL: none
};

struct places_figures {
    uint64_t events, repeated, refused;
    uint64_t late;    // events that had places around them put together again
    uint64_t rough;   // of these, where too much was around to do so with all of it
    uint64_t united;  // places that turned out to be the same as another
    uint64_t evicted; // places that went for others: the unconfirmed one hit least recently, or else the confirmed one
    uint64_t aged;    // places dropped by places_age
};

struct places;

// `known` is borrowed until places_destroy, and may be NULL. NULL without memory, or with settings that make no sense.
struct places *places_create(const struct places_settings *settings, const struct known *known);
void places_destroy(struct places *places); // NULL is fine

// Takes a bump, and says what it was: new or not, where it belongs, and what is known of that place now.
struct places_news places_take(struct places *places, const struct places_event *event);

// Drops what was not hit for `forget_us` before that time; events so old count as repeated from then on. It is the caller's clock that
// ages places, not what events say. Returns how many went. To be called once a day or so; it looks at every place.
size_t places_age(struct places *places, int64_t now_us);

// The known object that a place at that position is, or NULL.
const struct known_object *places_known(const struct places *places, double latitude, double longitude, double error_m);

// Goes over the places, in no order: *cursor is 0 at first. NULL: that was all. Nothing may be changed meanwhile.
const struct place *places_next(const struct places *places, uint32_t *cursor);

// Puts a place back as it was. False, and nothing is changed, when it makes no sense, its id is there already, or there is no room.
bool places_restore(struct places *places, const struct place *place);

// 12 characters of 0-9 and A-Z without I, L, O and U (Crockford's base 32).
void places_id_text(uint64_t id, char ret_text[PLACE_ID_SIZE]);

size_t places_count(const struct places *places);
struct places_figures places_figures(const struct places *places);
