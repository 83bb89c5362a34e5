// SPDX-License-Identifier: Apache-2.0
import type { Run } from '../support/run.ts';
import { figure, table, times } from '../support/table.ts';
import { repeatedCold } from './cold.ts';
import type { Row } from './measure.ts';
import { isVaults } from './processes.ts';
import { list } from './report.ts';

export interface Layout {
  readonly apis: number;
  readonly enclaves: number;
}

/** What bench/scaling.ts writes. */
export interface ScalingResult extends Run {
  /** `coldEach`: records of the cold set for each enclave; older results have `cold`, of all enclaves together. */
  readonly settings: Readonly<Record<string, number>>;
  readonly rows: readonly (Layout & Row)[];
}

export const nameOf = ({ apis, enclaves }: Layout): string => `${apis} × ${enclaves}`;

/** Where decryptions were not as cold as their name says. */
export function scalingCold({ rows, settings: { cold, coldEach } }: ScalingResult): string {
  return repeatedCold(rows, ({ enclaves }) => coldEach ?? (cold ?? 0) / enclaves, nameOf);
}

/** Against one of each. */
export function scalingTable({ rows }: ScalingResult): string {
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
      'KMS and others',
      'clients',
      'errors',
    ],
    rows
      .toSorted((a, b) => a.operation.localeCompare(b.operation))
      .map((row) => {
        const base = rows.find(
          (one) => one.operation === row.operation && one.apis === 1 && one.enclaves === 1,
        );
        return [
          row.operation,
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
