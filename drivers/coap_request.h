// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.h"
#include "coap_block.h"
#include "coap_dedup.h"
#include <coap3/coap.h>

/*
 * A POST as it stands in the datagram: who sent it, for which sensor, in which format.
 */

// libcoap's receive buffer (COAP_RXBUFFER_SIZE as Debian builds it): a longer datagram arrives cut, without a word.
enum { REQUEST_DATAGRAM_MAX = 1472 };

enum request_path { PATH_READINGS, PATH_SENSOR, PATH_NO_ID, PATH_OTHER };

// What POST to a path is for.
struct codec;
struct route {
    const char *path;          // tells its requests from another's; "" for /readings and what is below
    const struct codec *codec; // reads every body; NULL: the one of the Content-Format, or of the sensor
    uint8_t success;           // the code that a client waits for
    bool discards;             // bodies are taken whole, counted, and not read
};

struct request {
    const coap_pdu_t *pdu;
    const struct route *route;
    const uint8_t *payload; // never NULL
    size_t size;
    int64_t time_us;    // when it came, since boot
    int format;         // Content-Format, or -1
    uint32_t block;     // Block1, or 0
    uint32_t announced; // Size1, or 0
    uint64_t tag;       // of the Request-Tags
    unsigned port;      // of ?port=N: LoRaWAN's FPort, when a network server passes payloads on; 0: not told
    int64_t fcnt;       // of ?fcnt=N: LoRaWAN's FCntUp, in the same way; -1: not told
    unsigned object;    // of ?object=N: the LwM2M object of a TLV payload; 0: that of the sensor's kind
    struct body_owner owner;
    uint8_t no_response;  // RFC 7967: classes that the client does not want to hear of
    const char *sensor;   // of /readings/SENSOR, or NULL
    const char *identity; // that the sender has proved to be, or NULL
    bool unauthenticated;
    struct dedup_key key;
    struct dedup_digest digest; // of the key; the caller's to fill
};

// Borrows all it is given.
struct coap_driver;
struct request request_read(const struct coap_driver *driver, const coap_session_t *session, const coap_pdu_t *pdu,
                            const struct route *route, const char *sensor, int64_t now_us);

// What the path asks for; the sensor's id with PATH_SENSOR. PATH_NO_ID: no sensor can have such a name.
enum request_path request_path_of(const coap_pdu_t *pdu, char ret_sensor[ID_MAX + 1]);

// It is a part of a block-wise transfer, and not the only one.
bool request_is_block(const struct request *request);

// How long the payload of an answer with so many bytes of options may be: nobody's address gets more than three times what
// was sent in its name (RFC 9175 section 2.4). Over DTLS the address is proved, and there is no bound.
size_t request_answer_max(const coap_session_t *session, const coap_pdu_t *request, size_t options);

// The datagram may have been longer than what arrived.
bool request_is_cut(const struct request *request);
