#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whether comparisons with secrets take the same time whatever they are compared with: Welch's t-test over two classes of inputs, beside controls that must
# show a difference.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
exec node --disable-warning=ExperimentalWarning tests/timing/main.ts "$@"
