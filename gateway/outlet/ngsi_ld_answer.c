// SPDX-License-Identifier: Apache-2.0
#include "ngsi_ld_answer.h"

#include "base/text.h"
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 160 };

static enum ngsi_ld_verdict verdict_of(long status)
{
    static const struct {
        long status;
        enum ngsi_ld_verdict verdict;
    } known[] = {{207, NGSI_LD_REFUSED}, {400, NGSI_LD_REFUSED}, {409, NGSI_LD_REFUSED},
                 {413, NGSI_LD_REFUSED}, {422, NGSI_LD_REFUSED}, {408, NGSI_LD_BUSY},
                 {429, NGSI_LD_BUSY},    {401, NGSI_LD_DENIED},  {403, NGSI_LD_DENIED}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].status == status) {
            return known[i].verdict;
        }
    }
    return status >= 200 && status < 300 ? NGSI_LD_TAKEN : status >= 500 ? NGSI_LD_BUSY : NGSI_LD_STRANGE;
}

void ngsi_ld_judge(const struct influxdb_answer *answer, struct ngsi_ld_judgement *ret_judgement)
{
    char words[WORDS_MAX];
    const char *said = answer->answered ? answer->body : answer->error;
    said = said ? said : "";
    text_escape(said, strlen(said), words, sizeof words);
    *ret_judgement = (struct ngsi_ld_judgement){.verdict = NGSI_LD_UNREACHABLE, .retry_after_s = answer->retry_after_s};
    if (answer->answered) {
        ret_judgement->verdict = verdict_of(answer->status);
        snprintf(ret_judgement->text, sizeof ret_judgement->text, words[0] ? "%ld %s" : "%ld", answer->status, words);
    } else {
        snprintf(ret_judgement->text, sizeof ret_judgement->text, "%s", words[0] ? words : "?");
    }
}
