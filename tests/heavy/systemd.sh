#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The units of deploy/systemd, as systemd reads them: no mistakes, and no more exposed than docs/parent.md says.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

command -v systemd-analyze >/dev/null || apt-get install -y -qq systemd >/dev/null 2>&1
if ! command -v systemd-analyze >/dev/null; then
  echo 'skipped: systemd-analyze is not here and could not be installed'
  echo '0 passed, 0 failed'
  exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0
check() { # what, command…
  local what=$1
  shift
  if "$@" >"$folder/out" 2>&1; then passed=$((passed + 1)); else
    failed=$((failed + 1))
    echo "FAILED: $what"
    sed 's/^/  /' "$folder/out"
  fi
}

for unit in deploy/systemd/*.service; do
  name=$(basename "$unit")
  # The program is not here; any will do to read the rest.
  sed 's#^ExecStart=/opt/enclave-vault/bin/node#ExecStart=/bin/sh#' "$unit" >"$folder/$name"
  check "$name has no mistakes" systemd-analyze verify --man=no "$folder/$name"
  check "$name says nothing that systemd passes over" test ! -s "$folder/out"
  # In tenths of systemd's measure of exposure, from 0 to 100.
  check "$name is exposed no more than 1.7" systemd-analyze security --offline=true --threshold=17 "$folder/$name"
done
check 'the user is one that systemd can make' systemd-sysusers --dry-run "$PWD/deploy/systemd/enclave-vault.sysusers.conf"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
