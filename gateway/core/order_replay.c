// SPDX-License-Identifier: Apache-2.0
#include "order_replay.h"

#include "arguments.h"
#include "base/json.h"
#include "base/messages.h"
#include "gateway.h"
#include <errno.h>
#include <string.h>

static const char *const keys[] = {"from", "to", "epoch", "from_seq", "to_seq", "sensor", "outlet"};

static int take_sensor(const struct gateway *gateway, const struct arguments *arguments, struct replay_wish *wish,
                       struct fault *why)
{
    const char *name = NULL;
    int error = arguments_text(arguments, "sensor", &name, why);
    size_t count = buffer_stream_count(gateway->buffer);
    if (error || !name)
        return error;
    wish->one_sensor = true;
    for (uint32_t stream = 0; stream < count; stream++) {
        const char *known = buffer_stream_name(gateway->buffer, stream);
        wish->stream = stream;
        if (known && strcmp(known, name) == 0)
            return 0;
    }
    return fault_set(why, -ENOENT, _("no reading of a sensor %s was ever stored"), name);
}

static int take_times(struct gateway *gateway, const struct arguments *arguments, struct replay_wish *wish,
                      struct fault *why)
{
    int error = arguments_time(arguments, "from", &wish->from_us, why);
    if (!error)
        error = arguments_time(arguments, "to", &wish->to_us, why);
    if (!error && wish->to_us <= wish->from_us)
        error = fault_set(why, -EINVAL, "%s", _("\"to\" is not after \"from\""));
    if (!error && !buffer_find_times(gateway->buffer, wish->from_us, wish->to_us, &wish->next, &wish->end))
        wish->next = wish->end = 0;
    return error;
}

static int take_seqs(struct gateway *gateway, const struct arguments *arguments, struct replay_wish *wish,
                     struct fault *why)
{
    const char *epoch = NULL;
    struct buffer_figures figures;
    int error = arguments_text(arguments, "epoch", &epoch, why);
    if (!error && epoch && strcmp(epoch, buffer_epoch(gateway->buffer)) != 0)
        error = fault_set(why, -ENOENT, _("this buffer's epoch is %s; nothing of epoch %s is kept here"),
                          buffer_epoch(gateway->buffer), epoch);
    if (!error)
        error = arguments_seq(arguments, "from_seq", &wish->from_seq, why);
    if (!error)
        error = arguments_seq(arguments, "to_seq", &wish->to_seq, why);
    if (!error && wish->to_seq < wish->from_seq)
        error = fault_set(why, -EINVAL, "%s", _("\"to_seq\" is below \"from_seq\""));
    if (!error && !wish->one_sensor)
        error = fault_set(why, -EINVAL, "%s", _("sequence numbers count for one sensor; expected \"sensor\", too"));
    if (error)
        return error;
    wish->by_seq = true;
    buffer_figures(gateway->buffer, &figures);
    wish->next = figures.oldest;
    wish->end = figures.next;
    return 0;
}

static int add_everywhere(struct gateway *gateway, const char *only, const struct replay_wish *wish, struct json *json,
                          struct fault *why)
{
    const char *passed = NULL;
    size_t matching = 0;
    for (size_t i = 0; i < gateway->outlet_count; i++) {
        struct outlet *outlet = &gateway->outlets[i];
        if (only && strcmp(outlet->name, only) != 0)
            continue;
        if (outlet->type->present_only) {
            passed = outlet->name;
            continue;
        }
        matching++;
        if (wish->next < wish->end && replays_add(&outlet->replays, wish) != 0)
            return fault_set(why, -EBUSY, _("%s has %d replays to do already; try again when they are done"),
                             outlet->name, REPLAYS_MAX);
        json_text(json, outlet->name);
        outlet_wake(outlet);
    }
    if (matching)
        return 0;
    if (passed)
        return fault_set(why, -EINVAL, _("%s takes what comes last for the present: nothing is sent to it again"),
                         passed);
    return only ? fault_set(why, -ENOENT, _("there is no outlet %s"), only)
                : fault_set(why, -ENOENT, "%s", _("there is no outlet"));
}

int order_replay_run(struct gateway *gateway, const struct arguments *arguments, struct bytes *out, struct fault *why)
{
    struct replay_wish wish = {0};
    const char *outlet = NULL;
    struct json json;
    int error = arguments_known(arguments, keys, sizeof keys / sizeof *keys, why);
    if (!error)
        error = arguments_text(arguments, "outlet", &outlet, why);
    if (!error)
        error = take_sensor(gateway, arguments, &wish, why);
    if (!error)
        error = arguments_have(arguments, "from_seq") ? take_seqs(gateway, arguments, &wish, why)
                                                      : take_times(gateway, arguments, &wish, why);
    if (error)
        return error;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key(&json, "outlets");
    json_array_begin(&json);
    error = add_everywhere(gateway, outlet, &wish, &json, why);
    json_array_end(&json);
    json_key_unsigned(&json, "readings_at_most", wish.end - wish.next);
    json_object_end(&json);
    return error;
}
