// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * A serial line as levels in time: what a receiver of another rate or parity makes of what a device sends. It looks for a
 * falling edge, and samples in the middle of its own bits.
 */

enum uart_parity { UART_NONE, UART_EVEN, UART_ODD };

struct uart {
    double baud;
    enum uart_parity parity;
};

struct uart_errors {
    size_t framing, parity;
};

enum { UART_IDLE = 6, UART_BITS_MAX = 11 + UART_IDLE }; // bits of silence between two bytes of the sender

static inline bool uart_parity_bit(enum uart_parity parity, uint8_t byte)
{
    bool odd = __builtin_parity(byte);
    return parity == UART_EVEN ? odd : !odd;
}

// The levels of all bits that are sent. Returns how many.
static inline size_t uart_send(const struct uart *uart, const uint8_t *data, size_t size, size_t gap_every,
                               bool *ret_levels)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        ret_levels[count++] = false;
        for (int bit = 0; bit < 8; bit++)
            ret_levels[count++] = data[i] >> bit & 1;
        if (uart->parity != UART_NONE)
            ret_levels[count++] = uart_parity_bit(uart->parity, data[i]);
        ret_levels[count++] = true;
        for (size_t idle = 0; gap_every && (i + 1) % gap_every == 0 && idle < UART_IDLE; idle++)
            ret_levels[count++] = true;
    }
    return count;
}

static inline bool uart_level(const bool *levels, size_t count, double at)
{
    return at < 0 || at >= (double)count || levels[(size_t)at];
}

// Times are in bits of the sender. Returns how many bytes the receiver read.
static inline size_t uart_receive(const struct uart *from, const struct uart *to, const bool *levels, size_t count,
                                  uint8_t *ret_data, size_t most, struct uart_errors *ret_errors)
{
    double bit = from->baud / to->baud, at = 0;
    size_t size = 0;
    *ret_errors = (struct uart_errors){0};
    while (size < most) {
        while (at < (double)count && uart_level(levels, count, at))
            at = (double)(size_t)at + 1;
        if (at >= (double)count)
            break;
        uint8_t byte = 0;
        for (int i = 0; i < 8; i++)
            byte |= (uint8_t)(uart_level(levels, count, at + (1.5 + i) * bit) << i);
        double stop = at + (to->parity == UART_NONE ? 9.5 : 10.5) * bit;
        bool wrong_parity =
            to->parity != UART_NONE && uart_level(levels, count, stop - bit) != uart_parity_bit(to->parity, byte);
        bool wrong_frame = !uart_level(levels, count, stop);
        ret_errors->parity += wrong_parity;
        ret_errors->framing += wrong_frame;
        ret_data[size++] = wrong_parity ? 0 : byte; // as the port gives it (serial_port.c)
        at = stop;
        while (wrong_frame && at < (double)count && !uart_level(levels, count, at))
            at = (double)(size_t)at + 1;
    }
    return size;
}

// The whole way. `ret_data` has room for `most` bytes.
static inline size_t uart_pass(const struct uart *from, const struct uart *to, const uint8_t *data, size_t size,
                               size_t gap_every, uint8_t *ret_data, size_t most, struct uart_errors *ret_errors)
{
    bool *levels = malloc(size * UART_BITS_MAX + 1);
    if (!levels)
        abort();
    size_t count = uart_send(from, data, size, gap_every, levels);
    size_t got = uart_receive(from, to, levels, count, ret_data, most, ret_errors);
    free(levels);
    return got;
}
