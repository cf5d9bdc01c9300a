// SPDX-License-Identifier: Apache-2.0
#include "cli/verb.h"

#include "base/messages.h"
#include "base/text.h"
#include "complain.h"
#include "table.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char of_configuration[] = N_("  -c FILE        the configuration (default: /etc/citygw/citygw.ini)\n");
static const char of_language[] = N_("  -c FILE        the configuration, for its language\n");
static const char of_gateway[] = N_("  -c FILE        the configuration, which names the gateway's socket\n"
                                    "                 (default: /etc/citygw/citygw.ini)\n"
                                    "  --socket PATH  the gateway's socket\n"
                                    "  --json         the answer as JSON, for programs\n");
static const char of_adoption[] = N_(
    "  -c FILE        the configuration, which names the gateway's socket\n"
    "                 (default: /etc/citygw/citygw.ini)\n"
    "  --socket PATH  the gateway's socket\n"
    "The section is printed: citygw adopt ADDRESS >> sensors.ini, then edit it, check it and restart the gateway.\n");
static const char of_simulation[] = N_("  -c FILE        the gateway's configuration: its sensors are played\n"
                                       "  --rate N/s     readings per second, of all sensors together\n"
                                       "  --count N      ends after so many readings\n"
                                       "  --seconds N    ends after so long\n"
                                       "  --cbor, --json, --mixed  what is sent\n"
                                       "  --clients N    how many CoAP clients share the sensors\n"
                                       "  --quiet        prints nothing while it runs\n");

static const char of_replay[] =
    N_("  --from TIME    readings with a time from then on, such as 2026-11-22T03:00:00+09:00\n"
       "  --to TIME      and before then\n"
       "  --sensor ID    of this sensor alone; also of a zone, zone/ID, or an alert, alert/KIND/ID\n"
       "  --outlet NAME  by this outlet alone\n"
       "  -c FILE        the configuration, which names the gateway's socket\n"
       "                 (default: /etc/citygw/citygw.ini)\n"
       "  --socket PATH  the gateway's socket\n"
       "  --json         the answer as JSON, for programs\n");
static const char of_report[] = N_("  --day DAY      such as 2026-11-24 (default: the last day that ended)\n"
                                   "  -c FILE        the configuration, which names the gateway's socket\n"
                                   "                 (default: /etc/citygw/citygw.ini)\n"
                                   "  --socket PATH  the gateway's socket\n"
                                   "  --json         the answer as JSON, for programs\n");
static const char of_export[] =
    N_("  --from TIME    readings with a time from then on, such as 2026-11-22T03:00:00+09:00\n"
       "  --to TIME      and before then\n"
       "  --sensor ID    of this sensor alone; also of a zone, zone/ID, or an alert, alert/KIND/ID\n"
       "  --outlet NAME  only what this outlet has not delivered yet\n"
       "  -c FILE        the configuration, which names the gateway's socket\n"
       "                 (default: /etc/citygw/citygw.ini)\n"
       "  --socket PATH  the gateway's socket\n");

static const char of_import[] =
    N_("  -c FILE        the configuration, which names the broker (default: /etc/citygw/citygw.ini)\n"
       "  --outlet NAME  the [mqtt] outlet whose broker it is (default: the first)\n"
       "  --url URL      another broker, such as mqtts://broker.example\n"
       "  --username NAME, --password-file FILE, --ca-file FILE  for that broker\n");
static const char of_verify[] =
    N_("  FILE           lines of topic and payload, as by mosquitto_sub -F '%t %p'; - reads stdin.\n"
       "                 Without FILE: listens to the broker\n"
       "  -c FILE        the configuration, which names the broker (default: /etc/citygw/citygw.ini)\n"
       "  --outlet NAME  the [mqtt] outlet whose broker it is (default: the first)\n"
       "  --url URL      another broker, such as mqtts://broker.example\n"
       "  --username NAME, --password-file FILE, --ca-file FILE  for that broker\n"
       "  --tree TREE    only what lies below, such as citygw/v1/271004/umeda-01\n"
       "  --seconds N    ends after so long\n"
       "  --until-idle N  ends when nothing came for so many seconds\n"
       "  --json         the result as JSON, for programs\n"
       "Ends with 0 when all is complete, with 1 when not.\n");

static const char of_sniff[] =
    N_("  PORT           a path such as /dev/ttyUSB0, or NAME of a section [serial:NAME]\n"
       "  -c FILE        the configuration with that section (default: /etc/citygw/citygw.ini)\n"
       "  --baud N       only this rate, or several: 9600,19200 (default: the usual ones)\n"
       "  --parity WORD  only this parity: none, even or odd\n"
       "  --seconds N    the whole time (default: 45); with --baud and --parity it is used up\n"
       "  --hex          shows the bytes that came\n"
       "  --json         the result as JSON, for programs\n"
       "Nothing is written to the port. Ends with 0 when a codec fits, with 1 when not.\n");
static const char of_modbus_scan[] =
    N_("  PORT           a path such as /dev/ttyUSB0, or NAME of a section [modbus:NAME] or [serial:NAME]\n"
       "  -c FILE        the configuration with that section (default: /etc/citygw/citygw.ini)\n"
       "  --from N, --to N  the unit ids that are asked (default: 1 to 247)\n"
       "  --baud N       the rate, or several: 9600,19200 (default: the section's, or 9600)\n"
       "  --parity WORD  none, even or odd;  --stop-bits N  1 or 2\n"
       "  --timeout TIME  how long a unit may think (default: 100 ms)\n"
       "  --json         the result as JSON, for programs\n"
       "It reads and cannot write. Ends with 0 when units answer and nothing is wrong, with 1 when not.\n");

static const char of_bumps[] =
    N_("  FILE           a recorded drive as CSV; - reads stdin. Its header names the columns:\n"
       "                 time_s,ax,ay,az and, where known, latitude,longitude,speed_mps\n"
       "  --set KEY=VALUE  a setting of the detector, such as zpeak=\"4 m/s2\"; more than one may be given\n"
       "  -c FILE --sensor ID  the settings of that sensor; without -c: of /etc/citygw/citygw.ini\n"
       "`citygw keys sensor` lists the settings. Events go to stdout, a line of JSON each.\n"
       "Ends with 0 when every line could be used, with 1 when not.\n");
static const char of_provision[] =
    N_("  -c FILE        the configuration (default: /etc/citygw/citygw.ini)\n"
       "  --outlet NAME  the [mqtt] outlet with format = iota-json (default: the first)\n"
       "  --agent URL    the agent's own API (default: http://localhost:4041)\n"
       "  --service NAME, --service-path PATH  what the agent calls fiware-service and fiware-servicepath\n"
       "                 (default: citygw and /)\n"
       "  --json         the bodies alone, for programs: members services and devices\n"
       "Nothing is sent. What is printed can be given to a shell: citygw provision | sh\n");

const struct verb verbs[] = {
    {"check", N_("[FILE]"), N_("shows every error and warning of the configuration"), verb_check, of_configuration},
    {"keys", N_("[SECTION]"), N_("lists the configuration's keys with type, default, range and help; `keys quantities`: what can be measured"), verb_keys,
     of_language},
    {"status", N_("[OPTIONS]"), N_("shows on one screen how the running gateway is doing"), verb_status, of_gateway},
    {"sensors", N_("[OPTIONS]"), N_("lists the running gateway's sensors with their last values"), verb_sensors,
     of_gateway},
    {"unknown", N_("[OPTIONS]"), N_("lists senders that report and are in no section"), verb_unknown, of_gateway},
    {"adopt", N_("ADDRESS [OPTIONS]"), N_("writes a section for such a sender, to be filled in"), verb_adopt,
     of_adoption},
    {"replay", N_("--from TIME --to TIME [OPTIONS]"), N_("has kept readings of a range of times sent again"),
     verb_replay, of_replay},
    {"report", N_("[--day DAY] [OPTIONS]"), N_("shows a day's account: stored, delivered, lost and refused by sensor"),
     verb_report, of_report},
    {"export", N_("FILE [OPTIONS]"), N_("writes kept readings to a file, to carry them away on a USB stick"),
     verb_export, of_export},
    {"import", N_("FILE [OPTIONS]"), N_("sends the readings of an exported file to a broker"), verb_import, of_import},
    {"verify", N_("[FILE] [OPTIONS]"), N_("proves that nothing is missing among the readings at a broker"), verb_verify,
     of_verify},
    {"simulate", N_("-c FILE [OPTIONS]"), N_("makes virtual sensors that send readings to a gateway"), verb_simulate,
     of_simulation},
    {"sniff", N_("PORT [OPTIONS]"), N_("listens to a serial port and tells which device it is, at which rate"),
     verb_sniff, of_sniff},
    {"modbus-scan", N_("PORT [OPTIONS]"), N_("asks which units are on a Modbus bus, and what is wrong with it"),
     verb_modbus_scan, of_modbus_scan},
    {"bumps", N_("FILE [OPTIONS]"), N_("finds the bumps in a recorded drive"), verb_bumps, of_bumps},
    {"provision", N_("[OPTIONS]"), N_("prints what an IoT agent must be told before it takes readings"), verb_provision,
     of_provision},
    {NULL, NULL, NULL, NULL, NULL},
};

enum { VERB_COUNT = sizeof verbs / sizeof *verbs - 1 };

const struct verb *verb_find(const char *name)
{
    for (const struct verb *verb = verbs; verb->name; verb++)
        if (strcmp(verb->name, name) == 0)
            return verb;
    return NULL;
}

void verb_print_help(const struct verb *verb)
{
    printf(_("Usage: citygw %s %s\n"), verb->name, _(verb->usage));
    printf("\n%s\n", _(verb->help));
    if (verb->options)
        printf("\n%s", _(verb->options));
}

static void print_usage(FILE *to)
{
    fprintf(to, "%s", _("Usage: citygw VERB ...\n"));
    struct table table;
    table_init(&table, 2, 0);
    for (const struct verb *verb = verbs; verb->name; verb++) {
        table_cell(&table, verb->name);
        table_cell(&table, _(verb->help));
    }
    table_print(&table, to, 2);
    table_finish(&table);
    fprintf(to, "%s", _("More about one of them: citygw help VERB\n"));
}

static int complain_of_verb(const char *name)
{
    const char *names[VERB_COUNT];
    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i].name;
    const char *nearest = text_nearest(name, names, VERB_COUNT);
    char shown[100];
    text_escape(name, strlen(name), shown, sizeof shown);
    if (nearest)
        complain(_("there is no verb \"%s\"; did you mean \"%s\"?"), shown, nearest);
    else
        complain(_("there is no verb \"%s\""), shown);
    print_usage(stderr);
    return VERB_USAGE;
}

static int help(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stdout);
        return VERB_FINE;
    }
    const struct verb *verb = verb_find(argv[1]);
    if (!verb)
        return complain_of_verb(argv[1]);
    verb_print_help(verb);
    return VERB_FINE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return VERB_USAGE;
    }
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0) {
        printf("citygw %s\n", CITYGW_VERSION);
        return VERB_FINE;
    }
    const struct verb *verb = verb_find(argv[1]);
    if (!verb)
        return complain_of_verb(argv[1]);
    if (argc > 2 && is_help(argv[2])) {
        verb_print_help(verb);
        return VERB_FINE;
    }
    return verb->run(argc - 1, argv + 1);
}

// What stays in a buffer has not been shown to anybody.
static int finish_output(int result)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed)
        return result;
    complain("%s", _("the output could not be written whole; is it closed, or its disk full?"));
    return result == VERB_FINE ? VERB_PROBLEM : result;
}

int cli_run(int argc, char **argv)
{
    return finish_output(run(argc, argv));
}
