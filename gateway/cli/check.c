// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "base/text.h"
#include "city/bump.h"
#include "cli/verb.h"
#include "drivers/driver.h"
#include "options.h"
#include "outlet/outlet.h"
#include "reading/sensors.h"
#include "settings/settings.h"
#include <stdio.h>
#include <string.h>

static size_t count_sensors(const struct settings *settings)
{
    size_t count = 0;
    for (size_t i = 0; i < settings->sensor_count; i++)
        count += !settings->sensor[i].disabled;
    return count;
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
