#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes every parser of the trusted base and the verifiers, guided by coverage, for a minute in all.
#   tests/heavy/fuzz.sh --seconds 1200      for longer; --seed N repeats a run, --only TEXT takes some targets
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
exec node --disable-warning=ExperimentalWarning tests/fuzz/main.ts --seconds 60 "$@"
