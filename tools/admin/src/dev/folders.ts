// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DevOptions } from './options.ts';

export interface Folders {
  /** Keys, records and logs; mode 0700. */
  readonly data: string;
  /** Sockets; short, since the path of a unix socket holds 107 bytes; mode 0700; gone at the end, or at the next start where there was none. */
  readonly run: string;
  remove(): void;
}

export function makeFolders(options: DevOptions): Folders {
  const run = mkdtempSync(join(tmpdir().length > 40 ? '/tmp' : tmpdir(), 'ev-'));
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'enclave-vault-'));
  if (options.data !== undefined) mkdirSync(data, { recursive: true, mode: 0o700 });
  // A folder that was there already may be open to others.
  chmodSync(data, 0o700);
  return {
    data,
    run,
    remove() {
      rmSync(run, { recursive: true, force: true });
      if (options.data === undefined) rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Files of a data folder. */
export const files = (data: string) => ({
  kms: join(data, 'kms.json'),
  kmsEvents: join(data, 'kms-events.log'),
  hypervisor: join(data, 'hypervisor.json'),
  pins: join(data, 'pinned.json'),
  database: join(data, 'vault.db'),
  auditHeads: join(data, 'audit-heads.log'),
  adminKey: join(data, 'admin.key'),
  canary: join(data, 'canary.json'),
  running: join(data, 'running.json'),
});
