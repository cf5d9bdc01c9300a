#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Proves that the build file is the map: for every room, each header of a room that it may not use fails to compile in it,
# and each header of a room that it may use compiles. The flags are those of the build (compile_commands.json).
#   tests/build/forbidden_includes.sh BUILD_FOLDER
set -euo pipefail
build=${1:?build folder}
root=$(cd "$(dirname "$0")/../.." && pwd)
failed=0 tried=0

declare -A may=(
    [base]=""
    [settings]="base"
    [reading]="settings base"
    [city]="reading settings base"
    [buffer]="base"
    [drivers]="reading settings base"
    [outlet]="reading settings base"
    [control]="base"
    [cli]="drivers outlet city reading settings base"
    [core]="control outlet city buffer drivers reading settings base"
)

folder() { [ "$1" = drivers ] && echo "$root/drivers" || echo "$root/gateway/$1"; }

flags() { # the -I and -D flags of a room, from any of its compile commands
    grep -m1 -F "CMakeFiles/$1.dir/" "$build/compile_commands.json" | grep -oE ' -[ID][^ ]*' | sed 's/\\"/"/g' | tr '\n' ' '
}

for room in "${!may[@]}"; do
    read -ra use <<<"$(flags "$room")"
    [ ${#use[@]} -gt 0 ] || { echo "no compile command of room $room"; exit 1; }
    for other in "${!may[@]}"; do
        folder=$(folder "$other")/include
        [ -d "$folder" ] || continue # core shows nothing to anyone
        header=$(cd "$folder" && find . -name '*.h' | sort | sed -n 1p)
        header=${header#./}
        allowed=no
        [ "$room" = "$other" ] && allowed=yes
        for name in ${may[$room]}; do [ "$name" = "$other" ] && allowed=yes; done
        tried=$((tried + 1))
        if echo "#include \"$header\"" | gcc -std=gnu11 "${use[@]}" -fsyntax-only -xc - 2>/dev/null; then compiles=yes; else compiles=no; fi
        [ $allowed = $compiles ] || { echo "room $room, header $header: allowed $allowed, compiles $compiles"; failed=$((failed + 1)); }
    done
done

# A path upward would go round the map, and a library is named by its own driver or outlet alone.
names() { # names PATTERN ALLOWED-FILES MEANING
    found=$(cd "$root" && grep -rlE "$1" gateway drivers --include='*.[ch]' | grep -vE "$2" || true)
    tried=$((tried + 1))
    [ -z "$found" ] || { echo "$3: $found"; failed=$((failed + 1)); }
}
names '#include "\.\./' '^$' 'an include that leaves its room'
names '#include <coap3/' '^drivers/coap' 'libcoap outside the CoAP driver'
names '#include [<"]MQTT' '^gateway/outlet/mqtt' 'Paho outside the MQTT outlet'
names '#include [<"]curl/' '^gateway/outlet/influxdb|^gateway/cli/client' 'libcurl outside the InfluxDB outlet and the tool'
names '#include [<"]microhttpd' '^gateway/control/' 'libmicrohttpd outside control'
names '#include [<"]modbus/' '^drivers/modbus_(line|slaves)\.c$' 'libmodbus outside the Modbus driver'
# The driver reads and nothing else: there is no way from here to a function that writes.
names 'modbus_(mask_)?write|MODBUS_FC_(MASK_)?WRITE|modbus_report_slave_id' '^$' 'a Modbus function that writes'
names '#include <gps' '^drivers/gpsd_report' 'libgps outside the gpsd driver'
echo "$((tried - failed)) passed, $failed failed"
[ $failed = 0 ]
