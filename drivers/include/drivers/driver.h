// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "base/fault.h"
#include "reading/raw.h"
#include "reading/refusal.h"
#include "settings/settings.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A driver owns a bus and a lifetime: a CoAP server, a serial port, a Modbus bus, a simulator. It turns what arrives into packs of raw
 * values and hands them to its host; it never learns where readings go. Everything runs on the loop's thread. Retry,
 * back-off, counting and logging live in the core's source, once for all drivers.
 */

struct uv_loop_s;

// A pack on its way in.
struct driver_pack {
    const struct raw_pack *raw;
    const char *sensor;   // the sensor's id when the way named it, else NULL
    const void *key;      // de-duplication key to keep with it, or NULL
    size_t key_size;      // at most 64
    bool unauthenticated; // from beyond this machine, without proof of who
    bool may_repeat;      // a state that was asked for: a reading with a time of the sensor's own that was taken before is
                          // left out. Goes without a ticket
    const char *identity; // that the sender has proved to be, or NULL
    uint64_t ticket;      // comes back through settled(); 0: the driver does not want to know
};

// What the core gives a driver. All functions may be called from the driver's own callbacks only.
struct driver_host {
    void *context;
    const struct clock *clock;
    struct uv_loop_s *loop;
    // A verdict at once: REFUSAL_NONE means taken (settled() will follow, when there is a ticket), else nothing was kept
    // and `why` says where and what was expected. The host counts refusals of emit itself.
    enum refusal (*emit)(void *context, const struct driver_pack *pack, struct fault *why);
    // Counts what the driver refused before it could emit (a codec's refusal, a wrong identity, ...). `why` may be NULL.
    void (*refused)(void *context, enum refusal refusal, const struct fault *why);
    // Something that people should know of a bus that works: a device on it fell silent (`good` is false), or answers again.
    // The driver calls it when that is news, not each time.
    void (*tell)(void *context, bool good, const struct fault *what);
    // A bus whose open() was -EINPROGRESS works now.
    void (*opened)(void *context);
    // The bus is gone (unplugged, end of file). The source closes the driver and opens it again later with back-off. May
    // call close() before it returns.
    void (*failed)(void *context, const struct fault *why);
};

// Takes a figure for /metrics: its name ("citygw_coap_duplicates_total"), what it counts, and its value. The texts are static.
typedef void driver_figure(void *context, const char *name, const char *help, double value);

struct driver {
    const char *type; // "coap", "serial", "modbus", "sim"
    // The longest pause between two attempts to open it; 0: four seconds, as a technician waits who plugs something in.
    int64_t pause_max_us;
    // Makes the driver's state; touches no device. `name` is the part after the colon ("kerb"), or "", or a URI. Borrows settings
    // and host until destroy.
    int (*create)(const struct settings *settings, const char *name, const struct driver_host *host, void **ret_state,
                  struct fault *why);
    // Opens the bus; never blocks. 0, or -EINPROGRESS: opened() or failed() will tell, or -errno and why: the source tries
    // again.
    int (*open)(void *state, struct fault *why);
    // The opposite of open; fine when not open. Pending tickets may still be settled afterwards.
    void (*close)(void *state);
    // The pack of that ticket is durable (0), or could not be stored (-errno). NULL when the driver gives no tickets: nobody
    // waits for its answer.
    void (*settled)(void *state, uint64_t ticket, int status);
    // A key that was committed before this start, `age_us` ago. NULL when the driver keeps no keys.
    void (*restore_key)(void *state, const uint8_t *key, size_t size, int64_t age_us);
    // Figures of its own for /metrics: calls back for each. May be NULL.
    void (*figures)(void *state, driver_figure *figure, void *context);
    // Frees; closes when open. Handles of the loop close in the background: run the loop once more before it is closed.
    void (*destroy)(void *state);
};

extern const struct driver *const drivers[]; // ends with NULL
const struct driver *driver_find(const char *type);

// Checks of the configuration that only drivers can make: codecs exist, a port has what its codec needs, two sections do
// not share a device. Disables ports and sensors that are wrong.
void drivers_check(struct settings *settings, struct findings *findings);
