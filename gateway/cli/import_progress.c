// SPDX-License-Identifier: Apache-2.0
#include "import_progress.h"

#include "base/files.h"
#include "base/messages.h"
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRESS_MAX = 4096, CRC_SIZE = 9 };

static char *name_beside(const char *path)
{
    char *name = NULL;
    return asprintf(&name, "%s.imported", path) < 0 ? NULL : name;
}

static bool is_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value && strcmp(value, text) == 0;
}

static size_t understand(const json_t *object, const struct carry *carry, const char *broker)
{
    char crc[CRC_SIZE];
    json_int_t done = json_integer_value(json_object_get(object, "done"));
    snprintf(crc, sizeof crc, "%08" PRIx32, carry->crc);
    bool same = json_integer_value(json_object_get(object, "citygw_imported")) == 1 &&
                json_integer_value(json_object_get(object, "readings")) == (json_int_t)carry->readings &&
                is_text(object, "crc32c", crc) && is_text(object, "broker", broker);
    return same && done > 0 && done <= (json_int_t)carry->readings ? (size_t)done : 0;
}

size_t progress_read(const char *path, const struct carry *carry, const char *broker)
{
    struct bytes text;
    size_t done = 0;
    char *name = name_beside(path);
    bytes_init(&text, PROGRESS_MAX + 2);
    if (name && file_read(name, PROGRESS_MAX, &text, NULL) == 0) {
        json_t *object = json_loadb((const char *)text.data, text.used, 0, NULL);
        done = understand(object, carry, broker);
        json_decref(object);
    }
    bytes_finish(&text);
    free(name);
    return done;
}

int progress_write(const char *path, const struct carry *carry, const char *broker, size_t done, struct fault *why)
{
    char crc[CRC_SIZE];
    snprintf(crc, sizeof crc, "%08" PRIx32, carry->crc);
    char *name = name_beside(path);
    json_t *object = json_pack("{s:i, s:s, s:I, s:s, s:I}", "citygw_imported", 1, "crc32c", crc, "readings",
                               (json_int_t)carry->readings, "broker", broker, "done", (json_int_t)done);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    int error =
        name && text ? file_replace(name, text, strlen(text), why) : fault_set(why, -ENOMEM, _("out of memory"));
    free(text);
    json_decref(object);
    free(name);
    return error;
}
