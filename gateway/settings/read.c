// SPDX-License-Identifier: Apache-2.0
#include "collect.h"

#include "base/messages.h"
#include "base/number.h"
#include "encoding.h"
#include <errno.h>
#include <string.h>

static const char *cannot_read(int error, const struct fault *why)
{
    if (error == -ENOENT)
        return _("there is no such file; expected a configuration file");
    if (error == -EISDIR)
        return _("this is a folder; expected a configuration file");
    if (error == -EFBIG)
        return _("the file is too large; expected at most 1 MB");
    if (error == -EACCES || error == -EPERM)
        return _("the file may not be read by this user; expected read permission");
    return why->text;
}

static int refuse_file(struct reader *reader, int line, int error, const struct fault *why)
{
    findings_add(reader->loading->findings, collect_level(reader), collect_origin(reader, line), NULL, NULL, "%s",
                 cannot_read(error, why));
    return error;
}

static int decode_and_read(struct reader *reader, const struct bytes *data)
{
    struct loading *loading = reader->loading;
    struct bytes text;
    struct fault why;
    enum encoding encoding = ENCODING_UTF8;
    int line = 0;
    bytes_init(&text, 4 * FILE_BYTES_MAX);
    int error = encoding_to_utf8(data->data, data->used, &text, &encoding, &line, &why);
    if (error)
        refuse_file(reader, line, error, &why);
    else if (encoding == ENCODING_CP932)
        findings_add(loading->findings, FINDING_WARNING, collect_origin(reader, line), NULL, NULL,
                     _("this is not Unicode and was read as Shift_JIS (CP932); better save the file as UTF-8"));
    if (!error && !data->used)
        findings_add(loading->findings, reader->included ? FINDING_WARNING : FINDING_STOPS, collect_origin(reader, 1),
                     NULL, NULL, _("the file is empty; expected sections such as [gateway]"));
    if (!error)
        collect_text(reader, (const char *)text.data, text.used);
    bytes_finish(&text);
    return error;
}

static int read_file(struct reader *reader)
{
    struct loading *loading = reader->loading;
    struct bytes data;
    struct fault why = {.text = ""};
    bytes_init(&data, FILE_BYTES_MAX + 64 * 1024);
    int error = loading->files->read(loading->files->context, reader->file, FILE_BYTES_MAX, &data, &why);
    if (error) {
        refuse_file(reader, 1, error, &why);
    } else {
        loading->settings->hash = fnv64(loading->settings->hash, data.data, data.used);
        loading->total_bytes += data.used;
        error = decode_and_read(reader, &data);
    }
    bytes_finish(&data);
    return error;
}

struct inclusion {
    struct loading *loading;
    struct section *gateway;
    int line;
};

static int include_file(void *context, const char *path)
{
    struct inclusion *inclusion = context;
    struct loading *loading = inclusion->loading;
    if (loading->file_count >= FILES_MAX || loading->total_bytes >= FILES_BYTES_MAX) {
        section_error(loading, inclusion->gateway, inclusion->line, "include",
                      _("too much is included; expected at most %d files and %d MB"), FILES_MAX,
                      FILES_BYTES_MAX / 1048576);
        return -EFBIG;
    }
    struct reader reader = {.loading = loading, .included = true};
    reader.file = memory_text(loading->memory, path, strlen(path));
    if (strcmp(path, loading->main_file) == 0 || names_put(&loading->paths, reader.file, loading))
        return 0; // matched before
    loading->file_count++;
    read_file(&reader); // what is wrong with it has been told
    return 0;
}

// The pattern as seen from the folder of the main file, whose own name is not a pattern.
static const char *relative_to_main(struct loading *loading, const char *pattern, size_t size)
{
    const char *slash = strrchr(loading->main_file, '/');
    struct bytes path;
    bytes_init(&path, 16384);
    if (*pattern != '/' && slash)
        for (const char *at = loading->main_file; at <= slash; at++) {
            if (strchr("*?[\\", *at))
                bytes_char(&path, '\\');
            bytes_char(&path, *at);
        }
    bytes_append(&path, pattern, size);
    const char *text = memory_text(loading->scratch, (const char *)path.data, path.used);
    bytes_finish(&path);
    return text;
}

static struct section *gateway_section(const struct loading *loading)
{
    for (size_t i = 0; i < loading->section_count; i++)
        if (strcmp(loading->sections[i].key, "gateway:") == 0)
            return &loading->sections[i];
    return NULL;
}

static void read_included(struct loading *loading)
{
    struct section *found = gateway_section(loading);
    const struct entry *include = found ? section_entry(found, "include") : NULL;
    if (!include || names_init(&loading->paths, loading->scratch, FILES_MAX) != 0)
        return;
    struct section gateway = *found; // sections move while more are added
    struct inclusion inclusion = {.loading = loading, .gateway = &gateway, .line = include->line};
    for (const char *at = include->value; *at; at += strcspn(at, " \t"), at += strspn(at, " \t")) {
        size_t size = strcspn(at, " \t");
        const char *pattern = relative_to_main(loading, at, size);
        int error = loading->files->match(loading->files->context, pattern, include_file, &inclusion);
        if (error == -ENOENT)
            section_warning(loading, &gateway, include->line, "include", _("no file matches %.*s; nothing is included"),
                            (int)(size < 200 ? size : 200), at);
        else if (error && error != -EFBIG)
            section_error(loading, &gateway, include->line, "include",
                          _("%.*s cannot be searched; expected a readable folder"), (int)(size < 200 ? size : 200), at);
    }
}

int loading_read(struct loading *loading)
{
    struct reader reader = {.loading = loading, .file = loading->main_file};
    int error = read_file(&reader);
    if (error)
        return error;
    read_included(loading);
    return loading_failed(loading) ? -ENOMEM : 0;
}
