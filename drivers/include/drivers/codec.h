// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "reading/raw.h"
#include "reading/refusal.h"
#include <stddef.h>
#include <stdint.h>

/*
 * A codec owns a format and nothing else: a function from bytes to raw values, without I/O, clock or globals.
 * All decode in the same order: envelope, checksum, parse, sanity, emit.
 */

enum codec_result {
    CODEC_TAKEN,     // *ret_used bytes made the values in the pack (none is fine: a frame without readings)
    CODEC_NEED_MORE, // the bytes so far may become a frame
    CODEC_REFUSED,   // *ret_used bytes are to be skipped, *ret_refusal names the gate, `why` says where and what
};

// What a port's section says of its format, for formats that do not tell themselves what they carry.
struct codec_options {
    const char *columns; // names in their order, with blanks between them; "-" for what nobody wants
    int separator;       // enum separator of settings
};

// What one message says, without what is around it.
struct frame {
    const uint8_t *data;
    size_t size;
    unsigned port;                       // LoRaWAN's FPort of payloads that a network server passed on; 0: not told
    unsigned object;                     // the LwM2M object whose resources it has; 0: not told
    const struct codec_options *options; // of the port that it came through; NULL: none
};

struct codec {
    const char *name;        // as in `codec = ...`
    const char *description; // one line, for `citygw keys` and documents
    int content_format;      // CoAP Content-Format whose payloads it reads, or -1
    size_t frame_max;        // the longest frame, for streams
    bool anonymous;          // its names are fields: on a serial line they are the port's only sensor's
    bool addressed;          // its frames may say which sensor they are of, so that several may share a line
    bool measures_distance;  // and nothing else
    bool counts_people;      // who came and went, and not who is there
    bool headless;           // the end of a line may look like a line
    bool composed;           // a device puts each together to be kept: only a report_interval that is given merges them
    // Finds the first frame in the bytes of a serial line, of which a frame may be a part: the frame and the bytes with
    // what is around it. NULL: not for serial lines.
    enum codec_result (*delimit)(const struct codec *codec, const uint8_t *data, size_t size, struct frame *ret_frame,
                                 size_t *ret_used, enum refusal *ret_refusal, struct fault *why);
    // What the bytes begin with, for frames that a header tells (frame_found): more than 0 is the size of a whole frame, 0
    // what may become one within frame_max bytes, less than 0 the refusal, negated.
    int (*match)(const uint8_t *data, size_t size);
    // Reads a whole frame. What it added to the pack before a refusal is thrown away.
    enum refusal (*parse)(const struct frame *frame, struct raw_pack *pack, struct fault *why);
    // The opposite, for simulated devices: what a device that measured these values would send, one frame or several. What
    // it needs and is not told is invented. Returns how many bytes; 0: it says nothing of these, or `size` is too small.
    // `options` are those of the port that they are for, or NULL. NULL: it cannot be played.
    size_t (*compose)(const struct raw_pack *values, const struct codec_options *options, uint8_t *out, size_t size);
};

// Decodes one message that is a frame: a CoAP payload. Clears the pack first.
enum refusal codec_decode(const struct codec *codec, const struct frame *frame, struct raw_pack *pack,
                          struct fault *why);

// Decodes the first frame of [data, data+size), bytes of a serial line with those options (NULL: none). Clears the pack first.
enum codec_result codec_decode_stream(const struct codec *codec, const struct codec_options *options,
                                      const uint8_t *data, size_t size, struct raw_pack *pack, size_t *ret_used,
                                      enum refusal *ret_refusal, struct fault *why);

extern const struct codec *const codecs[];        // ends with NULL
const struct codec *codec_find(const char *name); // NULL when unknown
const struct codec *codec_for_content_format(int content_format);
