// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The options that verbs share, and what follows from them: which configuration, which socket, which language.
 */

enum option_taken {
    OPTION_CONFIG = 1,
    OPTION_SOCKET = 2,
    OPTION_JSON = 4,
    OPTION_OPERAND = 8,
    OPTION_FROM = 16,
    OPTION_TO = 32,
    OPTION_SENSOR = 64,
    OPTION_OUTLET = 128,
    OPTION_DAY = 256,
    OPTION_BROKER = 512, // --url, --username, --password-file, --ca-file
    OPTION_TREE = 1024,
    OPTION_SECONDS = 2048,
    OPTION_UNTIL_IDLE = 4096,
    OPTION_LINE = 8192,   // --baud, --parity
    OPTION_HEX = 16384,   // --hex
    OPTION_UNITS = 32768, // --from and --to are unit ids, --stop-bits, --timeout
    OPTION_SET = 65536,   // --set KEY=VALUE, as often as wanted
    OPTION_AGENT = 131072, // --agent, --service, --service-path
};

#define CONFIG_DEFAULT "/etc/citygw/citygw.ini"
#define SOCKET_DEFAULT "/run/citygw/http.sock"

enum { OPTION_SETS_MAX = 64 };

struct options {
    const char *config; // -c FILE, or NULL
    const char *socket; // --socket PATH, or NULL
    bool json;
    const char *operand; // the one word that is no option, or NULL
    // --from TIME, --to TIME, --sensor ID, --outlet NAME, --day DAY; NULL when not given.
    const char *from, *to, *sensor, *outlet, *day;
    // A broker that is named here and not in a configuration.
    const char *url, *username, *password_file, *ca_file;
    const char *tree, *seconds, *until_idle;
    // Of a serial line.
    const char *baud, *parity, *stop_bits, *timeout;
    bool hex;
    const char *sets[OPTION_SETS_MAX]; // KEY=VALUE
    size_t set_count;
    // Of an IoT agent.
    const char *agent, *service, *service_path;
};

// Reads the arguments of a verb (argv[0] is its name). `takes` is the sum of what it knows. True: go on. False: *ret_exit is what the verb ends with; the user has been told.
bool options_read(int argc, char **argv, unsigned takes, struct options *ret_options, int *ret_exit);

// Turns to the language and time zone of the configuration: -c FILE, or the default one if it can be read. The
// environment, where it names them, wins. Returns the running gateway's socket, which the caller frees; NULL when
// -c FILE cannot be read (the user has been told).
char *options_settle(const struct options *options);

// Turns to the language and time zone of that configuration, if it can be read; silent when not.
void options_use_language(const char *config);
