// SPDX-License-Identifier: Apache-2.0
#include "keep.h"

#include "base/text.h"
#include <errno.h>
#include <math.h>
#include <string.h>

void keep_flag(struct keep *keep, bool *flag)
{
    uint32_t number = *flag;
    keep_number(keep, &number, 1);
    *flag = number;
}

void keep_number(struct keep *keep, uint32_t *number, uint32_t max)
{
    if (keep->out) {
        bytes_u32(keep->out, *number);
        return;
    }
    *number = view_u32(keep->in);
    if (*number <= max)
        return;
    *number = 0;
    keep->in->bad = true;
}

void keep_time(struct keep *keep, int64_t *time_us)
{
    static const int64_t most_us = INT64_C(1) << 60; // so that differences stay in their range
    if (keep->out) {
        bytes_u64(keep->out, (uint64_t)*time_us);
        return;
    }
    *time_us = (int64_t)view_u64(keep->in);
    if (*time_us >= -most_us && *time_us <= most_us)
        return;
    *time_us = 0;
    keep->in->bad = true;
}

void keep_amount(struct keep *keep, double *amount)
{
    static const double most = 1e18; // no sum of counts comes near it
    uint64_t bits;
    memcpy(&bits, amount, sizeof bits);
    if (keep->out) {
        bytes_u64(keep->out, bits);
        return;
    }
    bits = view_u64(keep->in);
    memcpy(amount, &bits, sizeof bits);
    if (*amount >= 0 && *amount <= most)
        return;
    *amount = 0;
    keep->in->bad = true;
}

void keep_trigger(struct keep *keep, struct trigger *trigger)
{
    keep_flag(keep, &trigger->on);
    keep_flag(keep, &trigger->waits);
    keep_time(keep, &trigger->since_us);
}

void keep_tally(struct keep *keep, struct tally *tally)
{
    uint32_t kind = tally->kind;
    keep_number(keep, &kind, TALLY_KIND_COUNT - 1);
    tally->kind = (enum tally_kind)kind;
    keep_time(keep, &tally->newest_us);
    keep_time(keep, &tally->from_us);
    keep_amount(keep, &tally->newest);
    keep_amount(keep, &tally->from);
    keep_amount(keep, &tally->sum);
    keep_number(keep, &tally->seen_count, TALLY_SEEN_MAX);
    for (uint32_t i = 0; i < tally->seen_count; i++)
        keep_time(keep, &tally->seen_us[i]);
}

void keep_passage(struct keep *keep, struct passage *passage)
{
    keep_number(keep, &passage->count, PASSAGE_POINTS);
    for (uint32_t i = 0; i < passage->count; i++) {
        keep_time(keep, &passage->points[i].slot);
        keep_time(keep, &passage->points[i].time_us);
        keep_amount(keep, &passage->points[i].value);
    }
}

void keep_word(struct keep *keep, const char *word, char *ret_word, size_t ret_size)
{
    if (keep->out) {
        size_t size = strnlen(word, ret_size - 1);
        bytes_u8(keep->out, (uint8_t)size);
        bytes_append(keep->out, word, size);
        return;
    }
    size_t size = view_u8(keep->in);
    const uint8_t *found = view_take(keep->in, size);
    if (found && size < ret_size)
        memcpy(ret_word, found, size);
    else
        keep->in->bad = true;
    ret_word[found && size < ret_size ? size : 0] = '\0';
}

static int read_once(const struct keep_form *form, void *zone, const uint8_t *data, size_t size)
{
    struct view view = {.data = data, .left = size};
    struct keep keep = {.in = &view};
    uint32_t count = 0;
    int error = 0;
    view.bad = view_u32(&view) != form->version;
    form->head(&keep, zone);
    keep_number(&keep, &count, UINT32_MAX);
    for (uint32_t i = 0; i < count && !view.bad && !error; i++) {
        char id[ID_MAX + 1];
        keep_word(&keep, NULL, id, sizeof id);
        error = form->member(&keep, id, zone);
    }
    return error ? error : view.bad || view.left ? -EBADMSG : 0;
}

int keep_read(const struct keep_form *form, void *zone, const uint8_t *data, size_t size)
{
    int error = read_once(form, NULL, data, size);
    return error ? error : read_once(form, zone, data, size);
}
