// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Modbus over Serial Line 1.02, section 6.2.2. libmodbus keeps its own to itself.
static inline uint16_t modbus_crc(const uint8_t *bytes, size_t size)
{
    uint16_t crc = 0xffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
    }
    return crc;
}

// Whether the frame's last two bytes, the low one first, are the checksum of the others. At least two bytes.
static inline bool modbus_is_sealed(const uint8_t *frame, size_t size)
{
    uint16_t crc = modbus_crc(frame, size - 2);
    return frame[size - 2] == (crc & 0xff) && frame[size - 1] == crc >> 8;
}
