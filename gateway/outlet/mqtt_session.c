// SPDX-License-Identifier: Apache-2.0
#include "mqtt.h"

#include "base/json.h"
#include "base/messages.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define SECOND INT64_C(1000000)

// Between attempts: usually; when a person must act first; when another client fights for our id.
#define RETRY_LEAST (1 * SECOND)
#define RETRY_MOST (30 * SECOND)
#define REFUSED_LEAST (30 * SECOND)
#define TAKEN_OVER_LEAST (60 * SECOND)
#define PATIENCE_MOST (600 * SECOND)

#define SHORT_LIFE (10 * SECOND)   // a connection lost sooner does not count as good
#define STABLE (120 * SECOND)      // one kept longer ends alarms
#define ANSWER_MOST (120 * SECOND) // the library's own time-out is 20 s; longer means that it is stuck
#define PROGRESS_MOST (60 * SECOND)
#define ROUND_MOST (5 * SECOND)
#define LEAVING_MOST (10 * SECOND)

enum {
    SHORT_LIVES_SUSPICIOUS = 5,
    ABANDONED_MAX = 4,
    // The broker keeps our session, and with it the silence of the will, across a short outage. Longer than the will's delay.
    SESSION_EXPIRY_S = 300,
    // Commands that may wait for us, and the largest packet of one: four times what is taken, so that a larger one is seen.
    COMMANDS_MAX = 32,
    COMMANDS_BYTES_MAX = 128 * 1024,
    COMMAND_PACKET_MAX = 16 * 1024,
};

void session_phase(struct mqtt *mqtt, enum mqtt_phase phase)
{
    mqtt->phase = phase;
    mqtt->phase_since_us = mqtt->now_us;
}

void session_over(struct mqtt *mqtt, bool quiet)
{
    atomic_store(&mqtt->connected, false);
    mqtt->quiet = quiet;
    session_phase(mqtt, PHASE_OVER);
}

bool session_orphaned(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    bool orphaned = mqtt->orphaned;
    pthread_mutex_unlock(&mqtt->lock);
    return orphaned;
}

static void tell(struct mqtt *mqtt, enum outlet_event event, const char *text)
{
    mqtt->feed.event(mqtt->feed.context, event, text);
}

static void tell_disconnected(struct mqtt *mqtt, const char *text)
{
    if (strcmp(mqtt->told, text) != 0) {
        snprintf(mqtt->told, sizeof mqtt->told, "%s", text);
        tell(mqtt, OUTLET_DISCONNECTED, text);
    }
}

void session_alarm(struct mqtt *mqtt, enum mqtt_alarm alarm, const char *text)
{
    mqtt->alarm_us = mqtt->now_us;
    if (mqtt->alarm != alarm || strcmp(mqtt->alarm_told, text) != 0) {
        snprintf(mqtt->alarm_told, sizeof mqtt->alarm_told, "%s", text);
        tell(mqtt, OUTLET_ALARM, text);
    }
    mqtt->alarm = alarm;
}

void session_end_alarm(struct mqtt *mqtt)
{
    if (mqtt->alarm == ALARM_NONE) {
        return;
    }
    mqtt->alarm = ALARM_NONE;
    mqtt->alarm_told[0] = '\0';
    tell(mqtt, OUTLET_ALARM_ENDED, _("the trouble with the broker is over"));
}

static void wait_before_next(struct mqtt *mqtt, int64_t least_us, int64_t most_us)
{
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random) {
        random = (uint32_t)mqtt->now_us;
    }
    mqtt->due_us = mqtt->now_us + backoff_next(&mqtt->retry, least_us, most_us, random);
    session_phase(mqtt, PHASE_WAITING);
}

static void write_status(const struct mqtt *mqtt, const char *state, const char *since, struct bytes *out)
{
    struct json json;
    json_begin(&json, out);
    json_object_begin(&json);
    json_key_text(&json, "state", state);
    json_key_text(&json, "session", mqtt->session);
    json_key_text(&json, "since", since);
    json_object_end(&json);
}

void session_put_status(struct mqtt *mqtt, const char *state)
{
    struct bytes text;
    bytes_init(&text, 1024);
    write_status(mqtt, state, mqtt->since, &text);
    struct outlet_document status = {.topic = "status", .json = (const char *)text.data, .size = text.used};
    pthread_mutex_lock(&mqtt->lock);
    documents_put(&mqtt->documents, &status);
    pthread_mutex_unlock(&mqtt->lock);
    bytes_finish(&text);
}

static void wake_thread(void *context)
{
    struct mqtt *mqtt = context;
    pthread_mutex_lock(&mqtt->lock);
    mqtt->news = true;
    pthread_cond_broadcast(&mqtt->changed);
    pthread_mutex_unlock(&mqtt->lock);
}

static int need_client(struct mqtt *mqtt, struct fault *why)
{
    if (mqtt->client) {
        return 0;
    }
    bool commands = mqtt->feed.command != NULL;
    struct client_options options = {.tickets = mqtt->lanes[LANE_LIVE].window.size,
                                     .notify = wake_thread,
                                     .context = mqtt,
                                     .messages_max = commands ? COMMANDS_MAX : 0,
                                     .message_bytes_max = commands ? COMMANDS_BYTES_MAX : 0};
    mqtt->subscribing.dropped_messages = 0;
    return mqtt_login_client(mqtt->login, &options, &mqtt->client, why);
}

static int begin(struct mqtt *mqtt, struct fault *why)
{
    char will_topic[TOPIC_SIZE];
    int error = need_client(mqtt, why);
    error = error ? error : mqtt_login_resolve(mqtt->login, why);
    error = error ? error : session_orphaned(mqtt) ? -ECANCELED : topic_below(mqtt->tree, "status", will_topic);
    if (error) {
        return error;
    }
    struct bytes will;
    bytes_init(&will, 1024);
    utc_text(clock_wall_us(mqtt->feed.clock), mqtt->since);
    write_status(mqtt, "offline", mqtt->since, &will);
    bytes_char(&will, '\0');
    struct client_connection connection;
    mqtt_login_connection(mqtt->login, &connection);
    connection.clean = mqtt->clean_next;
    connection.retain_will = !mqtt->no_retain;
    connection.keep_alive_s = mqtt->keep_alive_s;
    connection.session_s = SESSION_EXPIRY_S;
    connection.packet_max = COMMAND_PACKET_MAX;
    connection.will_topic = will_topic;
    connection.will = (const char *)will.data;
    error =
        will.overflow ? fault_set(why, -ENOMEM, _("out of memory")) : client_connect(mqtt->client, &connection, why);
    bytes_finish(&will);
    return error;
}

// Never asks for a second connection over the first: the library would take it, and never answer.
static bool leave_leftover(struct mqtt *mqtt)
{
    bool left = mqtt->client && client_connected(mqtt->client) && client_disconnect(mqtt->client) == 0;
    if (left) {
        session_phase(mqtt, PHASE_LEAVING);
    }
    return left;
}

// Its memory is lost: some kilobytes each time that a broker goes while something is being written to it.
static void leave_spoilt(struct mqtt *mqtt)
{
    if (!mqtt->client || !client_spoilt(mqtt->client)) {
        return;
    }
    client_abandon(mqtt->client, false);
    mqtt->client = NULL;
    mqtt->spoilt++;
    flow_forget(mqtt);
}

void session_start(struct mqtt *mqtt)
{
    struct fault why = {""};
    if (leave_leftover(mqtt)) {
        return;
    }
    leave_spoilt(mqtt);
    int error = begin(mqtt, &why);
    mqtt->now_us = clock_boot_us(mqtt->feed.clock); // asking for the name may have taken long
    if (session_orphaned(mqtt)) {
        session_over(mqtt, true);
        return;
    }
    if (error) {
        tell_disconnected(mqtt, why.text);
        wait_before_next(mqtt, RETRY_LEAST, RETRY_MOST);
        return;
    }
    session_phase(mqtt, PHASE_CONNECTING);
}

static void check_limits(struct mqtt *mqtt)
{
    if (mqtt->limits.keep_alive_s > 0 && mqtt->limits.keep_alive_s < mqtt->keep_alive_s) {
        mqtt->keep_alive_s = mqtt->limits.keep_alive_s; // from the next connection on; this one may be cut once
    }
    if (mqtt->limits.no_retain && !mqtt->no_retain) {
        tell(mqtt, OUTLET_NOTICE,
             _("the broker keeps no retained messages: new subscribers will not see the last states"));
    }
    mqtt->no_retain = mqtt->no_retain || mqtt->limits.no_retain;
}

static void on_connected(struct mqtt *mqtt, const struct client_limits *limits)
{
    struct fault line;
    mqtt->limits = *limits;
    mqtt->clean_next = mqtt->seems_lost = false;
    session_phase(mqtt, PHASE_ONLINE);
    if (limits->no_qos1) {
        fault_set(&line, 0, _("%s: the broker does not take QoS 1, so nothing can be sent safely"), mqtt->options->url);
        session_alarm(mqtt, ALARM_CONNECT, line.text);
        client_disconnect(mqtt->client);
        session_phase(mqtt, PHASE_LEAVING);
        return;
    }
    atomic_store(&mqtt->connected, true);
    mqtt->told[0] = '\0';
    fault_set(&line, 0, _("connected to %s"), mqtt->options->url);
    tell(mqtt, OUTLET_CONNECTED, line.text);
    if (mqtt->alarm == ALARM_CONNECT) {
        session_end_alarm(mqtt);
    }
    check_limits(mqtt);
    flow_begin(mqtt);
}

static void on_failed(struct mqtt *mqtt, const struct client_news *news)
{
    struct fault line;
    int code = mqtt_login_failure(mqtt->login, news, &line);
    if (code == MQTT_NO_RETAIN && !mqtt->no_retain) {
        mqtt->no_retain = true; // it refuses our retained will
    }
    tell_disconnected(mqtt, line.text);
    if (code > 0 && reason_needs_person(code)) {
        session_alarm(mqtt, ALARM_CONNECT, line.text);
        wait_before_next(mqtt, REFUSED_LEAST, PATIENCE_MOST);
        return;
    }
    wait_before_next(mqtt, RETRY_LEAST, RETRY_MOST);
}

// 3.1.1 gives no reason, and neither does mosquitto 2.0 when it speaks version 5.
static void alarm_short_lives(struct mqtt *mqtt, int reason)
{
    struct fault line;
    const char *id = mqtt->options->client_id, *url = mqtt->options->url;
    if (reason == MQTT_TAKEN_OVER) {
        fault_set(&line, 0, _("another client uses the client id %s at %s; give every gateway its own client_id"), id,
                  url);
    } else if (reason) {
        fault_set(&line, 0, _("the connection to %s ends again and again right after it was made: %s (0x%02X)"), url,
                  reason_text(reason), (unsigned)reason);
    } else {
        fault_set(&line, 0,
                  _("the connection to %s is lost again and again right after it was made, and the broker does not say "
                    "why; see its log. It may be overloaded or forbid something, or another client may use the client "
                    "id %s"),
                  url, id);
    }
    session_alarm(mqtt, ALARM_SHORT_LIVES, line.text);
}

// Also when the broker is only restarted: a connection that lived a while begins the back-off anew.
static void on_lost(struct mqtt *mqtt, int reason)
{
    struct fault line;
    int64_t lived_us = mqtt->now_us - mqtt->phase_since_us;
    bool suspected = mqtt->alarm == ALARM_SHORT_LIVES;
    atomic_store(&mqtt->connected, false);
    mqtt->clean_next = reason == MQTT_TOO_MANY_UNACKNOWLEDGED;
    mqtt->short_lives = lived_us < SHORT_LIFE ? mqtt->short_lives + 1 : 0;
    if (lived_us >= SHORT_LIFE && !suspected) {
        backoff_reset(&mqtt->retry);
    }
    if (reason) {
        fault_set(&line, 0, _("the connection to %s ended: %s"), mqtt->options->url, reason_text(reason));
    } else {
        fault_set(&line, 0, _("the connection to %s was lost"), mqtt->options->url);
    }
    tell_disconnected(mqtt, line.text);
    if (reason == MQTT_TAKEN_OVER) {
        atomic_fetch_add(&mqtt->twins, 1);
        alarm_short_lives(mqtt, reason);
        wait_before_next(mqtt, TAKEN_OVER_LEAST, PATIENCE_MOST);
        return;
    }
    if (mqtt->short_lives >= SHORT_LIVES_SUSPICIOUS) {
        alarm_short_lives(mqtt, reason);
    }
    wait_before_next(mqtt, RETRY_LEAST, RETRY_MOST);
}

// We ended it ourselves.
static void on_closed(struct mqtt *mqtt)
{
    struct fault line;
    fault_set(&line, 0, _("the connection to %s was closed"), mqtt->options->url);
    tell_disconnected(mqtt, line.text);
    atomic_store(&mqtt->connected, false);
    if (mqtt->alarm == ALARM_CONNECT) {
        wait_before_next(mqtt, REFUSED_LEAST, PATIENCE_MOST);
    } else {
        wait_before_next(mqtt, RETRY_LEAST, RETRY_MOST);
    }
}

void session_leaving(struct mqtt *mqtt)
{
    mqtt->due_us = mqtt->phase_since_us + LEAVING_MOST;
    if (mqtt->now_us >= mqtt->due_us) {
        on_closed(mqtt);
    }
}

void session_news(struct mqtt *mqtt, const struct client_news *news)
{
    if (news->connected && mqtt->phase == PHASE_CONNECTING) {
        on_connected(mqtt, &news->limits);
    }
    if (news->failed && mqtt->phase == PHASE_CONNECTING) {
        on_failed(mqtt, news);
    }
    if (!news->closed && !news->lost) {
        return;
    }
    if (mqtt->phase == PHASE_FAREWELL || mqtt->phase == PHASE_CLOSING) {
        session_over(mqtt, news->closed); // after a loss the library may still have something to tell
    } else if (mqtt->phase == PHASE_LEAVING) {
        on_closed(mqtt);
    } else if (mqtt->phase == PHASE_ONLINE) {
        on_lost(mqtt, news->server_reason);
    }
}

bool session_stuck(const struct mqtt *mqtt)
{
    return mqtt->phase == PHASE_CONNECTING && mqtt->abandoned >= ABANDONED_MAX &&
           mqtt->now_us - mqtt->phase_since_us >= ANSWER_MOST;
}

void session_supervise(struct mqtt *mqtt)
{
    mqtt->due_us = mqtt->now_us + 5 * SECOND;
    if (mqtt->now_us - mqtt->phase_since_us < ANSWER_MOST || mqtt->abandoned >= ABANDONED_MAX) {
        return;
    }
    tell(mqtt, OUTLET_NOTICE, _("the MQTT library does not answer any more; a new connection is made"));
    client_abandon(mqtt->client, false);
    mqtt->client = NULL;
    mqtt->abandoned++;
    flow_forget(mqtt);
    wait_before_next(mqtt, RETRY_LEAST, RETRY_MOST);
}

static void give_up_connection(struct mqtt *mqtt)
{
    if (client_disconnect(mqtt->client) == 0) {
        session_phase(mqtt, PHASE_LEAVING);
    } else {
        on_lost(mqtt, 0);
    }
}

void session_again(struct mqtt *mqtt)
{
    if (mqtt->phase == PHASE_ONLINE) {
        give_up_connection(mqtt);
    }
}

// The library can close a connection without telling. Seen twice, because its telling may only be on the way.
static bool lost_silently(struct mqtt *mqtt)
{
    bool lost = !client_connected(mqtt->client);
    bool again = lost && mqtt->seems_lost;
    mqtt->seems_lost = lost && !again;
    return again;
}

// A round counts for little, so that a machine that slept does not blame the broker.
static void measure_silence(struct mqtt *mqtt)
{
    int64_t round_us = mqtt->now_us - mqtt->round_us;
    mqtt->round_us = mqtt->now_us;
    mqtt->silent_us += round_us < ROUND_MOST ? round_us : ROUND_MOST;
    if (client_flying(mqtt->client) == 0) {
        mqtt->silent_us = 0;
    }
}

void session_online(struct mqtt *mqtt)
{
    int64_t online_us = mqtt->now_us - mqtt->phase_since_us;
    if (lost_silently(mqtt)) {
        give_up_connection(mqtt);
        return;
    }
    if (online_us >= STABLE) {
        backoff_reset(&mqtt->retry);
    }
    if (online_us >= STABLE && mqtt->now_us - mqtt->alarm_us >= STABLE && mqtt->alarm != ALARM_REFUSED) {
        session_end_alarm(mqtt);
    }
    measure_silence(mqtt);
    if (mqtt->silent_us >= PROGRESS_MOST) {
        tell(mqtt, OUTLET_NOTICE, _("the broker acknowledges nothing any more; a new connection is made"));
        mqtt->silent_us = 0;
        session_again(mqtt);
        mqtt->clean_next = true;
    }
}
