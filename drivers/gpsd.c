// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/text.h"
#include "buses.h"
#include "gpsd_link.h"
#include "gpsd_report.h"
#include "settings/address.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * gpsd://HOST:PORT: what a gpsd there reports of its receivers. A sensor gets what all of them report, or, when its address is a
 * receiver's ("/dev/ttyACM0"), what that one does.
 */

enum { PORT = 2947, PATIENCE_MS = 10000, PROTOCOL = 3 };

static const char watch[] = "?WATCH={\"enable\":true,\"json\":true};\n";

struct gpsd {
    const struct settings *settings;
    const struct driver_host *host;
    const char *uri;
    struct address address;
    struct gpsd_link *link; // NULL: closed
    struct gpsd_report *report;
    bool is_open;
    uint64_t lines;
    struct raw_pack pack;
};

static void on_failed(void *context, const struct fault *why)
{
    struct gpsd *gpsd = context;
    gpsd_link_close(gpsd->link);
    gpsd->link = NULL;
    gpsd->host->failed(gpsd->host->context, why);
}

static bool wants(const struct gpsd *gpsd, const struct settings_sensor *sensor)
{
    if (sensor->disabled || sensor->source_type != SOURCE_GPSD || strcmp(sensor->source, gpsd->uri) != 0)
        return false;
    return strcmp(sensor->address, sensor->id) == 0 || strcmp(sensor->address, gpsd_report_device(gpsd->report)) == 0;
}

static bool says_positions(const struct gpsd *gpsd)
{
    for (size_t i = 0; i < gpsd->settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &gpsd->settings->sensor[i];
        if (!sensor->disabled && sensor->kind == KIND_BUMP && sensor->position &&
            strcmp(sensor->position, gpsd->uri) == 0)
            return true;
    }
    return false;
}

// Each sensor by itself: a host that refuses one may take the next. It may close us meanwhile.
static void emit(struct gpsd *gpsd)
{
    for (size_t i = 0; i < gpsd->settings->sensor_count && gpsd->pack.count && gpsd->link; i++) {
        const struct settings_sensor *sensor = &gpsd->settings->sensor[i];
        const struct driver_pack pack = {
            .raw = &gpsd->pack, .sensor = sensor->id, .unauthenticated = !address_is_loopback(&gpsd->address)};
        if (wants(gpsd, sensor))
            gpsd->host->emit(gpsd->host->context, &pack, NULL); // a refusal is counted there
    }
    const struct driver_pack position = {.raw = &gpsd->pack, .unauthenticated = !address_is_loopback(&gpsd->address)};
    if (gpsd->pack.count && gpsd->link && says_positions(gpsd))
        gpsd->host->emit(gpsd->host->context, &position, NULL);
}

static void take_version(struct gpsd *gpsd)
{
    struct fault why;
    int protocol = gpsd_report_protocol(gpsd->report);
    if (protocol != PROTOCOL) {
        fault_set(&why, -EPROTO, _("gpsd speaks version %d of its protocol; expected %d"), protocol, PROTOCOL);
        on_failed(gpsd, &why);
    } else if (!gpsd->is_open) {
        gpsd->is_open = true;
        gpsd->host->opened(gpsd->host->context);
    }
}

static void refuse(struct gpsd *gpsd, enum refusal refusal, const char *sentence, const char *text, size_t size)
{
    struct fault why;
    char shown[96];
    fault_set(&why, -EPROTO, "%s: %s", sentence, text_escape(text, size, shown, sizeof shown));
    gpsd->host->refused(gpsd->host->context, refusal, &why);
}

static void on_line(void *context, char *line, size_t size)
{
    struct gpsd *gpsd = context;
    gpsd->lines++;
    while (size && strchr("\r \t", line[size - 1]))
        line[--size] = '\0';
    if (!size)
        return;
    if (line[0] != '{' || line[size - 1] != '}' || strlen(line) != size) {
        refuse(gpsd, REFUSAL_SYNTAX, _("not a JSON object of gpsd"), line, size);
        return;
    }
    enum gpsd_class class = gpsd_report_read(gpsd->report, line, &gpsd->pack);
    if (class == GPSD_VERSION)
        take_version(gpsd);
    else if (class == GPSD_ERROR)
        refuse(gpsd, REFUSAL_FORMAT, _("gpsd reports an error"), gpsd_report_error(gpsd->report),
               strlen(gpsd_report_error(gpsd->report)));
    else if (gpsd->is_open)
        emit(gpsd);
}

static void on_too_long(void *context)
{
    struct gpsd *gpsd = context;
    struct fault why;
    fault_set(&why, -EMSGSIZE, _("a line is longer than %zu bytes"), (size_t)GPSD_LINE_MAX);
    gpsd->host->refused(gpsd->host->context, REFUSAL_LENGTH, &why);
}

static int gpsd_open(void *state, struct fault *why)
{
    struct gpsd *gpsd = state;
    const struct gpsd_link_events events = {
        .context = gpsd, .line = on_line, .too_long = on_too_long, .failed = on_failed};
    gpsd->is_open = false;
    int error = gpsd_link_open(gpsd->host->loop, &gpsd->address, watch, PATIENCE_MS, &events, &gpsd->link, why);
    return error < 0 ? error : -EINPROGRESS;
}

static void gpsd_close(void *state)
{
    struct gpsd *gpsd = state;
    gpsd_link_close(gpsd->link);
    gpsd->link = NULL;
}

static void gpsd_destroy(void *state)
{
    struct gpsd *gpsd = state;
    if (!gpsd)
        return;
    gpsd_close(gpsd);
    gpsd_report_destroy(gpsd->report);
    free(gpsd);
}

static int gpsd_create(const struct settings *settings, const char *name, const struct driver_host *host,
                       void **ret_state, struct fault *why)
{
    struct url url;
    if (!url_parse(name, &url))
        return fault_set(why, -EINVAL, _("\"%s\" cannot be used here; expected %s"), name, "gpsd://HOST:PORT");
    struct gpsd *gpsd = calloc(1, sizeof *gpsd);
    if (gpsd)
        gpsd->report = gpsd_report_create();
    if (!gpsd || !gpsd->report) {
        gpsd_destroy(gpsd);
        return fault_errno(why, -ENOMEM, "%s", name);
    }
    gpsd->settings = settings;
    gpsd->host = host;
    gpsd->uri = name;
    gpsd->address = url.address;
    gpsd->address.port = url.address.port ? url.address.port : PORT;
    *ret_state = gpsd;
    return 0;
}

static void gpsd_figures(void *state, driver_figure *figure, void *context)
{
    const struct gpsd *gpsd = state;
    figure(context, "citygw_gpsd_lines_total", "Lines that gpsd sent.", (double)gpsd->lines);
}

const struct driver driver_gpsd = {
    .type = "gpsd",
    .create = gpsd_create,
    .open = gpsd_open,
    .close = gpsd_close,
    .figures = gpsd_figures,
    .destroy = gpsd_destroy,
};
