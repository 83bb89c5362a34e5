// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from './load.ts';
import { measure, type Row, type Settings } from './measure.ts';
import type { Measured } from './vault.ts';

export interface Overload {
  readonly operation: string;
  readonly clients: number;
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

const CALM = 8;
const PAUSE_SECONDS = 3;

/** What too many impatient clients get, and whether the vault is as before a few seconds later. */
export async function overload(
  load: Load,
  measured: Measured,
  operation: string,
  clients: number,
  settings: Settings,
): Promise<Overload> {
  const before = await measure(load, measured, operation, CALM, settings);
  // Without a warm-up: how the first of them are refused counts as well.
  const during = await measure(load, measured, operation, clients, { ...settings, warmUpSeconds: 0 });
  await sleep(PAUSE_SECONDS * 1000);
  const after = await measure(load, measured, operation, CALM, settings);
  return {
    operation,
    clients,
    before,
    during,
    after,
    pauseSeconds: PAUSE_SECONDS,
    throughputBack: after.perSecond / before.perSecond,
    latencyBack: after.median / before.median,
  };
}
