// SPDX-License-Identifier: Apache-2.0
#include "http_link.h"

#include "base/messages.h"

void http_link_tell(struct http_link *link, enum outlet_event event, const struct fault *text)
{
    link->feed->event(link->feed->context, event, text->text);
}

void http_link_works(struct http_link *link)
{
    struct fault text;
    fault_set(&text, 0, _("%s takes readings"), link->label);
    if (link->alarmed) {
        http_link_tell(link, OUTLET_ALARM_ENDED, &text);
    }
    if (link->state != LINK_UP) {
        http_link_tell(link, OUTLET_CONNECTED, &text);
    } else if (link->troubled) {
        http_link_tell(link, OUTLET_NOTICE, &text);
    }
    link->alarmed = 0;
    link->state = LINK_UP;
    link->troubled = false;
}

void http_link_answers(struct http_link *link)
{
    struct fault text;
    if (link->state == LINK_UP) {
        return;
    }
    link->state = LINK_UP;
    fault_set(&text, 0, _("%s answers"), link->label);
    http_link_tell(link, OUTLET_CONNECTED, &text);
}

void http_link_unreachable(struct http_link *link, const char *words)
{
    struct fault text;
    if (link->state == LINK_DOWN) {
        return;
    }
    link->state = LINK_DOWN;
    fault_set(&text, 0, _("%s cannot be reached (%s); readings are kept and sent later"), link->label, words);
    http_link_tell(link, OUTLET_DISCONNECTED, &text);
}

void http_link_busy(struct http_link *link, const char *words)
{
    struct fault text;
    if (link->troubled) {
        return;
    }
    link->troubled = true;
    fault_set(&text, 0, _("%s cannot take readings now (%s); they are kept and sent later"), link->label, words);
    http_link_tell(link, OUTLET_NOTICE, &text);
}

void http_link_no_readings(struct http_link *link, int error)
{
    struct fault text;
    if (link->troubled) {
        return;
    }
    link->troubled = true;
    fault_errno(&text, error, _("stored readings cannot be read now; it will be tried again"));
    http_link_tell(link, OUTLET_NOTICE, &text);
}

void http_link_parked(struct http_link *link, const char *sensor, uint64_t seq, const char *words)
{
    struct fault text;
    fault_set(&text, 0, _("%s refused the reading of %s with seq %llu (%s)"), link->label, sensor,
              (unsigned long long)seq, words);
    link->feed->parked(link->feed->context, 1, text.text);
}

bool http_link_alarm(struct http_link *link, int trouble)
{
    bool is_news = link->alarmed != trouble;
    link->alarmed = trouble;
    return is_news;
}
