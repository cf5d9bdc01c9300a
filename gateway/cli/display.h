// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * Numbers as people read them.
 */

enum { DISPLAY_SIZE = 64 };

// "46 s", "5 min", "3.2 h", "12 d"; "-" when negative. Returns `ret_text`, as all of these.
char *display_duration(double seconds, char ret_text[DISPLAY_SIZE]);

// "512 B", "8.2 kB", "2.0 GB", in powers of 1 000.
char *display_size(double bytes, char ret_text[DISPLAY_SIZE]);

// An RFC 3339 time in the local time zone, "2026-11-22 12:04:05 JST"; "-" when it is none.
char *display_time(const char *rfc3339, char ret_text[DISPLAY_SIZE]);

// The API's words ("open", "syntax", "parking") for people, in their language. A word that is not known stays as it is.
const char *display_word(const char *word);
