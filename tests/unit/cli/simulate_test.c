// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include "cli/verb.h"
#include "drivers/codec.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/*
 * The verb runs in a process of its own; the test is the gateway: it answers datagrams and reads the serial line.
 */

struct gateway {
    char folder[40], config[64], device[64];
    int udp, serial, out;
    pid_t child;
    uint8_t answer;    // the code of the answer, 0: none
    size_t stop_after; // packs; then the child gets SIGTERM
    size_t json, cbor, lines;
    bool seen[3];   // bay-1, van-1, gate-1
    char told[500]; // the child's stdout
    size_t told_size;
    char line[9000]; // of the serial line
    size_t line_size;
};

static int setup(void **state)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    assert_non_null(gateway);
    strcpy(gateway->folder, "/tmp/citygw-simulate-XXXXXX");
    assert_non_null(mkdtemp(gateway->folder));
    snprintf(gateway->config, sizeof gateway->config, "%s/city.ini", gateway->folder);
    snprintf(gateway->device, sizeof gateway->device, "%s/kerb", gateway->folder);
    gateway->answer = 0x44; // 2.04
    gateway->serial = gateway->out = -1;
    gateway->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(gateway->udp >= 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(gateway->udp, (struct sockaddr *)&address, sizeof address), 0);
    *state = gateway;
    return 0;
}

static int teardown(void **state)
{
    struct gateway *gateway = *state;
    close(gateway->udp);
    close(gateway->out);
    if (gateway->serial >= 0)
        close(gateway->serial);
    unlink(gateway->config);
    assert_int_equal(rmdir(gateway->folder), 0); // also proves that the pty's link is gone
    free(gateway);
    return 0;
}

static void configure(struct gateway *gateway, const char *sensors)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    assert_int_equal(getsockname(gateway->udp, (struct sockaddr *)&address, &size), 0);
    FILE *file = fopen(gateway->config, "w");
    assert_non_null(file);
    fprintf(file,
            "[gateway]\nid = test\nmunicipality = 271004\n[mqtt]\nurl = mqtt://127.0.0.1:1883\n"
            "[coap]\nlisten = 0.0.0.0:%d\n[serial:kerb]\ndevice = %s\nbaud = 9600\ncodec = senml\n%s",
            ntohs(address.sin_port), gateway->device, sensors);
    fclose(file);
}

static const char both[] = "[sensor:bay-1]\nkind = parking\nsource = coap\n"
                           "[sensor:van-1]\nkind = bump\nsource = coap\naddress = urn:dev:van-1:\n"
                           "[sensor:gate-1]\nkind = crowd\nsource = serial:kerb\n";
static const char coap_only[] = "[sensor:bay-1]\nkind = parking\nsource = coap\n";

static void start(struct gateway *gateway, char *const extra[])
{
    char *argv[16] = {"simulate", "-c", gateway->config, "--quiet"};
    int argc = 4;
    for (; *extra; extra++)
        argv[argc++] = *extra;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    gateway->child = fork();
    if (gateway->child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        exit(verb_simulate(argc, argv));
    }
    close(ends[1]);
    gateway->out = ends[0];
}

static void take_names(struct gateway *gateway, const struct raw_pack *pack)
{
    static const char *const bases[] = {"bay-1:", "urn:dev:van-1:", "gate-1:"};
    assert_true(pack->count > 0);
    for (size_t value = 0; value < pack->count; value++) {
        size_t found = 0;
        while (found < 3 && strncmp(pack->values[value].name, bases[found], strlen(bases[found])) != 0)
            found++;
        assert_true(found < 3);
        gateway->seen[found] = true;
    }
}

static void decode(struct gateway *gateway, const char *codec, const uint8_t *data, size_t size)
{
    static struct raw_pack pack;
    struct frame frame = {.data = data, .size = size};
    struct fault why;
    if (codec_decode(codec_find(codec), &frame, &pack, &why))
        fail_msg("%s", why.text);
    take_names(gateway, &pack);
}

// Header, token, Uri-Path "readings", Content-Format, 0xff, payload; answered by an ACK with the same id and token.
static void serve(struct gateway *gateway)
{
    uint8_t data[1500];
    struct sockaddr_in from;
    socklen_t from_size = sizeof from;
    ssize_t size = recvfrom(gateway->udp, data, sizeof data, 0, (struct sockaddr *)&from, &from_size);
    if (size < 0)
        return;
    size_t token = data[0] & 0x0f, options = 4 + token;
    assert_int_equal(data[0] & 0xf0, 0x40); // version 1, confirmable
    assert_int_equal(data[1], 0x02);        // POST
    assert_memory_equal(data + options, "\xb8readings\x11", 10);
    uint8_t format = data[options + 10];
    assert_int_equal(data[options + 11], 0xff);
    decode(gateway, format == 110 ? "senml" : "senml-cbor", data + options + 12, (size_t)size - options - 12);
    gateway->json += format == 110;
    gateway->cbor += format == 112;
    data[0] = (uint8_t)(0x60 | token);
    data[1] = gateway->answer;
    if (gateway->answer)
        sendto(gateway->udp, data, options, 0, (struct sockaddr *)&from, from_size);
}

static void read_serial(struct gateway *gateway)
{
    ssize_t size = read(gateway->serial, gateway->line + gateway->line_size, sizeof gateway->line - gateway->line_size);
    gateway->line_size += size > 0 ? (size_t)size : 0;
    for (char *end; (end = memchr(gateway->line, '\n', gateway->line_size));) {
        decode(gateway, "senml", (uint8_t *)gateway->line, (size_t)(end - gateway->line));
        gateway->lines++;
        gateway->line_size -= (size_t)(end + 1 - gateway->line);
        memmove(gateway->line, end + 1, gateway->line_size);
    }
}

static void plug_in(struct gateway *gateway)
{
    struct termios mode;
    gateway->serial = open(gateway->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (gateway->serial < 0)
        return;
    tcgetattr(gateway->serial, &mode);
    cfmakeraw(&mode);
    tcsetattr(gateway->serial, TCSANOW, &mode);
}

// Until the verb ends; returns its exit.
static int be_the_gateway(struct gateway *gateway)
{
    for (;;) {
        if (gateway->serial < 0)
            plug_in(gateway);
        struct pollfd polled[] = {{gateway->out, POLLIN, 0}, {gateway->udp, POLLIN, 0}, {gateway->serial, POLLIN, 0}};
        assert_true(poll(polled, 3, 20) >= 0);
        if (polled[1].revents)
            serve(gateway);
        if (polled[2].revents & POLLIN)
            read_serial(gateway);
        if (gateway->stop_after && gateway->json + gateway->cbor >= gateway->stop_after) {
            kill(gateway->child, SIGTERM);
            gateway->stop_after = 0;
        }
        ssize_t size = 1;
        if (polled[0].revents)
            size =
                read(gateway->out, gateway->told + gateway->told_size, sizeof gateway->told - 1 - gateway->told_size);
        if (polled[0].revents && size > 0)
            gateway->told_size += (size_t)size;
        if (size <= 0)
            break;
    }
    int status;
    assert_int_equal(waitpid(gateway->child, &status, 0), gateway->child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void sensors_of_both_kinds_are_played(void **state)
{
    struct gateway *gateway = *state;
    configure(gateway, both);
    start(gateway, (char *[]){"--rate", "300/s", "--count", "60", NULL});
    assert_int_equal(be_the_gateway(gateway), VERB_FINE);
    assert_true(gateway->seen[0] && gateway->seen[1] && gateway->seen[2]);
    assert_true(gateway->json > 5 && gateway->cbor > 5 && gateway->lines > 5);
    assert_int_equal(gateway->json + gateway->cbor + gateway->lines, 60);
    char expected[100];
    size_t posts = gateway->json + gateway->cbor;
    snprintf(expected, sizeof expected, "sent %zu, acknowledged %zu, refused 0, unanswered 0; serial lines %zu;", posts,
             posts, gateway->lines);
    assert_memory_equal(gateway->told, expected, strlen(expected));
    assert_ptr_equal(strchr(gateway->told, '\n'), gateway->told + gateway->told_size - 1); // one line
}

static void one_notation_alone_may_be_asked_for(void **state)
{
    struct gateway *gateway = *state;
    configure(gateway, coap_only);
    start(gateway, (char *[]){"--rate", "500", "--count", "10", "--cbor", "--clients", "3", NULL});
    assert_int_equal(be_the_gateway(gateway), VERB_FINE);
    assert_int_equal(gateway->json, 0);
    assert_int_equal(gateway->cbor, 10);
}

static void refusals_are_told_by_code(void **state)
{
    struct gateway *gateway = *state;
    configure(gateway, coap_only);
    gateway->answer = 0x84;
    start(gateway, (char *[]){"--rate", "500/s", "--count", "7", "--json", NULL});
    assert_int_equal(be_the_gateway(gateway), VERB_PROBLEM);
    assert_non_null(strstr(gateway->told, "sent 7, acknowledged 0, refused 7 (4.04: 7), unanswered 0;"));
    assert_int_equal(gateway->json, 7);
}

static void a_signal_ends_it_in_order(void **state)
{
    struct gateway *gateway = *state;
    configure(gateway, coap_only);
    gateway->stop_after = 5;
    start(gateway, (char *[]){"--rate", "200/s", NULL});
    assert_int_equal(be_the_gateway(gateway), VERB_FINE);
    assert_non_null(strstr(gateway->told, "refused 0, unanswered 0;"));
    assert_true(gateway->json + gateway->cbor >= 5);
}

static void a_gateway_that_does_not_answer_is_not_stormed(void **state)
{
    struct gateway *gateway = *state;
    configure(gateway, coap_only);
    gateway->answer = 0;
    start(gateway, (char *[]){"--rate", "2000/s", "--clients", "1", NULL});
    while (gateway->json + gateway->cbor < 4 && poll(&(struct pollfd){gateway->udp, POLLIN, 0}, 1, 5000) > 0)
        serve(gateway);
    kill(gateway->child, SIGTERM); // would wait for the answers
    kill(gateway->child, SIGINT);  // does not
    assert_int_equal(be_the_gateway(gateway), VERB_PROBLEM);
    assert_memory_equal(gateway->told, "sent 4, acknowledged 0, refused 0, unanswered 4; serial lines 0; skipped ", 73);
    assert_true(strtoul(gateway->told + 73, NULL, 10) > 0);
}

static int run_quietly(char *const extra[])
{
    char *argv[16] = {"simulate"};
    int argc = 1;
    for (; *extra; extra++)
        argv[argc++] = *extra;
    return verb_simulate(argc, argv);
}

static void wrong_usage_is_told_apart(void **state)
{
    (void)state;
    assert_int_equal(run_quietly((char *[]){NULL}), VERB_USAGE);
    assert_int_equal(run_quietly((char *[]){"-c", NULL}), VERB_USAGE);
    assert_int_equal(run_quietly((char *[]){"-c", "x", "more", NULL}), VERB_USAGE);
    assert_int_equal(run_quietly((char *[]){"-c", "x", "--rate", "0", NULL}), VERB_USAGE);
    assert_int_equal(run_quietly((char *[]){"-c", "x", "--rate", "5/min", NULL}), VERB_USAGE);
    assert_int_equal(run_quietly((char *[]){"-c", "x", "--count", "-1", NULL}), VERB_USAGE);
    assert_int_equal(run_quietly((char *[]){"-c", "x", "--seconds", "nan", NULL}), VERB_USAGE);
    assert_int_equal(run_quietly((char *[]){"-c", "x", "--clients", "100000", NULL}), VERB_USAGE);
    assert_int_equal(run_quietly((char *[]){"-c", "x", "--xml", NULL}), VERB_USAGE);
    assert_int_equal(run_quietly((char *[]){"-c", "/no/such/file", NULL}), VERB_PROBLEM);
}

static void a_configuration_without_sensors_to_play_is_a_problem(void **state)
{
    struct gateway *gateway = *state;
    configure(gateway, "[sensor:a]\nkind = parking\nsource = sim\n");
    assert_int_equal(run_quietly((char *[]){"-c", gateway->config, NULL}), VERB_PROBLEM);
}

static void a_device_that_is_real_is_left_alone(void **state)
{
    struct gateway *gateway = *state;
    configure(gateway, both);
    assert_int_equal(symlink("/dev/null", gateway->device), 0);
    assert_int_equal(run_quietly((char *[]){"-c", gateway->config, NULL}), VERB_PROBLEM);
    assert_int_equal(unlink(gateway->device), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sensors_of_both_kinds_are_played, setup, teardown),
        cmocka_unit_test_setup_teardown(one_notation_alone_may_be_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals_are_told_by_code, setup, teardown),
        cmocka_unit_test_setup_teardown(a_signal_ends_it_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_gateway_that_does_not_answer_is_not_stormed, setup, teardown),
        cmocka_unit_test(wrong_usage_is_told_apart),
        cmocka_unit_test_setup_teardown(a_configuration_without_sensors_to_play_is_a_problem, setup, teardown),
        cmocka_unit_test_setup_teardown(a_device_that_is_real_is_left_alone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
