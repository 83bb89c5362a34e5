#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Decides every request of the policies' matrix, and of the table from AWS's documentation, a second time: by an evaluator in Python that was written from the
# documentation alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo 'skipped: there is no python3 of 3.11 or later'
  echo '0 passed, 0 failed'
  exit 0
fi
mkdir -p .cache
node tests/heavy/iam/dump.ts .cache/iam.json
exec python3 tests/heavy/iam/evaluate.py .cache/iam.json
