// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mqtt_backoff.h"
#include "mqtt_documents.h"
#include "mqtt_reasons.h"
#include "mqtt_retained.h"
#include "mqtt_window.h"
#include "outlet/mqtt_client.h"
#include "outlet/mqtt_login.h"
#include "outlet/outlet.h"
#include <pthread.h>
#include <stdatomic.h>

/*
 * The MQTT outlet's state, shared by its files:
 *   mqtt.c          the outlet's face, its thread and its phases
 *   mqtt_session.c  connecting, connected, refused, lost; what a person is told
 *   mqtt_flow.c     what is sent, in which order, and what its answer means
 *   mqtt_refusal.c  what the broker refuses: how long to wait, and what a person is told
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

enum mqtt_purpose { PURPOSE_READING, PURPOSE_DOCUMENT, PURPOSE_VANISHED };

enum mqtt_alarm { ALARM_NONE, ALARM_CONNECT, ALARM_SHORT_LIVES, ALARM_REFUSED };

enum { MQTT_IN_FLIGHT_MAX = 1000, MQTT_SESSION_SIZE = 17 };

// Readings that the broker refuses for now. They are kept in the window; there is trouble while one of them waits.
struct refusal {
    size_t held;      // messages in the window that were refused
    int code;         // 0: no trouble
    int64_t since_us; // of the trouble
    int64_t hold_us;  // no reading is sent before
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
    struct mqtt_login *login;
    char tree[TOPIC_SIZE];
    char session[MQTT_SESSION_SIZE];

    // Shared between threads, under `lock`.
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool more; // readings that were not looked for yet
    bool news; // the client has some
    bool stopping;
    bool orphaned;              // destroyed while the thread hangs: it frees the state when it comes back
    struct documents documents; // the first is `status`
    atomic_int_least64_t beat_us;
    atomic_bool connected, over;

    // The loop's.
    pthread_t thread;
    bool started;

    // The thread's.
    enum mqtt_phase phase;
    int64_t now_us, due_us, phase_since_us;
    struct client *client;
    struct client_limits limits;
    unsigned abandoned;
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

    struct window window;
    struct outlet_batch batch;
    size_t batch_used;
    uint64_t position; // where to read on
    bool dry;          // the last read found nothing
    int64_t read_after_us;
    int read_error;
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

// mqtt_flow.c
void flow_begin(struct mqtt *mqtt); // a connection is new: documents go out again
void flow_answers(struct mqtt *mqtt, struct ticket *finished);
void flow_fill(struct mqtt *mqtt, bool readings); // sends as much as the window takes
void flow_deliver(struct mqtt *mqtt);             // moves the cursor over what is settled
void flow_forget(struct mqtt *mqtt);              // the client is gone with all that was under way
size_t flow_limit(const struct mqtt *mqtt);

// mqtt_refusal.c
void refusal_begin(struct mqtt *mqtt); // a connection is new
void refusal_note(struct mqtt *mqtt, struct window_message *message, int code);
void refusal_settled(struct mqtt *mqtt, struct window_message *message); // arrived, or was parked
void refusal_watch(struct mqtt *mqtt);                                   // once a round while online: has it lasted?
void refusal_documents(struct mqtt *mqtt); // the same: tells which documents were refused, tries them again
