#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What goes onto an instance: the parent's archive twice from nothing, what is in it, and both scripts as shellcheck reads them.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export PATH="$PWD/node_modules/.bin:$PATH"
export DEBIAN_FRONTEND=noninteractive

packages=()
command -v shellcheck >/dev/null || packages+=(shellcheck)
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
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

check 'the archive is made' node host/parent/build.ts --archive "$folder/a"
# From another folder, and with an input fetched anew.
mkdir "$folder/copy"
cp -r --parents canary host trusted policies images deploy package.json package-lock.json "$folder/copy/"
# Real files: where a dependency lies is in the bundle's comments.
cp -r node_modules "$folder/copy/"
check 'the archive is made in another folder, its inputs fetched anew' node "$folder/copy/host/parent/build.ts" --archive "$folder/b"
check 'both are the same bytes' cmp "$folder/a/parent.tar.gz" "$folder/b/parent.tar.gz"

mkdir "$folder/unpacked"
check 'tar unpacks it' tar -xzf "$folder/a/parent.tar.gz" --no-same-owner -C "$folder/unpacked"
check 'every file is the one on its list' bash -c "cd '$folder/unpacked' && sha256sum --check --strict --quiet SHA256SUMS"
check 'no file but those on the list' test "$(cd "$folder/unpacked" && find . -type f ! -name SHA256SUMS | wc -l)" = "$(wc -l <"$folder/unpacked/SHA256SUMS")"
check 'node is for aarch64' bash -c "[ \"\$(od -An -tu2 -j18 -N2 '$folder/unpacked/bin/node' | tr -d ' ')\" = 183 ]"
check 'the addon is for aarch64' bash -c "[ \"\$(od -An -tu2 -j18 -N2 '$folder/unpacked/koffi.node' | tr -d ' ')\" = 183 ]"
check 'the unit starts the node of the archive' grep -q '^ExecStart=/opt/enclave-vault/bin/node .* /opt/enclave-vault/parent.mjs ' "$folder/unpacked/systemd/enclave-vault-parent.service"

if command -v shellcheck >/dev/null; then
  check 'install.sh is clean' shellcheck deploy/instance/install.sh
  node --input-type=module - >"$folder/user-data" <<'END'
import { readRole } from '@enclave-vault/settings';
const { DEPLOY, exampleKnown, STAGES, synthesize } = await import(`${process.cwd()}/infra/src/index.ts`);
const stage = STAGES.find(({ id }) => id === 'decryption');
const known = exampleKnown(readRole(DEPLOY, { file: DEPLOY.example, env: {} }));
const { LaunchTemplate } = synthesize(stage, known).Resources;
process.stdout.write(LaunchTemplate.Properties.LaunchTemplateData.UserData['Fn::Base64']);
END
  check 'user data is there' test -s "$folder/user-data"
  check 'user data is clean' shellcheck "$folder/user-data"
else
  echo 'skipped: shellcheck is not here and could not be installed'
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
