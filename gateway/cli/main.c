// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"
#include "cli/verb.h"
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

// Where an output is closed, the next file or socket would take its number and get what is printed. A file that cannot be
// written takes it instead.
static void occupy_closed_outputs(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
            return;
}

int main(int argc, char **argv)
{
    occupy_closed_outputs();
    messages_use(NULL);
    return cli_run(argc, argv);
}
