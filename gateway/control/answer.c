// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include "api.h"
#include "base/json.h"
#include "base/messages.h"
#include "base/text.h"
#include "guard.h"
#include "metrics.h"
#include "stream.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Clients that do not read their answers can make us hold no more than this, beside one answer of any size.
enum { HELD_BYTES_MAX = 16 << 20, ARGUMENTS_MAX = 64 << 10 };

static const char type_json[] = "application/json";
static const char type_metrics[] = "text/plain; version=0.0.4; charset=utf-8";

struct question {
    const struct status *status;
    const char *rest; // of the path, where the route ends with '/'
    uint64_t requests;
};

static int write_status(const struct question *question, struct bytes *out)
{
    api_status(question->status, out);
    return 0;
}

static int write_sensors(const struct question *question, struct bytes *out)
{
    api_sensors(question->status, out);
    return 0;
}

static int write_sensor(const struct question *question, struct bytes *out)
{
    return api_sensor(question->status, question->rest, out);
}

static int write_buffer(const struct question *question, struct bytes *out)
{
    api_buffer(question->status, out);
    return 0;
}

static int write_metrics(const struct question *question, struct bytes *out)
{
    metrics_write(question->status, question->requests, out);
    return 0;
}

// Either a document that is written from the snapshot, or a command for the core: asked with GET and at most one argument
// in the query, or ordered with POST and a JSON object.
struct route {
    const char *path; // one that ends with '/' takes any further text
    const char *type;
    int (*write)(const struct question *question, struct bytes *out); // 0 or -ENOENT
    const char *verb, *argument;
    bool post;
    enum MHD_Result (*stream)(struct audience *audience,
                              struct MHD_Connection *connection); // or it is too long to hold
};

static const struct route routes[] = {
    {"/api/v1/status", type_json, .write = write_status},
    {"/api/v1/sensors", type_json, .write = write_sensors},
    {"/api/v1/sensors/", type_json, .write = write_sensor},
    {"/api/v1/buffer", type_json, .write = write_buffer},
    {"/api/v1/loss", type_json, .verb = "loss", .argument = "skip"},
    {"/api/v1/report", type_json, .verb = "report", .argument = "day"},
    {"/api/v1/unknown", type_json, .verb = "unknown"},
    {"/api/v1/replay", type_json, .verb = "replay", .post = true},
    {"/api/v1/export", NULL, .stream = stream_answer},
    {"/metrics", type_metrics, .write = write_metrics},
};

// One request while it is under way.
struct exchange {
    const struct route *route; // NULL: there is no such address
    const char *rest;
    struct bytes arguments;
};

static const struct route *find_route(const char *url, const char **ret_rest)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        size_t length = strlen(routes[i].path);
        bool prefix = routes[i].path[length - 1] == '/';
        if (strncmp(url, routes[i].path, length) != 0 || (url[length] != '\0') != prefix)
            continue;
        *ret_rest = url + length;
        return &routes[i];
    }
    return NULL;
}

// Errors that are no document of ours.
struct refusal {
    unsigned status;
    const char *code, *message;
    const char *header, *header_value; // one more header, or NULL
};

static const struct refusal bad_host = {MHD_HTTP_FORBIDDEN, "bad_host",
                                        N_("this name is not one of the gateway's; ask for localhost or 127.0.0.1"),
                                        NULL, NULL};
static const struct refusal no_token = {MHD_HTTP_UNAUTHORIZED, "unauthorized",
                                        N_("a token is needed; expected the header Authorization: Bearer TOKEN"),
                                        MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer"};
static const struct refusal only_get = {MHD_HTTP_METHOD_NOT_ALLOWED, "method_not_allowed",
                                        N_("this address can only be read; expected GET"), MHD_HTTP_HEADER_ALLOW,
                                        "GET, HEAD"};
static const struct refusal only_post = {MHD_HTTP_METHOD_NOT_ALLOWED, "method_not_allowed",
                                         N_("this address takes an order; expected POST"), MHD_HTTP_HEADER_ALLOW,
                                         "POST"};
// A web page of a stranger can make a browser on this machine send a POST, but not with a header of its own.
static const struct refusal foreign = {
    MHD_HTTP_FORBIDDEN, "foreign",
    N_("an order needs the token, or from this machine the header X-Requested-With: citygw"), NULL, NULL};
static const struct refusal arguments_too_large = {MHD_HTTP_CONTENT_TOO_LARGE, "too_large",
                                                   N_("the order is too large; expected at most 64 kB"), NULL, NULL};
static const struct refusal no_such_path = {
    MHD_HTTP_NOT_FOUND, "not_found",
    N_("there is no such address; expected /api/v1/status, /api/v1/sensors, /api/v1/sensors/ID, /api/v1/buffer, "
       "/api/v1/loss, /api/v1/report, /api/v1/unknown, /api/v1/replay, /api/v1/export or /metrics"),
    NULL, NULL};
static const struct refusal no_such_sensor = {MHD_HTTP_NOT_FOUND, "not_found", N_("no sensor of this id is configured"),
                                              NULL, NULL};
static const struct refusal too_large = {MHD_HTTP_INTERNAL_SERVER_ERROR, "too_large",
                                         N_("the answer is larger than the gateway may send"), NULL, NULL};
static const struct refusal busy = {MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
                                    N_("too many answers are still being sent; try again in a few seconds"),
                                    MHD_HTTP_HEADER_RETRY_AFTER, "5"};

// The body of one answer, until the client has all of it.
struct body {
    struct audience *audience;
    size_t size;
    char data[];
};

static void body_free(void *context)
{
    struct body *body = context;
    body->audience->held_bytes -= body->size;
    free(body);
}

static struct MHD_Response *make_response(struct audience *audience)
{
    const struct bytes *scratch = audience->scratch;
    struct body *body = malloc(sizeof *body + scratch->used);
    if (!body)
        return NULL;
    body->audience = audience;
    body->size = scratch->used;
    memcpy(body->data, scratch->data, scratch->used);
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(body->size, body->data, body_free, body);
    if (!response)
        free(body);
    else
        audience->held_bytes += body->size;
    return response;
}

// Sends what stands in the scratch buffer. MHD_NO closes the connection.
static enum MHD_Result reply(struct audience *audience, struct MHD_Connection *connection, unsigned status,
                             const char *type, const char *header, const char *value)
{
    struct MHD_Response *response = make_response(audience);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (header)
        MHD_add_response_header(response, header, value);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response); // the connection keeps it until it is sent
    return result;
}

enum MHD_Result answer_error(struct audience *audience, struct MHD_Connection *connection, unsigned status,
                             const char *code, const char *message, const char *header, const char *value)
{
    bytes_clear(audience->scratch);
    api_error(code, message, audience->scratch);
    return reply(audience, connection, status, type_json, header, value);
}

static enum MHD_Result refuse(struct audience *audience, struct MHD_Connection *connection,
                              const struct refusal *refusal)
{
    return answer_error(audience, connection, refusal->status, refusal->code, _(refusal->message), refusal->header,
                        refusal->header_value);
}

struct host_check {
    const char *own;
    bool bad;
};

static enum MHD_Result check_host(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    struct host_check *check = context;
    if (strcasecmp(key, MHD_HTTP_HEADER_HOST) == 0 && (!value || !guard_host(value, check->own)))
        check->bad = true;
    return MHD_YES;
}

// Beyond loopback we cannot know by which names others call this machine; there the token keeps strangers out.
static bool is_host_bad(const struct audience *audience, struct MHD_Connection *connection)
{
    struct host_check check = {.own = audience->host};
    if (audience->loopback)
        MHD_get_connection_values(connection, MHD_HEADER_KIND, check_host, &check);
    return check.bad;
}

static bool is_token_missing(const struct audience *audience, struct MHD_Connection *connection)
{
    const char *token = audience->options->token;
    return token && !guard_token(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization"), token);
}

static bool is_foreign(const struct audience *audience, struct MHD_Connection *connection)
{
    const char *by = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-Requested-With");
    bool has_token = audience->guarded && audience->options->token; // and it was right, or we would not be here
    return !has_token && !(by && strcmp(by, "citygw") == 0);
}

static const struct refusal *judge_method(const struct audience *audience, struct MHD_Connection *connection,
                                          const char *method, const struct route *route)
{
    bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    if (route && route->post)
        return !post ? &only_post : is_foreign(audience, connection) ? &foreign : NULL;
    return get ? NULL : &only_get;
}

// NULL when nothing speaks against the request.
static const struct refusal *judge(const struct audience *audience, struct MHD_Connection *connection,
                                   const char *method, const struct route *route)
{
    if (audience->guarded && is_host_bad(audience, connection))
        return &bad_host;
    if (audience->guarded && is_token_missing(audience, connection))
        return &no_token;
    const struct refusal *refusal = judge_method(audience, connection, method, route);
    if (refusal)
        return refusal;
    if (!route)
        return &no_such_path;
    return audience->held_bytes > HELD_BYTES_MAX ? &busy : NULL;
}

// The argument of a question, as the JSON object that an order would carry; nothing when it is not asked for.
static void arguments_from_query(struct MHD_Connection *connection, const char *name, struct bytes *out)
{
    const char *value = name ? MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name) : NULL;
    struct json json;
    if (!value)
        return;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_text(&json, name, value);
    json_object_end(&json);
}

static unsigned status_of(int error)
{
    return error == -EINVAL   ? MHD_HTTP_BAD_REQUEST
           : error == -ENOENT ? MHD_HTTP_NOT_FOUND
           : error == -ENOSYS ? MHD_HTTP_NOT_IMPLEMENTED
                              : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static const char *code_of(int error)
{
    return error == -EINVAL ? "bad_request" : error == -ENOENT ? "not_found" : error == -ENOSYS ? "unknown" : "busy";
}

static enum MHD_Result answer_command(struct audience *audience, struct MHD_Connection *connection,
                                      struct exchange *exchange)
{
    const struct control_options *options = audience->options;
    struct bytes *arguments = &exchange->arguments;
    struct fault why = {""};
    if (arguments->overflow)
        return refuse(audience, connection, &arguments_too_large);
    if (!exchange->route->post)
        arguments_from_query(connection, exchange->route->argument, arguments);
    bytes_clear(audience->scratch);
    int error = options->command ? options->command(options->commander, exchange->route->verb,
                                                    arguments->used ? (const char *)arguments->data : "",
                                                    arguments->used, audience->scratch, &why)
                                 : fault_set(&why, -ENOSYS, "%s", _("the gateway takes no orders here"));
    if (error) {
        bytes_clear(audience->scratch);
        api_error(code_of(error), why.text, audience->scratch);
        return reply(audience, connection, status_of(error), type_json, NULL, NULL);
    }
    if (audience->scratch->overflow)
        return refuse(audience, connection, &too_large);
    return reply(audience, connection, MHD_HTTP_OK, exchange->route->type, NULL, NULL);
}

static enum MHD_Result answer(struct audience *audience, struct MHD_Connection *connection, struct exchange *exchange)
{
    struct question question = {.requests = *audience->requests, .rest = exchange->rest};
    if (exchange->route->stream)
        return exchange->route->stream(audience, connection);
    if (exchange->route->verb)
        return answer_command(audience, connection, exchange);
    question.status = audience->options->snapshot(audience->options->context);
    bytes_clear(audience->scratch);
    if (exchange->route->write(&question, audience->scratch) < 0)
        return refuse(audience, connection, &no_such_sensor);
    if (audience->scratch->overflow)
        return refuse(audience, connection, &too_large);
    return reply(audience, connection, MHD_HTTP_OK, exchange->route->type, NULL, NULL);
}

static enum MHD_Result begin(struct audience *audience, struct MHD_Connection *connection, const char *url,
                             const char *method, void **state)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return MHD_NO;
    *state = exchange;
    ++*audience->requests;
    bytes_init(&exchange->arguments, ARGUMENTS_MAX);
    exchange->route = find_route(url, &exchange->rest);
    const struct refusal *refusal = judge(audience, connection, method, exchange->route);
    return refusal ? refuse(audience, connection, refusal) : MHD_YES;
}

// Called once when the headers are there, then for every piece of a body, then once more. A refusal goes out at once, so
// that no body is waited for; an answer only at the end, which keeps the connection open for the next request.
enum MHD_Result answer_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)version;
    struct audience *audience = context;
    struct exchange *exchange = *state;
    if (!exchange)
        return begin(audience, connection, url, method, state);
    if (*upload_size) {
        if (exchange->route && exchange->route->post)
            bytes_append(&exchange->arguments, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    find_route(url, &exchange->rest); // the text lives as long as the call
    return answer(audience, connection, exchange);
}

void answer_completed(void *audience, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode reason)
{
    (void)audience;
    (void)connection;
    (void)reason;
    struct exchange *exchange = *state;
    if (exchange)
        bytes_finish(&exchange->arguments);
    free(exchange);
    *state = NULL;
}
