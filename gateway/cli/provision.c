// SPDX-License-Identifier: Apache-2.0
#include "outlet/provision.h"

#include "base/messages.h"
#include "base/text.h"
#include "cli/verb.h"
#include "complain.h"
#include "options.h"
#include <stdio.h>
#include <string.h>

#define AGENT_DEFAULT "http://localhost:4041"
#define SERVICE_DEFAULT "citygw"
#define SERVICE_PATH_DEFAULT "/"

enum {
    ELEMENT_MAX = 1 << 20,
    DEVICES_AT_ONCE = 100, // an agent takes bodies up to 1 MB
    SHOWN_SIZE = 100,
};

// Prints elements of a JSON array, one a line.
struct array {
    struct bytes element;
    struct json json;
    size_t count;
    bool failed;
};

static void array_begin(struct array *array)
{
    *array = (struct array){0};
    bytes_init(&array->element, ELEMENT_MAX);
}

static struct json *array_next(struct array *array)
{
    bytes_clear(&array->element);
    json_begin(&array->json, &array->element);
    return &array->json;
}

static void array_print(struct array *array)
{
    fputs(array->count++ ? ",\n" : "\n", stdout);
    array->failed = array->failed || array->element.overflow;
    fwrite(array->element.data, 1, array->element.used, stdout);
}

struct provision {
    const struct settings *settings;
    struct provision_group groups[PROVISION_GROUPS_MAX];
    size_t group_count;
    const char *agent, *service, *service_path;
    struct array array;
};

static void print_groups(struct provision *provision)
{
    provision->array.count = 0;
    for (size_t i = 0; i < provision->group_count; i++) {
        provision_group(&provision->groups[i], array_next(&provision->array));
        array_print(&provision->array);
    }
}

// At most so many of them; returns where to go on.
static size_t print_devices(struct provision *provision, size_t from, size_t most)
{
    const struct settings *settings = provision->settings;
    provision->array.count = 0;
    while (from < provision_device_count(settings) && provision->array.count < most) {
        struct json *json = array_next(&provision->array);
        if (provision_device(settings, provision->groups, provision->group_count, from++, json))
            array_print(&provision->array);
    }
    return from;
}

static void print_json(struct provision *provision)
{
    fputs("{\"services\":[", stdout);
    print_groups(provision);
    fputs("],\n\"devices\":[", stdout);
    print_devices(provision, 0, SIZE_MAX);
    fputs("]}\n", stdout);
}

// Single quotes cannot be in any of them: they have been checked.
static void print_command(const struct provision *provision, const char *path)
{
    printf("curl -sS --fail-with-body -X POST '%s%s' -H 'Content-Type: application/json' \\\n"
           "  -H 'fiware-service: %s' -H 'fiware-servicepath: %s' --data-binary @- <<'END'\n",
           provision->agent, path, provision->service, provision->service_path);
}

static void print_commands(struct provision *provision)
{
    printf("# %s\n", _("service groups: one for each API key"));
    print_command(provision, "/iot/services");
    fputs("{\"services\":[", stdout);
    print_groups(provision);
    fputs("]}\nEND\n", stdout);
    for (size_t from = 0; from < provision_device_count(provision->settings);) {
        printf("\n# %s\n", _("devices: one for each sensor, each zone and each alert that there can be"));
        print_command(provision, "/iot/devices");
        fputs("{\"devices\":[", stdout);
        from = print_devices(provision, from, DEVICES_AT_ONCE);
        fputs("]}\nEND\n", stdout);
    }
}

static const struct settings_mqtt *choose_outlet(const struct settings *settings, const char *name)
{
    char shown[SHOWN_SIZE];
    for (size_t i = 0; i < settings->mqtt_count; i++) {
        const struct settings_mqtt *outlet = &settings->mqtt[i];
        if (outlet->format == FORMAT_IOTA_JSON && (!name || strcmp(outlet->name, name) == 0))
            return outlet;
    }
    if (name)
        complain(_("there is no [mqtt] outlet \"%s\" with format = iota-json"),
                 text_escape(name, strlen(name), shown, sizeof shown));
    else
        complain(_("the configuration has no [mqtt] outlet with format = iota-json"));
    return NULL;
}

// What stands in single quotes of a shell.
static bool is_plain(const char *option, const char *text, const char *expected)
{
    char shown[SHOWN_SIZE];
    if (*text && text_is_plain(text, strlen(text)) && !strchr(text, '\''))
        return true;
    complain(_("\"%s\" does not fit %s; expected a value such as %s"),
             text_escape(text, strlen(text), shown, sizeof shown), option, expected);
    return false;
}

static int print(const struct settings *settings, const struct options *options)
{
    const struct settings_mqtt *outlet = choose_outlet(settings, options->outlet);
    if (!outlet)
        return VERB_PROBLEM;
    struct provision provision = {.settings = settings,
                                  .agent = options->agent ? options->agent : AGENT_DEFAULT,
                                  .service = options->service ? options->service : SERVICE_DEFAULT,
                                  .service_path = options->service_path ? options->service_path : SERVICE_PATH_DEFAULT};
    provision.group_count = provision_groups(settings, outlet, provision.groups);
    if (provision.group_count == 0) {
        complain(_("no sensor has an API key; expected sensors, and apikey in [%s]"), outlet->name);
        return VERB_PROBLEM;
    }
    array_begin(&provision.array);
    if (options->json)
        print_json(&provision);
    else
        print_commands(&provision);
    bool failed = provision.array.failed;
    bytes_finish(&provision.array.element);
    if (failed)
        complain(_("out of memory"));
    return failed ? VERB_PROBLEM : VERB_FINE;
}

int verb_provision(int argc, char **argv)
{
    struct options options;
    int result;
    if (!options_read(argc, argv, OPTION_CONFIG | OPTION_OUTLET | OPTION_JSON | OPTION_AGENT, &options, &result))
        return result;
    if ((options.agent && !is_plain("--agent", options.agent, AGENT_DEFAULT)) ||
        (options.service && !is_plain("--service", options.service, SERVICE_DEFAULT)) ||
        (options.service_path && !is_plain("--service-path", options.service_path, SERVICE_PATH_DEFAULT)))
        return VERB_USAGE;
    const char *path = options.config ? options.config : CONFIG_DEFAULT;
    struct findings findings = {0};
    struct settings *settings = NULL;
    options_use_language(path);
    int error = settings_load(path, &findings, &settings);
    for (size_t i = 0; i < findings.count; i++)
        if (error || findings.list[i].level != FINDING_WARNING)
            complain("%s", findings.list[i].text);
    result = settings && !findings.stops ? print(settings, &options) : VERB_PROBLEM;
    settings_destroy(settings);
    findings_finish(&findings);
    return result;
}
