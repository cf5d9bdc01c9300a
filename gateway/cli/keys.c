// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"
#include "base/fault.h"
#include "cli/verb.h"
#include "complain.h"
#include "options.h"
#include "settings/settings.h"
#include <stdio.h>
#include <stdlib.h>

enum { KEYS_BYTES_MAX = 1 << 20 };

int verb_keys(int argc, char **argv)
{
    struct options options;
    struct fault why;
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_OPERAND, &options, &result))
        return result;
    char *socket = options_settle(&options); // for the language
    if (!socket)
        return VERB_PROBLEM;
    free(socket);
    struct bytes text;
    bytes_init(&text, KEYS_BYTES_MAX);
    result = VERB_FINE;
    if (settings_print_keys(options.operand, &text, &why) < 0) {
        complain("%s", why.text);
        result = VERB_USAGE;
    } else if (text.used) {
        fwrite(text.data, 1, text.used, stdout);
    }
    bytes_finish(&text);
    return result;
}
