// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "names.h"
#include "table.h"

/*
 * What loading works on: read.c collects the sections of all files as they stand, build.c makes structs of them, check.c
 * looks at how they fit together.
 */

enum {
    FILE_BYTES_MAX = 1024 * 1024,
    FILES_BYTES_MAX = 16 * 1024 * 1024,
    FILES_MAX = 4096,
    SECTIONS_MAX = 8192,
    ENTRIES_MAX = 256, // in one section
    NEAREST_MAX = 256, // names looked at for a nearest one
};

// Where files come from: the disk, or a test's memory.
struct settings_files {
    void *context;
    int (*read)(void *context, const char *path, size_t max, struct bytes *ret_data, struct fault *why);
    // Calls `found` for every file that matches the pattern, sorted. -ENOENT when there is none.
    int (*match)(void *context, const char *pattern, int (*found)(void *found_context, const char *path),
                 void *found_context);
};

struct entry {
    const char *key, *value;
    int line;
};

struct section {
    const struct section_type *type; // NULL: unknown
    const char *label;               // for messages: "sensor:bay-1"
    const char *key;                 // the same in lower case, for finding it again
    const char *name;                // "bay-1", or ""
    struct origin origin;
    enum finding_level level;
    bool bad;           // something in it is an error
    bool unusable;      // its name cannot be used, so there will be no struct
    const char *reason; // the first error
    struct entry *entries;
    size_t count;
    void *object; // its struct, once built
};

struct loading {
    struct settings *settings;
    struct settings_memory *memory;  // what stays with the settings
    struct settings_memory *scratch; // what only loading needs: the files' sections and lines
    struct findings *findings;
    const struct settings_files *files;
    const char *main_file;
    struct section *sections;
    size_t section_count;
    bool too_many;       // sections; told
    struct names by_key; // of sections
    struct names paths;  // of files read
    size_t file_count, total_bytes;
};

// The same as settings_load(), with files from anywhere.
int settings_load_from(const struct settings_files *files, const char *path, struct findings *findings,
                       struct settings **ret_settings);

static inline bool loading_failed(const struct loading *loading)
{
    return memory_failed(loading->memory) || memory_failed(loading->scratch);
}

int loading_read(struct loading *loading);  // -errno when the main file cannot be read
int loading_build(struct loading *loading); // -ENOMEM
void loading_check(struct loading *loading);

// Looks at what the section names on this machine: secrets, folders, the time zone.
void machine_check(struct loading *loading, struct section *section);

// Adds an error to the section, which is bad from now on, and keeps the first as its reason. Line 0: the section's own.
void section_error(struct loading *loading, struct section *section, int line, const char *key, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void section_warning(struct loading *loading, const struct section *section, int line, const char *key,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));

const struct entry *section_entry(const struct section *section, const char *key); // the first; NULL: none
int section_line(const struct section *section, const char *key);                  // of the entry, or of the section

// Sections and objects of one type, in the order of the files.
struct section *section_find(const struct loading *loading, const char *type, const char *name);
const char *section_nearest(const struct loading *loading, const char *type, const char *name);
