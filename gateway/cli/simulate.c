// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/verb.h"
#include "complain.h"
#include "drivers/driver.h"
#include "options.h"
#include "reading/sensors.h"
#include "simulate_play.h"
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { ANSWERS_WAIT_MS = 10000, ANSWERS_LOOK_MS = 20, RATE_MAX = 1000000, CLIENTS_MAX = 1000 };

struct simulate_options {
    const char *config;
    struct play_options play;
    double seconds; // 0: until a signal
    bool quiet;
};

struct simulation {
    struct simulate_options options;
    struct play *play;
    uv_loop_t loop;
    uv_timer_t end, look; // when to end; whether all answers are in
    uv_signal_t interrupt, terminate;
    uint64_t answers_until_ms;
    bool ending;
};

static bool parse_rate(const char *text, double *ret_rate)
{
    size_t size = strlen(text);
    if (size > 2 && strcmp(text + size - 2, "/s") == 0)
        size -= 2;
    return number_parse(text, size, ret_rate) && *ret_rate > 0 && *ret_rate <= RATE_MAX;
}

static bool parse_count(const char *text, int64_t max, uint64_t *ret_count)
{
    int64_t count;
    if (!integer_parse(text, strlen(text), 1, max, &count))
        return false;
    *ret_count = (uint64_t)count;
    return true;
}

static bool take_option(struct simulate_options *options, int option)
{
    uint64_t clients;
    switch (option) {
    case 'c':
        options->config = optarg;
        return true;
    case 'r':
        return parse_rate(optarg, &options->play.rate);
    case 'n':
        return parse_count(optarg, INT64_MAX, &options->play.count);
    case 's':
        return number_parse(optarg, strlen(optarg), &options->seconds) && options->seconds > 0 &&
               options->seconds < 1e9;
    case 'k':
        if (!parse_count(optarg, CLIENTS_MAX, &clients))
            return false;
        options->play.clients = (size_t)clients;
        return true;
    case 'j':
        options->play.json = true;
        return true;
    case 'b':
        options->play.cbor = true;
        return true;
    case 'm':
        options->play.json = options->play.cbor = true;
        return true;
    case 'q':
        options->quiet = true;
        return true;
    default:
        return false;
    }
}

static bool complain_of_usage(const char *verb, const char *word)
{
    char shown[100];
    if (word)
        complain(_("\"%s\" is not understood here"), text_escape(word, strlen(word), shown, sizeof shown));
    else
        complain(_("-c FILE is missing: the configuration of the gateway whose sensors are played"));
    complain(_("expected: citygw %s %s"), verb, _(verb_find(verb)->usage));
    return false;
}

static bool parse_options(int argc, char **argv, struct simulate_options *ret_options)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},  {"rate", required_argument, NULL, 'r'},
        {"count", required_argument, NULL, 'n'},   {"seconds", required_argument, NULL, 's'},
        {"clients", required_argument, NULL, 'k'}, {"json", no_argument, NULL, 'j'},
        {"cbor", no_argument, NULL, 'b'},          {"mixed", no_argument, NULL, 'm'},
        {"quiet", no_argument, NULL, 'q'},         {NULL, 0, NULL, 0},
    };
    int option, at = 1; // the word that getopt looks at
    optind = 0;         // begin anew
    opterr = 0;
    while ((option = getopt_long(argc, argv, "c:q", known, NULL)) != -1) {
        if (!take_option(ret_options, option))
            return complain_of_usage(argv[0], argv[at]);
        at = optind;
    }
    if (optind < argc || !ret_options->config)
        return complain_of_usage(argv[0], argv[optind]);
    if (!ret_options->play.json && !ret_options->play.cbor)
        ret_options->play.json = ret_options->play.cbor = true;
    return true;
}

// Sensors that the daemon would disable are not played; what stops it stops us.
static int load(const char *path, struct settings **ret_settings)
{
    struct findings findings = {0};
    struct settings *settings = NULL;
    struct sensors *sensors = NULL;
    messages_use(settings_language(path));
    int error = settings_load(path, &findings, &settings);
    if (error == 0) {
        drivers_check(settings, &findings);
        error = sensors_create(settings, &findings, &sensors);
        sensors_destroy(sensors);
    }
    if (findings.stops > 0 && error == 0)
        error = -EINVAL;
    for (size_t i = 0; error != 0 && i < findings.count; i++)
        if (findings.list[i].level == FINDING_STOPS)
            complain("%s", findings.list[i].text);
    findings_finish(&findings);
    if (error != 0)
        settings_destroy(settings);
    else
        *ret_settings = settings;
    return error;
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

// Nothing more is waited for: the figures are told, and the loop runs out.
static void look_for_answers(uv_timer_t *timer)
{
    struct simulation *simulation = timer->data;
    struct play_figures figures;
    play_figures(simulation->play, &figures);
    if (figures.waiting == 0 || uv_now(&simulation->loop) >= simulation->answers_until_ms)
        uv_stop(&simulation->loop);
}

static void end(struct simulation *simulation)
{
    if (simulation->ending)
        return;
    simulation->ending = true;
    play_end(simulation->play);
    simulation->answers_until_ms = uv_now(&simulation->loop) + ANSWERS_WAIT_MS;
    uv_timer_start(&simulation->look, look_for_answers, 0, ANSWERS_LOOK_MS);
}

static void on_time(uv_timer_t *timer)
{
    end(timer->data);
}

static void on_finished(void *context)
{
    end(context);
}

// The second signal does not wait for answers.
static void on_signal(uv_signal_t *handle, int number)
{
    struct simulation *simulation = handle->data;
    (void)number;
    if (simulation->ending)
        uv_stop(&simulation->loop);
    end(simulation);
}

static void on_refused(void *context, int code, const char *diagnostic)
{
    const struct simulation *simulation = context;
    if (!simulation->options.quiet)
        complain(_("refused with %d.%02d: %s"), code / 100, code % 100, diagnostic);
}

static void on_silent(void *context, const char *sensor, const char *reason)
{
    const struct simulation *simulation = context;
    if (!simulation->options.quiet)
        complain(_("%s is not played: %s"), sensor, reason);
}

static void announce(const struct simulation *simulation)
{
    struct play_figures figures;
    play_figures(simulation->play, &figures);
    if (!simulation->options.quiet)
        complain(_("playing %zu sensors over CoAP and %zu on %zu serial ports, %g readings/s; Ctrl-C ends"),
                 figures.coap_sensors, figures.serial_sensors + figures.modbus_sensors, figures.ports, figures.rate);
}

// " (4.04: 2, 5.03: 1)", or nothing.
static void tell_codes(const struct play_figures *figures, char *ret_text, size_t size)
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < figures->code_count && used + 1 < size; i++)
        used += (size_t)snprintf(ret_text + used, size - used, "%s%d.%02d: %zu", i == 0 ? " (" : ", ",
                                 figures->codes[i].code / 100, figures->codes[i].code % 100, figures->codes[i].count);
    if (used > 0 && used + 1 < size)
        snprintf(ret_text + used, size - used, ")");
}

static int summarise(const struct simulation *simulation)
{
    struct play_figures figures;
    char codes[400];
    play_figures(simulation->play, &figures);
    tell_codes(&figures, codes, sizeof codes);
    size_t unanswered = figures.posts - figures.acknowledged - figures.refused;
    printf(_("sent %zu, acknowledged %zu, refused %zu%s, unanswered %zu; serial lines %zu; skipped %zu"), figures.posts,
           figures.acknowledged, figures.refused, codes, unanswered, figures.lines, figures.skipped);
    if (figures.modbus_sensors)
        printf(_("; Modbus answers %zu"), figures.answers);
    putchar('\n');
    fflush(stdout);
    return figures.refused == 0 && unanswered == 0 ? VERB_FINE : VERB_PROBLEM;
}

static void begin_handles(struct simulation *simulation)
{
    uv_loop_t *loop = &simulation->loop;
    uv_timer_init(loop, &simulation->end);
    uv_timer_init(loop, &simulation->look);
    uv_signal_init(loop, &simulation->interrupt);
    uv_signal_init(loop, &simulation->terminate);
    simulation->end.data = simulation->look.data = simulation;
    simulation->interrupt.data = simulation->terminate.data = simulation;
    uv_signal_start(&simulation->interrupt, on_signal, SIGINT);
    uv_signal_start(&simulation->terminate, on_signal, SIGTERM);
}

static int run(struct simulation *simulation, const struct settings *settings)
{
    struct fault why;
    simulation->options.play.finished = on_finished;
    simulation->options.play.refused = on_refused;
    simulation->options.play.silent = on_silent;
    simulation->options.play.context = simulation;
    if (play_create(&simulation->loop, settings, &simulation->options.play, &simulation->play, &why) != 0) {
        complain("%s", why.text);
        return VERB_PROBLEM;
    }
    announce(simulation);
    play_begin(simulation->play);
    if (simulation->options.seconds > 0)
        uv_timer_start(&simulation->end, on_time, (uint64_t)(simulation->options.seconds * 1000), 0);
    uv_run(&simulation->loop, UV_RUN_DEFAULT);
    int result = summarise(simulation);
    play_destroy(simulation->play);
    return result;
}

int verb_simulate(int argc, char **argv)
{
    struct simulation simulation = {.ending = false};
    struct settings *settings = NULL;
    if (!parse_options(argc, argv, &simulation.options))
        return VERB_USAGE;
    options_use_language(simulation.options.config);
    if (load(simulation.options.config, &settings) != 0)
        return VERB_PROBLEM;
    if (uv_loop_init(&simulation.loop) != 0) {
        settings_destroy(settings);
        return VERB_PROBLEM;
    }
    begin_handles(&simulation);
    int result = run(&simulation, settings);
    uv_walk(&simulation.loop, close_handle, NULL);
    uv_run(&simulation.loop, UV_RUN_DEFAULT);
    uv_loop_close(&simulation.loop);
    settings_destroy(settings);
    return result;
}
