// SPDX-License-Identifier: Apache-2.0
#include "verify.h"

#include "base/fault.h"
#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/verb.h"
#include "complain.h"
#include "lines.h"
#include "proof_show.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { TOPIC_MAX = 1024 };

// "TOPIC PAYLOAD", where the payload begins with the first blank that a brace or a bracket follows.
static void take_line(struct proof *proof, const char *line, size_t size)
{
    char topic[TOPIC_MAX];
    size_t length = 0;
    while (length < size && !(line[length] == ' ' && length + 1 < size && strchr("{[", line[length + 1])))
        length++;
    if (length == size) // no object: the topic ends at the first blank
        for (length = 0; length < size && line[length] != ' ';)
            length++;
    if (length >= sizeof topic || memchr(line, '\0', length)) {
        proof_take(proof, "", NULL, 0, false); // nothing of ours
        return;
    }
    memcpy(topic, line, length);
    topic[length] = '\0';
    size_t payload = length < size ? length + 1 : size;
    proof_take(proof, topic, line + payload, size - payload, false);
}

static int read_lines(int fd, struct proof *proof, struct proof_totals *ret_totals)
{
    struct lines lines;
    const char *line;
    size_t size;
    uint64_t too_long = 0;
    int result;
    lines_init(&lines, fd);
    while ((result = lines_next(&lines, &line, &size)) == 1 || result == -EMSGSIZE) {
        if (result == 1)
            take_line(proof, line, size);
        else
            too_long++;
    }
    lines_finish(&lines);
    proof_settle(proof, ret_totals);
    ret_totals->unreadable += too_long;
    return result;
}

static int verify_file(const char *path, struct proof **ret_proof, struct proof_totals *ret_totals)
{
    char shown[150];
    bool input = strcmp(path, "-") == 0;
    int fd = input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    *ret_proof = proof_create(NULL);
    int error = fd < 0 ? -errno : !*ret_proof ? -ENOMEM : read_lines(fd, *ret_proof, ret_totals);
    if (error)
        complain(_("%s cannot be read: %s"), text_escape(path, strlen(path), shown, sizeof shown), error_text(error));
    if (fd >= 0 && !input)
        close(fd);
    return error;
}

static bool read_seconds(const char *text, double *ret_seconds)
{
    char shown[80];
    if (!text || (number_parse(text, strlen(text), ret_seconds) && *ret_seconds > 0))
        return true;
    complain(_("\"%s\" is not a number of seconds"), text_escape(text, strlen(text), shown, sizeof shown));
    return false;
}

int verb_verify(int argc, char **argv)
{
    const unsigned takes = OPTION_CONFIG | OPTION_OUTLET | OPTION_BROKER | OPTION_TREE | OPTION_SECONDS |
                           OPTION_UNTIL_IDLE | OPTION_JSON | OPTION_OPERAND;
    struct options options;
    struct proof *proof = NULL;
    struct proof_totals totals;
    double seconds = 0, idle_seconds = 0;
    int result;
    if (!options_read(argc, argv, takes, &options, &result))
        return result;
    if (!read_seconds(options.seconds, &seconds) || !read_seconds(options.until_idle, &idle_seconds))
        return VERB_USAGE;
    int error = options.operand ? verify_file(options.operand, &proof, &totals)
                                : verify_listen(&options, seconds, idle_seconds, &proof, &totals);
    if (!error && options.json)
        proof_print_json(proof, &totals);
    else if (!error)
        proof_print(proof, &totals);
    result = !error && proof_complete(&totals) ? VERB_FINE : VERB_PROBLEM;
    proof_destroy(proof);
    return result;
}
