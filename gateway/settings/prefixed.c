// SPDX-License-Identifier: Apache-2.0
#include "prefixed.h"

#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define BLANKS " \t"

// Beyond this no sensor counts or measures, and products of such numbers could leave what a double holds.
static const double number_max = 1e15;

static size_t word(const char *text)
{
    return strcspn(text, BLANKS);
}

static const char *next_word(const char *text)
{
    text += word(text);
    return text + strspn(text, BLANKS);
}

static const char *copy_trimmed(struct settings_memory *memory, const char *text, size_t size)
{
    while (size && strchr(BLANKS, text[size - 1]))
        size--;
    return memory_text(memory, text, size);
}

// Reads "* 0.1" or "*0.1" and moves on behind it. False when no number follows the sign.
static bool read_operand(const char **text, double *ret_number)
{
    const char *at = *text + 1;
    at += strspn(at, BLANKS);
    size_t size = word(at);
    if (!number_parse(at, size, ret_number))
        return false;
    *text = next_word(at);
    return true;
}

// The factor, then the offset, then the unit.
static bool parse_operations(const char *text, struct settings_memory *memory, struct settings_map *map)
{
    double offset;
    if (*text == '*' && (!read_operand(&text, &map->factor) || map->factor == 0))
        return false;
    bool minus = *text == '-';
    if (*text == '+' || *text == '-') {
        if (!read_operand(&text, &offset))
            return false;
        map->offset = minus ? -offset : offset;
    }
    if (strpbrk(text, "*+") || *next_word(text))
        return false;
    map->unit = memory_text(memory, text, strlen(text));
    return true;
}

// "input:10", "coil:3": what a Modbus device has at an address.
static bool is_register(const char *text)
{
    static const char *const tables[] = {"coil:", "discrete:", "input:", "holding:"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strncmp(text, tables[i], strlen(tables[i])) == 0)
            return isdigit((unsigned char)text[strlen(tables[i])]);
    return false;
}

// What may follow it: "u32", "bit" and its number, "swapped", "resets". Another word is the unit.
static bool says_how_to_read(const char *text)
{
    size_t size = word(text), letter = strcspn(text, "usf") == 0;
    size_t digits = strspn(text + letter, "0123456789");
    return (digits > 0 && letter + digits == size) || (size == 3 && strncmp(text, "bit", size) == 0) ||
           (size == 7 && strncmp(text, "swapped", size) == 0) || (size == 6 && strncmp(text, "resets", size) == 0);
}

// A register is several words, "input:10 u32 swapped". So is what else a profile names, up to an operation; elsewhere a
// field is one word.
static const char *end_of_field(const char *text, bool several_words)
{
    bool registers = is_register(text);
    const char *at = next_word(text);
    while (*at && (registers ? says_how_to_read(at) : several_words && !strchr("*+-", *at)))
        at = next_word(at);
    return at;
}

static int check_numbers(double one, double other, const char *text, struct fault *why)
{
    char shown[VALUE_SHOWN_MAX];
    if (fabs(one) <= number_max && fabs(other) <= number_max)
        return 0;
    return fault_set(why, -EINVAL, _("\"%s\" is out of range; expected %s"),
                     text_escape(text, strlen(text), shown, sizeof shown), _("numbers from -1e15 to 1e15"));
}

static int parse_map(const struct key *key, const char *text, struct settings_memory *memory, struct settings_map *map,
                     struct fault *why)
{
    char shown[VALUE_SHOWN_MAX];
    map->factor = 1;
    const char *end = end_of_field(text, strcmp(key->section, "device") == 0);
    map->field = copy_trimmed(memory, text, (size_t)(end - text));
    if (*text && !strchr("*+", *text) && parse_operations(end, memory, map))
        return check_numbers(map->factor, map->offset, text, why);
    return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"),
                     text_escape(text, strlen(text), shown, sizeof shown), value_expected(key));
}

static int parse_range(const struct key *key, const char *text, struct settings_range *range, struct fault *why)
{
    char shown[VALUE_SHOWN_MAX];
    const char *dots = strstr(text, "..");
    size_t low = dots ? (size_t)(dots - text) : 0;
    while (low && strchr(BLANKS, text[low - 1]))
        low--;
    const char *high = dots ? dots + 2 + strspn(dots + 2, BLANKS) : "";
    text_escape(text, strlen(text), shown, sizeof shown);
    if (!number_parse(text, low, &range->low) || !number_parse(high, strlen(high), &range->high))
        return fault_set(why, -EINVAL, _("\"%s\" cannot be read; expected %s"), shown, value_expected(key));
    if (range->low >= range->high)
        return fault_set(why, -EINVAL, _("\"%s\" holds nothing; expected the lower end first, %s"), shown,
                         value_expected(key));
    return check_numbers(range->low, range->high, text, why);
}

static const char *quantity_name(const char *suffix, struct settings_memory *memory)
{
    char name[ID_MAX + 1];
    size_t size = strlen(suffix);
    for (size_t i = 0; i <= size && i < sizeof name; i++)
        name[i] = (char)tolower((unsigned char)suffix[i]); // keys are case-insensitive
    return memory_text(memory, name, size);
}

// Fills the item that follows the list's last.
static int fill(const struct key *key, const char *name, const char *text, struct origin origin,
                struct settings_memory *memory, void *item, struct fault *why)
{
    if (key->type == TYPE_MAP) {
        struct settings_map *map = item;
        *map = (struct settings_map){.origin = origin, .quantity = name, .unit = ""};
        return parse_map(key, text, memory, map, why);
    }
    if (key->type == TYPE_RANGE) {
        struct settings_range *range = item;
        *range = (struct settings_range){.origin = origin, .quantity = name};
        return parse_range(key, text, range, why);
    }
    struct settings_extra *extra = item;
    *extra = (struct settings_extra){.origin = origin, .value = memory_text(memory, text, strlen(text))};
    extra->key = memory_printf(memory, "%s%s", key->name, name);
    return 0;
}

static size_t item_size(const struct key *key)
{
    if (key->type == TYPE_MAP)
        return sizeof(struct settings_map);
    return key->type == TYPE_RANGE ? sizeof(struct settings_range) : sizeof(struct settings_extra);
}

int prefixed_add(const struct key *key, const char *suffix, const char *text, struct origin origin,
                 struct settings_memory *memory, void *object, struct fault *why)
{
    char *place = (char *)object + key->offset;
    size_t *count = (size_t *)(void *)((char *)object + key->second_offset);
    void *list;
    memcpy(&list, place, sizeof list); // a list of any of the three types
    if (!text_is_id(suffix, strlen(suffix)))
        return fault_set(why, -EINVAL, _("the name after the point is wrong; expected 1 to 64 of a-z 0-9 _"));
    if (*count >= PREFIXED_MAX)
        return fault_set(why, -E2BIG, _("there are too many of these keys; expected at most %d"), PREFIXED_MAX);
    list = memory_grow(memory, list, *count, item_size(key));
    if (!list)
        return fault_set(why, -ENOMEM, _("out of memory"));
    memcpy(place, &list, sizeof list);
    void *item = (char *)list + *count * item_size(key);
    int error = fill(key, quantity_name(suffix, memory), text, origin, memory, item, why);
    if (!error)
        (*count)++;
    return error;
}
