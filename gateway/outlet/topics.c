// SPDX-License-Identifier: Apache-2.0
#include "topics.h"

#include "base/text.h"
#include "reading/stream.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { LEVELS_MAX = 32, GATEWAY_ID_MAX = 32 };

struct level {
    const char *text;
    size_t size;
};

// Topics are sent as they are, so what could be a wildcard, a broker's own tree or an empty level never becomes one.
static bool name_valid(const char *name, size_t size)
{
    if (size == 0 || size >= TOPIC_SIZE || name[0] == '/' || name[0] == '$' || name[size - 1] == '/') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c < 0x20 || c == 0x7f || c == '+' || c == '#' || (c == '/' && name[i - 1] == '/')) {
            return false;
        }
    }
    return text_is_utf8(name, size);
}

static int join(char ret_topic[TOPIC_SIZE], const char *tree, const char *below)
{
    char topic[TOPIC_SIZE];
    int size = snprintf(topic, sizeof topic, "%s/%s", tree, below);
    if (size < 0 || size >= TOPIC_SIZE || !name_valid(below, strlen(below)) || !name_valid(topic, (size_t)size)) {
        return -EINVAL;
    }
    memcpy(ret_topic, topic, (size_t)size + 1);
    return 0;
}

int topic_tree(const char *prefix, const struct settings_gateway *gateway, char ret_tree[TOPIC_SIZE])
{
    char below[ID_MAX * 2 + 2];
    int size = snprintf(below, sizeof below, "%s/%s", gateway->municipality, gateway->id);
    if (size < 0 || size >= (int)sizeof below || strlen(prefix) > TOPIC_PREFIX_MAX) {
        return -EINVAL;
    }
    return join(ret_tree, prefix, below);
}

int topic_below(const char *tree, const char *below, char ret_topic[TOPIC_SIZE])
{
    return join(ret_topic, tree, below);
}

int topic_reading(const char *tree, enum kind kind, const char *stream, char ret_topic[TOPIC_SIZE])
{
    char below[ID_MAX * 2];
    const char *id;
    if (stream_subject(stream, &id) != SUBJECT_SENSOR) {
        return text_is_id(id, strlen(id)) ? join(ret_topic, tree, stream) : -EINVAL;
    }
    int size = snprintf(below, sizeof below, "%s/%s", kind_names[kind], stream);
    if (size < 0 || size >= (int)sizeof below || !text_is_id(stream, strlen(stream))) {
        return -EINVAL;
    }
    return join(ret_topic, tree, below);
}

int topic_agent(const char *apikey, const char *device, char ret_topic[TOPIC_SIZE])
{
    char topic[TOPIC_SIZE];
    const char *colon = strrchr(device, ':'), *id = colon ? colon + 1 : device;
    int size = snprintf(topic, sizeof topic, "/json/%s/%s/attrs", apikey, device);
    bool fits = size > 0 && size < TOPIC_SIZE && !strchr(apikey, '/') && text_is_id(id, strlen(id));
    if (!fits || !name_valid(topic + 1, (size_t)size - 1)) { // alone its first level is empty
        return -EINVAL;
    }
    memcpy(ret_topic, topic, (size_t)size + 1);
    return 0;
}

int topic_replay(const char *tree, enum kind kind, const char *stream, char ret_topic[TOPIC_SIZE])
{
    char replay[TOPIC_SIZE];
    int error = join(replay, tree, "replay");
    return error ? error : topic_reading(replay, kind, stream, ret_topic);
}

bool topic_valid(const char *topic)
{
    return name_valid(topic, strlen(topic));
}

static size_t split(const char *topic, size_t size, struct level ret_levels[LEVELS_MAX])
{
    size_t count = 0;
    const char *start = topic, *end = topic + size;
    while (count < LEVELS_MAX) {
        const char *slash = memchr(start, '/', (size_t)(end - start));
        const char *stop = slash ? slash : end;
        ret_levels[count++] = (struct level){start, (size_t)(stop - start)};
        if (!slash) {
            return count;
        }
        start = slash + 1;
    }
    return 0;
}

static bool level_is(struct level level, const char *text)
{
    return level.size == strlen(text) && memcmp(level.text, text, level.size) == 0;
}

static bool level_is_document(struct level level)
{
    static const char *const documents[] = {"status", "info", "health", "loss", "report"};
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        if (level_is(level, documents[i])) {
            return true;
        }
    }
    return false;
}

static bool level_is_branch(struct level level)
{
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        if (level_is(level, kind_names[kind])) {
            return true;
        }
    }
    return level_is(level, "about") || level_is(level, "zone");
}

static bool ends_in_id(const struct level *levels, size_t count)
{
    return text_is_id(levels[count - 1].text, levels[count - 1].size);
}

static bool ends_tree(const struct level *municipality, const struct level *gateway)
{
    for (size_t i = 0; i < municipality->size; i++) {
        if (municipality->text[i] < '0' || municipality->text[i] > '9') {
            return false;
        }
    }
    return municipality->size == 6 && gateway->size <= GATEWAY_ID_MAX && text_is_id(gateway->text, gateway->size);
}

bool topic_is_ours(const char *topic, size_t size)
{
    struct level levels[LEVELS_MAX];
    if (!name_valid(topic, size)) {
        return false;
    }
    size_t count = split(topic, size, levels);
    if (count >= 4 && level_is_document(levels[count - 1]) && ends_tree(&levels[count - 3], &levels[count - 2])) {
        return true;
    }
    if (count >= 6 && level_is(levels[count - 3], "alert") && ends_in_id(levels, count - 1) &&
        ends_in_id(levels, count)) {
        return ends_tree(&levels[count - 5], &levels[count - 4]);
    }
    return count >= 5 && level_is_branch(levels[count - 2]) && ends_in_id(levels, count) &&
           ends_tree(&levels[count - 4], &levels[count - 3]);
}
