// SPDX-License-Identifier: Apache-2.0
#include "modbus_field.h"

#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include <errno.h>
#include <math.h>
#include <string.h>

enum { UNIT_MAX = 247, ADDRESS_MAX = 65535, WORDS_MAX = 4, SHOWN_SIZE = 100 };

static const char *const tables[MODBUS_TABLE_COUNT] = {"coil", "discrete", "input", "holding"};

static const struct type {
    const char *name;
    unsigned width, counter_bits;
    double least, most; // what it can hold
} types[] = {
    [MODBUS_BIT] = {"bit", 1, 0, 0, 1},
    [MODBUS_U16] = {"u16", 1, 16, 0, UINT16_MAX},
    [MODBUS_S16] = {"s16", 1, 0, INT16_MIN, INT16_MAX},
    [MODBUS_U32] = {"u32", 2, 32, 0, UINT32_MAX},
    [MODBUS_S32] = {"s32", 2, 0, INT32_MIN, INT32_MAX},
    [MODBUS_F32] = {"f32", 2, 0, -3.4e38, 3.4e38},
    [MODBUS_U64] = {"u64", 4, 64, 0, 0x1p53},
};
enum { TYPE_COUNT = sizeof types / sizeof *types };

struct words {
    const char *at[WORDS_MAX + 1];
    size_t size[WORDS_MAX + 1], count; // one more than there may be
};

static struct words split(const char *text)
{
    struct words words = {.count = 0};
    for (text += strspn(text, " \t"); *text && words.count <= WORDS_MAX; text += strspn(text, " \t")) {
        words.at[words.count] = text;
        words.size[words.count] = strcspn(text, " \t");
        text += words.size[words.count++];
    }
    return words;
}

static bool is_word(const struct words *words, size_t index, const char *name)
{
    return index < words->count && strlen(name) == words->size[index] &&
           strncmp(words->at[index], name, words->size[index]) == 0;
}

// "input:10"
static bool read_place(const struct words *words, struct modbus_field *field)
{
    int64_t address;
    for (size_t i = 0; words->count > 0 && i < MODBUS_TABLE_COUNT; i++) {
        size_t size = strlen(tables[i]);
        if (words->size[0] <= size || strncmp(words->at[0], tables[i], size) != 0 || words->at[0][size] != ':')
            continue;
        if (!integer_parse(words->at[0] + size + 1, words->size[0] - size - 1, 0, ADDRESS_MAX, &address))
            return false;
        field->table = (enum modbus_table)i;
        field->address = (unsigned)address;
        return true;
    }
    return false;
}

static bool read_type(const struct words *words, size_t index, struct modbus_field *field)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (is_word(words, index, types[i].name)) {
            field->type = (enum modbus_type)i;
            return true;
        }
    return false;
}

static int refuse(const char *text, const char *expected, struct fault *why)
{
    char shown[SHOWN_SIZE];
    return fault_set(why, -EINVAL, _("\"%s\" cannot be read from a Modbus device; expected %s"),
                     text_escape(text, strlen(text), shown, sizeof shown), expected);
}

// "bit 4"; a table of bits needs no number, and no type either.
static int parse_bit(const char *text, const struct words *words, struct modbus_field *field, struct fault *why)
{
    int64_t bit;
    if (modbus_table_has_bits(field->table))
        return words->count == 1 || (words->count == 2 && is_word(words, 1, "bit"))
                   ? 0
                   : refuse(text, _("a coil or an input alone, such as discrete:1"), why);
    if (words->count != 3 || !integer_parse(words->at[2], words->size[2], 0, 15, &bit))
        return refuse(text, _("the number of a bit, 0 to 15, such as input:1 bit 4"), why);
    field->bit = (unsigned)bit;
    return 0;
}

// What may follow the type, each once.
static bool read_manner(const struct words *words, struct modbus_field *field)
{
    for (size_t i = 2; i < words->count; i++) {
        bool *manner = is_word(words, i, "swapped")  ? &field->swapped
                       : is_word(words, i, "resets") ? &field->resets
                                                     : NULL;
        if (!manner || *manner)
            return false;
        *manner = true;
    }
    return true;
}

static int parse_register(const char *text, const struct words *words, struct modbus_field *field, struct fault *why)
{
    if (!read_manner(words, field))
        return refuse(text, _("a type and perhaps swapped or resets, such as input:10 u32 swapped"), why);
    if (field->resets && types[field->type].counter_bits == 0)
        return refuse(text, _("resets only with u16, u32 and u64"), why);
    if (field->swapped && types[field->type].width == 1)
        return refuse(text, _("swapped only with u32, s32, u64 and f32"), why);
    if (field->address + types[field->type].width - 1 > ADDRESS_MAX)
        return refuse(text, _("addresses up to 65535"), why);
    return 0;
}

int modbus_field_parse(const char *text, struct modbus_field *ret_field, struct fault *why)
{
    struct words words = split(text);
    struct modbus_field field = {.type = MODBUS_BIT};
    if (!read_place(&words, &field))
        return refuse(text, _("coil:N, discrete:N, input:N or holding:N with N from 0 to 65535, such as input:10 u32"),
                      why);
    bool bits = modbus_table_has_bits(field.table);
    if (!bits && !read_type(&words, 1, &field))
        return refuse(text, _("a type after the address: u16, s16, u32, s32, u64, f32 or bit, such as input:10 u32"),
                      why);
    int error =
        field.type == MODBUS_BIT ? parse_bit(text, &words, &field, why) : parse_register(text, &words, &field, why);
    if (!error)
        *ret_field = field;
    return error;
}

const char *modbus_table_name(enum modbus_table table)
{
    return tables[table];
}

bool modbus_table_has_bits(enum modbus_table table)
{
    return table == MODBUS_COIL || table == MODBUS_DISCRETE;
}

unsigned modbus_field_width(const struct modbus_field *field)
{
    return types[field->type].width;
}

unsigned modbus_field_counter_bits(const struct modbus_field *field)
{
    return types[field->type].counter_bits;
}

// All its words as one number, whichever comes first.
static uint64_t join(const struct modbus_field *field, const uint16_t *values)
{
    uint64_t number = 0;
    unsigned width = types[field->type].width;
    for (unsigned i = 0; i < width; i++)
        number = number << 16 | values[field->swapped ? width - 1 - i : i];
    return number;
}

double modbus_field_decode(const struct modbus_field *field, const uint16_t *values)
{
    uint64_t number = join(field, values);
    uint32_t half = (uint32_t)number;
    float single;
    switch (field->type) {
    case MODBUS_BIT:
        return (double)(number >> field->bit & 1);
    case MODBUS_S16:
        return (int16_t)number;
    case MODBUS_S32:
        return (int32_t)half;
    case MODBUS_F32:
        memcpy(&single, &half, sizeof single);
        return (double)single;
    case MODBUS_U16:
    case MODBUS_U32:
    case MODBUS_U64:
        break;
    }
    return (double)number;
}

void modbus_field_encode(const struct modbus_field *field, double number, uint16_t *values)
{
    const struct type *type = &types[field->type];
    double held = fmin(fmax(number, type->least), type->most);
    float single = (float)held;
    uint32_t half;
    memcpy(&half, &single, sizeof half);
    uint64_t bits = field->type == MODBUS_F32 ? half : (uint64_t)(int64_t)rint(held);
    if (field->type == MODBUS_BIT)
        bits = (values[0] & ~(UINT64_C(1) << field->bit)) | bits << field->bit;
    for (unsigned i = 0; i < type->width; i++, bits >>= 16)
        values[field->swapped ? i : type->width - 1 - i] = (uint16_t)bits;
}

int modbus_unit_parse(const char *address, unsigned *ret_unit, struct fault *why)
{
    char shown[SHOWN_SIZE];
    int64_t unit;
    size_t size = strcspn(address, "/");
    bool named = address[size] == '/' && address[size + 1];
    if (integer_parse(address, size, 1, UNIT_MAX, &unit) && (named || !address[size])) {
        *ret_unit = (unsigned)unit;
        return 0;
    }
    return fault_set(why, -EINVAL,
                     _("\"%s\" is not the unit id of a Modbus device; expected 1 to 247, such as 17, or 17/NAME for "
                       "several sensors of one device"),
                     text_escape(address, strlen(address), shown, sizeof shown));
}
