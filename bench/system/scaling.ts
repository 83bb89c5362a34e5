// SPDX-License-Identifier: Apache-2.0
import type { Run } from '../support/run.ts';
import { figure, table, times } from '../support/table.ts';
import { repeatedCold } from './cold.ts';
import { notAllHot } from './hot.ts';
import type { Row } from './measure.ts';
import { isVaults } from './processes.ts';
import { list } from './report.ts';

export interface Layout {
  readonly apis: number;
  readonly enclaves: number;
  /** So many processors all of it is confined to, its clients and what stands for AWS among them; absent: none is kept from it. */
  readonly cores?: number;
}

export type ScalingRow = Layout & Row;

/** What bench/scaling.ts writes. */
export interface ScalingResult extends Run {
  /** `coldEach`: records of the cold set for each enclave; older results have `cold`, of all enclaves together. */
  readonly settings: Readonly<Record<string, number>>;
  readonly rows: readonly ScalingRow[];
}

export const nameOf = ({ apis, enclaves, cores }: Layout): string =>
  `${apis} × ${enclaves}${cores === undefined ? '' : ` on ${cores === 1 ? 'one core' : `${cores} cores`}`}`;

/** `2x1`, and `1x1@1` for what is confined to one processor. @throws {Error} for what is none */
export function layoutOf(text: string): Layout {
  const [, apis, enclaves, cores] = /^([1-9]\d*)x([1-9]\d*)(?:@([1-9]\d*))?$/.exec(text) ?? [];
  if (apis === undefined || enclaves === undefined) throw new Error(`${text} is not APISxENCLAVES[@CORES]`);
  return {
    apis: Number(apis),
    enclaves: Number(enclaves),
    ...(cores !== undefined && { cores: Number(cores) }),
  };
}

/** As {@link layoutOf} reads it. */
export const textOf = ({ apis, enclaves, cores }: Layout): string =>
  `${apis}x${enclaves}${cores === undefined ? '' : `@${cores}`}`;

/** With a word where reads of one of these rows were not all of the kind that they are called. */
export const nameOfOperation = (rows: readonly [Row, ...Row[]]): string =>
  `${rows[0].operation}${rows.some(notAllHot) ? ' *not all hot*' : ''}`;

/** Where decryptions were not as cold as their name says. */
export function scalingCold({ rows, settings: { cold, coldEach } }: ScalingResult): string {
  return repeatedCold(rows, ({ enclaves }) => coldEach ?? (cold ?? 0) / enclaves, nameOf);
}

/** Against one of each, on all cores. */
export function scalingTable({ rows: all }: ScalingResult): string {
  const rows = all.filter((row) => row.cores === undefined);
  const cores = (row: Row, which: (name: string) => boolean): number =>
    Object.entries(row.cpu).reduce((sum, [name, { all }]) => (which(name) ? sum + all : sum), 0) /
    row.elapsed;
  return table(
    [
      'operation',
      'APIs × enclaves',
      'requests/s',
      'of 1 × 1',
      'p99 ms',
      'KMS calls a request',
      'cores: vault',
      'cores: KMS and others',
      'cores: clients',
      'errors',
    ],
    rows
      .toSorted((a, b) => a.operation.localeCompare(b.operation))
      .map((row) => {
        const base = rows.find(
          (one) => one.operation === row.operation && one.apis === 1 && one.enclaves === 1,
        );
        return [
          nameOfOperation([row]),
          nameOf(row),
          figure(row.perSecond),
          base === undefined ? '–' : times(row.perSecond / base.perSecond),
          figure(row.p99),
          row.kmsCalls === null ? '–' : figure(row.kmsCalls),
          figure(cores(row, isVaults)),
          figure(cores(row, (name) => !isVaults(name))),
          figure(row.clientsCpu / row.elapsed),
          list(row.errors),
        ];
      }),
  );
}
