#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No header includes itself by a detour. Follows #include "..." by name, as the compiler does with the rooms' folders.
set -euo pipefail
cd "$(dirname "$0")/../.."
edges=$(grep -rE '^#include "' gateway drivers --include='*.h' |
    sed -E 's/^([^:]+):#include "([^"]+)".*/\1 \2/' | sed -E 's#(gateway/[a-z]+|drivers)/include/##' |
    sed -E 's#^gateway/([a-z]+)/([^ ]+) ([a-z_]+\.h)$#\1:\2 \1:\3#; s#^(drivers)/([^ ]+) ([a-z_]+\.h)$#\1:\2 \1:\3#')
if ! cycle=$(echo "$edges" | tsort 2>&1 >/dev/null) || [ -n "$cycle" ]; then
    echo "include cycle: $cycle"
    echo "0 passed, 1 failed"
    exit 1
fi
echo "1 passed, 0 failed"
