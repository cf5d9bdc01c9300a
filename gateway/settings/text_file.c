// SPDX-License-Identifier: Apache-2.0
#include "settings/text_file.h"

#include "base/files.h"
#include "base/messages.h"
#include "encoding.h"
#include <errno.h>

static int append(const struct bytes *raw, struct bytes *ret_text, struct fault *why)
{
    size_t used = ret_text->used;
    enum encoding encoding;
    int line;
    if (encoding_to_utf8(raw->data, raw->used, ret_text, &encoding, &line, why) != 0) {
        ret_text->used = used;
        bytes_append(ret_text, raw->data, raw->used);
    }
    return ret_text->overflow ? fault_set(why, -ENOMEM, _("the file does not fit into memory")) : 0;
}

int text_file_read(const char *path, size_t max, struct bytes *ret_text, struct fault *why)
{
    struct bytes raw;
    bytes_init(&raw, max + 2);
    int error = file_read(path, max, &raw, why);
    if (!error)
        error = append(&raw, ret_text, why);
    bytes_finish(&raw);
    return error;
}
