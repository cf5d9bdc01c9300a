// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * A verb of the `citygw` tool: one file, one row in the table of verbs.c.
 */

enum verb_exit { VERB_FINE = 0, VERB_PROBLEM = 1, VERB_USAGE = 2 };

struct verb {
    const char *name;
    const char *usage; // what follows the name: "[FILE]"
    const char *help;  // one line, N_()
    // argv[0] is the verb's name. Returns enum verb_exit.
    int (*run)(int argc, char **argv);
    const char *options; // a line for each, N_(), or NULL
};

extern const struct verb verbs[]; // ends with a NULL name

int verb_check(int argc, char **argv);
int verb_keys(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_sensors(int argc, char **argv);
int verb_unknown(int argc, char **argv);
int verb_adopt(int argc, char **argv);
int verb_replay(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_export(int argc, char **argv);
int verb_import(int argc, char **argv);
int verb_verify(int argc, char **argv);
int verb_simulate(int argc, char **argv);
int verb_sniff(int argc, char **argv);
int verb_modbus_scan(int argc, char **argv);
int verb_bumps(int argc, char **argv);
int verb_provision(int argc, char **argv);

const struct verb *verb_find(const char *name); // NULL when there is none

// `citygw help VERB`: usage, what it does and the options, to stdout.
void verb_print_help(const struct verb *verb);

// The whole tool behind main: finds the verb and runs it. Returns enum verb_exit.
int cli_run(int argc, char **argv);
