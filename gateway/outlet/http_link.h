// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "outlet/outlet.h"
#include <stdbool.h>
#include <stdint.h>

/*
 * How things stand with a server that takes readings over HTTP, told to the core as events: each change once, not each failure.
 */

enum http_link_state { LINK_UNKNOWN, LINK_UP, LINK_DOWN };

struct http_link {
    const struct outlet_feed *feed;
    const char *label; // of the server, for people
    enum http_link_state state;
    bool troubled; // the server is busy, or our own disk failed
    int alarmed;   // the trouble that a person must end; 0: none
};

void http_link_tell(struct http_link *link, enum outlet_event event, const struct fault *text);

void http_link_works(struct http_link *link);   // it took something: this alone ends an alarm
void http_link_answers(struct http_link *link); // something, be it a refusal
void http_link_unreachable(struct http_link *link, const char *words);
void http_link_busy(struct http_link *link, const char *words);
void http_link_no_readings(struct http_link *link, int error); // the buffer could not be read
void http_link_parked(struct http_link *link, const char *sensor, uint64_t seq, const char *words);

// A person must act. False: it has been told of that trouble.
bool http_link_alarm(struct http_link *link, int trouble);
