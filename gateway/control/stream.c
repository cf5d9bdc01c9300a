// SPDX-License-Identifier: Apache-2.0
#include "stream.h"

#include "base/messages.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { BLOCK_BYTES = 16 * 1024 };

struct stream {
    uv_work_t work; // its data is the stream
    const struct control_export *face;
    void *export;
    struct audience *audience; // not to be touched once `gone`
    struct MHD_Connection *connection;
    struct bytes piece;
    size_t taken;   // of the piece
    int more;       // what the last read returned
    bool reading;   // on the thread pool
    bool suspended; // the connection, until the read is done
    bool gone;      // nobody wants the answer any more
};

static void stream_free(struct stream *stream)
{
    stream->face->close(stream->export);
    bytes_finish(&stream->piece);
    free(stream);
}

static void resume(struct stream *stream)
{
    if (!stream->suspended)
        return;
    stream->suspended = false;
    MHD_resume_connection(stream->connection);
}

static void read_piece(uv_work_t *work)
{
    struct stream *stream = work->data;
    bytes_clear(&stream->piece);
    stream->taken = 0;
    stream->more = stream->face->read(stream->export, &stream->piece);
}

static void after_read(uv_work_t *work, int status)
{
    struct stream *stream = work->data;
    stream->reading = false;
    if (stream->gone) {
        stream_free(stream);
        return;
    }
    if (status != 0)
        stream->more = status;
    struct audience *audience = stream->audience; // running the server may end the stream
    resume(stream);
    audience->resumed(audience->door);
}

static ssize_t begin_read(struct stream *stream)
{
    stream->work.data = stream;
    if (uv_queue_work(stream->audience->options->loop, &stream->work, read_piece, after_read) != 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    stream->reading = stream->suspended = true;
    MHD_suspend_connection(stream->connection);
    return 0;
}

// libmicrohttpd asks for up to `max` bytes. A broken stream cuts the connection, so that the client can tell.
static ssize_t give(void *context, uint64_t position, char *into, size_t max)
{
    struct stream *stream = context;
    size_t left = stream->piece.used - stream->taken;
    (void)position;
    if (stream->gone || stream->more < 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (left == 0)
        return stream->more ? begin_read(stream) : MHD_CONTENT_READER_END_OF_STREAM;
    size_t size = left < max ? left : max;
    memcpy(into, stream->piece.data + stream->taken, size);
    stream->taken += size;
    return (ssize_t)size;
}

// The connection is done with it.
static void let_go(void *context)
{
    struct stream *stream = context;
    struct streams *streams = stream->audience->streams;
    for (size_t i = 0; i < CONTROL_EXPORTS_MAX; i++)
        if (streams->open[i] == stream)
            streams->open[i] = NULL;
    stream->gone = true;
    if (!stream->reading)
        stream_free(stream);
}

static struct stream **find_place(struct streams *streams)
{
    for (size_t i = 0; i < CONTROL_EXPORTS_MAX; i++)
        if (!streams->open[i])
            return &streams->open[i];
    return NULL;
}

static int make_stream(struct audience *audience, struct MHD_Connection *connection,
                       const struct control_export_wish *wish, struct stream **ret_stream, struct fault *why)
{
    const struct control_options *options = audience->options;
    struct stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return fault_errno(why, -ENOMEM, _("the export cannot begin"));
    int error = options->export->open(options->export_context, wish, &stream->export, why);
    if (error) {
        free(stream);
        return error;
    }
    stream->face = options->export;
    stream->audience = audience;
    stream->connection = connection;
    stream->more = 1;
    bytes_init(&stream->piece, CONTROL_EXPORT_PIECE_MAX);
    *ret_stream = stream;
    return 0;
}

static enum MHD_Result refuse(struct audience *audience, struct MHD_Connection *connection, int error,
                              const struct fault *why)
{
    if (error == -EINVAL)
        return answer_error(audience, connection, MHD_HTTP_BAD_REQUEST, "bad_request", why->text, NULL, NULL);
    if (error == -ENOENT)
        return answer_error(audience, connection, MHD_HTTP_NOT_FOUND, "not_found", why->text, NULL, NULL);
    return answer_error(audience, connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "failed", why->text, NULL, NULL);
}

static enum MHD_Result refuse_busy(struct audience *audience, struct MHD_Connection *connection)
{
    return answer_error(audience, connection, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
                        _("two exports are under way already; try again when one has ended"),
                        MHD_HTTP_HEADER_RETRY_AFTER, "10");
}

static enum MHD_Result begin_answer(struct stream *stream)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, give, stream, let_go);
    if (!response) {
        let_go(stream);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/x-ndjson");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    enum MHD_Result result = MHD_queue_response(stream->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response); // the connection keeps it
    return result;
}

/* What is asked for: an argument that is not known would be ignored in silence, and the file not what was wanted. */

struct arguments {
    struct control_export_wish wish;
    const char *unknown;
};

static enum MHD_Result take_argument(void *context, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct arguments *arguments = context;
    const struct {
        const char *key;
        const char **value;
    } known[] = {{"from", &arguments->wish.from},
                 {"to", &arguments->wish.to},
                 {"sensor", &arguments->wish.sensor},
                 {"outlet", &arguments->wish.outlet}};
    (void)kind;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(key, known[i].key) == 0) {
            *known[i].value = value ? value : "";
            return MHD_YES;
        }
    }
    arguments->unknown = key;
    return MHD_NO;
}

enum MHD_Result stream_answer(struct audience *audience, struct MHD_Connection *connection)
{
    struct arguments arguments = {.unknown = NULL};
    struct fault why = {""};
    struct stream **place = find_place(audience->streams);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_argument, &arguments);
    if (arguments.unknown)
        return refuse(audience, connection,
                      fault_set(&why, -EINVAL, _("\"%s\" is not known here; expected from, to, sensor or outlet"),
                                arguments.unknown),
                      &why);
    if (!audience->options->export)
        return refuse(audience, connection, fault_set(&why, -ENOENT, _("no export is offered here")), &why);
    if (!place)
        return refuse_busy(audience, connection);
    struct stream *stream = NULL;
    int error = make_stream(audience, connection, &arguments.wish, &stream, &why);
    if (error)
        return refuse(audience, connection, error, &why);
    *place = stream;
    return begin_answer(stream);
}

void streams_break(struct streams *streams)
{
    for (size_t i = 0; i < CONTROL_EXPORTS_MAX; i++) {
        struct stream *stream = streams->open[i];
        if (!stream)
            continue;
        stream->gone = true;
        resume(stream);
    }
}
