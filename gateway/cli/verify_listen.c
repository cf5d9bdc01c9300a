// SPDX-License-Identifier: Apache-2.0
#include "verify.h"

#include "base/clock.h"
#include "base/messages.h"
#include "base/text.h"
#include "broker.h"
#include "complain.h"
#include "interrupt.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    MESSAGES_MAX = 200000,
    MESSAGE_BYTES_MAX = 128 << 20,
    SESSION_S = 3600,
    TURN_MS = 100,
    FILTER_SIZE = 600,
    REFUSED_LEAST = 0x80,
    CONNECTIONS_IN_VAIN = 3,
};

static const char tree_default[] = "citygw/v1";

struct listening {
    struct broker *broker;
    struct proof *proof;
    char filter[FILTER_SIZE];
    unsigned subscriptions; // granted
    unsigned in_vain;       // connections in a row that ended before one was granted
    bool asked;             // and the answer has not come yet
    uint64_t interrupted;
    int64_t last_us; // when a reading came
};

static void subscribe(struct listening *listening)
{
    struct subscription subscription = {.filter = listening->filter, .qos = 1};
    listening->asked = client_subscribe(broker_client(listening->broker), &subscription) == 0;
}

static void on_connected(struct listening *listening, const struct client_limits *limits)
{
    if (listening->subscriptions && !limits->session_present)
        listening->interrupted++;
    if (!listening->subscriptions || !limits->session_present)
        subscribe(listening);
}

static int on_subscribed(struct listening *listening, int code, struct fault *why)
{
    listening->asked = false;
    if (code < 0)
        return 0; // the connection went; it is asked for again with the next
    if (code >= REFUSED_LEAST)
        return fault_set(why, -EACCES, _("%s does not let us subscribe to %s (0x%02X)"), broker_url(listening->broker),
                         listening->filter, (unsigned)code);
    if (listening->subscriptions++ == 0)
        complain(_("listening to %s at %s; Ctrl-C ends and shows what was found"), listening->filter,
                 broker_url(listening->broker));
    return 0;
}

static void take_messages(struct listening *listening)
{
    struct client_message *messages = client_take_messages(broker_client(listening->broker));
    uint64_t before = proof_came(listening->proof);
    for (struct client_message *message = messages; message; message = message->next)
        proof_take(listening->proof, message->topic, message->payload, message->size, message->retained);
    client_free_messages(messages);
    if (proof_came(listening->proof) > before)
        listening->last_us = clock_boot_us(&clock_system);
}

static int turn(struct listening *listening, struct fault *why)
{
    struct broker_news news;
    int error = broker_turn(listening->broker, TURN_MS, &news, why);
    if (!error && news.connected)
        on_connected(listening, &news.limits);
    if (!error && news.connected && !listening->subscriptions && ++listening->in_vain > CONNECTIONS_IN_VAIN)
        error = fault_set(why, -ECONNABORTED, _("%s ends the connection each time when we subscribe to %s"),
                          broker_url(listening->broker), listening->filter);
    if (!error && news.subscribed)
        error = on_subscribed(listening, news.subscribe_code, why);
    take_messages(listening);
    return error;
}

static bool is_time_up(const struct listening *listening, int64_t began_us, double seconds, double idle_seconds)
{
    int64_t now_us = clock_boot_us(&clock_system);
    int64_t quiet_since_us = listening->last_us > began_us ? listening->last_us : began_us;
    if (interrupt_came())
        return true;
    if (!listening->subscriptions)
        return false;
    return (seconds > 0 && (double)(now_us - began_us) >= seconds * 1e6) ||
           (idle_seconds > 0 && broker_is_up(listening->broker) &&
            (double)(now_us - quiet_since_us) >= idle_seconds * 1e6);
}

static int choose_filter(struct listening *listening, const char *tree, struct fault *why)
{
    char shown[100];
    tree = tree ? tree : broker_tree(listening->broker) ? broker_tree(listening->broker) : tree_default;
    size_t size = strlen(tree);
    if (size == 0 || size + 3 > FILTER_SIZE || strpbrk(tree, "#+") || !text_is_plain(tree, size) ||
        tree[size - 1] == '/')
        return fault_set(why, -EINVAL, _("\"%s\" is no tree of topics; expected one such as citygw/v1/271004/umeda-01"),
                         text_escape(tree, size, shown, sizeof shown));
    snprintf(listening->filter, sizeof listening->filter, "%s/#", tree);
    return 0;
}

static int listen_until(struct listening *listening, double seconds, double idle_seconds, struct fault *why)
{
    int64_t began_us = clock_boot_us(&clock_system);
    interrupt_catch();
    int error = broker_connect(listening->broker, why);
    while (!error && !is_time_up(listening, began_us, seconds, idle_seconds)) {
        if (!listening->subscriptions)
            began_us = clock_boot_us(&clock_system);
        error = turn(listening, why);
    }
    take_messages(listening);
    return error;
}

int verify_listen(const struct options *options, double seconds, double idle_seconds, struct proof **ret_proof,
                  struct proof_totals *ret_totals)
{
    struct listening listening = {.subscriptions = 0};
    struct fault why = {""};
    struct broker_options how = {.options = options,
                                 .purpose = "verify",
                                 .messages_max = MESSAGES_MAX,
                                 .message_bytes_max = MESSAGE_BYTES_MAX,
                                 .session_s = SESSION_S};
    int error = broker_open(&how, &listening.broker, &why);
    if (!error)
        error = choose_filter(&listening, options->tree, &why);
    if (!error && !(listening.proof = proof_create(broker_outlet(listening.broker))))
        error = fault_set(&why, -ENOMEM, _("out of memory"));
    if (!error)
        error = listen_until(&listening, seconds, idle_seconds, &why);
    if (!error) {
        proof_settle(listening.proof, ret_totals);
        ret_totals->dropped = client_messages_dropped(broker_client(listening.broker));
        ret_totals->interrupted = listening.interrupted;
    }
    if (error && *why.text)
        complain("%s", why.text);
    *ret_proof = listening.proof;
    broker_close(listening.broker);
    return error;
}
