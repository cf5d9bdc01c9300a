// SPDX-License-Identifier: Apache-2.0
#include "mqtt_reasons.h"

#include "base/messages.h"
#include <stddef.h>

static const struct reason {
    int code;
    enum reason_action publish;
    bool needs_person;
    const char *text;
} reasons[] = {
    {0x00, REASON_SETTLED, false, N_("accepted")},
    {0x10, REASON_SETTLED, false, N_("accepted, but nobody subscribes to it")},
    {0x80, REASON_WAIT, false, N_("the broker gave no reason")},
    {0x81, REASON_RECONNECT, false, N_("the broker could not read the packet")},
    {0x82, REASON_RECONNECT, false, N_("the broker found an error in the protocol")},
    {0x83, REASON_WAIT, false, N_("the broker does not accept it at present")},
    {0x84, REASON_HOLD, true, N_("the broker does not speak this version of MQTT")},
    {0x85, REASON_HOLD, true, N_("the broker does not accept the client id")},
    {0x86, REASON_HOLD, true, N_("the user name or the password is wrong")},
    {0x87, REASON_HOLD, true, N_("the broker does not allow it (not authorised)")},
    {0x88, REASON_WAIT, false, N_("the broker is not available")},
    {0x89, REASON_WAIT, false, N_("the broker is busy")},
    {0x8a, REASON_HOLD, true, N_("the broker has banned this client")},
    {0x8b, REASON_WAIT, false, N_("the broker is shutting down")},
    {0x8c, REASON_HOLD, true, N_("the broker wants another way of authentication")},
    {0x8d, REASON_WAIT, false, N_("the broker heard nothing within the keep-alive time")},
    {0x8e, REASON_WAIT, true, N_("another client connected with the same client id")},
    {0x90, REASON_PARK, false, N_("the broker does not accept the topic's name")},
    {0x91, REASON_WAIT, false, N_("the packet's number is in use")},
    {0x93, REASON_WAIT, false, N_("too many messages were sent at once")},
    {0x95, REASON_PARK, false, N_("the message is larger than the broker takes")},
    {0x96, REASON_WAIT, false, N_("messages come too fast for the broker")},
    {0x97, REASON_WAIT, false, N_("the broker's quota is used up")},
    {0x98, REASON_WAIT, false, N_("the broker's administrator ended it")},
    {0x99, REASON_PARK, false, N_("the broker does not accept the payload")},
    {0x9a, REASON_HOLD, false, N_("the broker does not keep retained messages")},
    {0x9b, REASON_HOLD, true, N_("the broker does not take QoS 1")},
    {0x9c, REASON_WAIT, true, N_("the broker asks to use another server for now")},
    {0x9d, REASON_WAIT, true, N_("the broker has moved to another server")},
    {0x9f, REASON_WAIT, false, N_("connections come too fast for the broker")},
    {0xa0, REASON_WAIT, false, N_("the longest time for one connection is over")},
};

static const struct reason *find(int code)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].code == code) {
            return &reasons[i];
        }
    }
    return NULL;
}

enum reason_action reason_of_publish(int code)
{
    const struct reason *reason = find(code);
    if (reason) {
        return reason->publish;
    }
    return code >= MQTT_REFUSED_LEAST ? REASON_HOLD : REASON_SETTLED;
}

bool reason_is_of_message(int code)
{
    return code == MQTT_NOT_AUTHORISED || reason_of_publish(code) == REASON_PARK;
}

bool reason_needs_person(int code)
{
    const struct reason *reason = find(code);
    return reason && reason->needs_person;
}

int reason_from_v3(int code)
{
    static const int v5[] = {0x00, 0x84, 0x85, 0x88, 0x86, 0x87};
    return code > 0 && code < (int)(sizeof v5 / sizeof *v5) ? v5[code] : code;
}

const char *reason_text(int code)
{
    const struct reason *reason = find(code);
    return reason ? _(reason->text) : _("a reason that is not in the standard");
}
