#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills every process of the vault in the middle of writes, a hundred times in all, and checks what is left.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
[ -n "${ENCLAVE_VAULT_BUILT:-}" ] || node trusted/enclave/build.ts
exec node tests/heavy/kill/main.ts
