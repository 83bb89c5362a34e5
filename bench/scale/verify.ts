// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const COMMAND = join(import.meta.dirname, '../../tools/admin/bin/enclave-vault.mjs');
const LOOK_MS = 500;

export interface Verified {
  readonly seconds: number;
  readonly chains: number;
  readonly entries: number;
  readonly findings: number;
  /** Of the command's process, MiB; 0 where /proc does not tell. */
  readonly peakMiB: number;
}

/** `enclave-vault audit verify` of a vault that does not run: how long it takes, and the most memory that it had. */
export async function verify(folder: string): Promise<Verified> {
  const began = performance.now();
  const child = spawn(process.execPath, [COMMAND, 'audit', 'verify', '--json', '--data', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    // The counts come first; of a store that is damaged on purpose the findings are many.
    if (out.length < 10_000_000) out += chunk.toString('utf8');
  });
  let peakMiB = 0;
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakMiB = Math.max(peakMiB, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has ended, or there is no /proc.
    }
  }, LOOK_MS);
  await new Promise((resolve) => child.once('close', resolve));
  clearInterval(look);
  const { chains, entries, findings } = JSON.parse(out) as {
    chains: number;
    entries: number;
    findings: unknown[];
  };
  return {
    seconds: (performance.now() - began) / 1000,
    ...{ chains, entries, peakMiB },
    findings: findings.length,
  };
}
