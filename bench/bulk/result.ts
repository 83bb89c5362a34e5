// SPDX-License-Identifier: Apache-2.0

import type { Run } from '../support/run.ts';
import { figure, table } from '../support/table.ts';
import { REFUSED } from './kms-events.ts';

/** One way: everything in, or everything out. */
export interface Way {
  readonly way: 'import' | 'export';
  readonly records: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Of the file, bytes. */
  readonly fileBytes: number;
  readonly sentAgain: number;
  /** Highest memory is that of this way; false, or absent in older results: of all since each process of the vault began. */
  readonly peakOfWay?: boolean;
  /** The machine's speed when it was over, as `machine.ecdhMs` is that before the first; absent in older results. */
  readonly ecdhMs?: number;
  /** By operation. */
  readonly kmsCalls: Readonly<Record<string, number>>;
  /** By process, the client included: s of processor time, MiB at the highest. */
  readonly processes: readonly { readonly name: string; readonly cpu: number; readonly peak: number }[];
}

export interface BulkResult extends Run {
  readonly settings: {
    readonly records: number;
    readonly format: 'csv' | 'ndjson';
    readonly concurrency: number;
    readonly batch: boolean;
    /** What the vault was started with beyond the rates. */
    readonly vault: readonly string[];
    /** Key pairs and other requests a second of the local KMS; null: it has none. */
    readonly kmsQuota: string | null;
    /** After so many minutes the export was to end; absent in older results, and where it was not. */
    readonly exportMinutes?: number;
  };
  readonly ways: readonly Way[];
  /** Before the first and after the last record, bytes. `log` absent: of an older result, which counts the write-ahead log as well. */
  readonly store: { readonly before: number; readonly after: number; readonly log?: false };
}

/** Calls that make a key pair, and all others: KMS counts them apart. */
export const kmsOf = ({
  kmsCalls,
}: Way): { readonly pairs: number; readonly others: number; readonly refused: number } => {
  const sum = (which: (name: string) => boolean): number =>
    Object.entries(kmsCalls).reduce((all, [name, count]) => all + (which(name) ? count : 0), 0);
  const isPair = (name: string): boolean => name.startsWith('GenerateDataKeyPair');
  const given = (name: string): boolean => !name.endsWith(REFUSED);
  return {
    pairs: sum((name) => isPair(name) && given(name)),
    others: sum((name) => !isPair(name) && given(name)),
    refused: sum((name) => !given(name)),
  };
};

export function waysTable({ ways }: BulkResult): string {
  return table(
    ['', 'records/s', 'seconds', 'MB', 'sent again', 'KMS: key pairs a record', 'KMS: others a record'],
    ways.map((one) => {
      const { pairs, others } = kmsOf(one);
      return [
        one.way,
        figure(one.perSecond),
        figure(one.seconds),
        figure(one.fileBytes / 1e6),
        one.sentAgain.toLocaleString('en-US'),
        figure(pairs / one.records),
        figure(others / one.records),
      ];
    }),
  );
}

const WAYS = ['import', 'export'] as const;

/** Processes of which a way has no figures although another has. */
export const endedIn = ({ ways }: Pick<BulkResult, 'ways'>): { way: Way['way']; name: string }[] =>
  ways.flatMap(({ way, processes }) =>
    [...new Set(ways.flatMap((one) => one.processes.map(({ name }) => name)))]
      .filter((name) => !processes.some((one) => one.name === name))
      .map((name) => ({ way, name })),
  );

export function processesTable({ ways }: BulkResult): string {
  const names = [...new Set(ways.flatMap(({ processes }) => processes.map(({ name }) => name)))];
  const of = (way: Way['way'], name: string) =>
    ways.find((one) => one.way === way)?.processes.find((one) => one.name === name);
  const peakOf = (way: Way['way']): string =>
    ways.find((one) => one.way === way)?.peakOfWay === true ? 'peak MiB' : 'peak so far, MiB';
  return table(
    ['process', ...WAYS.flatMap((way) => [`${way}: CPU ms a record`, `${way}: ${peakOf(way)}`])],
    names.map((name) => [
      name,
      ...WAYS.flatMap((way) => {
        const found = of(way, name);
        const records = ways.find((one) => one.way === way)?.records ?? 1;
        return found === undefined ? ['–', '–'] : [figure((found.cpu / records) * 1000), figure(found.peak)];
      }),
    ]),
  );
}
