// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/text.h"
#include "city/bump.h"
#include "city/known.h"
#include "cli/verb.h"
#include "drivers/driver.h"
#include "options.h"
#include "outlet/outlet.h"
#include "reading/sensors.h"
#include "settings/settings.h"
#include "settings/text_file.h"
#include <stdio.h>
#include <string.h>

static size_t count_sensors(const struct settings *settings)
{
    size_t count = 0;
    for (size_t i = 0; i < settings->sensor_count; i++)
        count += !settings->sensor[i].disabled;
    return count;
}

/* Known objects: the file is another one, so its lines are named in the text. */

enum { KNOWN_FAULTS_TOLD = 5 };

struct known_check {
    const struct settings_gateway *gateway;
    struct findings *findings;
    size_t faults;
};

static void tell_known(void *context, size_t line, enum known_fault fault)
{
    struct known_check *check = context;
    if (++check->faults <= KNOWN_FAULTS_TOLD)
        findings_add(check->findings, FINDING_WARNING, check->gateway->origin, "gateway", "known_objects",
                     _("line %zu of %s is left out: %s"), line, check->gateway->known_objects,
                     _(known_fault_texts[fault]));
}

static void read_known(struct known_check *check, struct known *known)
{
    struct bytes text;
    struct fault why;
    bytes_init(&text, TEXT_FILE_ROOM(KNOWN_FILE_MAX));
    if (text_file_read(check->gateway->known_objects, KNOWN_FILE_MAX, &text, &why) != 0)
        findings_add(check->findings, FINDING_WARNING, check->gateway->origin, "gateway", "known_objects", "%s",
                     why.text);
    else
        known_read(known, (const char *)text.data, text.used, tell_known, check);
    if (check->faults > KNOWN_FAULTS_TOLD)
        findings_add(check->findings, FINDING_WARNING, check->gateway->origin, "gateway", "known_objects",
                     _("%zu lines are left out"), check->faults);
    bytes_finish(&text);
}

static void check_known(const struct settings *settings, struct findings *findings)
{
    struct known_check check = {.gateway = &settings->gateway, .findings = findings};
    struct known *known = *settings->gateway.known_objects ? known_create(KNOWN_OBJECTS_MAX) : NULL;
    if (known)
        read_known(&check, known);
    known_destroy(known);
}

// Every room that checks a part of the configuration adds what it finds. Returns how many sensors are left to work.
static size_t check_all(const char *path, struct findings *findings)
{
    struct settings *settings = NULL;
    struct sensors *sensors = NULL;
    if (settings_load(path, findings, &settings) < 0)
        return 0;
    int error = sensors_create(settings, findings, &sensors);
    if (error < 0)
        findings_add(findings, FINDING_STOPS, (struct origin){0}, NULL, NULL, "%s", error_text(error));
    drivers_check(settings, findings);
    outlets_check(settings, findings);
    bump_check(settings, findings);
    check_known(settings, findings);
    size_t count = count_sensors(settings);
    sensors_destroy(sensors);
    settings_destroy(settings);
    return count;
}

static int print_result(const char *path, size_t sensors, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        printf("%s\n", findings->list[i].text);
    if (findings->dropped)
        printf(_("... and %zu more\n"), findings->dropped);
    char shown[300];
    size_t errors = findings->disabled + findings->stops;
    printf(_("%s: sensors: %zu, errors: %zu, warnings: %zu\n"), text_escape(path, strlen(path), shown, sizeof shown),
           sensors, errors, findings->warnings);
    return errors ? VERB_PROBLEM : VERB_FINE;
}

int verb_check(int argc, char **argv)
{
    struct options options;
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_OPERAND, &options, &result))
        return result;
    const char *path = options.operand ? options.operand : options.config ? options.config : CONFIG_DEFAULT;
    struct findings findings = {0};
    options_use_language(path); // first, since findings are put into words while the file is read
    size_t sensors = check_all(path, &findings);
    result = print_result(path, sensors, &findings);
    findings_finish(&findings);
    return result;
}
