// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { makeKeys } from './callers.ts';
import type { Load } from './load.ts';
import { measure, type Row, type Settings } from './measure.ts';
import type { Measured } from './vault.ts';

export interface Overload {
  readonly operation: string;
  readonly clients: number;
  /** API keys that the clients have among them. Absent in older results: one. */
  readonly callers?: number;
  readonly before: Row;
  /** Clients that ask again at once, whatever Retry-After says. */
  readonly during: Row;
  /** After the pause. */
  readonly after: Row;
  readonly pauseSeconds: number;
  /** Throughput and median afterwards, as a share of before. */
  readonly throughputBack: number;
  readonly latencyBack: number;
}

/** Who comes, with one API key for all, or with one each. */
export interface Flood {
  readonly operation: string;
  readonly clients: number;
  readonly ownKeys: boolean;
}

const CALM = 8;
const PAUSE_SECONDS = 3;
/** With a key each there have to be more clients than the API takes requests of all callers (1,000), by far: some are always between two of them. */
const OWN_KEYS = 1.5;
/** A third operation for a shorter time: what it adds is whether KMS's way comes back as well. */
const SHORT_SECONDS = 4;

/** With one key the caller's limit refuses, which is below the vault's own; with a key each the vault's own. */
export function floodsOf(operations: readonly string[], clients: number): Flood[] {
  const many = Math.ceil(clients * OWN_KEYS);
  const both = operations.filter((name) => name === 'decrypt-hot' || name === 'mixed');
  return [
    ...both.flatMap((operation) => [
      { operation, clients, ownKeys: false },
      { operation, clients: many, ownKeys: true },
    ]),
    ...operations
      .filter((name) => name === 'decrypt-cold')
      .map((operation) => ({ operation, clients: many, ownKeys: true })),
  ];
}

/** What too many impatient clients get, and whether the vault is as before a few seconds later; one flood after the other. */
export async function overload(
  load: Load,
  measured: Measured,
  floods: readonly Flood[],
  settings: Settings,
  said: (found: Overload) => void,
): Promise<Overload[]> {
  const found: Overload[] = [];
  const most = Math.max(0, ...floods.filter(({ ownKeys }) => ownKeys).map(({ clients }) => clients));
  const keys = await makeKeys(measured.vault, most);
  for (const flood of floods) {
    // As it was after the flood before, where that was one of the same operation.
    const last = found.at(-1);
    const before = last?.operation === flood.operation ? last.after : undefined;
    const own = flood.ownKeys ? keys.slice(0, flood.clients) : [];
    const one = await overflow(load, measured, flood, own, before, secondsOf(flood.operation, settings));
    found.push(one);
    said(one);
  }
  return found;
}

const secondsOf = (operation: string, settings: Settings): Settings =>
  operation === 'decrypt-cold'
    ? { ...settings, seconds: Math.min(SHORT_SECONDS, settings.seconds) }
    : settings;

async function overflow(
  load: Load,
  measured: Measured,
  { operation, clients }: Flood,
  keys: readonly string[],
  known: Row | undefined,
  settings: Settings,
): Promise<Overload> {
  const before = known ?? (await measure(load, measured, operation, CALM, settings));
  // Without a warm-up: how the first of them are refused counts as well.
  const flood = { ...settings, warmUpSeconds: 0 };
  const during = await measure(load, measured, operation, clients, flood, keys);
  await sleep(PAUSE_SECONDS * 1000);
  const after = await measure(load, measured, operation, CALM, settings);
  return {
    operation,
    clients,
    callers: Math.max(1, keys.length),
    before,
    during,
    after,
    pauseSeconds: PAUSE_SECONDS,
    throughputBack: after.perSecond / before.perSecond,
    latencyBack: after.median / before.median,
  };
}
