// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drivers/codec.h"
#include "reading/guess.h"
#include "settings/settings.h"
#include <stdbool.h>

/*
 * What bytes of an unknown serial device are. Every codec of the table that works on serial lines reads them, and each is
 * judged by evidence:
 *
 *   covered   which share of the bytes its good frames explain; half a frame at either end does not count against it
 *   tight     which share of changes to single bits of its frames it refuses: 1 for a checksum, little for lines of text
 *   chance    what it would find in the same bytes, shuffled
 *
 * Of codecs that explain the same bytes the tighter one is right: nmea, not csv. Bytes in, findings out; no I/O.
 */

enum { SNIFF_CODECS_MAX = 64, SNIFF_COLUMNS_MAX = 24, SNIFF_TEXT_SIZE = 400 };

struct sniff_codec {
    const struct codec *codec;
    size_t frames;                 // good ones
    size_t readings;               // of these, those that say something
    size_t good_bytes;             // in good frames
    size_t refused[REFUSAL_COUNT]; // by reason
    size_t passed_bytes;           // refused ones
    size_t rest_bytes;             // at the end, which may become a frame
    double covered, tight, chance; // 0 to 1
    double score;                  // 0: it does not fit; 1 at most
};

struct sniff_findings {
    size_t bytes;
    double printable;      // share of the bytes that stand in text, ends of lines too
    size_t frame_length;   // after how many bytes they repeat; 0: not seen
    double frame_likeness; // share of bytes that are the same so many bytes later
    struct sniff_codec codecs[SNIFF_CODECS_MAX];
    size_t codec_count;
    const struct sniff_codec *best; // of these, so that findings must not be copied; NULL: none fits
    // Of the best one:
    enum kind kind;                      // of a sensor that says this; generic when there is no telling
    char id[ID_MAX + 1];                 // of that sensor, where its readings name it; else ""
    char address[GUESS_ADDRESS_MAX + 1]; // what they call it
    char sample[SNIFF_TEXT_SIZE];        // what its last reading says, for people; escaped
    char columns
        [SNIFF_TEXT_SIZE]; // for lines of numbers: the keys `columns` and `separator` that read them; "" otherwise
    enum separator separator;
};

// 0 or -ENOMEM.
int sniff_judge(const uint8_t *data, size_t size, struct sniff_findings *ret_findings);

// What the kernel counted while the bytes came (TIOCGICOUNT).
struct sniff_errors {
    bool known; // many adapters count, pseudo-terminals do not
    size_t framing, parity, overrun, breaks;
};

// One rate and parity that was listened to.
struct sniff_trial {
    int64_t baud;
    enum parity parity;
    struct sniff_errors errors;
    struct sniff_findings findings;
};

// How well a trial explains what came: more is better, 0 when nothing came. A codec that fits outweighs all else; of two with
// the same frames the one with fewer errors wins, because a wrong parity shows in nothing else.
double sniff_merit(const struct sniff_trial *trial);

// True when the port's counters know of hardly any error: the parity is right, as far as can be told.
bool sniff_is_clean(const struct sniff_trial *trial);

// True when nothing else needs to be tried: several frames, nearly all bytes, hardly an error.
bool sniff_is_settled(const struct sniff_trial *trial);
