#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Against implementations in other languages: each tests/interop/*/run.heavy.ts prints "N passed, N failed", or skips.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export PATH="$PWD/node_modules/.bin:$PATH"

passed=0 failed=0
for script in tests/interop/*/run.heavy.ts; do
  name=$(basename "$(dirname "$script")")
  echo "-- $name"
  # Indented, so that the only line of a count at the beginning is the sum.
  output=$(node "$script" 2>&1)
  status=$?
  sed 's/^/   /' <<<"$output"
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' <<<"$output" | tail -n 1)
  if [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
    if [ "$status" -ne 0 ] && [ "${BASH_REMATCH[2]}" -eq 0 ]; then failed=$((failed + 1)); fi
  else
    echo "   $name: exit code $status and no count"
    failed=$((failed + 1))
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
