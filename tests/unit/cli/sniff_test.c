// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "capture.h"
#include "check.h"
#include "drivers/codec.h"
#include "sniff_show.h"
#include <stdlib.h>

static struct captured got;
static char path[64];

static void write_config(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file, "[gateway]\nid = umeda-01\nmunicipality = 271004\ninclude = %s/config/devices/*.ini\n%s",
            getenv("SOURCE_DIR"), text);
    fclose(file);
}

static int setup(void **state)
{
    (void)state;
    strcpy(path, "/tmp/citygw-sniff-XXXXXX");
    close(mkstemp(path));
    setenv("LC_ALL", "en_US.UTF-8", 1);
    messages_use(NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static struct settings *load(void)
{
    struct findings findings = {0};
    struct settings *settings = NULL;
    assert_int_equal(settings_load(path, &findings, &settings), 0);
    findings_finish(&findings);
    return settings;
}

static const struct settings_device *find_device(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->device_count; i++)
        if (strcmp(settings->device[i].name, name) == 0)
            return &settings->device[i];
    return NULL;
}

// A profile whose codec works on serial lines is the one that is pasted, and its sensors' kind is that of the profile.
static void every_serial_profile_is_known(void **state)
{
    (void)state;
    write_config("");
    struct settings *settings = load();
    size_t serial = 0;
    for (size_t i = 0; i < settings->device_count; i++) {
        const struct codec *codec = codec_find(settings->device[i].codec);
        if (!codec || !codec->delimit)
            continue;
        enum kind kind = KIND_COUNT;
        const char *name = sniff_profile(codec->name, &kind);
        if (!name)
            fail_msg("%s: which profile?", codec->name);
        const struct settings_device *device = find_device(settings, name);
        assert_non_null(device);
        assert_string_equal(device->codec, codec->name);
        assert_int_equal(device->kind, kind);
        serial++;
    }
    assert_true(serial >= 8);
    settings_destroy(settings);
}

static void port_of(const char *operand, const char *baud, struct port *ret_port)
{
    static const char *const kinds[] = {"serial", "modbus", NULL};
    struct options options = {.config = path, .operand = operand, .baud = baud};
    assert_true(port_read(&options, kinds, "sniff", ret_port));
}

static void a_port_is_a_path_or_the_name_of_a_section(void **state)
{
    (void)state;
    struct port port;
    write_config("[serial:kerb]\ndevice = /dev/ttyS7\nbaud = 57600\nparity = even\ncodec = text\n"
                 "[modbus:bus]\ndevice = /dev/ttyS8\nbaud = 19200\n");
    port_of("kerb", NULL, &port);
    assert_string_equal(port.device, "/dev/ttyS7");
    assert_string_equal(port.name, "kerb");
    assert_true(port.section_baud == 57600 && port.parity == PARITY_EVEN && port.baud_count == 0);
    port_of("bus", NULL, &port);
    assert_string_equal(port.device, "/dev/ttyS8");
    port_of("/dev/ttyS9", "9600,250000", &port);
    assert_string_equal(port.device, "/dev/ttyS9");
    assert_true(port.baud_count == 2 && port.bauds[0] == 9600 && port.bauds[1] == 250000);
}

static void wrong_options_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *option, *value, *told;
    } rows[] = {
        {"--baud", "fast", "\"fast\" does not fit --baud"},     {"--baud", "9600,", "does not fit --baud"},
        {"--parity", "mark", "\"mark\" does not fit --parity"}, {"--seconds", "0", "is not a number of seconds"},
        {"--outlet", "mqtt", "--outlet is not known here"},
    };
    write_config("");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        RUN(&got, "sniff", "/dev/null", (char *)rows[i].option, (char *)rows[i].value);
        assert_int_equal(got.exit, VERB_USAGE);
        assert_non_null(strstr(got.err, rows[i].told));
    }
    RUN(&got, "sniff", "nobody", "-c", path);
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "has no [serial:nobody]"));
    RUN(&got, "modbus-scan", "/dev/null", "--to", "248");
    assert_int_equal(got.exit, VERB_USAGE);
    assert_non_null(strstr(got.err, "\"248\" does not fit --to"));
    RUN(&got, "modbus-scan", "/dev/null", "--timeout", "soon");
    assert_int_equal(got.exit, VERB_USAGE);
    RUN(&got, "sniff", "/dev/null");
    assert_int_equal(got.exit, VERB_PROBLEM);
    assert_non_null(strstr(got.err, "/dev/null is not a serial port"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_serial_profile_is_known, setup, teardown),
        cmocka_unit_test_setup_teardown(a_port_is_a_path_or_the_name_of_a_section, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_options_are_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
