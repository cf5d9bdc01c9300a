#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The examples of docs/devices.md do what the page says: the codec builds, its row and its frames pass every test of serial
# codecs, and its INI files have no mistake.
#   tests/build/documents.sh build/dev
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1 page=docs/devices.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# block LANGUAGE N: the Nth block of that language.
block() {
    awk -v language="\`\`\`$1" -v wanted="$2" '
        $0 == language { found++; inside = found == wanted; next }
        $0 == "```" { inside = 0 }
        inside' "$page"
}

block c 1 >"$work/kerb_counter.c"
block row 1 >"$work/rows"
sed 's/^    NULL,$/    \&codec_kerb_counter,\n    NULL,/' drivers/codecs.c >"$work/codecs.c"
{
    cat drivers/codecs/codecs.h
    echo 'extern const struct codec codec_kerb_counter;'
} >"$work/codecs.h"
sed "/^static const struct vector {/,/^} vectors\[\] = {/ { /^} vectors\[\] = {/r $work/rows
}" tests/unit/drivers/serial_codecs_test.c >"$work/serial_codecs_test.c"
mkdir "$work/codecs" && cp "$work/codecs.h" "$work/codecs/" # as both sides include it

# As the build does it, with what it made of the rooms.
flags=(-std=gnu11 -Wall -Wextra -Werror "-fsanitize=address,undefined" -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64)
for room in drivers gateway/reading gateway/settings gateway/base; do flags+=(-I"$room/include"); done
# shellcheck disable=SC2046
gcc "${flags[@]}" -iquote "$work" -iquote drivers -Idrivers/codecs -Itests/unit -Itests/unit/drivers -o "$work/test" \
    "$work/serial_codecs_test.c" "$work/codecs.c" "$work/kerb_counter.c" \
    "$build/libdrivers.a" "$build/libreading.a" "$build/libsettings.a" "$build/libbase.a" \
    $(pkg-config --libs cmocka libuv libcoap-3-gnutls jansson libcbor libsodium libprotobuf-c libmodbus libgps) -lm -lpthread
passed=0
"$work/test" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
passed=$((passed + 1))

# With the codec that is not in the program, the second file has that one mistake.
head=$'[gateway]\nid = page\nmunicipality = 271004\nlanguage = en\n[mqtt]\nurl = mqtt://127.0.0.1:1883'
{ echo "$head"; block ini 1; } >"$work/modbus.ini"
{ echo "$head"; block ini 2 | sed 's/^codec = kerb-counter/codec = tfmini/'; } >"$work/serial.ini"
for file in modbus serial; do
    "$build/citygw" check "$work/$file.ini" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    passed=$((passed + 1))
done
echo "$passed passed, 0 failed"
