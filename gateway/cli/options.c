// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include "base/clock.h"
#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/verb.h"
#include "complain.h"
#include "reading/stream.h"
#include "settings/settings.h"
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SAY_OPERAND = 1, SAY_HELP = 'h', SAY_JSON = 'j', SAY_HEX = 'x', SAY_SET = 'k' };

// Options that take a text: what getopt calls them, and where they go.
static const struct text_option {
    int say;
    unsigned bit;
    size_t offset;
} text_options[] = {
    {SAY_OPERAND, OPTION_OPERAND, offsetof(struct options, operand)},
    {'c', OPTION_CONFIG, offsetof(struct options, config)},
    {'s', OPTION_SOCKET, offsetof(struct options, socket)},
    {'f', OPTION_FROM, offsetof(struct options, from)},
    {'t', OPTION_TO, offsetof(struct options, to)},
    {'e', OPTION_SENSOR, offsetof(struct options, sensor)},
    {'o', OPTION_OUTLET, offsetof(struct options, outlet)},
    {'d', OPTION_DAY, offsetof(struct options, day)},
    {'u', OPTION_BROKER, offsetof(struct options, url)},
    {'n', OPTION_BROKER, offsetof(struct options, username)},
    {'p', OPTION_BROKER, offsetof(struct options, password_file)},
    {'a', OPTION_BROKER, offsetof(struct options, ca_file)},
    {'r', OPTION_TREE, offsetof(struct options, tree)},
    {'S', OPTION_SECONDS, offsetof(struct options, seconds)},
    {'i', OPTION_UNTIL_IDLE, offsetof(struct options, until_idle)},
    {'b', OPTION_LINE, offsetof(struct options, baud)},
    {'P', OPTION_LINE, offsetof(struct options, parity)},
    {'B', OPTION_UNITS, offsetof(struct options, stop_bits)},
    {'T', OPTION_UNITS, offsetof(struct options, timeout)},
    {'A', OPTION_AGENT, offsetof(struct options, agent)},
    {'w', OPTION_AGENT, offsetof(struct options, service)},
    {'W', OPTION_AGENT, offsetof(struct options, service_path)},
};

static const struct option long_options[] = {
    {"help", no_argument, NULL, SAY_HELP},
    {"json", no_argument, NULL, SAY_JSON},
    {"socket", required_argument, NULL, 's'},
    {"from", required_argument, NULL, 'f'},
    {"to", required_argument, NULL, 't'},
    {"sensor", required_argument, NULL, 'e'},
    {"outlet", required_argument, NULL, 'o'},
    {"day", required_argument, NULL, 'd'},
    {"url", required_argument, NULL, 'u'},
    {"username", required_argument, NULL, 'n'},
    {"password-file", required_argument, NULL, 'p'},
    {"ca-file", required_argument, NULL, 'a'},
    {"tree", required_argument, NULL, 'r'},
    {"seconds", required_argument, NULL, 'S'},
    {"until-idle", required_argument, NULL, 'i'},
    {"baud", required_argument, NULL, 'b'},
    {"parity", required_argument, NULL, 'P'},
    {"stop-bits", required_argument, NULL, 'B'},
    {"timeout", required_argument, NULL, 'T'},
    {"agent", required_argument, NULL, 'A'},
    {"service", required_argument, NULL, 'w'},
    {"service-path", required_argument, NULL, 'W'},
    {"hex", no_argument, NULL, SAY_HEX},
    {"set", required_argument, NULL, SAY_SET},
    {NULL, 0, NULL, 0},
};

enum { SHOWN_SIZE = 100 };

// False when this verb does not know the option, or has its operand already.
static bool take(int option, unsigned takes, struct options *options)
{
    if (option == SAY_JSON) {
        options->json = true;
        return takes & OPTION_JSON;
    }
    if (option == SAY_HEX) {
        options->hex = true;
        return takes & OPTION_HEX;
    }
    if (option == SAY_SET) {
        if (options->set_count == OPTION_SETS_MAX)
            return false;
        options->sets[options->set_count++] = optarg;
        return takes & OPTION_SET;
    }
    for (size_t i = 0; i < sizeof text_options / sizeof *text_options; i++) {
        const struct text_option *known = &text_options[i];
        const char **text = (const char **)((char *)options + known->offset);
        if (known->say != option)
            continue;
        if (option == SAY_OPERAND && *text)
            return false;
        *text = optarg;
        return takes & known->bit;
    }
    return false;
}

// Says what is wrong with a word, and what was expected.
static bool complain_of_word(int option, const char *verb, const char *word)
{
    char text[SHOWN_SIZE];
    text_escape(word, strlen(word), text, sizeof text);
    if (option == SAY_OPERAND)
        complain(_("\"%s\" is too much"), text);
    else if (option == ':')
        complain(_("the option %s wants a value"), text);
    else
        complain(_("the option %s is not known here"), text);
    complain(_("expected: citygw %s %s"), verb, _(verb_find(verb)->usage));
    return false;
}

static bool is_time(const char *text)
{
    int64_t time_us;
    return utc_parse(text, &time_us) == 0;
}

static bool is_unit(const char *text)
{
    int64_t unit;
    return integer_parse(text, strlen(text), 1, 247, &unit);
}

static bool is_id(const char *text)
{
    return text_is_id(text, strlen(text));
}

// What can be told to be wrong before anybody is asked.
static bool check_values(const struct options *options, unsigned takes)
{
    bool units = takes & OPTION_UNITS, stored = takes & OPTION_SOCKET; // what the gateway keeps, not what is configured
    const struct {
        const char *option, *text;
        bool (*is_right)(const char *text);
        const char *expected;
    } checks[] = {
        {"--from", options->from, units ? is_unit : is_time, units ? "1" : "2026-11-22T03:00:00+09:00"},
        {"--to", options->to, units ? is_unit : is_time, units ? "247" : "2026-11-22T03:00:00+09:00"},
        {"--sensor", options->sensor, stored ? stream_is_name : is_id,
         stored ? "bay-0123, zone/umeda-lot" : "bay-0123"},
        {"--outlet", options->outlet, is_id, "mqtt"},
    };
    char shown[SHOWN_SIZE];
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const char *text = checks[i].text;
        if (!text || checks[i].is_right(text))
            continue;
        complain(_("\"%s\" does not fit %s; expected a value such as %s"),
                 text_escape(text, strlen(text), shown, sizeof shown), checks[i].option, checks[i].expected);
        return false;
    }
    return true;
}

bool options_read(int argc, char **argv, unsigned takes, struct options *ret_options, int *ret_exit)
{
    struct options options = {0};
    int option, at = 1; // the word that getopt looks at
    *ret_exit = VERB_USAGE;
    optind = 0; // begin anew, also for a second verb in one process
    opterr = 0;
    // '-': every word in its order, operands too; ':': a missing value is told apart.
    while ((option = getopt_long(argc, argv, "-:hc:", long_options, NULL)) != -1) {
        if (option == SAY_HELP) {
            verb_print_help(verb_find(argv[0]));
            *ret_exit = VERB_FINE;
            return false;
        }
        if (!take(option, takes, &options))
            return complain_of_word(option, argv[0], argv[at]);
        at = optind;
    }
    for (; optind < argc; optind++) { // after "--"
        optarg = argv[optind];
        if (!take(SAY_OPERAND, takes, &options))
            return complain_of_word(SAY_OPERAND, argv[0], optarg);
    }
    *ret_options = options;
    return check_values(&options, takes);
}

static void print_findings(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        fprintf(stderr, "%s\n", findings->list[i].text);
}

static void use_settings(const struct settings *settings)
{
    messages_use(settings->gateway.language);
    if (*settings->gateway.timezone)
        setenv("TZ", settings->gateway.timezone, 0);
    tzset();
}

void options_use_language(const char *config)
{
    struct findings findings = {0};
    struct settings *settings = NULL;
    if (settings_load(config, &findings, &settings) == 0)
        use_settings(settings);
    settings_destroy(settings);
    findings_finish(&findings);
}

char *options_settle(const struct options *options)
{
    const char *path = options->config ? options->config : CONFIG_DEFAULT;
    const char *socket = options->socket;
    struct findings findings = {0};
    struct settings *settings = NULL;
    char *chosen = NULL;
    int error = options->config || access(path, R_OK) == 0 ? settings_load(path, &findings, &settings) : 0;
    if (settings) {
        use_settings(settings);
        if (!socket && *settings->http.socket)
            socket = settings->http.socket;
    }
    if (error < 0 && options->config)
        print_findings(&findings);
    else
        chosen = strdup(socket ? socket : SOCKET_DEFAULT);
    settings_destroy(settings);
    findings_finish(&findings);
    return chosen;
}
