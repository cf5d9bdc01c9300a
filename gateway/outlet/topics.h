// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "settings/settings.h"
#include <stdbool.h>
#include <stddef.h>

/*
 * Names of topics. Everything of a gateway lives in one tree, {topic_prefix}/{municipality}/{gateway}; below it stand
 * retained status, info, health, loss, report, about/{sensor}, {kind}/{sensor} of states, zone/{zone} and alert/{kind}/{id}; and,
 * never retained, {kind}/{sensor} of events, batch, replay/{kind}/{sensor}, cmd/{verb} and reply/{verb}.
 */

enum { TOPIC_SIZE = 512, TOPIC_PREFIX_MAX = 200 };

// The gateway's tree. -EINVAL when the prefix is empty, too long, or holds an empty level, a wildcard, a control
// character, a leading '$' or malformed UTF-8.
int topic_tree(const char *prefix, const struct settings_gateway *gateway, char ret_tree[TOPIC_SIZE]);

// `below` under `tree`; -EINVAL as above.
int topic_below(const char *tree, const char *below, char ret_topic[TOPIC_SIZE]);
// Of a reading of that stream (see reading/stream.h); zones and alerts have no kind in their place.
int topic_reading(const char *tree, enum kind kind, const char *stream, char ret_topic[TOPIC_SIZE]);
// Where FIWARE's IoT agent for JSON takes a device's measures: /json/{apikey}/{device}/attrs.
int topic_agent(const char *apikey, const char *device, char ret_topic[TOPIC_SIZE]);
int topic_replay(const char *tree, enum kind kind, const char *stream, char ret_topic[TOPIC_SIZE]);

// Whether somebody else's topic can be published to: not too long, no wildcard, nothing that topic_tree would refuse.
bool topic_valid(const char *topic);

// True for a topic that some gateway of ours may have published retained: six digits, a gateway's id and one of the
// retained names above after any prefix. Guards against publishing to whatever stands in a damaged file.
bool topic_is_ours(const char *topic, size_t size);
