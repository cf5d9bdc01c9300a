// SPDX-License-Identifier: Apache-2.0
#include "loss.h"

#include <stdio.h>

enum { AT_ONCE = 64, REASONS = 3 };

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

static size_t write_entries(struct buffer *buffer, size_t max, struct json *json)
{
    struct buffer_loss some[AT_ONCE];
    size_t written = 0, count;
    do {
        size_t wanted = max - written < AT_ONCE ? max - written : AT_ONCE;
        count = wanted ? buffer_losses(buffer, written, some, wanted) : 0;
        for (size_t i = 0; i < count; i++)
            write_entry(buffer, &some[i], json);
        written += count;
    } while (count == AT_ONCE);
    return written;
}

void loss_write(struct buffer *buffer, size_t max, struct json *json)
{
    struct buffer_figures figures;
    json_object_begin(json);
    json_key(json, "entries");
    json_array_begin(json);
    size_t written = write_entries(buffer, max, json);
    json_array_end(json);
    buffer_figures(buffer, &figures);
    json_key(json, "totals");
    json_object_begin(json);
    for (int reason = 0; reason < REASONS; reason++)
        json_key_unsigned(json, buffer_loss_reasons[reason], figures.ledger_lost[reason]);
    json_object_end(json);
    json_key_unsigned(json, "more", figures.ledger_entries > written ? figures.ledger_entries - written : 0);
    json_object_end(json);
}
