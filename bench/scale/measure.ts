// SPDX-License-Identifier: Apache-2.0
import { rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { backupDatabase } from '@enclave-vault/stores';
import { readTail } from '../../host/vault/src/audit/chain.ts';
import { record } from '../system/operations.ts';
import { type Memory, memoryOf, pidsOf } from '../system/processes.ts';
import { evict } from './cold.ts';
import type { Filled } from './fill.ts';
import { CHUNK, idOf, sample } from './ids.ts';
import { type Opened, start } from './opened.ts';
import type { RecordMaker } from './shape.ts';
import { type Latency, latency, rate } from './timing.ts';

const SECONDS = 4;
const READS = 5_000;
const REASON = 'measuring a large store';
/** Room that a backup leaves on the disk, bytes. */
const RESERVE = 4e9;

export interface Twice {
  /** Right after the system has forgotten the file; null where it cannot be told to. */
  readonly cold: Latency | null;
  /** The same again. */
  readonly warm: Latency;
}

export interface Measured {
  /** Seconds to ready. */
  readonly start: { readonly cold: number; readonly warm: number };
  /** Through the vault, one client: `get` of any record, `decrypt` of those that the vault made. */
  readonly get: Twice;
  readonly decrypt: Twice;
  /** `SqliteStore.get` of any record. */
  readonly storeGet: Twice;
  /** Transactions a second on the store, one after the other and 64 at once. */
  readonly storeWrites: Readonly<Record<'create' | 'create64' | 'audit' | 'audit64', number>>;
  /** Requests a second through the vault, 32 clients. */
  readonly vaultRates: { readonly create: number; readonly decrypt: number };
  /** Of the API's process: started, and after everything above. */
  readonly memory: { readonly started: Memory | undefined; readonly after: Memory | undefined };
  readonly backup: { readonly seconds: number; readonly bytes: number; readonly whole: boolean };
}

/** What it is like to work on a filled folder. */
export async function measure(
  folder: string,
  filled: Filled,
  maker: (opened: Opened) => Promise<RecordMaker>,
  say: (what: string) => void,
): Promise<Measured> {
  const database = join(folder, 'vault.db');
  evict(database);
  const opened = await start(folder);
  try {
    const { client, store, vault } = opened;
    say(`ready in ${(opened.readyMs / 1000).toFixed(1)} s`);
    const started = memoryOf(await pidsOf(vault)).api;
    const records = filled.millis.length * CHUNK;
    const any = (seed: number): string[] => sample(records, READS, seed).map((n) => idOf(n, filled.millis));
    const twice = async (ids: readonly string[], call: (id: string) => Promise<unknown>): Promise<Twice> => {
      const cold = evict(database) ? await latency(ids, call) : null;
      return { cold, warm: await latency(ids, call) };
    };
    // The first requests of a process are its slowest: none of the measured ones.
    for (const id of filled.real.slice(0, 50)) await decrypt(id);
    const get = await twice(any(1), (id) => client.call('GET', `/v1/vaults/${id}`, 200));
    say(`get ${show(get)}`);
    const storeGet = await twice(any(2), async (id) => {
      if ((await store.get(`VAULT##${id}`, 'v0')) === undefined) throw new Error(`${id} is not there`);
    });
    say(`store get ${show(storeGet)}`);
    const decrypted = await twice(filled.real, decrypt);
    say(`decrypt ${show(decrypted)}`);
    const storeWrites = await writes(opened, await maker(opened), any(3));
    say(`store writes ${JSON.stringify(storeWrites)}`);
    const vaultRates = {
      create: await rate(32, SECONDS, (n) => client.call('POST', '/v1/vaults', 201, record(n))),
      decrypt: await rate(32, SECONDS, (n) => decrypt(filled.real[n % filled.real.length] ?? '')),
    };
    say(`through the vault ${JSON.stringify(vaultRates)}`);
    const after = memoryOf(await pidsOf(vault)).api;
    const copied = await backup(database);
    say(`backup ${JSON.stringify(copied)}`);
    await opened.stop();
    const again = await start(folder);
    await again.stop();
    return {
      start: { cold: opened.readyMs / 1000, warm: again.readyMs / 1000 },
      ...{ get, decrypt: decrypted, storeGet, storeWrites, vaultRates },
      memory: { started, after },
      backup: copied,
    };

    async function decrypt(id: string): Promise<void> {
      const ask = { fields: ['dob'], reason: REASON };
      const { data } = await client.call('POST', `/v1/vaults/${id}/decrypt`, 200, ask);
      if ((data as { dob?: string }).dob !== record(0).dob) throw new Error('another value');
    }
  } finally {
    await opened.stop();
  }
}

/** What a create and what a decryption writes, on records of everywhere; with true chains, so that `audit verify` still finds all well. */
async function writes(
  { store, keys }: Opened,
  maker: RecordMaker,
  ids: readonly string[],
): Promise<Measured['storeWrites']> {
  let made = 0;
  const create = async (): Promise<void> => {
    await store.transact(maker.create(idOf(made++ % CHUNK, [Date.now()]), Date.now() * 1000));
  };
  const audit = async (n: number): Promise<void> => {
    const id = ids[n % ids.length] ?? '';
    await store.transact(maker.decryption(id, await readTail(store, keys.audit, id), Date.now() * 1000));
  };
  return {
    create: await rate(1, SECONDS, create),
    audit: await rate(1, SECONDS, audit),
    create64: await rate(64, SECONDS, create),
    audit64: await rate(64, SECONDS, audit),
  };
}

/** As much of a copy as the disk has room for. */
async function backup(database: string): Promise<Measured['backup']> {
  const target = `${database}.copy`;
  const { bavail, bsize } = statfsSync(database);
  const room = bavail * bsize - RESERVE;
  const began = performance.now();
  let bytes = 0;
  const took = (): number => (performance.now() - began) / 1000;
  try {
    const pageBytes = 4096;
    await backupDatabase(database, target, {
      progress: (pages) => {
        bytes = pages * pageBytes;
        if (bytes > room) throw new Error('no room');
      },
    });
    bytes = statSync(target).size;
    return { seconds: took(), bytes, whole: true };
  } catch (error) {
    if (bytes <= room) throw error;
    return { seconds: took(), bytes, whole: false };
  } finally {
    rmSync(target, { force: true });
  }
}

const show = ({ cold, warm }: Twice): string =>
  `cold ${cold === null ? 'unknown' : `${cold.p50.toFixed(2)}/${cold.p99.toFixed(2)} ms`}, warm ${warm.p50.toFixed(2)}/${warm.p99.toFixed(2)} ms`;
