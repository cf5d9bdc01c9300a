// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "influxdb.h"
#include "influxdb_http.h"
#include "ngsi_ld_batch.h"
#include "ngsi_ld_link.h"
#include <uv.h>

/*
 *           news                    entities              taken
 *   IDLE ─────────▶ WORKING (fill) ─────────▶ SENDING ─────────────▶ WORKING
 *    ▲  │                │ none                 │  ▲ refused: one by one
 *    │  ▼ nobody knows   ▼                      ▼  │
 *   PROBING             IDLE        later:   WAITING            stop: STOPPED, after what is under way
 *
 * A batch goes in one request. When the broker does not take all of it, it goes entity by entity:
 *
 *   ASKING     each alone, in order: taken or refused
 *   WITNESS    before a refused one goes again, one that was taken does: the broker still takes something
 *   AGAIN      the refused one: taken now, or refused for the second time, right after another was taken, and parked
 *
 * So nothing is given up by a broker that refuses all that it is shown: then we hold, with an alarm, and all of it goes again
 * later, with what came meanwhile. An upsert may be repeated: it is the same entity with the same times.
 */

enum ngsi_ld_phase { LD_IDLE, LD_PROBING, LD_WORKING, LD_SENDING, LD_WAITING, LD_STOPPED };
enum ngsi_ld_step { STEP_WHOLE, STEP_ASKING, STEP_WITNESS, STEP_AGAIN };

struct ngsi_ld_outlet {
    const struct outlet_feed *feed;
    const struct settings_ngsi_ld *settings;
    struct influxdb_pace pace;
    struct places places;
    struct ngsi_ld context;
    char *label, *upsert, *probe; // addresses
    struct influxdb_http *http;
    struct ngsi_ld_batch batch;
    struct http_link link;

    uv_async_t woken;
    uv_timer_t timer;
    uv_work_t work;
    uv_sem_t worked;
    int holders; // what must end in the loop before the memory goes

    enum ngsi_ld_phase phase;
    enum ngsi_ld_step step;
    size_t at, witness; // of the batch's items
    bool news;          // there may be readings that were not read yet
    bool refill;        // after the wait: read again, instead of sending the same
    bool work_running;
    int work_error;
    unsigned retries, holds; // in a row
    bool stopping, destroyed;
};

// All on the loop's thread.
void ngsi_ld_flow_start(struct ngsi_ld_outlet *outlet); // with what the feed has pending
void ngsi_ld_flow_news(struct ngsi_ld_outlet *outlet);  // there may be new readings
void ngsi_ld_flow_stop(struct ngsi_ld_outlet *outlet);  // the phase becomes LD_STOPPED, now or later

// The HTTP client's callback; the context is the outlet.
void ngsi_ld_flow_answer(void *outlet, const struct influxdb_answer *answer);
