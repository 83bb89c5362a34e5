#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the enclave's image twice, for both architectures, has a container builder build it, and looks at what is in it and whether it runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
[ -n "${ENCLAVE_VAULT_BUILT:-}" ] || node trusted/enclave/build.ts
exec node images/enclave/test/run.heavy.ts
