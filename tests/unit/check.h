// SPDX-License-Identifier: Apache-2.0
#pragma once

// What cmocka wants before its own header, in the order that it wants.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
