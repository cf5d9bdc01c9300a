// SPDX-License-Identifier: Apache-2.0
#include "commands.h"

#include "account.h"
#include "arguments.h"
#include "base/json.h"
#include "base/messages.h"
#include "gateway.h"
#include "loss.h"
#include "order_replay.h"
#include "snapshot.h"
#include "unknown.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WAITING_MAX = 32, ANSWER_MAX = OUTLET_REPLY_MAX - 32 * 1024 /* for the id */ };

/* The verbs. Each writes its answer, a JSON value. */

static int run_ping(struct gateway *gateway, const struct arguments *arguments, struct bytes *out, struct fault *why)
{
    char time[UTC_TEXT_SIZE];
    struct json json;
    (void)arguments, (void)why;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_text(&json, "time", utc_text(clock_wall_us(gateway->clock), time));
    json_key_text(&json, "session", gateway->session);
    json_object_end(&json);
    return 0;
}

static int run_status(struct gateway *gateway, const struct arguments *arguments, struct bytes *out, struct fault *why)
{
    (void)arguments, (void)why;
    control_write_status(snapshot_take(gateway->snapshot), out);
    return 0;
}

static int run_loss(struct gateway *gateway, const struct arguments *arguments, struct bytes *out, struct fault *why)
{
    struct json json;
    uint64_t skip = 0;
    int error = arguments_count(arguments, "skip", &skip, why);
    if (error)
        return error;
    json_begin(&json, out);
    loss_write(gateway->buffer, (size_t)skip, LOSS_BYTES_MAX, &json);
    return 0;
}

static int run_report(struct gateway *gateway, const struct arguments *arguments, struct bytes *out, struct fault *why)
{
    const char *day = NULL;
    int error = arguments_text(arguments, "day", &day, why);
    return error ? error : account_report(gateway->account, day, out, why);
}

static int run_unknown(struct gateway *gateway, const struct arguments *arguments, struct bytes *out, struct fault *why)
{
    struct json json;
    (void)arguments, (void)why;
    json_begin(&json, out);
    unknowns_write(gateway->intake.unknowns, gateway->sensors, clock_wall_us(gateway->clock), &json);
    return 0;
}

static const struct command {
    const char *verb;
    int (*run)(struct gateway *gateway, const struct arguments *arguments, struct bytes *out, struct fault *why);
} verbs[] = {
    {"ping", run_ping},     {"status", run_status},       {"loss", run_loss},
    {"report", run_report}, {"replay", order_replay_run}, {"unknown", run_unknown},
};

static const struct command *find_command(const char *verb)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].verb, verb) == 0)
            return &verbs[i];
    return NULL;
}

static int run(struct gateway *gateway, const char *verb, const struct arguments *arguments, struct bytes *out,
               struct fault *why)
{
    const struct command *command = find_command(verb);
    if (!command)
        return fault_set(why, -ENOSYS,
                         _("there is no command %s; expected ping, status, loss, report, replay or unknown"), verb);
    return command->run(gateway, arguments, out, why);
}

int commands_run(void *context, const char *verb, const char *arguments, size_t size, struct bytes *ret_answer,
                 struct fault *why)
{
    struct arguments *parsed = NULL;
    int error = arguments_parse(arguments, size, &parsed, why);
    if (!error)
        error = run(context, verb, parsed, ret_answer, why);
    arguments_finish(parsed);
    return error;
}

/* The queue. */

struct waiting {
    struct outlet *outlet;
    struct outlet_command command;
    uint8_t payload[OUTLET_COMMAND_MAX];
};

struct commands {
    struct gateway *gateway;
    uv_mutex_t lock;
    struct waiting *list[WAITING_MAX]; // in the order of their arrival
    size_t count;
    uv_async_t wake;
};

void commands_take(struct outlet *outlet, const struct outlet_command *command, void *context)
{
    static const char busy[] = "{\"ok\":false,\"error\":\"busy\",\"message\":\"too many commands wait\"}";
    struct commands *commands = context;
    struct waiting *waiting = command->size <= OUTLET_COMMAND_MAX ? malloc(sizeof *waiting) : NULL;
    if (waiting) {
        waiting->outlet = outlet;
        waiting->command = *command;
        memcpy(waiting->payload, command->payload, command->size);
        waiting->command.payload = waiting->payload;
    }
    uv_mutex_lock(&commands->lock);
    bool taken = waiting && commands->count < WAITING_MAX;
    if (taken)
        commands->list[commands->count++] = waiting;
    uv_mutex_unlock(&commands->lock);
    if (taken) {
        uv_async_send(&commands->wake);
        return;
    }
    free(waiting);
    outlet_reply(outlet, command, busy, sizeof busy - 1);
}

static struct waiting *next_waiting(struct commands *commands)
{
    uv_mutex_lock(&commands->lock);
    struct waiting *waiting = commands->count ? commands->list[0] : NULL;
    if (waiting) {
        commands->count--;
        memmove(&commands->list[0], &commands->list[1], commands->count * sizeof commands->list[0]);
    }
    uv_mutex_unlock(&commands->lock);
    return waiting;
}

// "id" comes back whatever it is, so that a client without correlation data (MQTT 3.1.1) can tell its answers apart.
static void write_id(const struct arguments *arguments, struct json *json)
{
    struct bytes id;
    bytes_init(&id, OUTLET_COMMAND_MAX * 6); // escaped at most
    arguments_copy(arguments, "id", &id);
    if (id.used) {
        json_key(json, "id");
        json_raw(json, id.data, id.used);
    }
    bytes_finish(&id);
}

static const char *word_of(int error)
{
    return error == -EINVAL ? "bad_request" : error == -ENOENT ? "not_found" : error == -ENOSYS ? "unknown" : "busy";
}

static void compose_reply(struct gateway *gateway, const struct outlet_command *command, struct bytes *out)
{
    struct fault why = {""};
    struct bytes result;
    struct json json;
    struct arguments *arguments = NULL;
    bytes_init(&result, ANSWER_MAX);
    int error = arguments_parse((const char *)command->payload, command->size, &arguments, &why);
    if (!error)
        error = run(gateway, command->verb, arguments, &result, &why);
    if (!error && result.overflow)
        error = fault_set(&why, -EFBIG, "%s", _("the answer is larger than the gateway may send"));
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_bool(&json, "ok", error == 0);
    write_id(arguments, &json);
    if (error) {
        json_key_text(&json, "error", word_of(error));
        json_key_text(&json, "message", why.text);
    } else {
        json_key(&json, "result");
        json_raw(&json, result.data, result.used);
    }
    json_object_end(&json);
    arguments_finish(arguments);
    bytes_finish(&result);
}

static void serve(uv_async_t *wake)
{
    struct commands *commands = wake->data;
    for (struct waiting *waiting; (waiting = next_waiting(commands)) != NULL;) {
        struct bytes answer;
        bytes_init(&answer, OUTLET_REPLY_MAX);
        compose_reply(commands->gateway, &waiting->command, &answer);
        if (!answer.overflow)
            outlet_reply(waiting->outlet, &waiting->command, (const char *)answer.data, answer.used);
        bytes_finish(&answer);
        free(waiting);
    }
}

struct commands *commands_create(struct gateway *gateway)
{
    struct commands *commands = calloc(1, sizeof *commands);
    if (!commands || uv_mutex_init(&commands->lock) != 0) {
        free(commands);
        return NULL;
    }
    commands->gateway = gateway;
    uv_async_init(&gateway->loop, &commands->wake, serve);
    commands->wake.data = commands;
    return commands;
}

void commands_destroy(struct commands *commands)
{
    if (!commands)
        return;
    for (size_t i = 0; i < commands->count; i++)
        free(commands->list[i]);
    uv_mutex_destroy(&commands->lock);
    free(commands);
}
