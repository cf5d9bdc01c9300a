// SPDX-License-Identifier: Apache-2.0
#include "influxdb_link.h"

#include "base/messages.h"

static void describe_missing(const struct http_link *link, const struct settings_influxdb *settings, const char *words,
                             struct fault *ret_text)
{
    if (settings->api == 1)
        fault_set(ret_text, 0,
                  _("%s has no database \"%s\" and did not let us make it (%s): make it there, or correct `database`"),
                  link->label, settings->database, words);
    else
        fault_set(ret_text, 0,
                  _("%s does not know org \"%s\" or bucket \"%s\" (%s): make them there, or correct the keys"),
                  link->label, settings->org, settings->bucket, words);
}

static void fail_for_a_person(struct http_link *link, const struct settings_influxdb *settings,
                              const struct influxdb_judgement *judgement)
{
    if (!http_link_alarm(link, (int)judgement->verdict))
        return;
    struct fault text;
    if (judgement->verdict == VERDICT_DENIED)
        fault_set(&text, 0, _("%s does not let us write (%s): check `token_file` and what that token may do"),
                  link->label, judgement->text);
    else if (judgement->verdict == VERDICT_MISSING)
        describe_missing(link, settings, judgement->text, &text);
    else if (judgement->verdict == VERDICT_BAD_LINE || judgement->verdict == VERDICT_TOO_LARGE)
        fault_set(&text, 0, _("%s refuses every reading (%s); they are kept: check that server, `url` and `api`"),
                  link->label, judgement->text);
    else
        fault_set(&text, 0, _("%s does not answer like an InfluxDB (%s): check `url` and `api`"), link->label,
                  judgement->text);
    http_link_tell(link, OUTLET_ALARM, &text);
}

void influxdb_link_fails(struct http_link *link, const struct settings_influxdb *settings,
                         const struct influxdb_judgement *judgement)
{
    if (judgement->verdict != VERDICT_UNREACHABLE)
        http_link_answers(link);
    if (judgement->verdict == VERDICT_UNREACHABLE)
        http_link_unreachable(link, judgement->text);
    else if (judgement->verdict == VERDICT_BUSY)
        http_link_busy(link, judgement->text);
    else
        fail_for_a_person(link, settings, judgement);
}

void influxdb_link_database_made(struct http_link *link, const struct settings_influxdb *settings)
{
    struct fault text;
    fault_set(&text, 0, _("%s had no database \"%s\"; it was made"), link->label, settings->database);
    http_link_tell(link, OUTLET_NOTICE, &text);
}

void influxdb_link_parked_some(struct http_link *link, const struct influxdb_judgement *judgement)
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
