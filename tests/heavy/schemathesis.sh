#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Schemathesis against the running vault, from its OpenAPI document. Skips where there is no Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
[ -n "${ENCLAVE_VAULT_BUILT:-}" ] || node trusted/enclave/build.ts
exec node tests/heavy/schemathesis/main.ts
