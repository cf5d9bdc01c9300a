// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>

/*
 * Ctrl-C and SIGTERM as a wish to end in order: what was found is still shown, how far it came still written down.
 */

void interrupt_catch(void);
bool interrupt_came(void); // since interrupt_catch
