// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "outlet/outlet.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Retained documents: of each topic only the newest text matters. It is published when it is new or changed and after
 * every connection; one message of a document is under way at a time. Not thread-safe: the outlet's lock guards it.
 */

enum { DOCUMENTS_MAX = 8192, DOCUMENT_SIZE_MAX = 256 * 1024 };

struct document {
    char *topic; // below the gateway's tree
    struct bytes json;
    bool wanted; // must be sent (again)
    bool flying;
    int refused; // the reason code with which the broker refused it last; 0: it did not
};

struct documents {
    struct document *list;
    size_t count, size;
    size_t wanted, flying, refused;
    size_t expected; // where the next document given probably stands: they come in the same order
};

void documents_finish(struct documents *documents);

// Keeps a copy and wants it sent if it is new or changed. -EFBIG, -ENOSPC, -ENOMEM.
int documents_put(struct documents *documents, const struct outlet_document *document);

// Wants all of them sent: a broker that lost its memory gets everything again.
void documents_again(struct documents *documents);

// The first document that waits to be sent, or NULL; marks it as flying.
const struct document *documents_take(struct documents *documents, size_t *ret_index);

enum { DOCUMENT_ARRIVED = 0, DOCUMENT_AGAIN = -1 };

// What became of it: DOCUMENT_ARRIVED, DOCUMENT_AGAIN (nobody knows) or the reason code of a refusal. A refused one is left
// until it changes or one of the two functions above and below wants it again.
void documents_settle(struct documents *documents, size_t index, int fate);

// Wants the refused ones sent again.
void documents_refused_again(struct documents *documents);
