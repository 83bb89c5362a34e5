// SPDX-License-Identifier: Apache-2.0
import { figure, table } from '../support/table.ts';
import type { Row } from './measure.ts';

/** From so large a share on it is taken for full: the last tenth goes to changes between threads. */
export const FULL = 0.9;
/** libuv's, as none of the programs sets another number. */
export const POOL_THREADS = 4;
const NAMED = 3;

interface Threads {
  readonly name: string;
  /** Cores that it used. */
  readonly cores: number;
  /** Cores that it could have used. */
  readonly of: number;
}

/** What used processor time, the most first. */
function threadsOf({ cpu, clientsCpu, elapsed }: Row): Threads[] {
  const vaults = Object.entries(cpu).flatMap(([name, { all, main, pool }]) => [
    { name: `${name}, main`, cores: main / elapsed, of: 1 },
    { name: `${name}, pool`, cores: pool / elapsed, of: POOL_THREADS },
    // The compiler and the collector's helpers: as many as there is room for.
    { name: `${name}, others`, cores: (all - main - pool) / elapsed, of: Number.POSITIVE_INFINITY },
  ]);
  return [...vaults, { name: 'clients', cores: clientsCpu / elapsed, of: 1 }].toSorted(
    (a, b) => b.cores - a.cores,
  );
}

/** All processes together, clients and emulators among them. */
export const coresUsed = ({ cpu, clientsCpu, elapsed }: Row): number =>
  Object.values(cpu).reduce((sum, { all }) => sum + all, clientsCpu) / elapsed;

/** What kept the operation from going faster, as far as processor time tells. */
export function limitOf(row: Row, cores: number): string {
  const full = threadsOf(row).filter((one) => one.cores >= FULL * one.of);
  const used = coresUsed(row);
  const found = [
    ...full.map(({ name }) => `**${name}** is full`),
    ...(used >= FULL * cores ? [`all ${cores} cores are used up`] : []),
  ];
  return (
    found.join('; ') ||
    `no thread is full, ${figure(used)} of ${cores} cores used: processor time does not say what limits, and waits for the disk, for other answers or for a turn were not measured`
  );
}

export function limitTable(rows: readonly Row[], cores: number): string {
  return table(
    [
      'operation, clients',
      'cores used',
      'most processor time, in cores (a thread has 1, a pool 4)',
      'what limits',
    ],
    rows.map((row) => [
      `${row.operation}, ${row.clients}`,
      figure(coresUsed(row)),
      threadsOf(row)
        .slice(0, NAMED)
        .map((one) => `${one.name} ${figure(one.cores)}`)
        .join('; '),
      limitOf(row, cores),
    ]),
    'words',
  );
}
