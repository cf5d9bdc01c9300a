// SPDX-License-Identifier: Apache-2.0
#include "mqtt_documents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void documents_finish(struct documents *documents)
{
    for (size_t i = 0; i < documents->count; i++) {
        free(documents->list[i].topic);
        bytes_finish(&documents->list[i].json);
    }
    free(documents->list);
    *documents = (struct documents){0};
}

// The place of that topic, or `count`.
static size_t find(const struct documents *documents, const char *topic)
{
    size_t expected = documents->expected;
    if (expected < documents->count && strcmp(documents->list[expected].topic, topic) == 0) {
        return expected;
    }
    for (size_t i = 0; i < documents->count; i++) {
        if (strcmp(documents->list[i].topic, topic) == 0) {
            return i;
        }
    }
    return documents->count;
}

static int make_room(struct documents *documents)
{
    if (documents->count < documents->size) {
        return 0;
    }
    if (documents->count >= DOCUMENTS_MAX) {
        return -ENOSPC;
    }
    size_t size = documents->size ? documents->size * 2 : 16;
    struct document *list = realloc(documents->list, size * sizeof *list);
    if (!list) {
        return -ENOMEM;
    }
    documents->list = list;
    documents->size = size;
    return 0;
}

static int add(struct documents *documents, const char *topic)
{
    int error = make_room(documents);
    char *copy = error ? NULL : strdup(topic);
    if (!copy) {
        return error ? error : -ENOMEM;
    }
    struct document *document = &documents->list[documents->count++];
    *document = (struct document){.topic = copy};
    bytes_init(&document->json, DOCUMENT_SIZE_MAX);
    return 0;
}

static void want(struct documents *documents, struct document *document)
{
    documents->wanted += !document->wanted;
    document->wanted = true;
}

static void refuse(struct documents *documents, struct document *document, int code)
{
    documents->refused += code != 0;
    documents->refused -= document->refused != 0;
    document->refused = code;
}

int documents_put(struct documents *documents, const struct outlet_document *given)
{
    if (given->size > DOCUMENT_SIZE_MAX) {
        return -EFBIG;
    }
    size_t index = find(documents, given->topic);
    bool new = index == documents->count;
    int error = new ? add(documents, given->topic) : 0;
    if (error) {
        return error;
    }
    struct document *document = &documents->list[index];
    documents->expected = index + 1;
    bool same = document->json.used == given->size &&
                (given->size == 0 || memcmp(document->json.data, given->json, given->size) == 0);
    if (same && !new) {
        return 0;
    }
    bytes_keep(&document->json, given->json, given->size);
    want(documents, document);
    return document->json.overflow ? -ENOMEM : 0;
}

void documents_again(struct documents *documents)
{
    for (size_t i = 0; i < documents->count; i++) {
        want(documents, &documents->list[i]);
    }
}

void documents_refused_again(struct documents *documents)
{
    for (size_t i = 0; documents->refused > 0 && i < documents->count; i++) {
        if (documents->list[i].refused && !documents->list[i].flying) {
            want(documents, &documents->list[i]);
        }
    }
}

const struct document *documents_take(struct documents *documents, size_t *ret_index)
{
    for (size_t i = 0; documents->wanted > 0 && i < documents->count; i++) {
        struct document *document = &documents->list[i];
        if (document->wanted && !document->flying) {
            document->wanted = false;
            document->flying = true;
            documents->wanted--;
            documents->flying++;
            *ret_index = i;
            return document;
        }
    }
    return NULL;
}

void documents_settle(struct documents *documents, size_t index, int fate)
{
    struct document *document = &documents->list[index];
    if (document->flying) {
        documents->flying--;
    }
    document->flying = false;
    if (fate == DOCUMENT_AGAIN) {
        want(documents, document);
    } else {
        refuse(documents, document, fate);
    }
}
