// SPDX-License-Identifier: Apache-2.0
#include "influxdb_link.h"

#include "base/messages.h"

static void tell(struct influxdb_link *link, enum outlet_event event, const struct fault *text)
{
    link->feed->event(link->feed->context, event, text->text);
}

void influxdb_link_works(struct influxdb_link *link)
{
    struct fault text;
    fault_set(&text, 0, _("%s takes readings"), link->label);
    if (link->alarmed != VERDICT_ACCEPTED)
        tell(link, OUTLET_ALARM_ENDED, &text);
    if (link->state != LINK_UP)
        tell(link, OUTLET_CONNECTED, &text);
    else if (link->troubled)
        tell(link, OUTLET_NOTICE, &text);
    link->alarmed = VERDICT_ACCEPTED;
    link->state = LINK_UP;
    link->troubled = false;
}

void influxdb_link_answers(struct influxdb_link *link)
{
    if (link->state == LINK_UP)
        return;
    struct fault text;
    link->state = LINK_UP;
    fault_set(&text, 0, _("%s answers"), link->label);
    tell(link, OUTLET_CONNECTED, &text);
}

static void fail_unreachable(struct influxdb_link *link, const char *words)
{
    if (link->state == LINK_DOWN)
        return;
    struct fault text;
    link->state = LINK_DOWN;
    fault_set(&text, 0, _("%s cannot be reached (%s); readings are kept and sent later"), link->label, words);
    tell(link, OUTLET_DISCONNECTED, &text);
}

static void fail_busy(struct influxdb_link *link, const char *words)
{
    if (link->troubled)
        return;
    struct fault text;
    link->troubled = true;
    fault_set(&text, 0, _("%s cannot take readings now (%s); they are kept and sent later"), link->label, words);
    tell(link, OUTLET_NOTICE, &text);
}

static void describe_missing(const struct influxdb_link *link, const char *words, struct fault *ret_text)
{
    const struct settings_influxdb *settings = link->settings;
    if (settings->api == 1)
        fault_set(ret_text, 0,
                  _("%s has no database \"%s\" and did not let us make it (%s): make it there, or correct `database`"),
                  link->label, settings->database, words);
    else
        fault_set(ret_text, 0,
                  _("%s does not know org \"%s\" or bucket \"%s\" (%s): make them there, or correct the keys"),
                  link->label, settings->org, settings->bucket, words);
}

static void fail_for_a_person(struct influxdb_link *link, const struct influxdb_judgement *judgement)
{
    if (link->alarmed == judgement->verdict)
        return;
    struct fault text;
    link->alarmed = judgement->verdict;
    if (judgement->verdict == VERDICT_DENIED)
        fault_set(&text, 0, _("%s does not let us write (%s): check `token_file` and what that token may do"),
                  link->label, judgement->text);
    else if (judgement->verdict == VERDICT_MISSING)
        describe_missing(link, judgement->text, &text);
    else if (judgement->verdict == VERDICT_BAD_LINE || judgement->verdict == VERDICT_TOO_LARGE)
        fault_set(&text, 0, _("%s refuses every reading (%s); they are kept: check that server, `url` and `api`"),
                  link->label, judgement->text);
    else
        fault_set(&text, 0, _("%s does not answer like an InfluxDB (%s): check `url` and `api`"), link->label,
                  judgement->text);
    tell(link, OUTLET_ALARM, &text);
}

void influxdb_link_fails(struct influxdb_link *link, const struct influxdb_judgement *judgement)
{
    if (judgement->verdict != VERDICT_UNREACHABLE)
        influxdb_link_answers(link);
    if (judgement->verdict == VERDICT_UNREACHABLE)
        fail_unreachable(link, judgement->text);
    else if (judgement->verdict == VERDICT_BUSY)
        fail_busy(link, judgement->text);
    else
        fail_for_a_person(link, judgement);
}

void influxdb_link_no_readings(struct influxdb_link *link, int error)
{
    if (link->troubled)
        return;
    struct fault text;
    link->troubled = true;
    fault_errno(&text, error, _("stored readings cannot be read now; it will be tried again"));
    tell(link, OUTLET_NOTICE, &text);
}

void influxdb_link_database_made(struct influxdb_link *link)
{
    struct fault text;
    fault_set(&text, 0, _("%s had no database \"%s\"; it was made"), link->label, link->settings->database);
    tell(link, OUTLET_NOTICE, &text);
}

void influxdb_link_parked(struct influxdb_link *link, const char *sensor, uint64_t seq, const char *words)
{
    struct fault text;
    fault_set(&text, 0, _("%s refused the reading of %s with seq %llu (%s)"), link->label, sensor,
              (unsigned long long)seq, words);
    link->feed->parked(link->feed->context, 1, text.text);
}

void influxdb_link_parked_some(struct influxdb_link *link, const struct influxdb_judgement *judgement)
{
    struct fault text;
    if (judgement->counted)
        fault_set(&text, 0, _("%s refused %zu of a batch's readings (%s)"), link->label, judgement->dropped,
                  judgement->text);
    else
        fault_set(&text, 0, _("%s refused readings of a batch and did not say credibly how many; 1 is counted (%s)"),
                  link->label, judgement->text);
    link->feed->parked(link->feed->context, judgement->dropped, text.text);
}
