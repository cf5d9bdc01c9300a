// SPDX-License-Identifier: Apache-2.0
#include "modbus_pace.h"

static const int64_t pause_first_us = 1000000, pause_last_us = 60 * 1000000LL;

int64_t modbus_due(int64_t due_us, const struct modbus_health *health)
{
    return due_us > health->not_before_us ? due_us : health->not_before_us;
}

int64_t modbus_next_due(int64_t due_us, int64_t poll_us, int64_t now_us)
{
    int64_t turns = now_us > due_us ? (now_us - due_us) / poll_us : 0;
    return due_us + (turns + 1) * poll_us;
}

void modbus_answered(struct modbus_health *health)
{
    *health = (struct modbus_health){0};
}

static void make_pause(struct modbus_health *health, unsigned doublings, int64_t now_us)
{
    int64_t pause_us = pause_first_us;
    for (unsigned i = 0; i < doublings && pause_us < pause_last_us; i++)
        pause_us *= 2;
    health->not_before_us = now_us + (pause_us < pause_last_us ? pause_us : pause_last_us);
}

void modbus_unanswered(struct modbus_health *health, int64_t now_us)
{
    make_pause(health, health->failures++, now_us);
}

void modbus_garbled(struct modbus_health *health, int64_t now_us)
{
    enum { PATIENCE = 2 };
    if (health->failures++ >= PATIENCE)
        make_pause(health, health->failures - PATIENCE - 1, now_us);
}
