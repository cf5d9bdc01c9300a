#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the 20 longest functions and files, and fails where one is beyond what we allow ourselves: a function 100 lines,
# `main` 80.
set -euo pipefail
cd "$(dirname "$0")/../.."
functions=$(git ls-files 'gateway/*.c' 'drivers/*.c' | xargs ctags -x --c-kinds=f --fields=+ne --_xformat='%{input} %N %n %{end}' 2>/dev/null |
    awk '$4 {print $4 - $3 + 1, $2, $1}' | sort -rn)
echo "the 20 longest functions (lines, name, file):"
head -20 <<<"$functions" | sed 's/^/  /'
echo "the 20 longest files (lines, file):"
files=$(git ls-files 'gateway/*.[ch]' 'drivers/*.[ch]' 'tests/*.[ch]' 'tests/*.py' | xargs wc -l | grep -v ' total$' | sort -rn)
head -20 <<<"$files" # not from the pipe: sort would fail when head has enough
awk '{n[NR] = $1} END {printf "functions: %d, median %d lines, 90 %% up to %d, over 60: %.1f %%\n", NR, n[int((NR + 1) / 2)], n[int(NR / 10) + 1], 100 * over / NR}
     $1 > 60 {over++}' <<<"$functions"
long=$(awk '$1 > 100 || ($2 == "main" && $1 > 80)' <<<"$functions")
[ -z "$long" ] || { echo "too long: $long"; echo "0 passed, 1 failed"; exit 1; }
echo "1 passed, 0 failed"
