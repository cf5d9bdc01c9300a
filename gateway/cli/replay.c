// SPDX-License-Identifier: Apache-2.0
#include "ask.h"
#include "base/messages.h"
#include "cli/verb.h"
#include "complain.h"
#include "options.h"
#include <stdlib.h>
#include <string.h>

// The order, which the caller frees; NULL: out of memory.
static char *compose(const struct options *options)
{
    json_t *order = json_pack("{s:s, s:s, s:s*, s:s*}", "from", options->from, "to", options->to, "sensor",
                              options->sensor, "outlet", options->outlet);
    char *text = order ? json_dumps(order, JSON_COMPACT) : NULL;
    json_decref(order);
    return text;
}

static void print_answer(const json_t *answer)
{
    size_t index;
    json_t *outlet;
    json_array_foreach(json_object_get(answer, "outlets"), index, outlet)
    {
        printf("%s%s", index ? ", " : "", json_string_value(outlet));
    }
    printf(_(": up to %.0f kept readings are looked through; what lies in the range is sent again under replay/\n"),
           number_at(answer, "readings_at_most"));
}

int verb_replay(int argc, char **argv)
{
    const unsigned takes =
        OPTION_CONFIG | OPTION_SOCKET | OPTION_JSON | OPTION_FROM | OPTION_TO | OPTION_SENSOR | OPTION_OUTLET;
    struct options options;
    int result;
    if (!options_read(argc, argv, takes, &options, &result))
        return result;
    if (!options.from || !options.to) {
        complain("%s", _("a replay needs --from TIME and --to TIME, such as 2026-11-22T03:00:00+09:00"));
        return VERB_USAGE;
    }
    char *order = compose(&options);
    json_t *answer = order_gateway(&options, "/api/v1/replay", order);
    free(order);
    if (!answer)
        return VERB_PROBLEM;
    if (!options.json)
        print_answer(answer);
    json_decref(answer);
    return VERB_FINE;
}
