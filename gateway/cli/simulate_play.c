// SPDX-License-Identifier: Apache-2.0
#include "simulate_play.h"
#include "base/messages.h"
#include "base/number.h"
#include "drivers/coap_client.h"
#include "drivers/codec.h"
#include "drivers/virtual.h"
#include "simulate_buses.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { TICK_MS = 10, WAITING_MAX = 4, CLIENTS_DEFAULT_MAX = 16, PACK_BYTES_MAX = 4096, FRAMES_BYTES_MAX = 256 };

struct player {
    struct virtual_sensor sensor;
    char *base_name;
    struct fake_port *port;       // NULL: over CoAP, or Modbus
    const struct codec *codec;    // whose frames it sends on its port; NULL: SenML
    struct codec_options options; // of the port
    struct modbus_slaves *slaves; // of its bus; else NULL
    const struct settings_sensor *settings;
    bool cbor; // the next post's notation, when both are sent
};

struct play {
    struct play_options options;
    uv_timer_t *timer; // NULL unless playing; freed when libuv has closed it
    uint64_t begin_ms, turns;
    struct player *players;
    size_t player_count, next;
    struct coap_client **clients;
    size_t next_client;
    struct fake_port *ports;
    size_t port_count;
    const struct settings_serial **port_settings;
    const struct settings *settings;
    struct fake_bus *buses;
    size_t bus_count;
    struct play_figures figures;
    struct raw_pack pack;
    struct bytes bytes;
};

static void count_refusal(struct play *play, int code, const char *diagnostic)
{
    struct play_figures *figures = &play->figures;
    figures->refused++;
    for (size_t i = 0; i < figures->code_count; i++)
        if (figures->codes[i].code == code) {
            figures->codes[i].count++;
            return;
        }
    if (figures->code_count == PLAY_CODES_MAX)
        return;
    figures->codes[figures->code_count].code = code;
    figures->codes[figures->code_count++].count = 1;
    play->options.refused(play->options.context, code, diagnostic);
}

static void answered(void *context, uint64_t ticket, int code, const char *diagnostic)
{
    struct play *play = context;
    (void)ticket;
    if (code == 0)
        play->figures.unanswered++;
    else if (code / 100 == 2)
        play->figures.acknowledged++;
    else
        count_refusal(play, code, diagnostic);
}

static bool write_pack(struct play *play, struct player *player, enum senml_format format)
{
    raw_pack_clear(&play->pack);
    bytes_clear(&play->bytes);
    if (!virtual_report(&player->sensor, &play->pack))
        return false;
    senml_write(&play->bytes, format, player->base_name, play->pack.values, play->pack.count);
    return !play->bytes.overflow;
}

// The next client that does not wait for too many answers, or NULL.
static struct coap_client *free_client(struct play *play)
{
    for (size_t i = 0; i < play->figures.clients; i++) {
        struct coap_client *client = play->clients[play->next_client];
        play->next_client = (play->next_client + 1) % play->figures.clients;
        if (coap_client_waiting(client) < WAITING_MAX)
            return client;
    }
    return NULL;
}

static bool post(struct play *play, struct player *player)
{
    struct coap_client *client = free_client(play);
    if (!client)
        return false;
    bool cbor = play->options.cbor && (!play->options.json || player->cbor);
    enum senml_format format = cbor ? SENML_CBOR : SENML_JSON;
    if (!write_pack(play, player, format))
        return false;
    int error =
        coap_client_post(client, "readings", (int)format, play->bytes.data, play->bytes.used, play->figures.posts);
    if (error == -EBUSY)
        return false;
    player->cbor = !player->cbor;
    play->figures.posts++;
    play->figures.unanswered += error != 0;
    return true;
}

static bool write_line(struct play *play, struct player *player)
{
    if (!write_pack(play, player, SENML_JSON))
        return false;
    bytes_char(&play->bytes, '\n');
    return !play->bytes.overflow;
}

static bool write_frames(struct play *play, struct player *player)
{
    uint8_t frames[FRAMES_BYTES_MAX];
    raw_pack_clear(&play->pack);
    bytes_clear(&play->bytes);
    if (!virtual_report(&player->sensor, &play->pack) || !virtual_measure(&player->sensor, &play->pack))
        return false;
    size_t size = player->codec->compose(&play->pack, &player->options, frames, sizeof frames);
    bytes_append(&play->bytes, frames, size);
    return size > 0;
}

static bool play_serial(struct play *play, struct player *player)
{
    if (!(player->codec ? write_frames(play, player) : write_line(play, player)))
        return false;
    if (!fake_port_write(player->port, play->bytes.data, play->bytes.used))
        return false;
    play->figures.lines++;
    return true;
}

static bool fill_registers(struct play *play, struct player *player)
{
    raw_pack_clear(&play->pack);
    if (!virtual_report(&player->sensor, &play->pack))
        return false;
    modbus_slaves_put(player->slaves, play->settings, player->settings, &play->pack);
    play->figures.fillings++;
    return true;
}

static bool take_turn(struct play *play, struct player *player)
{
    if (player->slaves)
        return fill_registers(play, player);
    return player->port ? play_serial(play, player) : post(play, player);
}

static bool is_enough(const struct play *play)
{
    const struct play_figures *figures = &play->figures;
    return play->options.count != 0 && figures->posts + figures->lines + figures->fillings >= play->options.count;
}

// Turns that are due by now; what is more than a second late is given up.
static uint64_t due_turns(const struct play *play)
{
    double elapsed_s = (double)(uv_now(play->timer->loop) - play->begin_ms) / 1000;
    return (uint64_t)(elapsed_s * play->figures.rate) + 1;
}

static void tick(uv_timer_t *timer)
{
    struct play *play = timer->data;
    uint64_t due = due_turns(play), second = (uint64_t)play->figures.rate + 1;
    if (due > play->turns + second)
        play->turns = due - second;
    play->figures.answers += fake_buses_serve(play->buses, play->bus_count);
    for (; play->turns < due && !is_enough(play); play->turns++) {
        struct player *player = &play->players[play->next];
        play->next = (play->next + 1) % play->player_count;
        play->figures.skipped += !take_turn(play, player);
    }
    if (is_enough(play)) {
        play_end(play);
        play->options.finished(play->options.context);
    }
}

static bool plays_coap(const struct settings *settings, const struct settings_sensor *sensor)
{
    return !sensor->disabled && sensor->source_type == SOURCE_COAP && sensor->codec[0] == '\0' &&
           settings->coap.listen[0] != '\0';
}

static bool is_playable(const struct settings_serial *serial)
{
    return !serial->disabled && (strcmp(serial->codec, "senml") == 0 || codec_find(serial->codec)->compose);
}

static const struct settings_serial *find_serial(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->serial_count; i++)
        if (strcmp(settings->serial[i].name, name) == 0)
            return is_playable(&settings->serial[i]) ? &settings->serial[i] : NULL;
    return NULL;
}

// The port that the sensor reports through, if it can be played.
static const struct settings_serial *port_of(const struct settings *settings, const struct settings_sensor *sensor)
{
    return sensor->disabled || sensor->source_type != SOURCE_SERIAL ? NULL : find_serial(settings, sensor->source_name);
}

// The port of the receiver that tells where the sensor is, if it has one of its own that can be played.
static const struct settings_serial *position_port_of(const struct settings *settings,
                                                      const struct settings_sensor *sensor)
{
    static const char serial[] = "serial:";
    if (sensor->disabled || strncmp(sensor->position, serial, sizeof serial - 1) != 0 ||
        strcmp(sensor->position, sensor->source) == 0)
        return NULL;
    return find_serial(settings, sensor->position + sizeof serial - 1);
}

// Whoever tries a configuration without hardware wonders why a sensor is silent.
static const char *why_silent(const struct settings *settings, const struct settings_sensor *sensor)
{
    if (sensor->source_type == SOURCE_COAP && sensor->codec[0])
        return _("its codec's payloads are not played over CoAP");
    if (sensor->source_type == SOURCE_COAP)
        return _("[coap] listen is empty");
    if (sensor->source_type == SOURCE_SERIAL && !port_of(settings, sensor))
        return _("what the codec of its port sends cannot be played");
    return _("its source is not played");
}

// The address as the gateway expects it in front of a field.
static char *base_name_of(const struct settings_sensor *sensor)
{
    char *name = NULL;
    size_t size = strlen(sensor->address);
    bool ended = size > 0 && strchr(":/", sensor->address[size - 1]);
    return asprintf(&name, "%s%s", sensor->address, ended ? "" : ":") < 0 ? NULL : name;
}

static int add_player(struct play *play, const struct settings_sensor *sensor, struct player **ret_player)
{
    struct player *player = &play->players[play->player_count];
    virtual_begin(&player->sensor, (enum kind)sensor->kind, fnv64(FNV_START, sensor->id, strlen(sensor->id)),
                  sensor->latitude, sensor->longitude);
    player->settings = sensor;
    player->base_name = base_name_of(sensor);
    player->cbor = play->player_count % 2 == 1;
    if (!player->base_name)
        return -ENOMEM;
    play->player_count++;
    *ret_player = player;
    return 0;
}

// The first address that the gateway listens at, as one can reach it from this machine.
static void listening_uri(const struct settings *settings, char *ret_uri, size_t size)
{
    const char *listen = settings->coap.listen;
    int length = (int)strcspn(listen, " \t");
    const char *port = memrchr(listen, ':', (size_t)length);
    bool any4 = strncmp(listen, "0.0.0.0:", 8) == 0, any6 = strncmp(listen, "[::]:", 5) == 0;
    if (port && (any4 || any6))
        snprintf(ret_uri, size, "coap://%s%.*s", any4 ? "127.0.0.1" : "[::1]", (int)(listen + length - port), port);
    else
        snprintf(ret_uri, size, "coap://%.*s", length, listen);
}

static int make_clients(struct play *play, struct uv_loop_s *loop, const struct settings *settings, struct fault *why)
{
    size_t wanted = play->options.clients;
    if (wanted == 0)
        wanted = play->figures.coap_sensors < CLIENTS_DEFAULT_MAX ? play->figures.coap_sensors : CLIENTS_DEFAULT_MAX;
    if (play->figures.coap_sensors == 0)
        return 0;
    play->clients = calloc(wanted, sizeof *play->clients);
    if (!play->clients)
        return fault_errno(why, -ENOMEM, _("the simulator did not start"));
    char uri[300];
    listening_uri(settings, uri, sizeof uri);
    for (; play->figures.clients < wanted; play->figures.clients++) {
        int error = coap_client_create(loop, uri, answered, play, &play->clients[play->figures.clients], why);
        if (error != 0)
            return error;
    }
    return 0;
}

static int add_coap_players(struct play *play, const struct settings *settings)
{
    for (size_t i = 0; i < settings->sensor_count; i++) {
        struct player *player;
        if (!plays_coap(settings, &settings->sensor[i]))
            continue;
        int error = add_player(play, &settings->sensor[i], &player);
        if (error != 0)
            return error;
    }
    return 0;
}

static int find_port(struct play *play, const struct settings_serial *serial, struct fake_port **ret_port,
                     struct fault *why)
{
    for (size_t i = 0; i < play->port_count; i++)
        if (play->port_settings[i] == serial) {
            *ret_port = &play->ports[i];
            return 0;
        }
    struct fake_port *port = &play->ports[play->port_count];
    play->port_settings[play->port_count++] = serial;
    play->figures.ports++;
    int error = fake_port_open(port, serial->device, why);
    if (error == 0)
        *ret_port = port;
    return error;
}

static int add_serial_player(struct play *play, const struct settings_sensor *sensor,
                             const struct settings_serial *serial, struct fault *why)
{
    struct player *player;
    int error = serial ? add_player(play, sensor, &player) : 0;
    if (error == 0 && serial)
        error = find_port(play, serial, &player->port, why);
    if (error || !serial)
        return error;
    player->codec = codec_find(serial->codec)->compose ? codec_find(serial->codec) : NULL;
    player->options = (struct codec_options){.columns = serial->columns, .separator = serial->separator};
    return 0;
}

static int add_serial_players(struct play *play, const struct settings *settings, struct fault *why)
{
    int error = 0;
    for (size_t i = 0; i < settings->sensor_count && !error; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        error = add_serial_player(play, sensor, port_of(settings, sensor), why);
        if (!error)
            error = add_serial_player(play, sensor, position_port_of(settings, sensor), why);
    }
    return error;
}

static int add_modbus_players(struct play *play, const struct settings *settings, struct fault *why)
{
    int error = fake_buses_open(settings, play->buses, &play->bus_count, why);
    for (size_t i = 0; i < settings->sensor_count && !error; i++) {
        struct player *player;
        if (!fake_bus_has(settings, &settings->sensor[i]))
            continue;
        error = add_player(play, &settings->sensor[i], &player);
        if (error)
            return error;
        player->slaves = fake_bus_find(play->buses, play->bus_count, settings->sensor[i].source_name);
        fill_registers(play, player); // who asks early finds something
    }
    play->figures.ports += play->bus_count;
    play->figures.fillings = 0;
    return error;
}

static int fill(struct play *play, struct uv_loop_s *loop, const struct settings *settings, struct fault *why)
{
    size_t positions = 0;
    for (size_t i = 0; i < settings->sensor_count; i++) {
        const struct settings_sensor *sensor = &settings->sensor[i];
        bool by_coap = plays_coap(settings, sensor), by_serial = port_of(settings, sensor),
             by_modbus = fake_bus_has(settings, sensor);
        play->figures.coap_sensors += by_coap;
        play->figures.serial_sensors += by_serial;
        play->figures.modbus_sensors += by_modbus;
        positions += position_port_of(settings, sensor) != NULL;
        if (!by_coap && !by_serial && !by_modbus && !sensor->disabled && play->options.silent)
            play->options.silent(play->options.context, sensor->id, why_silent(settings, sensor));
    }
    size_t count = play->figures.coap_sensors + play->figures.serial_sensors + play->figures.modbus_sensors + positions;
    if (count == 0)
        return fault_set(why, -ENOENT,
                         _("no sensor can be played; expected one with source = coap, of a Modbus bus, or of a serial "
                           "port whose codec can be played, such as senml"));
    play->figures.rate = play->options.rate > 0 ? play->options.rate : (double)count;
    play->players = calloc(count, sizeof *play->players);
    play->ports = calloc(settings->serial_count + 1, sizeof *play->ports);
    play->port_settings = calloc(settings->serial_count + 1, sizeof *play->port_settings);
    play->buses = calloc(settings->modbus_count + 1, sizeof *play->buses);
    if (!play->players || !play->ports || !play->port_settings || !play->buses)
        return fault_errno(why, -ENOMEM, _("the simulator did not start"));
    int error = make_clients(play, loop, settings, why);
    if (error == 0)
        error = add_coap_players(play, settings);
    if (error == 0)
        error = add_serial_players(play, settings, why);
    return error != 0 ? error : add_modbus_players(play, settings, why);
}

int play_create(struct uv_loop_s *loop, const struct settings *settings, const struct play_options *options,
                struct play **ret_play, struct fault *why)
{
    struct play *play = calloc(1, sizeof *play);
    if (!play)
        return fault_errno(why, -ENOMEM, _("the simulator did not start"));
    play->options = *options;
    play->settings = settings;
    bytes_init(&play->bytes, PACK_BYTES_MAX);
    int error = fill(play, loop, settings, why);
    if (error == 0 && !(play->timer = malloc(sizeof *play->timer)))
        error = fault_errno(why, -ENOMEM, _("the simulator did not start"));
    if (error != 0) {
        play_destroy(play);
        return error;
    }
    uv_timer_init(loop, play->timer);
    play->timer->data = play;
    *ret_play = play;
    return 0;
}

void play_begin(struct play *play)
{
    uv_update_time(play->timer->loop);
    play->begin_ms = uv_now(play->timer->loop);
    uv_timer_start(play->timer, tick, 0, TICK_MS);
}

void play_end(struct play *play)
{
    uv_timer_stop(play->timer);
}

void play_figures(const struct play *play, struct play_figures *ret_figures)
{
    *ret_figures = play->figures;
    for (size_t i = 0; i < play->figures.clients; i++)
        ret_figures->waiting += coap_client_waiting(play->clients[i]);
}

static void free_timer(uv_handle_t *timer)
{
    free(timer);
}

void play_destroy(struct play *play)
{
    if (!play)
        return;
    if (play->timer)
        uv_close((uv_handle_t *)play->timer, free_timer);
    for (size_t i = 0; i < play->figures.clients; i++)
        coap_client_destroy(play->clients[i]);
    for (size_t i = 0; i < play->port_count; i++)
        fake_port_close(&play->ports[i]);
    fake_buses_close(play->buses, play->bus_count);
    free(play->buses);
    for (size_t i = 0; i < play->player_count; i++)
        free(play->players[i].base_name);
    free(play->clients);
    free(play->ports);
    free(play->port_settings);
    free(play->players);
    bytes_finish(&play->bytes);
    free(play);
}
