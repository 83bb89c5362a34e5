#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Known vulnerabilities of what the lockfiles pin, asked of the configured registry; what is accepted, and until when, is in
# tools/audit/exceptions.json. A registry without advisories is said, and nothing more is claimed then.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
exec node tools/audit/main.ts
