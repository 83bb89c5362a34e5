#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The enclave over real vsock and a real /dev/nsm: boots Debian's kernel under qemu with enclave, parent and KMS in it (tests/vm). Needs
# Debian's packages; installs what is missing when it may, and skips otherwise.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export PATH="$PWD/node_modules/.bin:$PATH"
cache=.cache/vm

skip() {
  echo "SKIPPED: the virtual machine ($1)"
  echo '0 passed, 0 failed'
  exit 0
}

[ "$(uname -sm)" = 'Linux x86_64' ] || skip "the machine that it emulates is an x86-64 one, this is $(uname -sm)"
missing=()
command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
[ -x /bin/busybox ] || missing+=(busybox-static)
command -v cpio >/dev/null || missing+=(cpio)
mkdir -p "$cache"
kernel=$(compgen -G "$cache/linux-image-*-cloud-amd64_*.deb" | head -n 1)
if [ ${#missing[@]} -gt 0 ] || [ -z "$kernel" ]; then
  command -v apt-get >/dev/null || skip "no apt-get, and no ${missing[*]:-kernel}"
  if [ ${#missing[@]} -gt 0 ]; then
    [ "$(id -u)" = 0 ] || skip "only root can install ${missing[*]}"
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
      skip "${missing[*]} cannot be installed"
  fi
  if [ -z "$kernel" ]; then
    # The newest that the package stands for. It is unpacked, never installed.
    name=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends:/ { print $2; exit }')
    [ -n "$name" ] || skip 'no package linux-image-cloud-amd64'
    (cd "$cache" && apt-get download -qq "$name" >/dev/null 2>&1) || skip "$name cannot be fetched"
  fi
fi
exec node tests/vm/main.ts
