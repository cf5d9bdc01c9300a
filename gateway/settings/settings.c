// SPDX-License-Identifier: Apache-2.0
#include "settings/settings.h"

#include "base/files.h"
#include "base/messages.h"
#include "base/number.h"
#include "encoding.h"
#include "ini.h"
#include "loading.h"
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_from_disk(void *context, const char *path, size_t max, struct bytes *ret_data, struct fault *why)
{
    (void)context;
    return file_read(path, max, ret_data, why);
}

static int match_on_disk(void *context, const char *pattern, int (*found)(void *found_context, const char *path),
                         void *found_context)
{
    (void)context;
    glob_t matches = {0};
    int status = glob(pattern, 0, NULL, &matches);
    int error = status == GLOB_NOMATCH ? -ENOENT : status ? -EIO : 0;
    for (size_t i = 0; !error && i < matches.gl_pathc; i++)
        error = found(found_context, matches.gl_pathv[i]);
    globfree(&matches);
    return error;
}

static const struct settings_files disk = {NULL, read_from_disk, match_on_disk};

static int load(struct loading *loading)
{
    loading->settings->memory = loading->memory;
    loading->settings->hash = FNV_START;
    loading->main_file = memory_text(loading->memory, loading->main_file, strlen(loading->main_file));
    int error = loading_read(loading);
    if (!error)
        error = loading_build(loading);
    if (!error)
        loading_check(loading);
    return loading_failed(loading) ? -ENOMEM : error;
}

int settings_load_from(const struct settings_files *files, const char *path, struct findings *findings,
                       struct settings **ret_settings)
{
    struct settings *settings = calloc(1, sizeof *settings);
    struct settings_memory *memory = memory_create(), *scratch = memory_create();
    struct loading loading = {.settings = settings,
                              .memory = memory,
                              .scratch = scratch,
                              .findings = findings,
                              .files = files,
                              .main_file = path};
    int error = settings && memory && scratch ? load(&loading) : -ENOMEM;
    memory_destroy(scratch);
    if (error == -ENOMEM)
        findings_add(findings, FINDING_STOPS, (struct origin){.file = path}, NULL, NULL, _("out of memory"));
    if (!error) {
        *ret_settings = settings;
        return 0;
    }
    memory_destroy(memory);
    free(settings);
    return error;
}

int settings_load(const char *path, struct findings *findings, struct settings **ret_settings)
{
    return settings_load_from(&disk, path, findings, ret_settings);
}

void settings_destroy(struct settings *settings)
{
    if (!settings)
        return;
    memory_destroy(settings->memory);
    free(settings);
}

static const char *find_language(const struct bytes *text)
{
    struct ini *ini = calloc(1, sizeof *ini);
    const char *language = "ja";
    bool in_gateway = false;
    struct ini_item item;
    if (!ini)
        return NULL;
    ini_begin(ini, (const char *)text->data, text->used);
    for (enum ini_what what; (what = ini_next(ini, &item)) != INI_END;) {
        if (what == INI_SECTION || what == INI_WRONG_SECTION)
            in_gateway = strcasecmp(item.section, "gateway") == 0;
        else if (what == INI_KEY && in_gateway && strcasecmp(item.key, "language") == 0)
            language = strcmp(item.value, "en") == 0 ? "en" : "ja";
    }
    free(ini);
    return language;
}

const char *settings_language(const char *path)
{
    struct bytes data, text;
    enum encoding encoding;
    int line;
    const char *language = NULL;
    bytes_init(&data, FILE_BYTES_MAX + 64 * 1024);
    bytes_init(&text, 4 * FILE_BYTES_MAX);
    if (file_read(path, FILE_BYTES_MAX, &data, NULL) == 0 &&
        encoding_to_utf8(data.data, data.used, &text, &encoding, &line, NULL) == 0)
        language = find_language(&text);
    bytes_finish(&data);
    bytes_finish(&text);
    return language;
}

void settings_disable_sensor(struct settings *settings, struct settings_sensor *sensor, struct findings *findings,
                             struct origin origin, const char *key, const char *format, ...)
{
    char text[1000], section[80];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(section, sizeof section, "sensor:%s", sensor->id);
    findings_add(findings, FINDING_DISABLES, origin, section, key, "%s", text);
    if (!sensor->disabled)
        sensor->disabled_reason = memory_printf(settings->memory, "%s%s%s", key ? key : "", key ? ": " : "", text);
    sensor->disabled = true;
}
