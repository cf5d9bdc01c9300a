#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every message to people has its Japanese, no translation is left over, and none is marked as uncertain.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git ls-files 'gateway/*.c' 'drivers/*.c' 'gateway/*.h' 'drivers/*.h' >"$work/files"
xgettext --from-code=UTF-8 -k_ -kN_ -f "$work/files" -o "$work/all.pot"
msgfmt --check -o /dev/null gateway/base/locale/ja.po
failed=0
msgattrib --translated --no-fuzzy --no-obsolete gateway/base/locale/ja.po -o "$work/ja.po"
if ! msgcmp "$work/ja.po" "$work/all.pot" 2>"$work/missing"; then
    cat "$work/missing"
    failed=1
fi
# What no code says any more is to be deleted from the catalogue, too.
if ! msgcmp --use-untranslated "$work/all.pot" "$work/ja.po" 2>"$work/surplus"; then
    cat "$work/surplus"
    failed=1
fi
echo "$((1 - failed)) passed, $failed failed"
[ $failed = 0 ]
