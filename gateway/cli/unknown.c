// SPDX-License-Identifier: Apache-2.0
#include "unknown.h"

#include "ask.h"
#include "base/messages.h"
#include "base/text.h"
#include "cli/verb.h"
#include "complain.h"
#include "display.h"
#include "options.h"
#include "table.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VALUE_MAX = 200, LINE_MAX_BYTES = 1024, NAMES_MAX = 64 };

// "3.6 V", or the bytes that nothing decodes. Escaped: a stranger chose it.
static void value_cell(const json_t *value, char *ret_text, size_t size)
{
    char shown[VALUE_MAX], all[2 * VALUE_MAX];
    const char *hex = text_at(value, "hex"), *unit = text_at(value, "unit");
    value_shown(json_object_get(value, "value"), shown, sizeof shown);
    snprintf(all, sizeof all, "%s%s%s", *hex ? hex : shown, *unit ? " " : "", unit);
    text_escape(all, strlen(all), ret_text, size);
}

// "occupied=yes battery=3.6 V"
static void values_line(const json_t *values, char *ret_text, size_t size)
{
    char shown[VALUE_MAX], field[VALUE_MAX];
    size_t index, used = 0;
    json_t *value;
    ret_text[0] = '\0';
    json_array_foreach(values, index, value)
    {
        const char *name = text_at(value, "field");
        value_cell(value, shown, sizeof shown);
        text_escape(name, strlen(name), field, sizeof field);
        if (used < size)
            used += (size_t)snprintf(ret_text + used, size - used, "%s%s%s%s", index ? " " : "", field,
                                     *field ? "=" : "", shown);
    }
}

static void sender_row(struct table *table, const json_t *sender)
{
    char time[DISPLAY_SIZE], values[LINE_MAX_BYTES];
    table_cell(table, text_at(sender, "address"));
    table_cell(table, text_at(sender, "source"));
    table_cell(table, text_at(sender, "identity"));
    table_cell(table, display_word(text_at(sender, "kind")));
    table_cell(table, display_time(text_at(sender, "first_seen"), time));
    table_cell(table, display_time(text_at(sender, "last_seen"), time));
    table_cellf(table, "%.0f", number_at(sender, "packs"));
    values_line(json_object_get(sender, "values"), values, sizeof values);
    table_cell(table, values);
}

void unknown_print(const json_t *document, FILE *to)
{
    static const char *const heads[] = {N_("SENDER"),     N_("SOURCE"),    N_("IDENTITY"), N_("KIND?"),
                                        N_("FIRST SEEN"), N_("LAST SEEN"), N_("TIMES"),    N_("LAST VALUES")};
    struct table table;
    size_t index;
    json_t *sender;
    const json_t *list = json_object_get(document, "senders");
    if (json_array_size(list) == 0) {
        fprintf(to, "%s\n", _("Nobody reported who is in no section."));
        return;
    }
    table_init(&table, sizeof heads / sizeof *heads, 1 << 6);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        table_cell(&table, _(heads[i]));
    json_array_foreach(list, index, sender)
    {
        sender_row(&table, sender);
    }
    table_print(&table, to, 0);
    table_finish(&table);
    fprintf(to, "%s\n", _("citygw adopt ADDRESS writes a section for one."));
}

static void print_key(FILE *to, const char *key, const char *text)
{
    char shown[LINE_MAX_BYTES];
    fprintf(to, "%s = %s\n", key, text_escape(text, strlen(text), shown, sizeof shown));
}

// Values that its kind would not take as they are, and bytes that want a codec.
static void print_maps(const json_t *values, FILE *to)
{
    char shown[VALUE_MAX], field[VALUE_MAX];
    size_t index;
    json_t *value;
    json_array_foreach(values, index, value)
    {
        const char *name = text_at(value, "field");
        value_cell(value, shown, sizeof shown);
        if (*text_at(value, "hex") && !*name)
            fprintf(to, _("; codec =              ; for its bytes %s; see citygw keys sensor\n"), shown);
        else if (*name && !json_is_true(json_object_get(value, "fits")))
            fprintf(to, _("; map.QUANTITY = %s    ; last %s; see citygw keys sensor\n"),
                    text_escape(name, strlen(name), field, sizeof field), shown);
    }
}

void unknown_print_section(const json_t *sender, FILE *to)
{
    char first[DISPLAY_SIZE], last[DISPLAY_SIZE], values[LINE_MAX_BYTES];
    const char *id = text_at(sender, "id"), *address = text_at(sender, "address");
    values_line(json_object_get(sender, "values"), values, sizeof values);
    fprintf(to, "\n"); // the file that it is appended to may end without one
    fprintf(to, _("; Reported %.0f times, first %s, last %s: %s\n"), number_at(sender, "packs"),
            display_time(text_at(sender, "first_seen"), first), display_time(text_at(sender, "last_seen"), last),
            values);
    fprintf(to, "[sensor:%s]\n", id);
    fprintf(to, _("kind = %s            ; a guess; parking, bump, crowd, traffic, environment or generic\n"),
            text_at(sender, "kind"));
    print_key(to, "source", text_at(sender, "source"));
    if (strcmp(id, address) != 0)
        print_key(to, "address", address);
    if (*text_at(sender, "identity"))
        print_key(to, "psk_identity", text_at(sender, "identity"));
    fprintf(to, "%s",
            _("; name =               ; what people call it\n"
              "; zone =               ; the lot or place that it belongs to\n"
              "; latitude =           ; degrees, such as 34.702500\n"
              "; longitude =          ; degrees, such as 135.495900\n"
              "; stale_after = 30 min ; silence after which it counts as failed\n"));
    print_maps(json_object_get(sender, "values"), to);
}

int verb_unknown(int argc, char **argv)
{
    struct options options;
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_SOCKET | OPTION_JSON, &options, &result))
        return result;
    json_t *document = ask_gateway(&options, "/api/v1/unknown");
    if (!document)
        return VERB_PROBLEM;
    if (!options.json)
        unknown_print(document, stdout);
    json_decref(document);
    return VERB_FINE;
}

// Of several with one address, one that proved who it is, then the last.
static const json_t *find_sender(const json_t *list, const char *address)
{
    const json_t *found = NULL;
    size_t index;
    json_t *sender;
    json_array_foreach(list, index, sender)
    {
        if (strcmp(text_at(sender, "address"), address) == 0 && (!found || !*text_at(found, "identity")))
            found = sender;
    }
    return found;
}

static void complain_of_address(const json_t *list, const char *address)
{
    const char *names[NAMES_MAX];
    char shown[VALUE_MAX], other[VALUE_MAX];
    size_t count = 0;
    while (count < json_array_size(list) && count < NAMES_MAX) {
        names[count] = text_at(json_array_get(list, count), "address");
        count++;
    }
    const char *nearest = text_nearest(address, names, count);
    text_escape(address, strlen(address), shown, sizeof shown);
    if (nearest)
        complain(_("nobody with the address \"%s\" reported; did you mean \"%s\"?"), shown,
                 text_escape(nearest, strlen(nearest), other, sizeof other));
    else
        complain(_("nobody with the address \"%s\" reported; citygw unknown lists who did"), shown);
}

// What goes into a file is ASCII, since nobody knows the file's encoding: to one in Shift_JIS, UTF-8 must not be appended.
static void print_section(const json_t *sender)
{
    char *text = NULL;
    size_t size = 0;
    bool to_file = !isatty(STDOUT_FILENO);
    if (to_file && setenv("LC_ALL", "en_US.UTF-8", 1) == 0)
        messages_use(NULL);
    FILE *section = open_memstream(&text, &size);
    if (!section)
        return;
    unknown_print_section(sender, section);
    fclose(section);
    for (size_t i = 0; i < size; i++)
        putchar(to_file && (uint8_t)text[i] > 0x7e ? '?' : text[i]);
    free(text);
}

int verb_adopt(int argc, char **argv)
{
    struct options options;
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_SOCKET | OPTION_OPERAND, &options, &result))
        return result;
    if (!options.operand) {
        complain("%s", _("whose section? expected the ADDRESS of a sender that citygw unknown lists"));
        return VERB_USAGE;
    }
    json_t *document = ask_gateway(&options, "/api/v1/unknown");
    if (!document)
        return VERB_PROBLEM;
    const json_t *list = json_object_get(document, "senders"), *sender = find_sender(list, options.operand);
    if (sender)
        print_section(sender);
    else
        complain_of_address(list, options.operand);
    json_decref(document);
    return sender ? VERB_FINE : VERB_PROBLEM;
}
