// SPDX-License-Identifier: Apache-2.0
#include "settings/pairs.h"

#include "base/files.h"
#include "base/messages.h"
#include "encoding.h"
#include "ini.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

struct pairs {
    const char *path, *section;
    pair_take *take;
    void *context;
    bool inside;
};

static int take_item(struct pairs *pairs, enum ini_what what, const struct ini_item *item, struct fault *why)
{
    struct fault inner = {""};
    int error = 0;
    if (what == INI_SECTION)
        pairs->inside = strcasecmp(item->section, pairs->section) == 0;
    if (what == INI_WRONG || what == INI_WRONG_SECTION) // its own words would show the line, and a secret with it
        error = fault_set(&inner, -EINVAL, _("this line is neither [%s] nor NAME = VALUE"), pairs->section);
    else if (!pairs->inside)
        error = fault_set(&inner, -EINVAL, _("expected one section, [%s]"), pairs->section);
    else if (what == INI_KEY)
        error = pairs->take(pairs->context, item->key, item->value, &inner);
    return error ? fault_set(why, error, "%s:%d: %s", pairs->path, item->line, inner.text) : 0;
}

static int read_text(struct pairs *pairs, const struct bytes *text, struct fault *why)
{
    struct ini ini;
    struct ini_item item;
    enum ini_what what;
    int error = 0;
    ini_begin(&ini, (const char *)text->data, text->used);
    while (!error && (what = ini_next(&ini, &item)) != INI_END)
        error = take_item(pairs, what, &item, why);
    explicit_bzero(ini.buffer, sizeof ini.buffer);
    return error;
}

// The memory is wiped before it is given back: what stood there is secret.
static void forget(struct bytes *bytes)
{
    if (bytes->data)
        explicit_bzero(bytes->data, bytes->size);
    bytes_finish(bytes);
}

int pairs_read(const char *path, const char *section, pair_take *take, void *context, struct fault *why)
{
    struct pairs pairs = {path, section, take, context, false};
    struct bytes data, text;
    struct fault inner = {""};
    enum encoding encoding;
    int line = 0;
    bytes_init(&data, PAIRS_BYTES_MAX + 64 * 1024);
    bytes_init(&text, 4 * PAIRS_BYTES_MAX);
    int error = file_read_private(path, PAIRS_BYTES_MAX, &data, why);
    if (!error) {
        error = encoding_to_utf8(data.data, data.used, &text, &encoding, &line, &inner);
        if (error)
            fault_set(why, error, "%s:%d: %s", path, line, inner.text);
    }
    error = error ? error : read_text(&pairs, &text, why);
    forget(&data);
    forget(&text);
    return error;
}
