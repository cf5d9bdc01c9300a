// SPDX-License-Identifier: Apache-2.0
#include "proof.h"

#include "base/number.h"
#include "fingerprint.h"
#include "ledger.h"
#include "payload.h"
#include "settings/settings.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_SIZE = 1 << 18 /* more than twice PROOF_SENSORS_MAX */, PRINTS = 1 << 20, TREE_SIZE = 512, SEQ_BITS = 44 };

// What a reading said, kept until another one takes its place.
struct print {
    uint64_t identity, content;
};

struct tree {
    char *name;
    char epoch[16]; // the newest one: the ledger speaks of it
    struct ledger ledger;
};

struct proof {
    char *outlet; // NULL: any
    struct proof_sensor *sensors;
    size_t sensor_count, sensor_size;
    uint32_t *table; // of sensors by key: index + 1, 0 where it is free
    struct print *prints;
    struct tree trees[PROOF_TREES_MAX];
    size_t tree_count, range_count;
    struct proof_totals totals;
};

struct proof *proof_create(const char *outlet)
{
    struct proof *proof = calloc(1, sizeof *proof);
    if (!proof)
        return NULL;
    proof->table = calloc(TABLE_SIZE, sizeof *proof->table);
    proof->prints = calloc(PRINTS, sizeof *proof->prints); // pages that are not used yet take no memory
    proof->outlet = outlet ? strdup(outlet) : NULL;
    if (!proof->table || !proof->prints || (outlet && !proof->outlet)) {
        proof_destroy(proof);
        return NULL;
    }
    return proof;
}

void proof_destroy(struct proof *proof)
{
    if (!proof)
        return;
    for (size_t i = 0; i < proof->sensor_count; i++) {
        free((char *)(uintptr_t)proof->sensors[i].epoch); // the sensor's name stands behind it
        seen_finish(&proof->sensors[i].seen);
    }
    for (size_t i = 0; i < proof->tree_count; i++) {
        ledger_finish(&proof->trees[i].ledger);
        free(proof->trees[i].name);
    }
    free(proof->sensors);
    free(proof->table);
    free(proof->prints);
    free(proof->outlet);
    free(proof);
}

/* Whose reading it is. */

// What a reading says about itself, and by which topic it came.
struct claim {
    const char *tree, *epoch, *sensor; // or a zone or an alert: the stream's name
    uint64_t seq;
    bool backlog, replay;
    uint64_t content;
};

// NULL: no room for one more.
static struct tree *find_tree(struct proof *proof, const char *name)
{
    for (size_t i = 0; i < proof->tree_count; i++)
        if (strcmp(proof->trees[i].name, name) == 0)
            return &proof->trees[i];
    char *copy = proof->tree_count < PROOF_TREES_MAX ? strdup(name) : NULL;
    if (!copy)
        return NULL;
    proof->trees[proof->tree_count] = (struct tree){.name = copy};
    return &proof->trees[proof->tree_count++];
}

static bool grow(struct proof *proof)
{
    if (proof->sensor_count < proof->sensor_size)
        return true;
    size_t size = proof->sensor_size ? proof->sensor_size * 2 : 64;
    struct proof_sensor *sensors = realloc(proof->sensors, size * sizeof *sensors);
    if (!sensors)
        return false;
    proof->sensors = sensors;
    proof->sensor_size = size;
    return true;
}

// NULL: no room for one more.
static struct proof_sensor *add_sensor(struct proof *proof, const struct claim *claim, uint32_t *ret_slot)
{
    struct tree *tree = find_tree(proof, claim->tree);
    char *names = NULL;
    size_t epoch = strlen(claim->epoch) + 1, sensor = strlen(claim->sensor) + 1;
    if (tree && proof->sensor_count < PROOF_SENSORS_MAX && grow(proof))
        names = malloc(epoch + sensor);
    if (!names)
        return NULL;
    memcpy(names, claim->epoch, epoch);
    memcpy(names + epoch, claim->sensor, sensor);
    snprintf(tree->epoch, sizeof tree->epoch, "%s", claim->epoch);
    proof->sensors[proof->sensor_count] =
        (struct proof_sensor){.tree = tree->name, .epoch = names, .sensor = names + epoch};
    *ret_slot = (uint32_t)proof->sensor_count + 1;
    return &proof->sensors[proof->sensor_count++];
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return fnv64(hash, text, strlen(text) + 1);
}

static bool is_sensor(const struct proof_sensor *sensor, const struct claim *claim)
{
    return strcmp(sensor->sensor, claim->sensor) == 0 && strcmp(sensor->epoch, claim->epoch) == 0 &&
           strcmp(sensor->tree, claim->tree) == 0;
}

// The sensor's tally, made when new. NULL: no room.
static struct proof_sensor *find_sensor(struct proof *proof, const struct claim *claim)
{
    uint64_t hash = hash_text(hash_text(hash_text(FNV_START, claim->tree), claim->epoch), claim->sensor);
    size_t at = hash % TABLE_SIZE;
    for (; proof->table[at]; at = (at + 1) % TABLE_SIZE)
        if (is_sensor(&proof->sensors[proof->table[at] - 1], claim))
            return &proof->sensors[proof->table[at] - 1];
    return add_sensor(proof, claim, &proof->table[at]);
}

/* Whether it is in order. */

// A duplicate is compared with what is remembered of the first.
static void compare(struct proof *proof, struct proof_sensor *sensor, const struct claim *claim, bool again)
{
    uint64_t index = (uint64_t)(sensor - proof->sensors);
    uint64_t identity = (index + 1) << SEQ_BITS | claim->seq;
    struct print *print = &proof->prints[identity * UINT64_C(0x9e3779b97f4a7c15) >> 44];
    if (again && print->identity != identity)
        proof->totals.uncompared++;
    else if (again && print->content != claim->content)
        sensor->changed++;
    if (!again)
        *print = (struct print){identity, claim->content};
}

// 8, 10, 9, 10, 11 is in order: the first 10 was sent ahead of its turn. Until the 10 comes again, the 9 is behind.
static void follow_live(struct proof_sensor *sensor, uint64_t seq, bool again)
{
    if (seq > sensor->live_last) {
        sensor->disorder += sensor->live_behind;
        sensor->live_behind = 0;
        if (seq == sensor->live_last + 1)
            sensor->turn = sensor->live_last;
        sensor->live_last = seq;
    } else if (seq == sensor->live_last) {
        sensor->live_behind = 0;
    } else if (seq > sensor->turn) {
        sensor->live_behind += !again;
        sensor->turn = seq;
    } else {
        sensor->disorder += !again;
    }
}

// A replay fills gaps, but what lies before the first reading that came by itself, or after the last, is no gap.
static void note_sent(struct proof_sensor *sensor, uint64_t seq)
{
    if (!sensor->sent_first || seq < sensor->sent_first)
        sensor->sent_first = seq;
    if (seq > sensor->sent_last)
        sensor->sent_last = seq;
}

static bool is_between_sent(const struct proof_sensor *sensor, uint64_t first)
{
    return !sensor->sent_first || (first > sensor->sent_first && first < sensor->sent_last);
}

static void take_claim(struct proof *proof, const struct claim *claim)
{
    struct proof_sensor *sensor = find_sensor(proof, claim);
    if (!sensor) {
        proof->totals.untracked++;
        return;
    }
    size_t before = sensor->seen.count;
    size_t max = proof->range_count < PROOF_RANGES_MAX ? PROOF_RANGES_SENSOR_MAX : before;
    enum seen_result result = seen_add(&sensor->seen, claim->seq, max ? max : 1);
    proof->range_count += sensor->seen.count - before;
    if (result == SEEN_NO_MEMORY) {
        proof->totals.untracked++;
        return;
    }
    bool again = result == SEEN_AGAIN;
    compare(proof, sensor, claim, again);
    sensor->readings += !again;
    sensor->duplicates += again && !claim->replay;
    sensor->backlog += claim->backlog;
    sensor->replayed += claim->replay;
    if (!claim->replay)
        note_sent(sensor, claim->seq);
    if (!claim->backlog && !claim->replay)
        follow_live(sensor, claim->seq, again);
}

/* What came. */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool is_kind(const char *level)
{
    for (int kind = 0; kind < KIND_COUNT; kind++)
        if (strcmp(kind_names[kind], level) == 0)
            return true;
    return false;
}

// A message that carries no reading where one should be is unreadable. `stream`: what it has to be of; NULL: any.
static void take_reading(struct proof *proof, const char *tree, const char *stream, bool replay, const json_t *reading)
{
    char own[STREAM_SIZE];
    json_int_t seq = json_integer_value(json_object_get(reading, "seq"));
    struct claim claim = {.tree = tree,
                          .epoch = text_of(reading, "epoch"),
                          .sensor = own,
                          .seq = (uint64_t)seq,
                          .backlog = json_is_true(json_object_get(reading, "backlog")),
                          .replay = replay || json_is_true(json_object_get(reading, "replay"))};
    if (seq < 1 || seq >> SEQ_BITS || !payload_stream(reading, own) || !*claim.epoch ||
        strlen(claim.epoch) >= sizeof proof->trees->epoch || (stream && strcmp(stream, own) != 0)) {
        proof->totals.unreadable++;
        return;
    }
    claim.content = fingerprint(reading);
    take_claim(proof, &claim);
}

static bool cut_last(char *text, const char **ret_last)
{
    char *slash = strrchr(text, '/');
    if (!slash)
        return false;
    *slash = '\0';
    *ret_last = slash + 1;
    return true;
}

static void take_ledger(struct proof *proof, const char *name, const json_t *document)
{
    struct tree *tree = find_tree(proof, name);
    if (tree)
        ledger_take(&tree->ledger, document);
    proof->totals.other++;
}

static void take_batch(struct proof *proof, const char *tree, const json_t *readings)
{
    size_t index;
    json_t *reading;
    json_array_foreach(readings, index, reading)
    {
        take_reading(proof, tree, NULL, false, reading);
    }
}

static bool ends_in(const char *tree, const char *level)
{
    const char *slash = strrchr(tree, '/');
    return slash && strcmp(slash + 1, level) == 0;
}

// A gateway may be called like a branch of another: "alert/parking/b1" is of its sensor when the message says so.
static bool may_be_alert(const json_t *document)
{
    char stream[STREAM_SIZE];
    const char *id;
    return !payload_stream(document, stream) || stream_subject(stream, &id) == SUBJECT_ALERT;
}

// Readings stand at {tree}/{kind}/{sensor}, {tree}/zone/{zone} and {tree}/alert/{kind}/{id}, and replays of them at the same below
// {tree}/replay. `tree` is what stands before `last`, the last level, and is cut down to the tree.
static bool find_place(char *tree, const char *last, const json_t *document, char ret_stream[STREAM_SIZE],
                       bool *ret_replay)
{
    const char *level, *cut;
    if (!cut_last(tree, &level))
        return false;
    if (ends_in(tree, "alert") && may_be_alert(document)) {
        cut_last(tree, &cut);
        stream_alert(level, last, ret_stream);
    } else if (strcmp(level, "zone") == 0) {
        stream_zone(last, ret_stream);
    } else if (is_kind(level)) {
        snprintf(ret_stream, STREAM_SIZE, "%s", last);
    } else {
        return false;
    }
    *ret_replay = ends_in(tree, "replay") && cut_last(tree, &cut);
    return true;
}

static bool says_nothing_of_a_reading(const json_t *document)
{
    static const char *const keys[] = {"seq", "sensor", "zone", "alert"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_object_get(document, keys[i]))
            return false;
    return json_is_object(document);
}

static void take_single(struct proof *proof, char *tree, const char *last, const json_t *document, bool retained)
{
    char stream[STREAM_SIZE];
    bool replay;
    if (!find_place(tree, last, document, stream, &replay) || says_nothing_of_a_reading(document))
        proof->totals.other++; // also a document of a gateway that is named like a kind
    else if (retained)
        proof->totals.retained++;
    else
        take_reading(proof, tree, stream, replay, document);
}

void proof_take(struct proof *proof, const char *topic, const void *payload, size_t size, bool retained)
{
    char tree[TREE_SIZE];
    const char *last = "";
    proof->totals.messages++;
    if (size == 0 || strlen(topic) >= sizeof tree) {
        proof->totals.other++;
        return;
    }
    snprintf(tree, sizeof tree, "%s", topic);
    bool below = cut_last(tree, &last);
    json_t *document = json_loadb(payload, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    if (below && strcmp(last, "loss") == 0 && json_is_array(json_object_get(document, "entries")))
        take_ledger(proof, tree, document);
    else if (below && strcmp(last, "batch") == 0 && json_is_array(document))
        take_batch(proof, tree, document);
    else if (below)
        take_single(proof, tree, last, document, retained);
    else
        proof->totals.other++;
    json_decref(document);
}

uint64_t proof_came(const struct proof *proof)
{
    return proof->totals.messages - proof->totals.other - proof->totals.retained;
}

/* What follows from it. */

static int compare_sensors(const void *one, const void *other)
{
    const struct proof_sensor *a = one, *b = other;
    int order = strcmp(a->tree, b->tree);
    order = order ? order : strcmp(a->sensor, b->sensor);
    return order ? order : strcmp(a->epoch, b->epoch);
}

void proof_gaps(const struct proof *proof, const struct proof_sensor *sensor,
                void (*gap)(const struct proof_gap *gap, void *context), void *context)
{
    const struct tree *tree = NULL;
    for (size_t i = 0; i < proof->tree_count; i++)
        if (proof->trees[i].name == sensor->tree)
            tree = &proof->trees[i];
    bool known = tree && strcmp(tree->epoch, sensor->epoch) == 0; // a ledger speaks of the present epoch
    for (size_t i = 1; i < sensor->seen.count; i++) {
        struct proof_gap one = {
            .sensor = sensor, .first = sensor->seen.ranges[i - 1].last + 1, .last = sensor->seen.ranges[i].first - 1};
        if (!is_between_sent(sensor, one.first))
            continue;
        if (known)
            one.explained =
                ledger_explain(&tree->ledger, proof->outlet, sensor->sensor, one.first, one.last, &one.reason);
        gap(&one, context);
    }
}

static void add_gap(const struct proof_gap *gap, void *context)
{
    struct proof_sensor *sensor = context;
    sensor->missing += gap->last - gap->first + 1;
    sensor->explained += gap->explained;
}

static void add_up(struct proof_totals *totals, const struct proof_sensor *sensor)
{
    totals->readings += sensor->readings;
    totals->duplicates += sensor->duplicates;
    totals->changed += sensor->changed;
    totals->disorder += sensor->disorder;
    totals->missing += sensor->missing;
    totals->explained += sensor->explained;
    totals->blurred += sensor->seen.blurred;
}

void proof_settle(struct proof *proof, struct proof_totals *ret_totals)
{
    *ret_totals = proof->totals;
    for (size_t i = 0; i < proof->sensor_count; i++) {
        struct proof_sensor *sensor = &proof->sensors[i];
        sensor->missing = sensor->seen.blurred;
        sensor->disorder += sensor->live_behind; // what they were to wait for never came
        sensor->live_behind = 0;
        sensor->explained = 0;
        proof_gaps(proof, sensor, add_gap, sensor);
        add_up(ret_totals, sensor);
    }
    for (size_t i = 0; i < proof->tree_count; i++)
        ret_totals->ledger_more += proof->trees[i].ledger.more;
    if (proof->sensor_count)
        qsort(proof->sensors, proof->sensor_count, sizeof *proof->sensors, compare_sensors);
}

size_t proof_sensor_count(const struct proof *proof)
{
    return proof->sensor_count;
}

const struct proof_sensor *proof_sensor(const struct proof *proof, size_t index)
{
    return &proof->sensors[index];
}

bool proof_sensor_complete(const struct proof_sensor *sensor)
{
    return sensor->missing == sensor->explained && !sensor->changed && !sensor->disorder;
}

bool proof_complete(const struct proof_totals *totals)
{
    return totals->readings > 0 && totals->missing == totals->explained && !totals->changed && !totals->disorder &&
           !totals->unreadable && !totals->untracked && !totals->dropped && !totals->interrupted;
}
