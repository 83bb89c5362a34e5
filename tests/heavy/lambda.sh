#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Lambda function's file of code before a whole local vault: every route, the calls it makes, its restart.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
[ -n "${ENCLAVE_VAULT_BUILT:-}" ] || node trusted/enclave/build.ts
exec node tests/heavy/lambda/run.heavy.ts
