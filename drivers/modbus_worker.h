// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "modbus_line.h"
#include <stdbool.h>

/*
 * The thread of a Modbus bus: asks the sensors in turn, from start to stop. What it finds waits in a queue for the loop's
 * thread, which is woken. Everything here is called by the loop's thread.
 */

enum { MODBUS_FIELDS_MAX = 128 };

// How the fields of a sensor are read.
struct modbus_reads {
    struct modbus_read *reads;
    struct modbus_place *places; // of each field
    size_t count;                // of reads
};

// What is asked. Does not change while a worker runs.
struct modbus_target {
    unsigned unit;
    int64_t poll_us;
    struct modbus_field *fields;
    size_t field_count;
    struct modbus_reads joined;  // over small gaps
    struct modbus_reads careful; // nothing but what the fields are, for devices that refuse the gaps
};

// One turn of one target.
struct modbus_result {
    size_t target;
    enum modbus_outcome outcome; // of the read that failed last; MODBUS_FINE when none did
    uint8_t exception;
    struct modbus_read read;     // that one
    unsigned checksums, garbled; // how often
    double numbers[MODBUS_FIELDS_MAX];
    bool known[MODBUS_FIELDS_MAX]; // which of the fields were read
};

struct modbus_counts {
    uint64_t requests, timeouts, checksums, garbled, exceptions, foreign;
    uint64_t dropped; // results that found the queue full
};

struct modbus_worker_options {
    const struct settings_modbus *settings;
    const struct clock *clock;
    const struct modbus_target *targets;
    size_t target_count;
    void (*wake)(void *context); // from the worker's thread
    void *context;
};

struct modbus_worker;

// Opens the port and starts the thread. Borrows what the options point to.
int modbus_worker_start(const struct modbus_worker_options *options, struct modbus_worker **ret_worker,
                        struct fault *why);
// Waits for the thread: at most as long as the rest of an answer may take. NULL is fine.
void modbus_worker_stop(struct modbus_worker *worker);
// The oldest result that waits. False when none does.
bool modbus_worker_take(struct modbus_worker *worker, struct modbus_result *ret_result);
// True once the port is gone, and why; the thread has ended or is about to.
bool modbus_worker_is_gone(struct modbus_worker *worker, struct fault *ret_why);
void modbus_worker_counts(struct modbus_worker *worker, struct modbus_counts *ret_counts);
