// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mqtt_ahead.h"
#include "mqtt_backlog.h"
#include "mqtt_backoff.h"
#include "mqtt_command.h"
#include "mqtt_documents.h"
#include "mqtt_format.h"
#include "mqtt_pace.h"
#include "mqtt_reasons.h"
#include "mqtt_retained.h"
#include "mqtt_window.h"
#include "outlet/mqtt_client.h"
#include "outlet/mqtt_login.h"
#include "outlet/outlet.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/*
 * The MQTT outlet's state, shared by its files:
 *   mqtt.c          the outlet's face
 *   mqtt_thread.c   its thread and its phases
 *   mqtt_session.c  connecting, connected, refused, lost; what a person is told
 *   mqtt_flow.c     what is sent, in which order, and what its answer means
 *   mqtt_lane.c     which readings a lane sends next
 *   mqtt_message.c  a lane's next message
 *   mqtt_format.c   what topics and payloads look like
 *   mqtt_batch.c    many readings in one message, and what becomes of a refused one
 *   mqtt_states.c   the newest states, sent beside their turn
 *   mqtt_ahead.c    which of them need no turn of their own any more
 *   mqtt_publish.c  the library takes a message; documents and emptied topics
 *   mqtt_command.c  what is asked of the gateway over the broker, and the replies
 *   mqtt_refusal.c  what the broker refuses: how long to wait, and what a person is told
 *   mqtt_twin.c     another gateway of our name at the broker
 *
 * Readings go out in lanes that share what may be under way. `drain = live-first`: at each connection the newest states go
 * first, then the live lane begins at what is newest, and the backlog's lane works off what is pending below it, the oldest
 * first, at its own pace. What the live lane cannot send within five seconds becomes backlog. `drain = in-order`: the live
 * lane alone begins at the oldest. The replay lane sends what was asked for again. The feed alone knows what is pending: a
 * lane may forget at any time what it has not sent.
 *
 * A reading that the broker refuses for what it is stands aside, so that the others flow, and is tried again; there is room
 * for so many, and what finds none holds up its lane. In order, nothing stands aside.
 */

enum mqtt_phase {
    PHASE_WAITING,    // until due_us, then connect
    PHASE_CONNECTING, // CONNECT is out
    PHASE_ONLINE,
    PHASE_LEAVING,  // DISCONNECT is out; we come again later
    PHASE_FAREWELL, // stopping: acknowledgements are awaited, then `stopped` is published
    PHASE_CLOSING,  // DISCONNECT is out, for good
    PHASE_OVER,
};

enum mqtt_lane { LANE_LIVE, LANE_BACKLOG, LANE_REPLAY, LANES };

enum mqtt_purpose {
    PURPOSE_DOCUMENT,
    PURPOSE_REPLY,
    PURPOSE_VANISHED,
    PURPOSE_EMPTIED,
    PURPOSE_STATE,
    PURPOSE_ASIDE,
    PURPOSE_LANE, // + the lane
};

enum mqtt_alarm { ALARM_NONE, ALARM_CONNECT, ALARM_SHORT_LIVES, ALARM_REFUSED };

enum {
    MQTT_IN_FLIGHT_MAX = 1000,
    MQTT_SESSION_SIZE = 17,
    MQTT_PAYLOAD_MAX = 256 * 1024,
    ASIDE_MAX = 32, // well below the ranges that a feed keeps: each may be one
};

// A lane: what was read of it and not yet taken, and what is under way.
struct lane {
    struct window window;
    struct outlet_batch read;
    size_t used;       // of `read`
    int64_t read_us;   // when it was read
    uint64_t position; // where to read on
    bool dry;          // the last read found nothing
    int64_t again_us;  // when to read again though nobody woke us
    int error;         // of the last read
    int64_t batch_us;  // when its last batch was made
};

// The newest states, on their way beside their turn.
struct states {
    bool active;
    uint64_t since, until;
    size_t index;
    struct outlet_batch read;
    size_t used;
    bool noted;         // in order: what may stand at the broker from an earlier run
    bool wanted;        // all of them once more
    bool only_newer;    // than what was sent by themselves
    bool lost;          // one of them, with its connection
    uint64_t mark;      // with batches: the states up to here went out by themselves
    int64_t next_us;    // and the next ones not before
    int64_t refused_us; // the broker refused one: all of them again then; 0: none
};

// Readings that the broker refuses for now. They are kept; there is trouble while one of them waits.
struct refusal {
    size_t held;      // messages in windows and aside that were refused
    int code;         // 0: no trouble
    int64_t since_us; // of the trouble
    int64_t hold_us;  // no refused reading is sent again before
    struct backoff backoff;
    bool alarmed; // the alarm is the trouble's
    char topic[TOPIC_SIZE];
};

// Documents that the broker refuses. They never hold readings up.
struct document_refusals {
    size_t told[MQTT_REFUSED_MOST - MQTT_REFUSED_LEAST + 1]; // how many were told of each code
    bool news;                                               // an answer may have changed the numbers
    int64_t again_us;                                        // when the refused ones are tried again
    struct backoff backoff;
};

struct mqtt {
    // Given at birth.
    struct outlet_feed feed;
    const struct settings *settings;
    const struct settings_mqtt *options;
    const struct mqtt_format *format;
    struct places places;
    struct mqtt_wire wire; // of the format
    int batch;             // enum batch_mode; BATCH_NO where the format has none
    struct mqtt_login *login;
    char tree[TOPIC_SIZE];
    char session[MQTT_SESSION_SIZE];
    int64_t born_boot_us; // when that began

    // Shared between threads, under `lock`.
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool more;    // readings that were not looked for yet
    bool news;    // the client has some
    bool refresh; // the newest states are to go again
    bool stopping;
    bool orphaned;              // destroyed while the thread hangs: it frees the state when it comes back
    struct documents documents; // the first is `status`
    struct replies replies;
    atomic_int_least64_t beat_us;
    atomic_bool connected, over;
    atomic_size_t in_flight; // as the last round left it
    atomic_uint_least64_t batches, commands, commands_ignored, throttled_us, replaced,
        twins; // outlet_figures

    // The loop's.
    pthread_t thread;
    bool started;

    // The thread's.
    enum mqtt_phase phase;
    int64_t now_us, due_us, phase_since_us;
    struct client *client;
    struct client_limits limits;
    unsigned abandoned, spoilt; // clients that hung, and that the library spoilt
    struct backoff retry;
    bool clean_next; // begin the next connection with an empty session
    bool no_retain;
    int keep_alive_s;
    unsigned short_lives; // connections in a row that were lost at once
    bool seems_lost;      // the library holds no connection and did not say so yet
    char since[UTC_TEXT_SIZE];

    enum mqtt_alarm alarm;
    int64_t alarm_us;                                                  // when it was last raised
    char told[sizeof(struct fault)], alarm_told[sizeof(struct fault)]; // the last lines, so that none is repeated

    bool in_order; // drain, or the format wants it
    struct lane lanes[LANES];
    struct backlog backlog;
    struct states states;
    struct ahead ahead;
    struct outlet_batch piece; // of a split batch
    struct window_message aside[ASIDE_MAX];
    size_t aside_count;
    struct outlet_range busy[MQTT_IN_FLIGHT_MAX + ASIDE_MAX]; // for a plan of the backlog
    struct pace backlog_pace;                                 // readings
    struct throttle throttle;                                 // of the backlog
    struct pace rate;                                         // bytes
    int64_t rate_since_us;                                    // since when it has let nothing go; 0: it does
    struct subscribing subscribing;
    int64_t look_us;  // when something that waits for its pace may go
    int64_t pause_us; // nothing is sent before
    struct refusal refusal;
    struct document_refusals document_refusals;
    int64_t vanished_us; // no topic is emptied before
    int64_t round_us;    // when the last round was
    int64_t silent_us;   // how long nothing was acknowledged though something was out
    struct bytes scratch;
    struct retained retained;
    bool retained_failed; // told that its file cannot be written
    bool publish_failed;  // told that the library refuses a message
    bool said_stopped;
    bool quiet; // at the end: no callback can come any more
};

// mqtt_session.c: what the client tells.
void session_start(struct mqtt *mqtt);       // begins to connect
void session_supervise(struct mqtt *mqtt);   // CONNECTING: gives up a client that never answers
bool session_stuck(const struct mqtt *mqtt); // it gave up too many: only a new process helps
void session_online(struct mqtt *mqtt);      // once a round while online: ends alarms, notices a silent broker
void session_news(struct mqtt *mqtt, const struct client_news *news);
void session_alarm(struct mqtt *mqtt, enum mqtt_alarm alarm, const char *text);
void session_end_alarm(struct mqtt *mqtt);
void session_again(struct mqtt *mqtt); // ends this connection for a new one
void session_put_status(struct mqtt *mqtt, const char *state);
void session_phase(struct mqtt *mqtt, enum mqtt_phase phase);
void session_leaving(struct mqtt *mqtt); // LEAVING: does not wait for ever
void session_over(struct mqtt *mqtt, bool quiet);
bool session_orphaned(struct mqtt *mqtt); // then nothing borrowed may be touched

// mqtt_thread.c
void *mqtt_run(void *mqtt);
struct timespec mqtt_deadline(int64_t wait_us); // by the monotonic clock
void mqtt_free(struct mqtt *mqtt);
void mqtt_free_unless_needed(struct mqtt *mqtt); // when the thread is over: callbacks may still come

// mqtt_lane.c
void lane_begin(struct mqtt *mqtt);                      // a connection is new
uint64_t lane_unsent(const struct lane *lane);           // the lowest number that it did not take yet
bool lane_has(const struct mqtt *mqtt, uint64_t number); // it is under way, or was refused and waits
void lane_forget(struct lane *lane);                     // what was read and not taken
// The lane's next reading, or NULL; it stays the next until it is taken.
const struct outlet_record *lane_peek(struct mqtt *mqtt, enum mqtt_lane which);
void lane_take(struct lane *lane);
void lane_news(struct mqtt *mqtt); // the feed woke us

// mqtt_message.c
bool message_next(struct mqtt *mqtt, enum mqtt_lane which); // takes a lane's next one into its window; false: none now
void message_park(struct mqtt *mqtt, struct window_message *message, const char *reason);
void message_tell_unreadable(struct mqtt *mqtt, const struct outlet_record *record, int error);
void message_write(struct mqtt *mqtt, const struct outlet_record *record, const struct reading *reading,
                   struct bytes *out); // the payload
// Writes topic and payload. False when it was parked instead.
bool message_encode(struct mqtt *mqtt, enum mqtt_lane which, const struct outlet_record *record,
                    struct window_message *message);

// mqtt_batch.c
bool batch_wanted(const struct mqtt *mqtt, enum mqtt_lane which, const struct outlet_record *record);
bool batch_waits(struct mqtt *mqtt, const struct lane *lane); // for company; comes back by itself
// Fills the message with the lane's next readings, at most `readings_most`; returns how many were taken.
size_t batch_take(struct mqtt *mqtt, enum mqtt_lane which, size_t readings_most, struct window_message *message);
void batch_split(struct mqtt *mqtt, struct window *window, struct window_message *message); // goes singly from now on
// The next of a split batch. False: it cannot be read now. Without payload: look again, or, when `piece` is at the end, done.
bool batch_load_piece(struct mqtt *mqtt, struct window *window, struct window_message *message);
void batch_piece_done(struct window *window, struct window_message *message, bool arrived);

// mqtt_states.c
void states_begin(struct mqtt *mqtt); // a connection is new
bool states_send(struct mqtt *mqtt);  // the next one; false: none now
void states_answer(struct mqtt *mqtt, uint64_t number, int code);
uint64_t states_lowest_pending(const struct mqtt *mqtt);

// mqtt_publish.c
bool publish(struct mqtt *mqtt, const struct publication *publication, enum mqtt_purpose purpose, uint64_t index);
bool publish_fits(const struct mqtt *mqtt, const struct publication *publication);
bool publish_document(struct mqtt *mqtt);
bool publish_vanished(struct mqtt *mqtt);
// Empties what is retained there, before the reading that ends it: the broker takes both in their order (MQTT 5, 4.6), so that with
// the reading's acknowledgement this is done, too, and needs none of its own.
bool publish_emptied(struct mqtt *mqtt, const char *topic);
void publish_save_retained(struct mqtt *mqtt);
void publish_look(struct mqtt *mqtt, int64_t time_us); // comes back by then at the latest

// mqtt_command.c
void command_begin(struct mqtt *mqtt); // a connection is new
void command_news(struct mqtt *mqtt, const struct client_news *news);
void command_watch(struct mqtt *mqtt); // once a round while online
bool reply_send(struct mqtt *mqtt);    // the next one; false: none now
void reply_answer(struct mqtt *mqtt, size_t index, int code);
void reply_forget(struct mqtt *mqtt); // what was under way waits again

// mqtt_twin.c
bool twin_look(struct mqtt *mqtt, const struct client_message *message); // whether the message is a `status`

// mqtt_flow.c
void flow_begin(struct mqtt *mqtt); // a connection is new: documents go out again
void flow_answers(struct mqtt *mqtt, struct ticket *finished);
void flow_fill(struct mqtt *mqtt, bool readings); // sends as much as the window takes
void flow_deliver(struct mqtt *mqtt);             // tells the feed what is settled
void flow_forget(struct mqtt *mqtt);              // the client is gone with all that was under way
size_t flow_limit(const struct mqtt *mqtt);

// mqtt_refusal.c
void refusal_begin(struct mqtt *mqtt); // a connection is new
void refusal_note(struct mqtt *mqtt, struct window_message *message, int code);
bool refusal_holds(const struct mqtt *mqtt, const struct window_message *message); // it may not be sent again yet
void refusal_settled(struct mqtt *mqtt, struct window_message *message);           // arrived, or was parked
// Puts a refused message aside, out of its lane's window, if it may and there is room.
void refusal_aside(struct mqtt *mqtt, struct window *window, struct window_message *message, int code);
void refusal_watch(struct mqtt *mqtt);     // once a round while online: has it lasted?
void refusal_documents(struct mqtt *mqtt); // the same: tells which documents were refused, tries them again
