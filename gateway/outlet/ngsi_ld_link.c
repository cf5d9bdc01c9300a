// SPDX-License-Identifier: Apache-2.0
#include "ngsi_ld_link.h"

#include "base/messages.h"

static void tell(struct ngsi_ld_link *link, enum outlet_event event, const struct fault *text)
{
    link->feed->event(link->feed->context, event, text->text);
}

void ngsi_ld_link_works(struct ngsi_ld_link *link)
{
    struct fault text;
    fault_set(&text, 0, _("%s takes readings"), link->label);
    if (link->alarmed != NGSI_LD_TAKEN) {
        tell(link, OUTLET_ALARM_ENDED, &text);
    }
    if (link->state != BROKER_UP) {
        tell(link, OUTLET_CONNECTED, &text);
    } else if (link->troubled) {
        tell(link, OUTLET_NOTICE, &text);
    }
    link->alarmed = NGSI_LD_TAKEN;
    link->state = BROKER_UP;
    link->troubled = false;
}

void ngsi_ld_link_answers(struct ngsi_ld_link *link)
{
    struct fault text;
    if (link->state == BROKER_UP) {
        return;
    }
    link->state = BROKER_UP;
    fault_set(&text, 0, _("%s answers"), link->label);
    tell(link, OUTLET_CONNECTED, &text);
}

static void fail_unreachable(struct ngsi_ld_link *link, const char *words)
{
    struct fault text;
    if (link->state == BROKER_DOWN) {
        return;
    }
    link->state = BROKER_DOWN;
    fault_set(&text, 0, _("%s cannot be reached (%s); readings are kept and sent later"), link->label, words);
    tell(link, OUTLET_DISCONNECTED, &text);
}

static void fail_busy(struct ngsi_ld_link *link, const char *words)
{
    struct fault text;
    if (link->troubled) {
        return;
    }
    link->troubled = true;
    fault_set(&text, 0, _("%s cannot take readings now (%s); they are kept and sent later"), link->label, words);
    tell(link, OUTLET_NOTICE, &text);
}

static void fail_for_a_person(struct ngsi_ld_link *link, const struct ngsi_ld_judgement *judgement)
{
    struct fault text;
    if (link->alarmed == judgement->verdict) {
        return;
    }
    link->alarmed = judgement->verdict;
    if (judgement->verdict == NGSI_LD_DENIED) {
        fault_set(&text, 0, _("%s does not let us write (%s): check `token_file` and what that token may do"),
                  link->label, judgement->text);
    } else if (judgement->verdict == NGSI_LD_REFUSED) {
        fault_set(&text, 0, _("%s refuses every entity (%s); the readings are kept: check that broker and `context`"),
                  link->label, judgement->text);
    } else {
        fault_set(&text, 0, _("%s does not answer like an NGSI-LD broker (%s): check `url` and `tenant`"), link->label,
                  judgement->text);
    }
    tell(link, OUTLET_ALARM, &text);
}

void ngsi_ld_link_fails(struct ngsi_ld_link *link, const struct ngsi_ld_judgement *judgement)
{
    if (judgement->verdict == NGSI_LD_UNREACHABLE) {
        fail_unreachable(link, judgement->text);
        return;
    }
    ngsi_ld_link_answers(link);
    if (judgement->verdict == NGSI_LD_BUSY) {
        fail_busy(link, judgement->text);
    } else {
        fail_for_a_person(link, judgement);
    }
}

void ngsi_ld_link_no_readings(struct ngsi_ld_link *link, int error)
{
    struct fault text;
    if (link->troubled) {
        return;
    }
    link->troubled = true;
    fault_errno(&text, error, _("stored readings cannot be read now; it will be tried again"));
    tell(link, OUTLET_NOTICE, &text);
}

void ngsi_ld_link_parked(struct ngsi_ld_link *link, const char *sensor, uint64_t seq, const char *words)
{
    struct fault text;
    fault_set(&text, 0, _("%s refused the reading of %s with seq %llu (%s)"), link->label, sensor,
              (unsigned long long)seq, words);
    link->feed->parked(link->feed->context, 1, text.text);
}
