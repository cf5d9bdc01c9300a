// SPDX-License-Identifier: Apache-2.0
#include "proof_show.h"

#include "base/json.h"
#include "base/messages.h"
#include "base/text.h"
#include "display.h"
#include "table.h"
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

// With more sensors, only those are shown that something is wrong with.
enum { ROWS_MAX = 50, GAPS_MAX = 20, CHUNK = 64 * 1024, SHOWN_SIZE = 120 };

static const char *const heads[] = {N_("GATEWAY"), N_("ID"),        N_("EPOCH"),    N_("NUMBERS"),  N_("READINGS"),
                                    N_("MISSING"), N_("IN LEDGER"), N_("REPEATED"), N_("DISORDER"), N_("CHANGED")};

static const char *gateway_of(const struct proof_sensor *sensor)
{
    const char *slash = strrchr(sensor->tree, '/');
    return slash ? slash + 1 : sensor->tree;
}

static void add_row(struct table *table, const struct proof_sensor *sensor)
{
    const uint64_t counts[] = {sensor->readings,   sensor->missing,  sensor->explained,
                               sensor->duplicates, sensor->disorder, sensor->changed};
    table_cell(table, gateway_of(sensor));
    table_cell(table, sensor->sensor);
    table_cell(table, sensor->epoch);
    table_cellf(table, "%" PRIu64 "-%" PRIu64, proof_first(sensor), proof_last(sensor));
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        table_cellf(table, "%" PRIu64, counts[i]);
}

static void print_table(const struct proof *proof)
{
    struct table table;
    size_t count = proof_sensor_count(proof), rows = 0;
    table_init(&table, sizeof heads / sizeof *heads, 0x3f0);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        table_cell(&table, _(heads[i]));
    for (size_t i = 0; i < count && rows < ROWS_MAX; i++) {
        const struct proof_sensor *sensor = proof_sensor(proof, i);
        if (count > ROWS_MAX && proof_sensor_complete(sensor))
            continue;
        add_row(&table, sensor);
        rows++;
    }
    if (rows)
        table_print(&table, stdout, 0);
    if (rows < count)
        printf(_("%zu sensors, zones and alerts in all; only those with something wrong are shown, and at most %d\n"),
               count, (int)ROWS_MAX);
    table_finish(&table);
}

// What came over the network reaches a terminal only so.
static const char *escape(const char *text, char ret_text[SHOWN_SIZE])
{
    return text_escape(text, strlen(text), ret_text, SHOWN_SIZE);
}

static void print_gap(const struct proof_gap *gap, void *context)
{
    size_t *count = context;
    if (++*count > GAPS_MAX)
        return;
    char gateway[SHOWN_SIZE], sensor[SHOWN_SIZE], reason[SHOWN_SIZE];
    const char *word = gap->reason ? display_word(gap->reason) : "-";
    printf(_("%s %s: missing %llu-%llu"), escape(gateway_of(gap->sensor), gateway), escape(gap->sensor->sensor, sensor),
           (unsigned long long)gap->first, (unsigned long long)gap->last);
    if (gap->explained)
        printf(_(", %llu of them in the ledger (%s)"), (unsigned long long)gap->explained, escape(word, reason));
    putchar('\n');
}

static void print_gaps(const struct proof *proof)
{
    size_t count = 0;
    for (size_t i = 0; i < proof_sensor_count(proof); i++)
        proof_gaps(proof, proof_sensor(proof, i), print_gap, &count);
    if (count > GAPS_MAX)
        printf(_("and %zu more gaps\n"), count - GAPS_MAX);
}

// What speaks against completeness, or should be known besides.
static const struct remark {
    size_t offset;
    const char *text;
} remarks[] = {
    {offsetof(struct proof_totals, changed), N_("readings that came again with another content")},
    {offsetof(struct proof_totals, disorder), N_("live readings that came after a later one")},
    {offsetof(struct proof_totals, unreadable), N_("messages that could not be read")},
    {offsetof(struct proof_totals, untracked), N_("readings not looked at, for want of room")},
    {offsetof(struct proof_totals, dropped), N_("messages that came faster than they could be looked at")},
    {offsetof(struct proof_totals, interrupted), N_("connections lost, and the broker kept nothing for us meanwhile")},
    {offsetof(struct proof_totals, blurred), N_("readings missing, but too scattered to list")},
    {offsetof(struct proof_totals, uncompared), N_("readings repeated so late that their content was not compared")},
    {offsetof(struct proof_totals, ledger_more),
     N_("entries of the ledger that its message has no room for (see /api/v1/loss)")},
};

static uint64_t total(const struct proof_totals *totals, size_t offset)
{
    return *(const uint64_t *)((const char *)totals + offset);
}

static void print_verdict(const struct proof *proof, const struct proof_totals *totals)
{
    for (size_t i = 0; i < sizeof remarks / sizeof *remarks; i++)
        if (total(totals, remarks[i].offset))
            printf("%s: %" PRIu64 "\n", _(remarks[i].text), total(totals, remarks[i].offset));
    printf(
        _("%llu readings of %zu sensors, zones and alerts; missing %llu, of them in the ledger %llu; repeated %llu\n"),
        (unsigned long long)totals->readings, proof_sensor_count(proof), (unsigned long long)totals->missing,
        (unsigned long long)totals->explained, (unsigned long long)totals->duplicates);
    printf("%s\n", !proof_complete(totals)
                       ? (totals->readings ? _("NOT complete") : _("nothing came, so nothing is proved"))
                   : totals->missing ? _("complete but for what the ledger accounts for")
                                     : _("complete"));
}

void proof_print(const struct proof *proof, const struct proof_totals *totals)
{
    print_table(proof);
    print_gaps(proof);
    print_verdict(proof, totals);
}

/* For programs. */

struct printer {
    struct bytes bytes;
    struct json json;
};

// What has been written goes out, so that no more than a chunk is held.
static void drain(struct printer *printer, size_t least)
{
    if (printer->bytes.used < least)
        return;
    fwrite(printer->bytes.data, 1, printer->bytes.used, stdout);
    bytes_clear(&printer->bytes);
}

static void print_json_gap(const struct proof_gap *gap, void *context)
{
    struct printer *printer = context;
    struct json *json = &printer->json;
    json_object_begin(json);
    json_key_unsigned(json, "first_seq", gap->first);
    json_key_unsigned(json, "last_seq", gap->last);
    json_key_unsigned(json, "explained", gap->explained);
    json_key_text(json, "reason", gap->reason);
    json_object_end(json);
    drain(printer, CHUNK);
}

static const struct figure {
    const char *key;
    size_t offset;
} sensor_figures[] =
    {
        {"readings", offsetof(struct proof_sensor, readings)},
        {"missing", offsetof(struct proof_sensor, missing)},
        {"explained", offsetof(struct proof_sensor, explained)},
        {"duplicates", offsetof(struct proof_sensor, duplicates)},
        {"changed", offsetof(struct proof_sensor, changed)},
        {"disorder", offsetof(struct proof_sensor, disorder)},
        {"backlog", offsetof(struct proof_sensor, backlog)},
        {"replayed", offsetof(struct proof_sensor, replayed)},
},
  total_figures[] = {
      {"messages", offsetof(struct proof_totals, messages)},
      {"readings", offsetof(struct proof_totals, readings)},
      {"missing", offsetof(struct proof_totals, missing)},
      {"explained", offsetof(struct proof_totals, explained)},
      {"duplicates", offsetof(struct proof_totals, duplicates)},
      {"changed", offsetof(struct proof_totals, changed)},
      {"disorder", offsetof(struct proof_totals, disorder)},
      {"retained", offsetof(struct proof_totals, retained)},
      {"other", offsetof(struct proof_totals, other)},
      {"unreadable", offsetof(struct proof_totals, unreadable)},
      {"untracked", offsetof(struct proof_totals, untracked)},
      {"uncompared", offsetof(struct proof_totals, uncompared)},
      {"ledger_more", offsetof(struct proof_totals, ledger_more)},
      {"unlisted", offsetof(struct proof_totals, blurred)},
      {"dropped", offsetof(struct proof_totals, dropped)},
      {"interrupted", offsetof(struct proof_totals, interrupted)},
};

static void write_figures(struct json *json, const struct figure *figures, size_t count, const void *of)
{
    for (size_t i = 0; i < count; i++)
        json_key_unsigned(json, figures[i].key, *(const uint64_t *)((const char *)of + figures[i].offset));
}

static void print_json_sensor(const struct proof *proof, const struct proof_sensor *sensor, struct printer *printer)
{
    struct json *json = &printer->json;
    json_object_begin(json);
    json_key_text(json, "tree", sensor->tree);
    json_key_text(json, "sensor", sensor->sensor);
    json_key_text(json, "epoch", sensor->epoch);
    json_key_bool(json, "complete", proof_sensor_complete(sensor));
    json_key_unsigned(json, "first_seq", proof_first(sensor));
    json_key_unsigned(json, "last_seq", proof_last(sensor));
    write_figures(json, sensor_figures, sizeof sensor_figures / sizeof *sensor_figures, sensor);
    json_key(json, "gaps");
    json_array_begin(json);
    proof_gaps(proof, sensor, print_json_gap, printer);
    json_array_end(json);
    json_object_end(json);
    drain(printer, CHUNK);
}

void proof_print_json(const struct proof *proof, const struct proof_totals *totals)
{
    struct printer printer;
    struct json *json = &printer.json;
    bytes_init(&printer.bytes, 2 * CHUNK);
    json_begin(json, &printer.bytes);
    json_object_begin(json);
    json_key_bool(json, "complete", proof_complete(totals));
    json_key(json, "totals");
    json_object_begin(json);
    write_figures(json, total_figures, sizeof total_figures / sizeof *total_figures, totals);
    json_object_end(json);
    json_key(json, "sensors");
    json_array_begin(json);
    for (size_t i = 0; i < proof_sensor_count(proof); i++)
        print_json_sensor(proof, proof_sensor(proof, i), &printer);
    json_array_end(json);
    json_object_end(json);
    bytes_char(&printer.bytes, '\n');
    drain(&printer, 0);
    bytes_finish(&printer.bytes);
}
