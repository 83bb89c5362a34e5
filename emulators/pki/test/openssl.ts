// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** OpenSSL's command line where the machine has one: a second opinion, not a requirement. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Runs openssl in a folder holding `files`, which is gone afterwards. */
export function openssl(
  args: readonly string[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
): { status: number | null; stdout: Buffer; stderr: string } {
  const cwd = mkdtempSync(join(tmpdir(), 'pki-'));
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(cwd, name), bytes, { mode: 0o600 });
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd });
    return { status, stdout, stderr: stderr.toString() };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}
