// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "buffer/buffer.h"
#include "hold.h"
#include "reading/reading.h"

/*
 * Readings that no device sent: what the city room made of others (see city.h). They are stored in streams of their own (see
 * reading/stream.h), or in that of the sensor whose samples they were made from, and numbered like all others. They wait here until
 * the buffer takes them: nobody could send them again.
 */

enum { DERIVED_MAX = 256 };

struct derived {
    const struct clock *clock;
    struct buffer *buffer;
    const struct hold *hold;
    struct {
        uint32_t stream;
        enum buffer_class class;
        int64_t time_us, boot_us;
        bool unsure;
        size_t from, size; // within `stored`
    } list[DERIVED_MAX];
    size_t count;
    struct bytes stored;
    struct derived_run {             // times of one stream, a microsecond apart, that end with its last one
        bool is_known, any, is_owed; // is_known: what an earlier start stored last counts; any: there was one since
        int64_t from_us, to_us;
    } * runs; // by stream
    size_t run_count;
    bool owes;               // some stream's reading was dropped
    bool is_full;            // and nothing has been stored since
    uint64_t taken, dropped; // dropped: there was no room to wait
    // Loop: the buffer has a new stream. NULL: nobody wants to know.
    void (*made)(void *context, uint32_t stream);
    void *context;
};

void derived_init(struct derived *derived, const struct clock *clock, struct buffer *buffer, const struct hold *hold);
void derived_finish(struct derived *derived);

// The time of the newest stored reading of that stream, before the first is added: else the disk is asked for it then.
void derived_know(struct derived *derived, uint32_t stream, int64_t newest_us);

// Copies the reading. When many wait, they are stored at once. False when it is dropped.
bool derived_add(struct derived *derived, const char *stream, const struct reading *reading, enum buffer_class class);

// Gives the buffer what waits, in as few packs as can be, as long as it takes them. Returns whether anything was given.
bool derived_store(struct derived *derived);

// Whether there was a reading of that stream since the start, stored or still waiting.
bool derived_any(const struct derived *derived, uint32_t stream);

// When there is room again: the next stream of which a reading was dropped since. Of a state, what it is now is to be added again.
bool derived_owed(struct derived *derived, uint32_t *ret_stream);
