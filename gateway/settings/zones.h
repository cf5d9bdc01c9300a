// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loading.h"

// Looks at zones and at what stands in them; after all sections were looked at by themselves.
void zones_check(struct loading *loading);
