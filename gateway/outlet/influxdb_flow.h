// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "influxdb.h"
#include "influxdb_address.h"
#include "influxdb_batch.h"
#include "influxdb_http.h"
#include "influxdb_link.h"
#include <uv.h>

/*
 *            news                   full, or time is up              answered
 *   IDLE ──────────▶ GATHERING ◀──▶ WORKING ──────────▶ SENDING ──────────────▶ WORKING (next slice, or next batch)
 *                                                          ▲  │ failed
 *                                                          │  ▼
 *                                          CREATING ──▶ WAITING          stop: STOPPED, after what is under way
 *
 * WORKING is the worker thread's time: it alone touches the batch then.
 *
 * PROBING belongs to IDLE: at the start, and then every minute (after a failure as patiently as everything else is tried
 * again), the server is asked for /ping, so that people learn whether it is there although nothing is sent. Any answer
 * will do. Readings that come end the question.
 *
 * When readings are given up. A server that refuses a line may be right; or it is broken, of another version, or no longer
 * what we think it is, and will refuse every line that it is shown. Therefore a line is parked only when it was refused,
 * then another line was taken, and then, next, the line was refused again, alone. Halving a batch often shows this
 * by itself. Otherwise a line that is refused alone is in doubt: samples, single lines from behind it, are sent until one
 * is taken, then the line itself once more. When three single lines in a row are refused, or nothing stands behind the
 * line yet, we hold: all readings are kept, more are read as far as the batch has room, and after each wait another line
 * is tried; from the third refusal on it is an alarm. So a bad line alone on a quiet gateway waits for the next reading
 * and no longer; a server that takes nothing gets one line per wait, and loses nothing.
 */
enum phase { IDLE, PROBING, GATHERING, WORKING, SENDING, CREATING, WAITING, STOPPED };

struct influxdb {
    const struct outlet_feed *feed;
    const struct settings_influxdb *settings;
    struct line_identity identity;
    struct influxdb_pace pace;
    struct influxdb_address address;
    struct influxdb_http *http;
    struct influxdb_batch batch;
    struct http_link link;

    uv_async_t woken;
    uv_timer_t timer;
    uv_work_t work;
    uv_sem_t worked;
    int holders; // what must end in the loop before the memory goes

    enum phase phase;
    bool news;    // there may be readings that were not read yet
    bool filling; // the worker is to read, not only to pack the next slice
    bool due;     // the worker is to pack what there is, also when the batch is not full
    bool packed;  // the slice is ready to be sent
    bool work_running;
    int work_error;
    uint64_t gather_until_ms; // loop time
    unsigned retries, holds;  // in a row
    bool create_tried;        // the database, since the last success
    bool proven;              // the last that the server did with lines was to take some
    size_t refusals;          // of single lines in a row, since one was taken; not 0: the first line is in doubt
    bool stopping, destroyed;
};

// All on the loop's thread.
void influxdb_flow_start(struct influxdb *influxdb); // with what the feed has pending
void influxdb_flow_news(struct influxdb *influxdb);  // there may be new readings
void influxdb_flow_stop(struct influxdb *influxdb);  // the phase becomes STOPPED, now or later

// The HTTP client's callback; the context is the struct influxdb.
void influxdb_flow_answer(void *influxdb, const struct influxdb_answer *answer);
