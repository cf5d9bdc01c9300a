// SPDX-License-Identifier: Apache-2.0
#include "drivers/modbus_slaves.h"

#include "base/messages.h"
#include "modbus_crc.h"
#include "modbus_target.h"
#include <errno.h>
#include <modbus/modbus-rtu.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UNITS = 248, REQUEST_BYTES = 8, CRC_BYTES = 2 };

struct modbus_slaves {
    modbus_t *context;              // makes the answers
    modbus_mapping_t *units[UNITS]; // NULL: nobody is there
    uint8_t asked[256];             // what came and is no whole request yet
    size_t used;
    uint64_t reports;
};

// Where each table of a device ends. Several sensors may be one device.
static void find_ends(const modbus_mapping_t *unit, int ret_ends[MODBUS_TABLE_COUNT])
{
    ret_ends[MODBUS_COIL] = unit ? unit->nb_bits : 0;
    ret_ends[MODBUS_DISCRETE] = unit ? unit->nb_input_bits : 0;
    ret_ends[MODBUS_INPUT] = unit ? unit->nb_input_registers : 0;
    ret_ends[MODBUS_HOLDING] = unit ? unit->nb_registers : 0;
}

static int make_unit(struct modbus_slaves *slaves, const struct modbus_target *target)
{
    int ends[MODBUS_TABLE_COUNT];
    find_ends(slaves->units[target->unit], ends);
    for (size_t i = 0; i < target->field_count; i++) {
        const struct modbus_field *field = &target->fields[i];
        int end = (int)(field->address + modbus_field_width(field));
        if (end > ends[field->table])
            ends[field->table] = end;
    }
    modbus_mapping_free(slaves->units[target->unit]);
    slaves->units[target->unit] =
        modbus_mapping_new(ends[MODBUS_COIL], ends[MODBUS_DISCRETE], ends[MODBUS_HOLDING], ends[MODBUS_INPUT]);
    return slaves->units[target->unit] ? 0 : -ENOMEM;
}

static int make_units(struct modbus_slaves *slaves, const struct settings *settings, const char *name,
                      struct fault *why)
{
    const char *names[MODBUS_FIELDS_MAX];
    int error = 0;
    for (size_t i = 0; i < settings->sensor_count && !error; i++) {
        struct modbus_target target;
        if (!modbus_is_on(&settings->sensor[i], name))
            continue;
        error = modbus_target_init(&target, settings, &settings->sensor[i], names, why);
        if (!error && make_unit(slaves, &target) != 0)
            error = fault_errno(why, -ENOMEM, _("the simulator did not start"));
        modbus_target_finish(&target);
    }
    return error;
}

int modbus_slaves_create(const struct settings *settings, const char *name, struct modbus_slaves **ret_slaves,
                         struct fault *why)
{
    struct modbus_slaves *slaves = calloc(1, sizeof *slaves);
    if (slaves)
        slaves->context = modbus_new_rtu("pty", 9600, 'N', 8, 1);
    int error = slaves && slaves->context ? make_units(slaves, settings, name, why)
                                          : fault_errno(why, -ENOMEM, _("the simulator did not start"));
    if (error)
        modbus_slaves_destroy(slaves);
    else
        *ret_slaves = slaves;
    return error;
}

void modbus_slaves_destroy(struct modbus_slaves *slaves)
{
    if (!slaves)
        return;
    for (size_t i = 0; i < UNITS; i++)
        modbus_mapping_free(slaves->units[i]);
    modbus_free(slaves->context);
    free(slaves);
}

static double value_of(const struct modbus_slaves *slaves, const char *quantity, const struct raw_pack *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (strcmp(report->values[i].name, quantity) == 0)
            return report->values[i].type == RAW_BOOL ? report->values[i].boolean : report->values[i].number;
    return (double)(slaves->reports % 1000);
}

static void put(modbus_mapping_t *unit, const struct modbus_field *field, double number)
{
    uint16_t *registers = field->table == MODBUS_INPUT ? unit->tab_input_registers : unit->tab_registers;
    uint8_t *bits = field->table == MODBUS_COIL ? unit->tab_bits : unit->tab_input_bits;
    if (modbus_table_has_bits(field->table))
        bits[field->address] = number != 0;
    else
        modbus_field_encode(field, number, registers + field->address);
}

void modbus_slaves_put(struct modbus_slaves *slaves, const struct settings *settings,
                       const struct settings_sensor *sensor, const struct raw_pack *report)
{
    unsigned unit;
    const struct settings_map *maps[MODBUS_FIELDS_MAX];
    size_t count = modbus_maps(settings, sensor, maps);
    if (modbus_unit_parse(sensor->address, &unit, NULL) != 0 || !slaves->units[unit])
        return;
    slaves->reports++;
    for (size_t i = 0; i < count; i++) {
        struct modbus_field field;
        if (modbus_field_parse(maps[i]->field, &field, NULL) == 0)
            put(slaves->units[unit], &field,
                (value_of(slaves, maps[i]->quantity, report) - maps[i]->offset) / maps[i]->factor);
    }
}

// A request that reads is eight bytes long; others get what libmodbus answers to a function that is not there.
static bool is_request(const uint8_t *frame)
{
    return modbus_is_sealed(frame, REQUEST_BYTES);
}

static bool answer(struct modbus_slaves *slaves, const uint8_t *request)
{
    unsigned unit = request[0], function = request[1];
    if (unit >= UNITS || !slaves->units[unit])
        return false;
    if (function > MODBUS_FC_READ_INPUT_REGISTERS) // nobody writes here
        return modbus_reply_exception(slaves->context, request, MODBUS_EXCEPTION_ILLEGAL_FUNCTION) > 0;
    return modbus_reply(slaves->context, request, REQUEST_BYTES, slaves->units[unit]) > 0;
}

size_t modbus_slaves_serve(struct modbus_slaves *slaves, int fd)
{
    size_t answered = 0, at = 0;
    ssize_t size = read(fd, slaves->asked + slaves->used, sizeof slaves->asked - slaves->used);
    if (size <= 0)
        return 0;
    slaves->used += (size_t)size;
    modbus_set_socket(slaves->context, fd);
    while (slaves->used - at >= REQUEST_BYTES) {
        bool whole = is_request(slaves->asked + at);
        answered += whole && answer(slaves, slaves->asked + at);
        at += whole ? REQUEST_BYTES : 1;
    }
    modbus_set_socket(slaves->context, -1);
    memmove(slaves->asked, slaves->asked + at, slaves->used - at);
    slaves->used -= at;
    return answered;
}
