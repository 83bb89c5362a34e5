// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalVault } from '../../tests/support/local-vault.ts';
import { KmsLog } from './kms-log.ts';
import type { Load } from './load.ts';
import type { Known } from './operations.ts';
import { pidsOf } from './processes.ts';

/** So high that none of them decides: what is measured is the vault, not its limits. */
const RATE = { burst: 1_000_000, perSecond: 1_000_000 };
const RATES = { decrypts: RATE, requests: RATE, refusals: RATE, failures: RATE };
const ENCLAVE_RATE = '999999,99999,99999999';

/** A vault under measurement. */
export interface Measured {
  readonly vault: LocalVault;
  /** With the local KMS's log. */
  readonly target: { readonly port: number; readonly key: string; readonly kmsEvents: string };
  readonly pids: Readonly<Record<string, number>>;
  /** Calls of KMS since the last look; undefined where its log does not say (kms-log.ts). */
  kmsCalls(): number | undefined;
  stop(): Promise<void>;
}

/** Starts the vault as `npm start` does, without a canary, and with rate limits that do not bind. */
export async function startMeasured(args: readonly string[] = []): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'ev-bench-'));
  const rates = join(folder, 'rates.json');
  writeFileSync(rates, JSON.stringify(RATES));
  const vault = await LocalVault.start({
    args: ['--rates', rates, '--enclave-rate', ENCLAVE_RATE, ...args],
    data: join(folder, 'data'),
    verbose: false,
  });
  const events = join(vault.data, 'kms-events.log');
  const log = new KmsLog(events);
  return {
    vault,
    target: { port: Number(new URL(vault.url).port), key: vault.adminKey, kmsEvents: events },
    pids: await pidsOf(vault),
    kmsCalls: () => log.added()?.reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 0),
    stop: async () => {
      await vault.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Makes so many records, by the operation that is measured as well. */
export async function makeRecords(load: Load, measured: Measured, count: number): Promise<Known[]> {
  const made: Known[] = [];
  while (made.length < count) {
    const job = { ...measured.target, operation: 'create', clients: 32, warmUpMs: 0, ms: 1_000 };
    const sample = await load.run({ ...job, patient: true, keep: true });
    if (sample.made.length === 0)
      throw new Error(`no record could be made: ${JSON.stringify(sample.errors)}`);
    made.push(...sample.made);
    process.stderr.write(`${Math.min(made.length, count)} of ${count} records are made\n`);
  }
  return made.slice(0, count);
}
