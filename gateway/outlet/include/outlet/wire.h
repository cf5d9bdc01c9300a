// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "outlet/outlet.h"

/*
 * A reading as it stands on the wire, for those who carry it by another way than an outlet: the same topic and the same
 * bytes that `[mqtt]` with `format = citygw` would send.
 */

enum { WIRE_TOPIC_SIZE = 512 };

// The tree of that [mqtt] outlet, {topic_prefix}/{municipality}/{gateway}. `outlet` may be NULL or name one of another
// type: then it is the first [mqtt] outlet's, or the default one. -EINVAL when it cannot be a topic.
int wire_tree(const struct settings *settings, const char *outlet, char ret_tree[WIRE_TOPIC_SIZE]);

// The topic, and the payload appended to `out` (check out->overflow). -EBADMSG or -EPROTONOSUPPORT when the record is not a
// reading that we know, -EINVAL when its sensor cannot stand in a topic; nothing is appended then.
int wire_reading(const char *tree, const char *epoch, const struct outlet_record *record,
                 char ret_topic[WIRE_TOPIC_SIZE], struct bytes *out);
