#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The workflows of GitHub Actions, by actionlint (MIT), which knows their schema and reads the scripts within. Skips where there is no Go.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

tool=$PWD/.cache/actionlint/actionlint
if [ ! -x "$tool" ]; then
  mkdir -p "$(dirname "$tool")"
  GOBIN=$(dirname "$tool") GOFLAGS=-mod=mod timeout 300 go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.7 >/dev/null 2>&1
fi
if [ ! -x "$tool" ]; then
  echo 'skipped: actionlint is not here, and go cannot install it'
  echo '0 passed, 0 failed'
  exit 0
fi
passed=0 failed=0
for workflow in .github/workflows/*.yml; do
  if "$tool" -no-color "$workflow"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
# It must be able to find something.
broken=$(mktemp --suffix=.yml)
trap 'rm -f "$broken"' EXIT
sed 's/runs-on: /runs-at: /' .github/workflows/ci.yml >"$broken"
if "$tool" -no-color "$broken" >/dev/null; then failed=$((failed + 1)); else passed=$((passed + 1)); fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
