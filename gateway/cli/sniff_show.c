// SPDX-License-Identifier: Apache-2.0
#include "sniff_show.h"

#include "base/json.h"
#include "base/messages.h"
#include "base/text.h"
#include "display.h"
#include "table.h"
#include <string.h>

enum { NOTE_MAX = 400, HEX_LINE = 16, HEX_UNKNOWN = 64, OUT_MAX = 1 << 20 };

static const char *codec_of(const struct sniff_trial *trial)
{
    return trial->findings.best ? trial->findings.best->codec->name : NULL;
}

static const struct sniff_trial *best_of(const struct sniff_result *result)
{
    return result->best ? &result->best->trial : NULL;
}

static void print_hex(const struct sniff_listened *listened, size_t most, FILE *to)
{
    size_t size = listened->kept_size < most ? listened->kept_size : most;
    for (size_t at = 0; at < size; at += HEX_LINE) {
        fprintf(to, "  %06zx ", at);
        for (size_t i = at; i < at + HEX_LINE; i++)
            i < size ? fprintf(to, " %02x", listened->kept[i]) : fprintf(to, "   ");
        fprintf(to, "  ");
        for (size_t i = at; i < at + HEX_LINE && i < size; i++)
            fputc(listened->kept[i] >= ' ' && listened->kept[i] <= '~' ? listened->kept[i] : '.', to);
        fputc('\n', to);
    }
}

// "4 (checksum 3, syntax 1)"
static void refused_cell(struct table *table, const struct sniff_codec *codec)
{
    char text[NOTE_MAX] = "";
    size_t used = 0, sum = 0;
    for (size_t i = 0; i < REFUSAL_COUNT; i++) {
        if (codec->refused[i] == 0 || used >= sizeof text)
            continue;
        sum += codec->refused[i];
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %zu", used ? ", " : "",
                                 display_word(refusal_name((enum refusal)i)), codec->refused[i]);
    }
    if (used)
        table_cellf(table, "%zu (%s)", sum, text);
    else
        table_cell(table, "0");
}

static void print_heads(struct table *table, const char *const heads[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        table_cell(table, _(heads[i]));
}

// Those that found a frame.
static void print_codecs(const struct sniff_findings *findings, FILE *to)
{
    static const char *const heads[] = {N_("CODEC"),   N_("FRAMES"),      N_("READINGS"),
                                        N_("REFUSED"), N_("PASSED OVER"), N_("OF ALL BYTES")};
    struct table table;
    size_t rows = 0;
    table_init(&table, sizeof heads / sizeof *heads, 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5);
    print_heads(&table, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < findings->codec_count; i++) {
        const struct sniff_codec *codec = &findings->codecs[i];
        if (codec->frames == 0)
            continue;
        rows++;
        table_cellf(&table, "%s%s", codec->codec->name, codec == findings->best ? " *" : "");
        table_cellf(&table, "%zu", codec->frames);
        table_cellf(&table, "%zu", codec->readings);
        refused_cell(&table, codec);
        table_cellf(&table, "%zu B", codec->passed_bytes);
        table_cellf(&table, "%.0f %%", 100 * codec->covered);
    }
    if (rows)
        table_print(&table, to, 2);
    table_finish(&table);
}

static void errors_cell(struct table *table, const struct sniff_errors *errors)
{
    if (errors->known)
        table_cellf(table, "%zu / %zu", errors->framing, errors->parity);
    else
        table_cell(table, "-");
}

// Those where anything came.
static void print_trials(const struct sniff_result *result, FILE *to)
{
    static const char *const heads[] = {N_("BAUD"), N_("PARITY"), N_("BYTES"), N_("TEXT"), N_("FRAMING/PARITY ERRORS"),
                                        N_("CODEC")};
    struct table table;
    table_init(&table, sizeof heads / sizeof *heads, 1 | 1 << 2 | 1 << 3);
    print_heads(&table, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < result->count; i++) {
        const struct sniff_trial *trial = &result->list[i].trial;
        if (trial->findings.bytes == 0)
            continue;
        table_cellf(&table, "%lld", (long long)trial->baud);
        table_cell(&table, parity_name(trial->parity));
        table_cellf(&table, "%zu", trial->findings.bytes);
        table_cellf(&table, "%.0f %%", 100 * trial->findings.printable);
        errors_cell(&table, &trial->errors);
        table_cell(&table, codec_of(trial) ? codec_of(trial) : "");
    }
    table_print(&table, to, 2);
    table_finish(&table);
}

static void print_silence(FILE *to)
{
    fprintf(to, "%s",
            _("Nothing came at any rate. Check:\n"
              "  - TX and RX swapped? the device's TX goes to our RX\n"
              "  - a common ground, and RS-232, RS-485 or 3.3 V as the device wants it\n"
              "  - is the device powered, and switched to send by itself?\n"
              "  - it may send rarely: --baud N --seconds 300\n"
              "  - it may answer only when it is asked: citygw modbus-scan PORT\n"));
}

static void print_unknown(const struct sniff_result *result, FILE *to)
{
    const struct sniff_findings *findings = &best_of(result)->findings;
    fprintf(to, _("Bytes came, but no codec fits. Most like a device it looks at %lld baud, parity %s:\n"),
            (long long)best_of(result)->baud, parity_name(best_of(result)->parity));
    fprintf(to, _("  %zu bytes, of which %.0f %% are text\n"), findings->bytes, 100 * findings->printable);
    if (findings->frame_length)
        fprintf(to, _("  its frames are perhaps %zu bytes long: %.0f %% of the bytes come again after so many\n"),
                findings->frame_length, 100 * findings->frame_likeness);
    print_codecs(findings, to);
    fprintf(to, "%s\n", _("The first bytes:"));
    print_hex(result->best, result->hex ? SNIFF_KEPT_MAX : HEX_UNKNOWN, to);
    fprintf(to, "%s\n",
            _("Is it another rate (--baud N), a signal that is upside down (RS-232 at a 3.3 V input, A and B swapped), "
              "or a device that no codec knows?"));
}

static void print_known(const struct sniff_result *result, FILE *to)
{
    struct bytes ini;
    const struct sniff_trial *trial = best_of(result);
    fprintf(to, _("It is %s at %lld baud, parity %s (%s).\n"), codec_of(trial), (long long)trial->baud,
            parity_name(trial->parity), _(trial->findings.best->codec->description));
    if (!sniff_is_settled(trial))
        fprintf(to, "%s\n", _("Few frames came: that is a guess. Longer with --baud N --seconds N makes it sure."));
    print_codecs(&trial->findings, to);
    if (*trial->findings.sample)
        fprintf(to, _("Its last reading: %s\n"), trial->findings.sample);
    if (result->hex)
        print_hex(result->best, SNIFF_KEPT_MAX, to);
    bytes_init(&ini, OUT_MAX);
    sniff_paste(result->port, trial, &ini);
    fprintf(to, _("\nFor the configuration:\n\n%.*s"), (int)ini.used, (const char *)ini.data);
    bytes_finish(&ini);
}

void sniff_print(const struct sniff_result *result, FILE *to)
{
    char shown[PATH_MAX];
    fprintf(to, _("%s, listened to:\n"),
            text_escape(result->port->device, strlen(result->port->device), shown, sizeof shown));
    if (result->best) {
        print_trials(result, to);
        fputc('\n', to);
    }
    if (!result->best)
        print_silence(to);
    else if (codec_of(best_of(result)))
        print_known(result, to);
    else
        print_unknown(result, to);
}

static void json_codec(struct json *json, const struct sniff_codec *codec)
{
    json_object_begin(json);
    json_key_text(json, "codec", codec->codec->name);
    json_key_unsigned(json, "frames", codec->frames);
    json_key_unsigned(json, "readings", codec->readings);
    json_key_unsigned(json, "good_bytes", codec->good_bytes);
    json_key_unsigned(json, "passed_bytes", codec->passed_bytes);
    json_key_unsigned(json, "rest_bytes", codec->rest_bytes);
    json_key_number(json, "covered", codec->covered);
    json_key_number(json, "score", codec->score);
    json_key(json, "refused");
    json_object_begin(json);
    for (size_t i = 0; i < REFUSAL_COUNT; i++)
        if (codec->refused[i])
            json_key_unsigned(json, refusal_name((enum refusal)i), codec->refused[i]);
    json_object_end(json);
    json_object_end(json);
}

static void json_errors(struct json *json, const struct sniff_errors *errors)
{
    json_key(json, "errors");
    if (!errors->known) {
        json_null_value(json);
        return;
    }
    json_object_begin(json);
    json_key_unsigned(json, "framing", errors->framing);
    json_key_unsigned(json, "parity", errors->parity);
    json_key_unsigned(json, "overrun", errors->overrun);
    json_key_unsigned(json, "breaks", errors->breaks);
    json_object_end(json);
}

static void json_hex(struct json *json, const struct sniff_listened *listened)
{
    char text[2 * SNIFF_KEPT_MAX + 1] = "";
    for (size_t i = 0; i < listened->kept_size; i++)
        snprintf(text + 2 * i, 3, "%02x", listened->kept[i]);
    json_key_text(json, "hex", text);
}

static void json_trial(struct json *json, const struct sniff_listened *listened, bool hex)
{
    const struct sniff_trial *trial = &listened->trial;
    const struct sniff_findings *findings = &trial->findings;
    json_object_begin(json);
    json_key_signed(json, "baud", trial->baud);
    json_key_text(json, "parity", parity_name(trial->parity));
    json_key_text(json, "codec", codec_of(trial));
    json_key_unsigned(json, "bytes", findings->bytes);
    json_key_number(json, "printable", findings->printable);
    json_key_unsigned(json, "frame_length", findings->frame_length);
    if (*findings->sample)
        json_key_text(json, "sample", findings->sample);
    json_errors(json, &trial->errors);
    json_key(json, "codecs");
    json_array_begin(json);
    for (size_t i = 0; i < findings->codec_count; i++)
        json_codec(json, &findings->codecs[i]);
    json_array_end(json);
    if (hex)
        json_hex(json, listened);
    json_object_end(json);
}

static void json_best(struct json *json, const struct sniff_result *result)
{
    const struct sniff_trial *trial = best_of(result);
    json_key_text(json, "result", !trial ? "silent" : codec_of(trial) ? "codec" : "unknown");
    json_key_text(json, "codec", trial ? codec_of(trial) : NULL);
    if (!trial)
        return;
    json_key_signed(json, "baud", trial->baud);
    json_key_text(json, "parity", parity_name(trial->parity));
    json_key_bool(json, "sure", sniff_is_settled(trial));
    struct bytes ini;
    bytes_init(&ini, OUT_MAX);
    sniff_paste(result->port, trial, &ini);
    json_key(json, "ini");
    json_text_n(json, ini.data ? (const char *)ini.data : "", ini.used);
    bytes_finish(&ini);
}

void sniff_print_json(const struct sniff_result *result, FILE *to)
{
    struct bytes out;
    struct json json;
    bytes_init(&out, OUT_MAX);
    json_begin(&json, &out);
    json_object_begin(&json);
    json_key_text(&json, "device", result->port->device);
    json_key_text(&json, "lasting_name", result->port->lasting);
    json_best(&json, result);
    json_key(&json, "trials");
    json_array_begin(&json);
    for (size_t i = 0; i < result->count; i++)
        json_trial(&json, &result->list[i], result->hex);
    json_array_end(&json);
    json_object_end(&json);
    if (!out.overflow)
        fprintf(to, "%.*s\n", (int)out.used, (const char *)out.data);
    bytes_finish(&out);
}
