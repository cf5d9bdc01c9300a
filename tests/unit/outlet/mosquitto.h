// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../free_port.h"
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * A real mosquitto on a free loopback port, and mosquitto_sub as a listener that prints a line per message.
 */

#define MOSQUITTO "/usr/sbin/mosquitto"

struct broker {
    int port;
    pid_t pid;
    char folder[64];
};

struct listener {
    pid_t pid;
    int fd;
    char *text; // all that it printed
    size_t used, size;
};

// Starts a program; its output goes to `out` (-1: nowhere).
static inline pid_t spawn(char *const arguments[], int out)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); // a failed test leaves nothing behind
        int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, 0);
        dup2(out >= 0 ? out : nowhere, 1);
        dup2(nowhere, 2);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    return pid;
}

static inline void end_process(pid_t *pid, int signal)
{
    if (*pid > 0) {
        kill(*pid, signal);
        waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

static inline void short_nap(void)
{
    struct timespec nap = {.tv_nsec = 10 * 1000000};
    nanosleep(&nap, NULL);
}

static inline void wait_for_port(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    for (int i = 0; i < 1000; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int error = connect(fd, (struct sockaddr *)&address, sizeof address);
        close(fd);
        if (!error) {
            return;
        }
        short_nap();
    }
    fail_msg("mosquitto does not listen on port %d", port);
}

static inline void broker_run(struct broker *broker)
{
    char config[128];
    snprintf(config, sizeof config, "%s/mosquitto.conf", broker->folder);
    char *const arguments[] = {MOSQUITTO, "-c", config, NULL};
    broker->pid = spawn(arguments, -1);
    wait_for_port(broker->port);
}

// `more` is added to the listener's configuration; every %s in it is the broker's folder.
static inline void broker_prepare(struct broker *broker)
{
    *broker = (struct broker){.port = free_port(SOCK_STREAM), .folder = "/tmp/citygw-broker-XXXXXX"};
    assert_non_null(mkdtemp(broker->folder));
}

static inline void broker_file(const struct broker *broker, const char *name, mode_t mode, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static inline void broker_file(const struct broker *broker, const char *name, mode_t mode, const char *format, ...)
{
    char path[128];
    va_list arguments;
    snprintf(path, sizeof path, "%s/%s", broker->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    fclose(file);
    chmod(path, mode);
}

// As root mosquitto would change to a user that cannot read our folder.
static inline void broker_configure(const struct broker *broker, const char *more)
{
    broker_file(broker, "mosquitto.conf", 0600, "%slistener %d 127.0.0.1\nmax_queued_messages 0\n%s\n",
                geteuid() == 0 ? "user root\n" : "", broker->port, more);
}

static inline void broker_start(struct broker *broker, const char *more)
{
    broker_prepare(broker);
    broker_configure(broker, more);
    broker_run(broker);
}

static inline void broker_stop(struct broker *broker)
{
    char command[128];
    end_process(&broker->pid, SIGTERM);
    snprintf(command, sizeof command, "rm -r %s", broker->folder);
    assert_int_equal(system(command), 0);
}

static inline void listener_read(struct listener *listener)
{
    if (listener->size - listener->used < 65536) {
        listener->size += 1024 * 1024;
        listener->text = realloc(listener->text, listener->size);
        assert_non_null(listener->text);
    }
    ssize_t got = 1;
    while (got > 0 && listener->used < listener->size - 1) {
        got = pread(listener->fd, listener->text + listener->used, listener->size - listener->used - 1,
                    (off_t)listener->used);
        listener->used += got > 0 ? (size_t)got : 0;
    }
    listener->text[listener->used] = '\0';
}

// Waits until it printed that text.
static inline bool listener_wait(struct listener *listener, const char *text)
{
    for (int i = 0; i < 2000; i++) {
        listener_read(listener);
        if (strstr(listener->text, text)) {
            return true;
        }
        short_nap();
    }
    return false;
}

static inline size_t listener_count(const struct listener *listener, const char *text)
{
    size_t count = 0;
    for (const char *at = listener->text; at && (at = strstr(at, text)); at++) {
        count++;
    }
    return count;
}

static inline void run_program(char *const arguments[])
{
    int status = 0;
    pid_t pid = spawn(arguments, -1);
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

static inline void publish(const struct broker *broker, const char *topic, const char *payload)
{
    char port[16];
    snprintf(port, sizeof port, "%d", broker->port);
    char *const arguments[] = {"mosquitto_pub", "-h", "127.0.0.1",     "-p", port, "-q", "1", "-r", "-t",
                               (char *)topic,   "-m", (char *)payload, NULL};
    run_program(arguments);
}

// Prints "RETAINED TOPIC PAYLOAD" for each message, or JSON with all properties when `format` is "%j".
static inline void listener_start(struct listener *listener, const struct broker *broker, const char *format)
{
    char port[16];
    *listener = (struct listener){0};
    publish(broker, "test/ready", "ready"); // retained: it comes when the subscription is made
    snprintf(port, sizeof port, "%d", broker->port);
    listener->fd = memfd_create("listener", MFD_CLOEXEC); // not a pipe, which would be full before we look
    assert_true(listener->fd >= 0);
    char *const arguments[] = {"mosquitto_sub", "-h", "127.0.0.1",  "-p", port,           "-V", "5", "-q", "0", "-t",
                               "citygw/#",      "-t", "test/ready", "-F", (char *)format, NULL};
    listener->pid = spawn(arguments, listener->fd);
    assert_true(listener_wait(listener, "ready"));
}

static inline void listener_stop(struct listener *listener)
{
    end_process(&listener->pid, SIGKILL);
    close(listener->fd);
    free(listener->text);
    *listener = (struct listener){0};
}
