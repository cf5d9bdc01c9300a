// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fault.h"
#include "drivers/senml_write.h"
#include "settings/settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Plays the sensors of a configuration at a steady rate: those with `source = coap` over UDP from several clients, those of
 * serial ports through ptys, those of Modbus buses as devices that answer when the gateway asks. A turn whose client still waits for answers, or whose port nobody reads, is skipped: a slow
 * gateway is not stormed.
 */

struct uv_loop_s;
struct play;

struct play_options {
    double rate;                     // readings a second, over all sensors; 0: one for each sensor
    uint64_t count;                  // ends after so many; 0: never
    size_t clients;                  // UDP ports; 0: one for each sensor, 16 at most
    bool json, cbor;                 // which notations are sent over CoAP; both: by turns
    void (*finished)(void *context); // `count` was reached
    void (*refused)(void *context, int code, const char *diagnostic); // the first answer with that code
    void (*silent)(void *context, const char *sensor, const char *reason); // it is not played; may be NULL
    void *context;
};

enum { PLAY_CODES_MAX = 16 };

struct play_figures {
    size_t coap_sensors, serial_sensors, modbus_sensors, ports, clients; // ports: serial ones and Modbus buses
    double rate;
    size_t posts, acknowledged, refused, unanswered, waiting; // over CoAP
    size_t lines, skipped;
    size_t fillings, answers; // of Modbus: reports that went into registers, requests that were answered
    struct {
        int code; // as 404
        size_t count;
    } codes[PLAY_CODES_MAX]; // of the refused
    size_t code_count;
};

// Makes clients and ptys. -ENOENT when the configuration has no sensor that can be played. Borrows settings.
int play_create(struct uv_loop_s *loop, const struct settings *settings, const struct play_options *options,
                struct play **ret_play, struct fault *why);
void play_begin(struct play *play);
void play_end(struct play *play); // sends no more; answers are still taken
void play_figures(const struct play *play, struct play_figures *ret_figures);
// Removes the ptys. Handles close in the background: run the loop once more.
void play_destroy(struct play *play);
