// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loading.h"
#include "check.h"
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/*
 * Settings loaded from texts in memory, and what was found wrong with them.
 */

struct test_file {
    const char *path, *data; // a NULL path ends the list
    size_t size;             // 0: the length of `data`
};

struct loaded {
    struct settings *settings;
    struct findings findings;
    int error;
};

static inline int read_test_file(void *context, const char *path, size_t max, struct bytes *ret_data, struct fault *why)
{
    for (const struct test_file *file = context; file->path; file++) {
        size_t size = file->size ? file->size : strlen(file->data);
        if (strcmp(file->path, path) != 0)
            continue;
        if (size > max)
            return fault_set(why, -EFBIG, "larger");
        bytes_append(ret_data, file->data, size);
        return 0;
    }
    return fault_set(why, -ENOENT, "none");
}

static inline int match_test_file(void *context, const char *pattern, int (*found)(void *, const char *),
                                  void *found_context)
{
    int error = -ENOENT;
    for (const struct test_file *file = context; file->path; file++)
        if (fnmatch(pattern, file->path, FNM_PATHNAME) == 0 && (error = found(found_context, file->path)) != 0)
            return error;
    return error;
}

static inline struct loaded load_files(const struct test_file *files)
{
    struct loaded loaded = {0};
    struct settings_files from = {(void *)(uintptr_t)files, read_test_file, match_test_file};
    loaded.error = settings_load_from(&from, files[0].path, &loaded.findings, &loaded.settings);
    return loaded;
}

static inline struct loaded load_bytes(const char *data, size_t size)
{
    struct test_file files[] = {{"c.ini", data, size}, {0}};
    return load_files(files);
}

static inline struct loaded load_text(const char *text)
{
    return load_bytes(text, strlen(text));
}

#define GATEWAY "[gateway]\nid = umeda-01\nmunicipality = 271004\n" // lines 1 to 3

// After GATEWAY, so that the first line of `text` is line 4.
static inline struct loaded load_after_gateway(const char *text)
{
    char whole[8192];
    snprintf(whole, sizeof whole, "%s%s", GATEWAY, text);
    return load_text(whole);
}

static inline void unload(struct loaded *loaded)
{
    settings_destroy(loaded->settings);
    findings_finish(&loaded->findings);
}

static inline void print_findings(const struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->findings.count; i++)
        fprintf(stderr, "found: %d %s\n", (int)loaded->findings.list[i].level, loaded->findings.list[i].text);
}

// Exactly this line was found, at this level.
static inline void assert_found(const struct loaded *loaded, enum finding_level level, const char *line)
{
    for (size_t i = 0; i < loaded->findings.count; i++)
        if (strcmp(loaded->findings.list[i].text, line) == 0 && loaded->findings.list[i].level == level)
            return;
    print_findings(loaded);
    fail_msg("not found: %s", line);
}

static inline void assert_only(const struct loaded *loaded, enum finding_level level, const char *line)
{
    assert_found(loaded, level, line);
    if (loaded->findings.count != 1)
        print_findings(loaded);
    assert_int_equal(loaded->findings.count, 1);
}

static inline void assert_nothing_found(const struct loaded *loaded)
{
    if (loaded->findings.count)
        print_findings(loaded);
    assert_int_equal(loaded->findings.count, 0);
    assert_int_equal(loaded->error, 0);
    assert_non_null(loaded->settings);
}

// A section after GATEWAY is wrong in exactly this way.
static inline void expect_only(const char *text, enum finding_level level, const char *line)
{
    struct loaded loaded = load_after_gateway(text);
    assert_only(&loaded, level, line);
    unload(&loaded);
}

static inline void expect_nothing(const char *text)
{
    struct loaded loaded = load_after_gateway(text);
    assert_nothing_found(&loaded);
    unload(&loaded);
}
