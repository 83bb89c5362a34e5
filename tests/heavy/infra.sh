#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The templates of every stage before other judges: cfn-lint, for Regions of three partitions, and moto, which makes what it can of
# them. Both from PyPI, in a virtual environment of their own. Skips where there is no Python.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
exec node tests/heavy/infra/main.ts
