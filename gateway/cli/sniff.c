// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/number.h"
#include "base/text.h"
#include "cli/verb.h"
#include "complain.h"
#include "drivers/serial_listen.h"
#include "interrupt.h"
#include "sniff_show.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BYTES_MAX = 256 * 1024, // of one trial
    GARBAGE = 2048,         // so many bytes that no codec knows are enough
    FIRST_JUDGED = 64,
    PARITIES = 3,
    TRIALS_MAX = (PORT_BAUDS_MAX + 1) * (PARITIES + 1),
    SPARE = 4, // slices that are left for parities when every rate had its own
};

static const double seconds_default = 45;
static const int64_t judged_every_us = 500000, confirm_us = 1500000, wait_us = 100000;
static const int64_t usual[] = {115200, 9600, 256000, 57600, 38400, 19200, 4800, 230400, 460800, 921600};

struct sniffing {
    struct port port;
    int64_t end_us;
    bool patient, told; // listens to the end; progress is shown
    uint8_t *data;      // of the trial that runs
    struct sniff_listened *list;
    size_t count;
};

static int64_t now_us(void)
{
    return clock_boot_us(&clock_system);
}

static bool is_over(const struct sniffing *sniffing)
{
    return interrupt_came() || now_us() >= sniffing->end_us;
}

static bool is_garbage(const struct sniff_trial *trial)
{
    return trial->findings.bytes >= GARBAGE && !trial->findings.best;
}

// Takes bytes until the slice is over, or more would tell nothing new. 0, or -errno: the port is gone.
static int take_bytes(struct sniffing *sniffing, struct serial_ear *ear, int64_t until_us,
                      struct sniff_listened *listened)
{
    struct sniff_trial *trial = &listened->trial;
    size_t size = 0, next = FIRST_JUDGED;
    int64_t judge_us = now_us() + judged_every_us;
    bool settled = false;
    int came = 0, error = 0;
    while (came >= 0 && !error && !is_over(sniffing) && now_us() < until_us && size < BYTES_MAX) {
        int64_t turn_us = now_us() + wait_us;
        came =
            serial_listen(ear, turn_us < until_us ? turn_us : until_us, sniffing->data + size, (int)(BYTES_MAX - size));
        size += came > 0 ? (size_t)came : 0;
        if (size == trial->findings.bytes || (size < next && now_us() < judge_us))
            continue;
        serial_listen_errors(ear, &trial->errors);
        error = sniff_judge(sniffing->data, size, &trial->findings);
        next = 2 * size;
        judge_us = now_us() + judged_every_us;
        if (is_garbage(trial) && !sniffing->patient)
            break;
        if (!settled && sniff_is_settled(trial) && !sniffing->patient && now_us() + confirm_us < until_us)
            until_us = now_us() + confirm_us; // what else comes on this line?
        settled |= sniff_is_settled(trial);
    }
    if (!error)
        error = sniff_judge(sniffing->data, size, &trial->findings);
    listened->kept_size = size < SNIFF_KEPT_MAX ? size : SNIFF_KEPT_MAX;
    memcpy(listened->kept, sniffing->data, listened->kept_size);
    return came < 0 ? came : error;
}

static void tell(const struct sniffing *sniffing, const struct sniff_trial *trial)
{
    if (sniffing->told)
        complain(_("%lld baud, parity %s: %zu bytes, %s"), (long long)trial->baud, parity_name(trial->parity),
                 trial->findings.bytes, trial->findings.best ? trial->findings.best->codec->name : _("no codec fits"));
}

// Listens at one rate and parity. A rate that the port cannot do is passed over, when others are tried.
static int listen_to(struct sniffing *sniffing, int64_t baud, enum parity parity, int64_t slice_us, struct fault *why)
{
    struct settings_serial line = {.device = sniffing->port.device,
                                   .baud = baud,
                                   .parity = (int)parity,
                                   .stop_bits = sniffing->port.stop_bits,
                                   .rs485 = sniffing->port.rs485};
    struct serial_ear *ear = NULL;
    if (is_over(sniffing) || sniffing->count == TRIALS_MAX)
        return 0;
    int error = serial_listen_open(&line, &clock_system, &ear, why);
    if (error)
        return error == -EINVAL && !sniffing->port.baud_given ? 0 : error;
    struct sniff_listened *listened = &sniffing->list[sniffing->count++];
    listened->trial.baud = baud;
    listened->trial.parity = parity;
    error = take_bytes(sniffing, ear, now_us() + slice_us, listened);
    serial_listen_errors(ear, &listened->trial.errors);
    serial_listen_close(ear);
    if (error)
        return fault_errno(why, error, _("%s is gone"), line.device);
    tell(sniffing, &listened->trial);
    return 0;
}

static const struct sniff_listened *best_of(const struct sniffing *sniffing)
{
    const struct sniff_listened *best = NULL;
    for (size_t i = 0; i < sniffing->count; i++) {
        double merit = sniff_merit(&sniffing->list[i].trial);
        if (merit > 0 && (!best || merit > sniff_merit(&best->trial)))
            best = &sniffing->list[i];
    }
    return best;
}

static bool is_settled(const struct sniffing *sniffing)
{
    const struct sniff_listened *best = best_of(sniffing);
    return best && sniff_is_settled(&best->trial);
}

// Every rate, with the parity that was given, or none.
static int try_bauds(struct sniffing *sniffing, int64_t slice_us, struct fault *why)
{
    int error = 0;
    for (size_t i = 0; !error && i < sniffing->port.baud_count && !is_settled(sniffing); i++)
        error = listen_to(sniffing, sniffing->port.bauds[i], (enum parity)sniffing->port.parity, slice_us, why);
    return error;
}

// The most promising rate that was heard and has not been tried with other parities.
static struct sniff_listened *next_of(const struct sniffing *sniffing, size_t first_count, const bool *tried)
{
    struct sniff_listened *best = NULL;
    for (size_t i = 0; i < first_count; i++) {
        double merit = sniff_merit(&sniffing->list[i].trial);
        if (!tried[i] && merit > 0 && (!best || merit > sniff_merit(&best->trial)))
            best = &sniffing->list[i];
    }
    return best;
}

// A codec that fits without errors wants more frames; else it may be the parity.
static int try_parities(struct sniffing *sniffing, int64_t slice_us, struct fault *why)
{
    bool tried[TRIALS_MAX] = {false};
    size_t first_count = sniffing->count;
    struct sniff_listened *next;
    int error = 0;
    while (!error && !is_over(sniffing) && !is_settled(sniffing) && (next = next_of(sniffing, first_count, tried))) {
        tried[next - sniffing->list] = true;
        bool wants_more = next->trial.findings.best && sniff_is_clean(&next->trial);
        if (wants_more)
            error = listen_to(sniffing, next->trial.baud, next->trial.parity, sniffing->end_us - now_us(), why);
        for (enum parity parity = PARITY_EVEN;
             !error && !wants_more && !sniffing->port.parity_given && parity <= PARITY_ODD && !is_settled(sniffing);
             parity++)
            error = listen_to(sniffing, next->trial.baud, parity, slice_us, why);
    }
    return error;
}

// The rates of the options; else the section's, and the usual ones.
static void choose_bauds(struct port *port)
{
    if (!port->parity_given) // the section's may be what is wrong
        port->parity = PARITY_NONE;
    if (port->baud_given)
        return;
    if (port->section_baud)
        port->bauds[port->baud_count++] = port->section_baud;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (usual[i] != port->section_baud)
            port->bauds[port->baud_count++] = usual[i];
}

static int sniff(struct sniffing *sniffing, double seconds, struct fault *why)
{
    struct port *port = &sniffing->port;
    choose_bauds(port);
    size_t slices = port->baud_count + (port->parity_given ? 0 : port->baud_given ? 2 : SPARE);
    int64_t slice_us = (int64_t)(seconds * 1e6 / (double)(sniffing->patient ? 1 : slices));
    sniffing->data = malloc(BYTES_MAX);
    sniffing->list = calloc(TRIALS_MAX, sizeof *sniffing->list);
    if (!sniffing->data || !sniffing->list)
        return fault_set(why, -ENOMEM, "%s", _("out of memory"));
    interrupt_catch();
    sniffing->end_us = now_us() + (int64_t)(seconds * 1e6);
    int error = try_bauds(sniffing, slice_us, why);
    return error ? error : try_parities(sniffing, slice_us, why);
}

static int show(const struct sniffing *sniffing, const struct options *options)
{
    struct sniff_result result = {.port = &sniffing->port,
                                  .list = sniffing->list,
                                  .count = sniffing->count,
                                  .best = best_of(sniffing),
                                  .hex = options->hex};
    if (options->json)
        sniff_print_json(&result, stdout);
    else
        sniff_print(&result, stdout);
    return result.best && result.best->trial.findings.best ? VERB_FINE : VERB_PROBLEM;
}

static bool read_seconds(const char *text, double *ret_seconds)
{
    enum { SECONDS_MAX = 86400 };
    char shown[100];
    if (!text || (number_parse(text, strlen(text), ret_seconds) && *ret_seconds > 0 && *ret_seconds <= SECONDS_MAX))
        return true;
    complain(_("\"%s\" is not a number of seconds"), text_escape(text, strlen(text), shown, sizeof shown));
    return false;
}

int verb_sniff(int argc, char **argv)
{
    static const char *const kinds[] = {"serial", "modbus", NULL};
    struct options options;
    struct sniffing sniffing = {.count = 0};
    struct fault why = {""};
    double seconds = seconds_default;
    int result;
    if (!options_read(argc, argv,
                      OPTION_CONFIG | OPTION_OPERAND | OPTION_JSON | OPTION_SECONDS | OPTION_LINE | OPTION_HEX,
                      &options, &result))
        return result;
    if (!read_seconds(options.seconds, &seconds) || !port_read(&options, kinds, argv[0], &sniffing.port))
        return VERB_USAGE;
    sniffing.told = !options.json && isatty(STDERR_FILENO);
    sniffing.patient = sniffing.port.baud_count == 1 && sniffing.port.parity_given && options.seconds;
    int error = sniff(&sniffing, seconds, &why);
    if (error)
        complain("%s", why.text);
    result = error && sniffing.count == 0 ? VERB_PROBLEM : show(&sniffing, &options);
    free(sniffing.list);
    free(sniffing.data);
    return error ? VERB_PROBLEM : result;
}
