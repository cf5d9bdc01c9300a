// SPDX-License-Identifier: Apache-2.0
#include "coap_driver.h"
#include <string.h>

enum {
    LATER_MAX_AGE_S = 10,
    CONFIRMABLES_MAX = 1024, // in one MAX_TRANSMIT_WAIT
};

// RFC 7252 section 4.8.2: how long an unanswered confirmable message may keep memory.
#define MAX_TRANSMIT_WAIT_US (INT64_C(93) * 1000000)

static const uint8_t codes[REFUSAL_COUNT] = {
    [REFUSAL_LENGTH] = COAP_RESPONSE_CODE(413),        [REFUSAL_CHECKSUM] = COAP_RESPONSE_CODE(400),
    [REFUSAL_SYNTAX] = COAP_RESPONSE_CODE(400),        [REFUSAL_RANGE] = COAP_RESPONSE_CODE(422),
    [REFUSAL_FORMAT] = COAP_RESPONSE_CODE(415),        [REFUSAL_UNKNOWN_SENSOR] = COAP_RESPONSE_CODE(404),
    [REFUSAL_UNKNOWN_FIELD] = COAP_RESPONSE_CODE(422), [REFUSAL_UNIT] = COAP_RESPONSE_CODE(422),
    [REFUSAL_IDENTITY] = COAP_RESPONSE_CODE(403),      [REFUSAL_RATE] = COAP_RESPONSE_CODE(429),
    [REFUSAL_FULL] = COAP_RESPONSE_CODE(503),          [REFUSAL_STORAGE] = COAP_RESPONSE_CODE(500),
};

uint8_t answer_code(enum refusal refusal)
{
    return refusal > REFUSAL_NONE && refusal < REFUSAL_COUNT ? codes[refusal] : COAP_RESPONSE_CODE(500);
}

void answer_option(coap_pdu_t *response, coap_option_num_t option, unsigned value)
{
    uint8_t bytes[4];
    coap_add_option(response, option, coap_encode_var_safe(bytes, sizeof bytes, value), bytes);
}

// In the order of their numbers, as libcoap wants them.
static void add_options(const struct coap_driver *driver, coap_pdu_t *response, const struct reply *reply)
{
    bool later = reply->code == COAP_RESPONSE_CODE(429) || reply->code == COAP_RESPONSE_CODE(503);
    if (later)
        answer_option(response, COAP_OPTION_MAXAGE, reply->max_age_s ? reply->max_age_s : LATER_MAX_AGE_S);
    if (reply->block && COAP_RESPONSE_CLASS(reply->code) == 2)
        answer_option(response, COAP_OPTION_BLOCK1, BLOCK_VALUE(reply->block));
    if (reply->code == COAP_RESPONSE_CODE(413))
        answer_option(response, COAP_OPTION_SIZE1, (unsigned)driver->settings->coap.max_body_bytes);
}

// The longest part of the text that fits and does not cut a character.
static size_t fitting(const char *text, size_t max)
{
    size_t size = strnlen(text, max + 1);
    if (size <= max)
        return size;
    size = max;
    while (size > 0 && ((uint8_t)text[size] & 0xc0) == 0x80)
        size--;
    return size;
}

void answer_fill(const struct coap_driver *driver, coap_pdu_t *response, const struct reply *reply)
{
    coap_pdu_set_code(response, (coap_pdu_code_t)reply->code);
    add_options(driver, response, reply);
    size_t size = reply->text ? fitting(reply->text, driver->text_max) : 0;
    if (size > 0)
        coap_add_data(response, size, (const uint8_t *)reply->text);
}

// libcoap sends nothing for an empty response that is not an acknowledgement.
void answer_nothing(coap_pdu_t *response)
{
    coap_pdu_set_type(response, COAP_MESSAGE_NON);
}

static void send_empty_ack(const struct pending *pending)
{
    coap_pdu_t *ack = coap_pdu_init(COAP_MESSAGE_ACK, COAP_EMPTY_CODE, pending->id, 0);
    if (ack)
        coap_send(pending->session, ack);
}

void answer_acknowledge(struct coap_driver *driver, struct pending *pending)
{
    send_empty_ack(pending);
    pending->acknowledged = true;
    driver->slow_commits++;
}

// A separate response is confirmable, and libcoap keeps it until it is acknowledged. Clients that vanish would make that
// grow without bound, so beyond so many the rest goes out non-confirmable (RFC 7252 section 5.2.2 allows both).
static coap_pdu_type_t separate_type(struct coap_driver *driver)
{
    int64_t now_us = coap_driver_now_us(driver);
    if (now_us - driver->confirmables_since_us >= MAX_TRANSMIT_WAIT_US) {
        driver->confirmables_since_us = now_us;
        driver->confirmables = 0;
    }
    return driver->confirmables++ < CONFIRMABLES_MAX ? COAP_MESSAGE_CON : COAP_MESSAGE_NON;
}

static bool is_unwanted(const struct pending *pending, uint8_t code)
{
    return pending->no_response >> (COAP_RESPONSE_CLASS(code) - 1) & 1;
}

void answer_send(struct coap_driver *driver, const struct pending *pending, uint8_t code, const char *text)
{
    bool piggybacks = pending->confirmable && !pending->acknowledged;
    if (is_unwanted(pending, code)) {
        if (piggybacks)
            send_empty_ack(pending);
        return;
    }

    coap_pdu_type_t type = COAP_MESSAGE_NON;
    coap_mid_t id = pending->id;
    if (piggybacks)
        type = COAP_MESSAGE_ACK;
    else
        id = coap_new_message_id(pending->session);
    if (pending->acknowledged) {
        type = separate_type(driver);
        driver->separate_responses++;
    }

    coap_pdu_t *pdu = coap_pdu_init(type, (coap_pdu_code_t)code, id, coap_session_max_pdu_size(pending->session));
    if (!pdu)
        return;
    coap_add_token(pdu, pending->token_size, pending->token);
    driver->text_max = pending->text_max;
    answer_fill(driver, pdu, &(struct reply){.code = code, .text = text, .block = pending->block});
    coap_send(pending->session, pdu);
}
