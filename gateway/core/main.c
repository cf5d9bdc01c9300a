// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "gateway.h"
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int usage(FILE *to, int code)
{
    fprintf(to, _("usage: citygwd [-c FILE]\n"
                  "  -c, --config FILE   the configuration (default /etc/citygw/citygw.ini)\n"
                  "  -h, --help          this text\n"
                  "  -V, --version       the version\n"));
    return code;
}

// One heap for all threads, since what several keep free costs more than the sharing; and what is large goes back to the system
// when it is freed, for ever: left alone, glibc keeps more after each large block that it sees freed.
static void keep_little_memory(void)
{
    enum { LARGE_BYTES = 64 * 1024 };
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {0}};
    const char *config = "/etc/citygw/citygw.ini";
    keep_little_memory();
    messages_use(NULL);
    for (int option; (option = getopt_long(argc, argv, "c:hV", options, NULL)) != -1;) {
        switch (option) {
        case 'c':
            config = optarg;
            break;
        case 'h':
            return usage(stdout, EXIT_SUCCESS);
        case 'V':
            puts("citygwd " CITYGW_VERSION);
            return EXIT_SUCCESS;
        default:
            return usage(stderr, 2);
        }
    }
    if (optind < argc)
        return usage(stderr, 2);

    static struct gateway gateway;
    int code = (int)gateway_run(&gateway, config);
    if (gateway.is_looking_up) // libuv would wait for it at the exit
        _exit(code);
    return code;
}
