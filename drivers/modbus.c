// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "buses.h"
#include "drivers/modbus_exception.h"
#include "modbus_target.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/*
 * The loop's side of a Modbus bus. A worker asks (modbus_worker.h); here its results become packs, and what is new about a
 * device is told.
 */

// A device that comes and goes is told of no more often.
static const int64_t tell_again_us = 10 * 1000000LL;

struct bus_sensor {
    const char *id;
    const char *names[MODBUS_FIELDS_MAX]; // of the target's fields
    enum modbus_outcome told;             // what people know of it
    int64_t told_us;                      // when they were told; 0: never
    uint64_t failures;                    // since then
};

struct bus {
    const struct settings_modbus *settings;
    const struct driver_host *host;
    struct bus_sensor *sensors;
    struct modbus_target *targets; // one for each
    size_t count;
    struct modbus_worker *worker; // NULL: closed
    uv_async_t *wake;             // made anew by each open, because the old one closes in the background
    struct modbus_counts before;  // of workers that have ended
    struct modbus_result result;
    struct raw_pack pack;
};

static void add_value(struct raw_pack *pack, const struct modbus_field *field, const char *name, double number)
{
    if (field->type == MODBUS_BIT) {
        raw_pack_bool(pack, name, number != 0);
    } else if (raw_pack_number(pack, name, "", number)) {
        pack->values[pack->count - 1].counter_bits = (uint8_t)modbus_field_counter_bits(field);
        pack->values[pack->count - 1].counter_resets = field->resets;
    }
}

static void emit(struct bus *bus, const struct bus_sensor *sensor, const struct modbus_target *target)
{
    const struct modbus_result *result = &bus->result;
    raw_pack_clear(&bus->pack);
    for (size_t i = 0; i < target->field_count; i++)
        if (result->known[i])
            add_value(&bus->pack, &target->fields[i], sensor->names[i], result->numbers[i]);
    const struct driver_pack pack = {.raw = &bus->pack, .sensor = sensor->id};
    if (bus->pack.count > 0)
        bus->host->emit(bus->host->context, &pack, NULL); // a refusal is counted there, and the next turn comes anyway
}

static void refuse(struct bus *bus, const struct bus_sensor *sensor, unsigned unit, enum refusal refusal,
                   const char *what)
{
    struct fault why;
    fault_set(&why, 0, _("%s (unit %u): %s"), sensor->id, unit, what);
    bus->host->refused(bus->host->context, refusal, &why);
}

static void refuse_all(struct bus *bus, const struct bus_sensor *sensor, unsigned unit)
{
    for (unsigned i = 0; i < bus->result.checksums; i++)
        refuse(bus, sensor, unit, REFUSAL_CHECKSUM, _("the checksum of its answer is wrong"));
    for (unsigned i = 0; i < bus->result.garbled; i++)
        refuse(bus, sensor, unit, REFUSAL_SYNTAX, _("what came is no answer, or not all of it"));
}

static void describe(const struct bus *bus, const struct bus_sensor *sensor, unsigned unit, struct fault *ret_what)
{
    const struct modbus_result *result = &bus->result;
    const struct modbus_read *read = &result->read;
    if (result->outcome == MODBUS_FINE)
        fault_set(ret_what, 0, _("%s (unit %u) answers; %llu times it did not, or refused"), sensor->id, unit,
                  (unsigned long long)sensor->failures);
    else if (result->outcome == MODBUS_EXCEPTION)
        fault_set(ret_what, 0, _("%s (unit %u) refuses %s:%u, %u of them, with exception %u (%s)"), sensor->id, unit,
                  modbus_table_name(read->table), read->address, read->count, result->exception,
                  modbus_exception_text(result->exception));
    else if (result->outcome == MODBUS_SILENT)
        fault_set(ret_what, 0, _("%s (unit %u) does not answer; it is asked less and less until it does"), sensor->id,
                  unit);
    else
        fault_set(ret_what, 0, _("%s (unit %u) cannot be understood"), sensor->id, unit);
}

// Tells of a sensor when it is another than people know, but not too often.
static void tell(struct bus *bus, struct bus_sensor *sensor, unsigned unit)
{
    struct fault what;
    int64_t now_us = clock_boot_us(bus->host->clock);
    enum modbus_outcome outcome = bus->result.outcome;
    sensor->failures += outcome != MODBUS_FINE;
    if (outcome == sensor->told || (sensor->told_us && now_us - sensor->told_us < tell_again_us))
        return;
    describe(bus, sensor, unit, &what);
    bus->host->tell(bus->host->context, outcome == MODBUS_FINE, &what);
    sensor->told = outcome;
    sensor->told_us = now_us;
    if (outcome == MODBUS_FINE)
        sensor->failures = 0;
}

static void take_result(struct bus *bus)
{
    struct bus_sensor *sensor = &bus->sensors[bus->result.target];
    const struct modbus_target *target = &bus->targets[bus->result.target];
    emit(bus, sensor, target);
    refuse_all(bus, sensor, target->unit);
    tell(bus, sensor, target->unit);
}

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void add_counts(struct modbus_counts *sum, const struct modbus_counts *more)
{
    sum->requests += more->requests;
    sum->timeouts += more->timeouts;
    sum->checksums += more->checksums;
    sum->garbled += more->garbled;
    sum->exceptions += more->exceptions;
    sum->foreign += more->foreign;
    sum->dropped += more->dropped;
}

static void bus_close(void *state)
{
    struct bus *bus = state;
    struct modbus_counts counts;
    if (!bus->worker)
        return;
    modbus_worker_counts(bus->worker, &counts);
    add_counts(&bus->before, &counts);
    modbus_worker_stop(bus->worker);
    bus->worker = NULL;
    uv_close((uv_handle_t *)bus->wake, free_handle);
    bus->wake = NULL;
}

static void on_wake(uv_async_t *wake)
{
    struct bus *bus = wake->data;
    struct fault why;
    while (bus->worker && modbus_worker_take(bus->worker, &bus->result))
        take_result(bus);
    if (bus->worker && modbus_worker_is_gone(bus->worker, &why)) {
        bus_close(bus);
        bus->host->failed(bus->host->context, &why);
    }
}

// From the worker's thread.
static void wake(void *context)
{
    uv_async_send(context);
}

static int bus_open(void *state, struct fault *why)
{
    struct bus *bus = state;
    uv_async_t *async = malloc(sizeof *async);
    int error = async ? uv_async_init(bus->host->loop, async, on_wake) : -ENOMEM;
    if (error) {
        free(async);
        return fault_errno(why, error, _("%s cannot be opened"), bus->settings->device);
    }
    async->data = bus;
    const struct modbus_worker_options options = {.settings = bus->settings,
                                                  .clock = bus->host->clock,
                                                  .targets = bus->targets,
                                                  .target_count = bus->count,
                                                  .wake = wake,
                                                  .context = async};
    error = modbus_worker_start(&options, &bus->worker, why);
    if (error)
        uv_close((uv_handle_t *)async, free_handle);
    else
        bus->wake = async;
    return error;
}

static const struct settings_modbus *find_settings(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->modbus_count; i++)
        if (strcmp(settings->modbus[i].name, name) == 0)
            return &settings->modbus[i];
    return NULL;
}

static int take_sensors(struct bus *bus, const struct settings *settings, struct fault *why)
{
    bus->sensors = calloc(settings->sensor_count + 1, sizeof *bus->sensors);
    bus->targets = calloc(settings->sensor_count + 1, sizeof *bus->targets);
    if (!bus->sensors || !bus->targets)
        return fault_errno(why, -ENOMEM, "modbus:%s", bus->settings->name);
    for (size_t i = 0; i < settings->sensor_count; i++) {
        if (!modbus_is_on(&settings->sensor[i], bus->settings->name))
            continue;
        struct bus_sensor *sensor = &bus->sensors[bus->count];
        sensor->id = settings->sensor[i].id;
        int error = modbus_target_init(&bus->targets[bus->count++], settings, &settings->sensor[i], sensor->names, why);
        if (error)
            return error;
    }
    return 0;
}

static void bus_destroy(void *state)
{
    struct bus *bus = state;
    if (!bus)
        return;
    bus_close(bus);
    for (size_t i = 0; i < bus->count; i++)
        modbus_target_finish(&bus->targets[i]);
    free(bus->targets);
    free(bus->sensors);
    free(bus);
}

static int bus_create(const struct settings *settings, const char *name, const struct driver_host *host,
                      void **ret_state, struct fault *why)
{
    const struct settings_modbus *own = find_settings(settings, name);
    if (!own)
        return fault_set(why, -ENOENT, _("there is no [modbus:%s]"), name);
    struct bus *bus = calloc(1, sizeof *bus);
    if (!bus)
        return fault_errno(why, -ENOMEM, "modbus:%s", name);
    bus->settings = own;
    bus->host = host;
    int error = take_sensors(bus, settings, why);
    if (error)
        bus_destroy(bus);
    else
        *ret_state = bus;
    return error;
}

static void bus_figures(void *state, driver_figure *figure, void *context)
{
    struct bus *bus = state;
    struct modbus_counts counts = {0};
    if (bus->worker)
        modbus_worker_counts(bus->worker, &counts);
    add_counts(&counts, &bus->before);
    figure(context, "citygw_modbus_requests_total", "Requests that were sent.", (double)counts.requests);
    figure(context, "citygw_modbus_timeouts_total", "Requests without an answer in time.", (double)counts.timeouts);
    figure(context, "citygw_modbus_crc_errors_total", "Answers whose checksum was wrong.", (double)counts.checksums);
    figure(context, "citygw_modbus_garbled_total", "Answers that were none, or not whole.", (double)counts.garbled);
    figure(context, "citygw_modbus_exceptions_total", "Answers that were an exception.", (double)counts.exceptions);
    figure(context, "citygw_modbus_foreign_answers_total",
           "Answers to other questions, or of other units, that were passed over.", (double)counts.foreign);
    figure(context, "citygw_modbus_dropped_total", "Results that were not fetched in time.", (double)counts.dropped);
}

const struct driver driver_modbus = {.type = "modbus",
                                     .create = bus_create,
                                     .open = bus_open,
                                     .close = bus_close,
                                     .figures = bus_figures,
                                     .destroy = bus_destroy};
