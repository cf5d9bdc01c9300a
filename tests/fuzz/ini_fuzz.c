// SPDX-License-Identifier: Apache-2.0
// The configuration as an adversary would write it: the first part of the input is the main file, what follows a byte 0xFF
// 0xFD (never in UTF-8) an included one.
#include "../../gateway/settings/loading.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct input {
    const uint8_t *files[2];
    size_t sizes[2];
};

static int read_input(void *context, const char *path, size_t max, struct bytes *ret_data, struct fault *why)
{
    const struct input *input = context;
    int which = strcmp(path, "main.ini") == 0 ? 0 : 1;
    if (input->sizes[which] > max)
        return fault_set(why, -EFBIG, "too large");
    bytes_append(ret_data, input->files[which], input->sizes[which]);
    return 0;
}

static int match_input(void *context, const char *pattern, int (*found)(void *found_context, const char *path),
                       void *found_context)
{
    const struct input *input = context;
    (void)pattern;
    return input->files[1] ? found(found_context, "included.ini") : -ENOENT;
}

static void check_findings(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        for (const char *at = findings->list[i].text; *at; at++)
            if ((unsigned char)*at < 0x20)
                abort(); // a line that could be forged
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *mark = memmem(data, size, "\xff\xfd", 2);
    struct input input = {.files = {data, NULL}, .sizes = {mark ? (size_t)(mark - data) : size, 0}};
    if (mark) {
        input.files[1] = mark + 2;
        input.sizes[1] = size - input.sizes[0] - 2;
    }
    struct settings_files files = {&input, read_input, match_input};
    struct findings findings = {0};
    struct settings *settings = NULL;
    int error = settings_load_from(&files, "main.ini", &findings, &settings);
    if (error && (settings || !findings.stops))
        abort(); // a refusal says why
    check_findings(&findings);
    findings_finish(&findings);
    settings_destroy(settings);
    return 0;
}
