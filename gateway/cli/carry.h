// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/fault.h"
#include "base/text.h"
#include <stdbool.h>

/*
 * The file in which readings are carried from a gateway to a broker by hand. It is written by `GET /api/v1/export` and looks
 * like this, each line ended by a line feed:
 *
 *   {"citygw_export":1,"municipality":"271004","gateway":"umeda-01","epoch":"k7f3","tree":"citygw/v1/271004/umeda-01",...}
 *   {"topic":"citygw/v1/271004/umeda-01/parking/bay-0123","payload":{"sensor":"bay-0123","kind":"parking",...}}
 *   ...
 *   {"readings":1,"crc32c":"9a71bb4c"}
 *
 * A line of a zone or an alert is the same with its own topic: ".../zone/umeda-lot", ".../alert/crowd/plaza".
 *
 * The CRC32C is that of all bytes before the last line. Only what was read to its end without a fault is an export.
 */

enum { CARRY_LINE_MAX = 1 << 20, CARRY_TOPIC_SIZE = 512, CARRY_EPOCH_SIZE = 16 };

struct carry_head {
    char municipality[16], gateway[ID_MAX + 1], epoch[CARRY_EPOCH_SIZE], tree[CARRY_TOPIC_SIZE];
};

enum carry_part { CARRY_HEAD, CARRY_READINGS, CARRY_ENDED };

struct carry {
    bool deep; // every reading is looked into, not only counted
    enum carry_part part;
    struct carry_head head;
    size_t lines, readings;
    size_t left_out; // readings that the gateway could not put into words
    size_t waiting;  // for its clock
    uint32_t crc;
    struct bytes begun; // of a line whose end has not come yet
};

void carry_init(struct carry *carry, bool deep);
void carry_finish(struct carry *carry);

// The next bytes of the file, cut anywhere. -EBADMSG: it is no whole export; `why` names the line and what was expected.
int carry_feed(struct carry *carry, const void *data, size_t size, struct fault *why);
// The file ended.
int carry_end(const struct carry *carry, struct fault *why);

// One reading, as it is to be published.
struct carry_reading {
    char topic[CARRY_TOPIC_SIZE];
    const char *payload; // within the line
    size_t size;
    char epoch[CARRY_EPOCH_SIZE], seq[24];
};

// Takes a line apart, given without its line feed. 0, or what is wrong with it, in a few words (N_()).
const char *carry_take_apart(const struct carry_head *head, const char *line, size_t size,
                             struct carry_reading *ret_reading);
