// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a device means by an exception (Modbus Application Protocol 1.1b3, section 7), for people; "?" when nobody knows.
const char *modbus_exception_text(unsigned code);
