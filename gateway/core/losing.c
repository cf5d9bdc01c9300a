// SPDX-License-Identifier: Apache-2.0
#include "losing.h"

#include "base/log.h"
#include "base/messages.h"

static const int64_t lately_us = INT64_C(3600) * 1000000;

bool losing_is_on(const struct losing *losing, int64_t now_boot_us)
{
    return losing->grew_us && now_boot_us - losing->grew_us < lately_us;
}

static void say(const struct buffer_figures *figures)
{
    log_line(
        LOG_LEVEL_WARNING, "buffer",
        _("readings are lost: in all %llu because the buffer was full, %llu too old, %llu damaged; `citygw status` "
          "shows the outlets, /api/v1/loss each gap"),
        (unsigned long long)figures->ledger_lost[BUFFER_LOSS_FULL],
        (unsigned long long)figures->ledger_lost[BUFFER_LOSS_AGE],
        (unsigned long long)figures->ledger_lost[BUFFER_LOSS_DAMAGE]);
}

void losing_tick(struct losing *losing, const struct buffer_figures *figures, int64_t now_boot_us)
{
    uint64_t lost = figures->ledger_lost[BUFFER_LOSS_FULL] + figures->ledger_lost[BUFFER_LOSS_AGE] +
                    figures->ledger_lost[BUFFER_LOSS_DAMAGE];
    bool grew = losing->known && lost > losing->lost;
    losing->known = true;
    losing->lost = lost;
    if (!grew)
        return;
    if (!losing_is_on(losing, now_boot_us) || now_boot_us - losing->said_us >= lately_us) {
        say(figures);
        losing->said_us = now_boot_us;
    }
    losing->grew_us = now_boot_us;
}
