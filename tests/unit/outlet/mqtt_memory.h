// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mqtt_peer.h"
#include "mqtt_rig.h"

/*
 * A pretended broker with a memory of what came, and an outlet that talks to it.
 */

// What the broker of a test remembers. Written by its thread, read after it ended.
struct memory {
    atomic_uint sent[RIG_READINGS_MAX]; // how often each reading came
    unsigned order[64], order_count;
    bool retained[RIG_READINGS_MAX], backlog[RIG_READINGS_MAX]; // at the last time
    unsigned states[3];                                         // the seq that each sensor's retained message has
    bool state_went_back;
    unsigned refuse_seq, refusals;
    int refuse_with;
};

static inline void note(struct memory *memory, const struct peer_publish *publish)
{
    if (publish->seq > 0 && publish->seq < RIG_READINGS_MAX) {
        memory->sent[publish->seq]++;
        memory->retained[publish->seq] = publish->retained;
        memory->backlog[publish->seq] = publish->backlog;
        if (publish->retained) {
            unsigned *newest = &memory->states[publish->seq % 3];
            memory->state_went_back = memory->state_went_back || publish->seq < *newest;
            *newest = publish->seq;
        }
        if (memory->order_count < 64) {
            memory->order[memory->order_count++] = publish->seq;
        }
    }
}

// The same for every reading of a batch.
static inline size_t note_batch(struct memory *memory, const struct peer_publish *publish)
{
    struct peer_publish one = *publish;
    const uint8_t *at = publish->payload, *end = at + publish->size;
    size_t count = 0;
    while ((at = memmem(at, (size_t)(end - at), "\"seq\":", 6))) {
        at += 6;
        one.seq = 0;
        for (; at < end && *at >= '0' && *at <= '9'; at++) {
            one.seq = one.seq * 10 + (*at - '0');
        }
        note(memory, &one);
        count++;
    }
    return count;
}

// Until that reading came so often. Step after step, because a pause begins only when the answer before has come.
static inline void advance_until_sent(struct rig *rig, int seconds, struct memory *memory, unsigned seq, unsigned count)
{
    for (int i = 0; i < 2000 && atomic_load(&memory->sent[seq]) < count; i++) {
        if (i % 40 == 0) {
            rig_advance(rig, seconds);
        }
        rig_nap();
    }
    assert_int_equal(memory->sent[seq], count);
}

static inline void begin(int (*answer)(struct peer *peer, const struct peer_publish *publish), struct memory *memory,
                         struct peer **ret_peer, struct rig **ret_rig)
{
    *ret_peer = peer_start(answer, memory);
    *ret_rig = rig_make((*ret_peer)->port);
}

static inline void end(struct peer *peer, struct rig *rig)
{
    assert_true(rig_stop(rig));
    assert_false(rig->misdelivered);
    rig_finish(rig);
    peer_stop(peer);
}

static inline int accept_all(struct peer *peer, const struct peer_publish *publish)
{
    note(peer->test, publish);
    return 0;
}
