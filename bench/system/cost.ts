// SPDX-License-Identifier: Apache-2.0
import type { Row } from './measure.ts';
import { isVaults } from './processes.ts';
import type { Group } from './profile/groups.ts';
import type { Shares } from './profile/read.ts';

/** One operation under profiles. */
export interface Profiled {
  readonly row: Row;
  /** Where the main thread of each process spent its time. */
  readonly shares: Readonly<Record<string, Shares>>;
}

/** Milliseconds of processor time a request, of the vault's own processes (API, parent, enclave), by what it was for. */
export interface Cost {
  readonly total: number;
  readonly groups: ReadonlyMap<string, number>;
  /** By process, then by group. */
  readonly processes: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Cryptography, TLS included: what no implementation of this design can leave out. */
  readonly cryptography: number;
}

const CRYPTOGRAPHY: readonly Group[] = ['cryptography', 'TLS'];
const POOL_ENCLAVE = 'cryptography';
/** Of other processes: the API seals there, and writes audit heads. No clock says which of it is which, so none of it counts as cryptography. */
const POOL = 'sealing and files, on the pool';
/** The compiler, the collector's helpers, and threads of expressions, which an enclave alone has. */
const OTHER_THREADS = 'other threads';

/**
 * Processor time is measured by the kernel; profiles only say how the main thread's divides. Threads of the pool do an enclave's asynchronous
 * cryptography, which profiles do not see.
 */
export function costOf({ row, shares }: Profiled): Cost {
  const requests = Math.max(1, row.perSecond * row.elapsed);
  const groups = new Map<string, number>();
  const processes = new Map<string, Map<string, number>>();
  for (const [name, { all, main, pool }] of Object.entries(row.cpu)) {
    if (!isVaults(name)) continue;
    const own = new Map<string, number>();
    const add = (group: string, seconds: number) => {
      const ms = (seconds * 1000) / requests;
      own.set(group, (own.get(group) ?? 0) + ms);
      groups.set(group, (groups.get(group) ?? 0) + ms);
    };
    const { busy = 0, groups: found = {} } = shares[name] ?? {};
    if (busy === 0) add('unknown', main);
    else for (const [group, seconds = 0] of Object.entries(found)) add(group, (main * seconds) / busy);
    add(name.startsWith('enclave') ? POOL_ENCLAVE : POOL, pool);
    add(OTHER_THREADS, all - main - pool);
    processes.set(name, own);
  }
  const total = [...groups.values()].reduce((sum, ms) => sum + ms, 0);
  return {
    total,
    groups: new Map([...groups].toSorted(([, a], [, b]) => b - a)),
    processes,
    cryptography: CRYPTOGRAPHY.reduce((sum, group) => sum + (groups.get(group) ?? 0), 0),
  };
}

/** What takes most: the process, and what in it. */
export function bottleneck({ processes, total }: Cost): string {
  const parts = [...processes].flatMap(([name, groups]) =>
    [...groups].map(([group, ms]) => ({ name, group, ms })),
  );
  const sums = [...processes].map(([name, groups]) => ({
    name,
    ms: [...groups.values()].reduce((a, b) => a + b, 0),
  }));
  const most = sums.toSorted((a, b) => b.ms - a.ms)[0];
  const part = parts.filter(({ name }) => name === most?.name).toSorted((a, b) => b.ms - a.ms)[0];
  if (most === undefined || part === undefined) return '–';
  const percent = (ms: number) => `${((ms / total) * 100).toFixed(0)} %`;
  return `${most.name} (${percent(most.ms)}), in it ${part.group} (${percent(part.ms)})`;
}
