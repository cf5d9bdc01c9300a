// SPDX-License-Identifier: Apache-2.0
#include "ngsi_ld_link.h"

#include "base/messages.h"

static void fail_for_a_person(struct http_link *link, const struct ngsi_ld_judgement *judgement)
{
    struct fault text;
    if (!http_link_alarm(link, (int)judgement->verdict)) {
        return;
    }
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
    http_link_tell(link, OUTLET_ALARM, &text);
}

void ngsi_ld_link_fails(struct http_link *link, const struct ngsi_ld_judgement *judgement)
{
    if (judgement->verdict == NGSI_LD_UNREACHABLE) {
        http_link_unreachable(link, judgement->text);
        return;
    }
    http_link_answers(link);
    if (judgement->verdict == NGSI_LD_BUSY) {
        http_link_busy(link, judgement->text);
    } else {
        fail_for_a_person(link, judgement);
    }
}
