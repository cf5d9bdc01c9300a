// SPDX-License-Identifier: Apache-2.0
#include "loss.h"

#include <stdio.h>

enum { AT_ONCE = 512, REASONS = 3 };

static void write_entry(struct buffer *buffer, const struct buffer_loss *loss, struct json *json)
{
    char since[UTC_TEXT_SIZE], until[UTC_TEXT_SIZE], made_up[24];
    const char *name = buffer_stream_name(buffer, loss->stream);
    if (!name) {
        snprintf(made_up, sizeof made_up, "unknown-%u", loss->stream % 1000000);
        name = made_up;
    }
    json_object_begin(json);
    json_key_text(json, "outlet", *loss->outlet ? loss->outlet : NULL);
    json_key_text(json, "sensor", name);
    json_key_unsigned(json, "first_seq", loss->first_seq);
    json_key_unsigned(json, "last_seq", loss->last_seq);
    json_key_unsigned(json, "count", loss->count);
    json_key_text(json, "reason", buffer_loss_reasons[loss->reason]);
    json_key_text(json, "since", utc_text(loss->since_us, since));
    json_key_text(json, "until", utc_text(loss->until_us, until));
    json_object_end(json);
}

// Returns how many it wrote.
static size_t write_entries(struct buffer *buffer, size_t skip, size_t max_bytes, struct json *json)
{
    struct buffer_loss some[AT_ONCE];
    size_t written = 0, count, begin = json->out->used;
    do {
        count = buffer_losses(buffer, skip + written, some, AT_ONCE);
        for (size_t i = 0; i < count && json->out->used - begin < max_bytes; i++, written++)
            write_entry(buffer, &some[i], json);
    } while (count == AT_ONCE && json->out->used - begin < max_bytes);
    return written;
}

void loss_write(struct buffer *buffer, size_t skip, size_t max_bytes, struct json *json)
{
    struct buffer_figures figures;
    json_object_begin(json);
    json_key(json, "entries");
    json_array_begin(json);
    size_t shown = write_entries(buffer, skip, max_bytes, json) + skip;
    json_array_end(json);
    buffer_figures(buffer, &figures);
    json_key(json, "totals");
    json_object_begin(json);
    for (int reason = 0; reason < REASONS; reason++)
        json_key_unsigned(json, buffer_loss_reasons[reason], figures.ledger_lost[reason]);
    json_object_end(json);
    json_key_unsigned(json, "more", figures.ledger_entries > shown ? figures.ledger_entries - shown : 0);
    json_object_end(json);
}
