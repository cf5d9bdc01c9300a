// SPDX-License-Identifier: Apache-2.0
/*
 * Sensors that post as fast as they are answered (or at a rate), for scripts/bench. One UDP socket speaks for all: a peer is
 * a source address in 127/8, set for each datagram. Every peer has one confirmable POST under way; its answer lets the next
 * one go, and after two seconds without one it is sent again, as RFC 7252 has it. Each reading carries a serial number.
 *
 * Prints one line of JSON: what was acknowledged and how long that took.
 */
#include "histogram.h"
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)

enum {
    BURST = 64,
    MESSAGE_MAX = 512,
    SOCKET_BYTES = 16 << 20,
    SERIAL_FIRST = 100000000, // so that the number always has nine digits
    TOKEN_SIZE = 8,           // the peer's number and the low half of the serial number
};
static const int64_t ack_timeout_ns = 2 * SECOND_NS;
static const int64_t look_ns = SECOND_NS / 10; // how often forgotten requests are looked for

struct options {
    int port, peers, sensors;
    double rate, seconds; // rate 0: closed loop
    long count, first;    // 0: until the seconds are over
    bool cbor, by_path;
    const char *times; // a file of one int64 a serial number, where the time of sending goes
};

struct peer {
    int64_t sent_ns; // 0: idle
    int64_t first_ns;
    uint32_t serial;
    uint16_t id;
};

// The message that all requests are made from, and where in it they differ.
struct template
{
    uint8_t bytes[MESSAGE_MAX];
    size_t size, sensor, path_sensor, serial;
};

struct outgoing {
    struct mmsghdr headers[BURST];
    struct iovec parts[BURST];
    uint8_t messages[BURST][MESSAGE_MAX];
    _Alignas(struct cmsghdr) char controls[BURST][CMSG_SPACE(sizeof(struct in_pktinfo))];
    unsigned count;
};

struct load {
    struct options options;
    struct template template;
    struct peer *peers;
    int64_t *times;
    struct outgoing out;
    struct histogram latencies;
    int socket;
    uint32_t next; // serial number
    int next_idle; // peer, for a rate
    int64_t began_ns, last_ack_ns;
    uint64_t sent, acknowledged, refused, repeated;
    uint8_t last_refusal;
};

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static void put(struct template *template, const void *bytes, size_t size)
{
    memcpy(template->bytes + template->size, bytes, size);
    template->size += size;
}

static void put_text(struct template *template, const char *text)
{
    put(template, text, strlen(text));
}

static size_t put_digits(struct template *template, const char *digits)
{
    size_t at = template->size;
    put_text(template, digits);
    return at;
}

static void put_json(struct template *template)
{
    put_text(template, "[{\"bn\":\"urn:dev:mac:0024befffe80");
    template->sensor = put_digits(template, "0000");
    put_text(template, ":\",\"n\":\"occupied\",\"vb\":true},{\"n\":\"duration_s\",\"u\":\"s\",\"v\":");
    template->serial = put_digits(template, "100000000");
    put_text(template,
             "},{\"n\":\"battery_v\",\"u\":\"V\",\"v\":3.61},{\"n\":\"temperature_c\",\"u\":\"Cel\",\"v\":18.5}]");
}

static void put_cbor_text(struct template *template, const char *text)
{
    size_t size = strlen(text);
    if (size < 24)
        put(template, &(uint8_t){(uint8_t)(0x60 + size)}, 1);
    else
        put(template, (uint8_t[]){0x78, (uint8_t)size}, 2);
    put_text(template, text);
}

static void put_cbor_half(struct template *template, const char *name, const char *unit, const uint8_t half[2])
{
    put(template, (uint8_t[]){0xa3, 0x00}, 2);
    put_cbor_text(template, name);
    put(template, (uint8_t[]){0x01}, 1);
    put_cbor_text(template, unit);
    put(template, (uint8_t[]){0x02, 0xf9, half[0], half[1]}, 4);
}

// The same reading as put_json's, but that 3.61 V and 18.5 Cel are half floats (3.609 V).
static void put_cbor(struct template *template)
{
    put(template, (uint8_t[]){0x84, 0xa3, 0x21}, 3);
    put_cbor_text(template, "urn:dev:mac:0024befffe800000:");
    template->sensor = template->size - 5;
    put(template, (uint8_t[]){0x00}, 1);
    put_cbor_text(template, "occupied");
    put(template, (uint8_t[]){0x04, 0xf5, 0xa3, 0x00}, 4);
    put_cbor_text(template, "duration_s");
    put(template, (uint8_t[]){0x01}, 1);
    put_cbor_text(template, "s");
    put(template, (uint8_t[]){0x02, 0x1a}, 2);
    template->serial = template->size;
    put(template, (uint8_t[]){0, 0, 0, 0}, 4);
    put_cbor_half(template, "battery_v", "V", (uint8_t[]){0x43, 0x38});
    put_cbor_half(template, "temperature_c", "Cel", (uint8_t[]){0x4c, 0xa0});
}

// POST coap://.../readings or /readings/bay-NNNN, confirmable, with Content-Format 110 or 112.
static void make_template(struct template *template, const struct options *options)
{
    put(template, (uint8_t[]){0x40 | TOKEN_SIZE, 0x02, 0, 0}, 4);
    put(template, (uint8_t[TOKEN_SIZE]){0}, TOKEN_SIZE);
    put(template, (uint8_t[]){0xb8}, 1); // option 11, 8 bytes
    put_text(template, "readings");
    if (options->by_path) {
        put(template, (uint8_t[]){0x08}, 1);
        put_text(template, "bay-");
        template->path_sensor = put_digits(template, "0000");
    }
    put(template, (uint8_t[]){0x11, options->cbor ? 112 : 110, 0xff}, 3);
    if (options->cbor)
        put_cbor(template);
    else
        put_json(template);
}

static void write_digits(uint8_t *at, uint32_t number, int digits)
{
    while (digits-- > 0) {
        at[digits] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
}

static void write_big_endian(uint8_t *at, uint32_t number)
{
    for (int i = 3; i >= 0; i--, number >>= 8)
        at[i] = (uint8_t)number;
}

static void fill(const struct load *load, uint8_t *message, uint32_t number, const struct peer *peer)
{
    const struct template *template = &load->template;
    uint32_t sensor = peer->serial % (uint32_t)load->options.sensors;
    memcpy(message, template->bytes, template->size);
    message[2] = (uint8_t)(peer->id >> 8);
    message[3] = (uint8_t)peer->id;
    write_big_endian(message + 4, number);
    write_big_endian(message + 8, peer->serial);
    write_digits(message + template->sensor, sensor, 4);
    if (template->path_sensor)
        write_digits(message + template->path_sensor, sensor, 4);
    if (load->options.cbor)
        write_big_endian(message + template->serial, SERIAL_FIRST + peer->serial);
    else
        write_digits(message + template->serial, SERIAL_FIRST + peer->serial, 9);
}

static void flush(struct load *load)
{
    struct outgoing *out = &load->out;
    for (unsigned at = 0; at < out->count;) {
        int sent = sendmmsg(load->socket, out->headers + at, out->count - at, 0);
        if (sent < 0 && errno != EINTR && errno != ENOBUFS && errno != EAGAIN)
            fail("sendmmsg");
        at += sent > 0 ? (unsigned)sent : 0;
    }
    out->count = 0;
}

static void send_request(struct load *load, uint32_t number, int64_t now_ns)
{
    struct outgoing *out = &load->out;
    struct peer *peer = &load->peers[number];
    unsigned at = out->count++;
    peer->sent_ns = now_ns;
    fill(load, out->messages[at], number, peer);
    struct cmsghdr *control = (struct cmsghdr *)out->controls[at];
    ((struct in_pktinfo *)CMSG_DATA(control))->ipi_spec_dst.s_addr = htonl(0x7f010001 + number);
    if (out->count == BURST)
        flush(load);
}

static bool wants_more(const struct load *load, int64_t now_ns)
{
    const struct options *options = &load->options;
    if (options->count)
        return load->sent < (uint64_t)options->count;
    return now_ns - load->began_ns < (int64_t)(options->seconds * 1e9);
}

static void start_request(struct load *load, uint32_t number, int64_t now_ns)
{
    struct peer *peer = &load->peers[number];
    peer->id++;
    peer->serial = load->next++;
    peer->first_ns = now_ns;
    load->sent++;
    if (load->times)
        load->times[peer->serial] = monotonic_ns();
    send_request(load, number, now_ns);
}

static uint32_t read_big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void take_answer(struct load *load, const uint8_t *message, size_t size, int64_t now_ns)
{
    if (size < 4 + TOKEN_SIZE || (message[0] & 0x0f) != TOKEN_SIZE)
        return; // an empty ACK: the answer will come
    uint32_t number = read_big_endian(message + 4);
    if (number >= (uint32_t)load->options.peers)
        return;
    struct peer *peer = &load->peers[number];
    if (!peer->sent_ns || peer->serial != read_big_endian(message + 8))
        return; // answered already
    peer->sent_ns = 0;
    load->last_ack_ns = now_ns;
    if (message[1] == 0x44) {
        load->acknowledged++;
        histogram_take(&load->latencies, now_ns - peer->first_ns);
    } else {
        load->refused++;
        load->last_refusal = message[1];
    }
    if (load->options.rate == 0 && wants_more(load, now_ns))
        start_request(load, number, now_ns);
}

static unsigned receive(struct load *load)
{
    static uint8_t buffers[BURST][MESSAGE_MAX];
    struct mmsghdr headers[BURST] = {0};
    struct iovec parts[BURST];
    for (unsigned i = 0; i < BURST; i++) {
        parts[i] = (struct iovec){buffers[i], MESSAGE_MAX};
        headers[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int count = recvmmsg(load->socket, headers, BURST, MSG_DONTWAIT, NULL);
    int64_t now_ns = monotonic_ns();
    for (int i = 0; i < count; i++)
        take_answer(load, buffers[i], headers[i].msg_len, now_ns);
    flush(load);
    return count > 0 ? (unsigned)count : 0;
}

static void repeat_forgotten(struct load *load, int64_t now_ns)
{
    for (int i = 0; i < load->options.peers; i++) {
        if (!load->peers[i].sent_ns || now_ns - load->peers[i].sent_ns < ack_timeout_ns)
            continue;
        load->repeated++;
        send_request(load, (uint32_t)i, now_ns);
    }
    flush(load);
}

// Those that are due at the rate; returns when the next one is.
static int64_t send_due(struct load *load, int64_t now_ns)
{
    int64_t due_ns;
    while ((due_ns = load->began_ns + (int64_t)((double)load->sent / load->options.rate * 1e9)) <= now_ns &&
           wants_more(load, now_ns)) {
        int tried = 0;
        while (load->peers[load->next_idle].sent_ns && tried++ < load->options.peers)
            load->next_idle = (load->next_idle + 1) % load->options.peers;
        if (load->peers[load->next_idle].sent_ns)
            break; // all wait: the rate is more than is answered
        start_request(load, (uint32_t)load->next_idle, now_ns);
        load->next_idle = (load->next_idle + 1) % load->options.peers;
    }
    flush(load);
    return due_ns;
}

static void wait_until(const struct load *load, int64_t until_ns)
{
    int64_t left_ns = until_ns - monotonic_ns();
    struct timespec left = {left_ns / SECOND_NS, left_ns % SECOND_NS};
    struct pollfd poll = {.fd = load->socket, .events = POLLIN};
    if (left_ns > 0)
        ppoll(&poll, 1, &left, NULL);
}

static void run(struct load *load)
{
    int64_t now_ns = load->began_ns = load->last_ack_ns = monotonic_ns(), look_at_ns = now_ns + look_ns;
    for (int i = 0; i < load->options.peers && load->options.rate == 0 && wants_more(load, now_ns); i++)
        start_request(load, (uint32_t)i, now_ns);
    flush(load);
    while (wants_more(load, now_ns) || load->acknowledged + load->refused < load->sent) {
        int64_t due_ns = load->options.rate > 0 && wants_more(load, now_ns) ? send_due(load, now_ns) : look_at_ns;
        if (receive(load) == 0)
            wait_until(load, due_ns < look_at_ns ? due_ns : look_at_ns);
        now_ns = monotonic_ns();
        if (now_ns >= look_at_ns) {
            repeat_forgotten(load, now_ns);
            look_at_ns = now_ns + look_ns;
        }
        if (now_ns - load->last_ack_ns > 30 * SECOND_NS)
            break; // nobody answers any more
    }
}

static void report(const struct load *load)
{
    double seconds = (double)(load->last_ack_ns - load->began_ns) / 1e9;
    printf("{\"sent\":%llu,\"acknowledged\":%llu,\"refused\":%llu,\"refusal\":\"%d.%02d\",\"repeated\":%llu,"
           "\"seconds\":%.6f,\"rate\":%.1f,\"p50_us\":%llu,\"p99_us\":%llu,\"max_us\":%llu,\"payload_bytes\":%zu}\n",
           (unsigned long long)load->sent, (unsigned long long)load->acknowledged, (unsigned long long)load->refused,
           load->last_refusal >> 5, load->last_refusal & 31, (unsigned long long)load->repeated, seconds,
           seconds > 0 ? (double)load->acknowledged / seconds : 0,
           (unsigned long long)histogram_at(&load->latencies, 0.5),
           (unsigned long long)histogram_at(&load->latencies, 0.99), (unsigned long long)load->latencies.max_us,
           load->template.size -
               (size_t)((uint8_t *)memchr(load->template.bytes, 0xff, load->template.size) - load->template.bytes) - 1);
}

static void open_socket(struct load *load)
{
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)load->options.port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    static struct sockaddr_in to;
    int bytes = SOCKET_BYTES;
    to = server;
    load->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in any = {.sin_family = AF_INET};
    if (load->socket < 0 || bind(load->socket, (struct sockaddr *)&any, sizeof any) < 0)
        fail("socket");
    if (setsockopt(load->socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(load->socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    for (unsigned i = 0; i < BURST; i++) {
        struct outgoing *out = &load->out;
        out->parts[i] = (struct iovec){out->messages[i], load->template.size};
        struct cmsghdr *control = (struct cmsghdr *)out->controls[i];
        *control = (struct cmsghdr){CMSG_LEN(sizeof(struct in_pktinfo)), IPPROTO_IP, IP_PKTINFO};
        out->headers[i].msg_hdr = (struct msghdr){.msg_name = &to,
                                                  .msg_namelen = sizeof to,
                                                  .msg_iov = &out->parts[i],
                                                  .msg_iovlen = 1,
                                                  .msg_control = out->controls[i],
                                                  .msg_controllen = sizeof out->controls[i]};
    }
}

static void open_times(struct load *load)
{
    if (!load->options.times)
        return;
    FILE *file = fopen(load->options.times, "r+");
    long size = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
    load->times = size > 0 ? mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0) : MAP_FAILED;
    if (load->times == MAP_FAILED)
        fail(load->options.times);
    fclose(file);
}

static struct options read_options(int argc, char *argv[])
{
    static const struct option names[] = {
        {"port", 1, NULL, 'p'},
        {"peers", 1, NULL, 'n'},
        {"sensors", 1, NULL, 's'},
        {"rate", 1, NULL, 'r'},
        {"seconds", 1, NULL, 't'},
        {"count", 1, NULL, 'c'},
        {"cbor", 0, NULL, 'b'},
        {"by-path", 0, NULL, 'y'},
        {"times", 1, NULL, 'f'},
        {"first", 1, NULL, 'i'},
        {0},
    };
    struct options options = {.port = 5683, .peers = 100, .sensors = 100, .seconds = 5};
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (option) {
        case 'p':
            options.port = atoi(optarg);
            break;
        case 'n':
            options.peers = atoi(optarg);
            break;
        case 's':
            options.sensors = atoi(optarg);
            break;
        case 'r':
            options.rate = atof(optarg);
            break;
        case 't':
            options.seconds = atof(optarg);
            break;
        case 'c':
            options.count = atol(optarg);
            break;
        case 'i':
            options.first = atol(optarg);
            break;
        case 'b':
            options.cbor = true;
            break;
        case 'y':
            options.by_path = true;
            break;
        case 'f':
            options.times = optarg;
            break;
        default:
            exit(2);
        }
    }
    return options;
}

int main(int argc, char *argv[])
{
    static struct load load;
    load.options = read_options(argc, argv);
    load.next = (uint32_t)load.options.first;
    make_template(&load.template, &load.options);
    load.peers = calloc((size_t)load.options.peers, sizeof *load.peers);
    if (!load.peers)
        fail("memory");
    for (int i = 0; i < load.options.peers; i++)
        load.peers[i].id = (uint16_t)(monotonic_ns() >> 8);
    open_times(&load);
    open_socket(&load);
    run(&load);
    report(&load);
    return load.acknowledged == load.sent ? 0 : 1;
}
