// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The arguments of a command: a JSON object, read key by key. What is wrong with one is a sentence that names it.
 */

struct arguments;

// Parses; nothing, or blanks, are no arguments. -EINVAL. The caller ends *ret_arguments with arguments_finish.
int arguments_parse(const char *text, size_t size, struct arguments **ret_arguments, struct fault *why);
void arguments_finish(struct arguments *arguments);

bool arguments_have(const struct arguments *arguments, const char *key);

// -EINVAL, with the list of what is known, when another key than these ("id" is always fine) stands there.
int arguments_known(const struct arguments *arguments, const char *const keys[], size_t count, struct fault *why);

// NULL when missing or null; lives as long as the arguments. -EINVAL when it is no text.
int arguments_text(const struct arguments *arguments, const char *key, const char **ret_text, struct fault *why);

// An RFC 3339 time; needed. -EINVAL.
int arguments_time(const struct arguments *arguments, const char *key, int64_t *ret_time_us, struct fault *why);

// A whole number from 1; needed. -EINVAL.
int arguments_seq(const struct arguments *arguments, const char *key, uint64_t *ret_seq, struct fault *why);

// A whole number from 0, also as text, as a query carries it; 0 when missing. -EINVAL.
int arguments_count(const struct arguments *arguments, const char *key, uint64_t *ret_count, struct fault *why);

// Appends the value as it came, in JSON; nothing when it is missing.
void arguments_copy(const struct arguments *arguments, const char *key, struct bytes *out);
