#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The stores for AWS against DynamoDB Local (Java, from Maven Central) and moto (Python, from PyPI). Installs what lacks where it may.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
export PATH="$PWD/node_modules/.bin:$PATH"
export DEBIAN_FRONTEND=noninteractive

packages=()
command -v java >/dev/null || packages+=(default-jre-headless)
command -v mvn >/dev/null || packages+=(maven)
command -v python3 >/dev/null || packages+=(python3 python3-venv)
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

[ -n "${ENCLAVE_VAULT_BUILT:-}" ] || node trusted/enclave/build.ts || exit 1
exec node tests/interop/dynamodb/main.heavy.ts
