// SPDX-License-Identifier: Apache-2.0
#include "sentence.h"
#include "base/messages.h"
#include "base/number.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

bool sentence_number(struct sentence *sentence, size_t at, double *ret_number)
{
    const char *text = sentence->field[at];
    if (!*text)
        return false;
    if (number_parse(text, strlen(text), ret_number))
        return true;
    sentence->wrong = at;
    return false;
}

int sentence_letter(struct sentence *sentence, size_t at, const char *letters)
{
    const char *text = sentence->field[at];
    if (!*text)
        return -1;
    const char *found = strchr(letters, *text);
    if (found && !text[1])
        return (int)(found - letters);
    sentence->wrong = at;
    return -1;
}

bool sentence_angle(struct sentence *sentence, size_t at, size_t digits, const char *signs, double *ret_degrees)
{
    const char *text = sentence->field[at];
    double minutes = 0;
    int64_t degrees = 0;
    int sign = sentence_letter(sentence, at + 1, signs);
    if (!*text && sign < 0)
        return false;
    if (sign < 0 || strspn(text, "0123456789") != digits + 2 || !integer_parse(text, digits, 0, 180, &degrees) ||
        !number_parse(text + digits, strlen(text) - digits, &minutes) || minutes >= 60)
        sentence->wrong = at;
    double value = round(((double)degrees + minutes / 60) * 1e7) / 1e7;
    *ret_degrees = sign == 1 ? -value : value;
    return true;
}

static void split(struct sentence *sentence)
{
    char *at = sentence->text;
    for (size_t i = 0; i < FIELDS_MAX; i++)
        sentence->field[i] = "";
    while (sentence->count < FIELDS_MAX && at) {
        sentence->field[sentence->count++] = at;
        at = strchr(at, ',');
        if (at)
            *at++ = '\0';
    }
}

// 0 right, 1 none was sent, -1 wrong. Takes it off the text.
static int take_checksum(char *text)
{
    unsigned char sum = 0;
    char expected[3];
    char *star = strchr(text, '*');
    if (!star)
        return 1;
    for (const char *at = text; at < star; at++)
        sum ^= (unsigned char)*at;
    snprintf(expected, sizeof expected, "%02X", sum);
    *star = '\0';
    return strcasecmp(star + 1, expected) == 0 ? 0 : -1;
}

enum refusal sentence_read(const struct frame *frame, struct sentence *ret_sentence, bool *ret_is_checked,
                           struct fault *why)
{
    size_t size = frame->size;
    while (size > 0 && (frame->data[size - 1] == '\r' || frame->data[size - 1] == '\n'))
        size--;
    if (size == 0 || size > SENTENCE_MAX || (frame->data[0] != '$' && frame->data[0] != '!') ||
        memchr(frame->data, 0, size)) {
        fault_set(why, 0, _("no sentence of NMEA; expected one such as %s"), "$GPRMC,...*5A");
        return REFUSAL_SYNTAX;
    }
    *ret_sentence = (struct sentence){.count = 0};
    memcpy(ret_sentence->text, frame->data + 1, size - 1);
    int checksum = take_checksum(ret_sentence->text);
    split(ret_sentence);
    *ret_is_checked = checksum == 0;
    if (checksum >= 0)
        return REFUSAL_NONE;
    fault_set(why, 0, _("the checksum of a sentence is wrong"));
    return REFUSAL_CHECKSUM;
}
