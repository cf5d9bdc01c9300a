// SPDX-License-Identifier: Apache-2.0
#include "import_send.h"

#include "base/clock.h"
#include "base/messages.h"
#include "lines.h"
#include <errno.h>
#include <stdlib.h>

enum { TURN_MS = 100, REFUSED_LEAST = 0x80, CONNECTIONS_IN_VAIN = 4 };

static const int64_t tickets_wait_us = 30 * 1000000LL;

// A reading in the window: where its line stands, and whether the broker has it.
struct place {
    off_t offset;
    bool acknowledged;
};

struct sending {
    struct broker *broker;
    const struct carry *carry;
    struct lines lines;
    size_t done, next;   // readings: all below are acknowledged; the next one to be sent
    size_t read;         // and the next one to be read: below it, places are filled
    size_t window;       // how many may be in flight
    bool again;          // what is not acknowledged must be sent again
    int64_t again_us;    // since when
    size_t done_before;  // when the last connection was made
    unsigned in_vain;    // connections in a row that ended before anything more was acknowledged
    uint32_t packet_max; // that the broker takes; 0: any
    struct place places[SENDING_WINDOW_MAX];
};

static struct place *place_of(struct sending *sending, size_t reading)
{
    return &sending->places[reading % SENDING_WINDOW_MAX];
}

// The next line of the file. What was found whole before is taken to be so still, but is looked at all the same.
static int next_line(struct sending *sending, const char **ret_line, size_t *ret_size, struct fault *why)
{
    int result = lines_next(&sending->lines, ret_line, ret_size);
    if (result < 0)
        return fault_errno(why, result, _("the file cannot be read"));
    return result ? 0 : fault_set(why, -EBADMSG, _("the file became shorter while it was read"));
}

// Past the header and what was done in an earlier run.
static int skip(struct sending *sending, struct fault *why)
{
    const char *line;
    size_t size;
    int error = lines_seek(&sending->lines, 0, 0);
    if (error)
        return fault_errno(why, error, _("the file cannot be read"));
    for (size_t i = 0; !error && i <= sending->done; i++)
        error = next_line(sending, &line, &size, why);
    return error;
}

int sending_create(struct broker *broker, const struct carry *carry, int fd, size_t done, struct sending **ret_sending,
                   struct fault *why)
{
    struct sending *sending = calloc(1, sizeof *sending);
    if (!sending)
        return fault_set(why, -ENOMEM, _("out of memory"));
    sending->broker = broker;
    sending->carry = carry;
    sending->done = sending->next = sending->read = done;
    lines_init(&sending->lines, fd);
    int error = skip(sending, why);
    if (error)
        sending_destroy(sending);
    else
        *ret_sending = sending;
    return error;
}

void sending_destroy(struct sending *sending)
{
    if (sending)
        lines_finish(&sending->lines);
    free(sending);
}

size_t sending_done(const struct sending *sending)
{
    return sending->done;
}

static void send_again(struct sending *sending)
{
    if (!sending->again)
        sending->again_us = clock_boot_us(&clock_system);
    sending->again = true;
}

// Back to the first that is not acknowledged, once nothing is in flight any more: then each message's fate is known.
static int rewind_if_due(struct sending *sending, struct fault *why)
{
    bool waited = clock_boot_us(&clock_system) - sending->again_us > tickets_wait_us;
    if (!sending->again || !broker_is_up(sending->broker) ||
        (client_flying(broker_client(sending->broker)) > 0 && !waited))
        return 0;
    int error = 0;
    if (sending->done < sending->read)
        error = lines_seek(&sending->lines, place_of(sending, sending->done)->offset, sending->done + 1);
    sending->next = sending->done;
    sending->again = false;
    return error ? fault_errno(why, error, _("the file cannot be read")) : 0;
}

static int publish(struct sending *sending, const char *line, size_t size, struct fault *why)
{
    struct carry_reading reading;
    const char *wrong = carry_take_apart(&sending->carry->head, line, size, &reading);
    if (wrong)
        return fault_set(why, -EBADMSG, _("line %zu changed while the file was read: %s"), sending->lines.number,
                         _(wrong));
    struct publication publication = {.topic = reading.topic,
                                      .payload = reading.payload,
                                      .size = reading.size,
                                      .epoch = reading.epoch,
                                      .seq = reading.seq,
                                      .gateway = sending->carry->head.gateway};
    if (sending->packet_max && client_packet_size(&publication) > sending->packet_max)
        return fault_set(why, -EMSGSIZE, _("line %zu is too long for %s, which takes messages up to %u bytes"),
                         sending->lines.number, broker_url(sending->broker), (unsigned)sending->packet_max);
    return client_publish(broker_client(sending->broker), &publication, 0, sending->next);
}

// The next reading. -EAGAIN: not now.
static int send_one(struct sending *sending, struct fault *why)
{
    const char *line;
    size_t size;
    off_t offset = sending->lines.offset;
    int error = next_line(sending, &line, &size, why);
    if (error)
        return error;
    struct place *place = place_of(sending, sending->next);
    if (sending->next >= sending->read) {
        *place = (struct place){.offset = offset};
        sending->read = sending->next + 1;
    }
    if (!place->acknowledged)
        error = publish(sending, line, size, why);
    if (!error)
        sending->next++;
    return error;
}

static bool may_send(const struct sending *sending)
{
    return broker_is_up(sending->broker) && !sending->again && sending->next < sending->carry->readings &&
           sending->next < sending->done + SENDING_WINDOW_MAX &&
           client_flying(broker_client(sending->broker)) < sending->window;
}

static int send_some(struct sending *sending, struct fault *why)
{
    int error = 0;
    while (!error && may_send(sending))
        error = send_one(sending, why);
    if (error != -EAGAIN && error != -ENOTCONN && error != -EIO)
        return error;
    send_again(sending); // the line is read, and not sent
    return 0;
}

static int on_finished(struct sending *sending, const struct ticket *ticket, struct fault *why)
{
    size_t reading = (size_t)ticket->index;
    if (ticket->code < 0) {
        send_again(sending);
        return 0;
    }
    if (ticket->code >= REFUSED_LEAST)
        return fault_set(why, -EACCES, _("%s refuses line %zu (0x%02X)"), broker_url(sending->broker), reading + 2,
                         (unsigned)ticket->code);
    if (reading >= sending->done && reading < sending->read)
        place_of(sending, reading)->acknowledged = true;
    while (sending->done < sending->read && place_of(sending, sending->done)->acknowledged)
        sending->done++;
    return 0;
}

static int on_tickets(struct sending *sending, struct ticket *finished, struct fault *why)
{
    int error = 0;
    for (struct ticket *next; finished; finished = next) {
        next = finished->next;
        error = error ? error : on_finished(sending, finished, why);
        client_release(finished);
    }
    return error;
}

static int on_connected(struct sending *sending, const struct client_limits *limits, struct fault *why)
{
    sending->in_vain = sending->done > sending->done_before ? 0 : sending->in_vain + 1;
    sending->done_before = sending->done;
    if (sending->in_vain > CONNECTIONS_IN_VAIN)
        return fault_set(why, -ECONNABORTED, _("%s ends the connection each time when line %zu is sent"),
                         broker_url(sending->broker), sending->done + 2);
    sending->window = limits->receive_max < SENDING_WINDOW_MAX ? limits->receive_max : SENDING_WINDOW_MAX;
    sending->packet_max = limits->packet_max;
    send_again(sending);
    return 0;
}

int sending_turn(struct sending *sending, struct fault *why)
{
    struct broker_news news;
    int error = broker_turn(sending->broker, TURN_MS, &news, why);
    if (!error && news.connected)
        error = on_connected(sending, &news.limits, why);
    int refused = on_tickets(sending, news.finished, why);
    error = error ? error : refused;
    error = error ? error : rewind_if_due(sending, why);
    return error ? error : send_some(sending, why);
}
