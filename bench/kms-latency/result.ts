// SPDX-License-Identifier: Apache-2.0
import type { LocalVault } from '../../tests/support/local-vault.ts';
import type { Run } from '../support/run.ts';
import { figure, table } from '../support/table.ts';
import { addedUp, type Row } from '../system/measure.ts';
import { list } from '../system/report.ts';

export interface Candidate {
  /** Key pairs are made beforehand. */
  readonly pool: boolean;
  readonly latencyMs: number;
}

/** Creates by where their key pair came from, the warm-up's as well. */
export interface Taken {
  readonly pool: number;
  readonly kms: number;
}

export type LatencyRow = Candidate &
  Pick<Row, 'operation' | 'clients' | 'perSecond' | 'median' | 'p99' | 'requests' | 'errors' | 'kmsCalls'> & {
    readonly taken: Taken;
  };

export interface LatencyResult extends Run {
  readonly settings: {
    readonly latencyMs: number;
    readonly pool: string;
    readonly rounds: number;
    readonly seconds?: number;
    readonly warmUpSeconds?: number;
    readonly hot?: number;
  };
  readonly rows: readonly LatencyRow[];
}

/** One line for a person who waits. */
export function show({ pool, latencyMs }: Candidate, row: Row): string {
  const kind = `${row.operation}, ${row.clients} clients, KMS ${latencyMs} ms${pool ? '' : ', no pool'}`;
  const wrong = Object.keys(row.errors).length === 0 ? '' : `, errors ${JSON.stringify(row.errors)}`;
  return `${kind}: ${row.perSecond.toFixed(0)}/s, ${row.median.toFixed(1)} ms${wrong}`;
}

export async function takenFrom(vault: LocalVault): Promise<Taken> {
  const { text } = await vault.call('GET', '/metrics', undefined, { key: null });
  const of = (from: string): number =>
    Number(
      new RegExp(`^enclave_vault_record_keys_total\\{from="${from}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0,
    );
  return { pool: of('pool'), kms: of('kms') };
}

/** Throughput with the slow KMS over that with the fast one, for each operation, number of clients, and with or without a pool. */
export function ratios(rows: readonly LatencyRow[]): { row: LatencyRow; slow: LatencyRow; ratio: number }[] {
  return rows
    .filter(({ latencyMs }) => latencyMs === 0)
    .flatMap((row) => {
      const slow = rows.find(
        (other) =>
          other.latencyMs > 0 &&
          other.operation === row.operation &&
          other.clients === row.clients &&
          other.pool === row.pool,
      );
      return slow === undefined ? [] : [{ row, slow, ratio: slow.perSecond / row.perSecond }];
    });
}

/** KMS calls that requests waited for, a request; those of pairs made beforehand are none of them. */
function callsWaitedFor({ operation, taken: { pool, kms }, kmsCalls }: LatencyRow): string {
  if (operation === 'create') return figure(kms / Math.max(1, pool + kms));
  return kmsCalls === null ? '–' : figure(kmsCalls);
}

export function latencyTable({ rows, settings }: LatencyResult): string {
  const slow = `KMS ${settings.latencyMs} ms`;
  const head = [
    'operation',
    'clients',
    'requests/s, KMS 0 ms',
    `requests/s, ${slow}`,
    'ratio',
    'median ms, KMS 0 ms',
    `median ms, ${slow}`,
    'KMS calls waited for, a request',
    'errors',
  ];
  return table(
    head,
    ratios(rows).map(({ row, slow: other, ratio }) => [
      row.operation === 'create' ? `create, ${row.pool ? 'pairs ready' : 'no pool'}` : row.operation,
      String(row.clients),
      figure(row.perSecond),
      figure(other.perSecond),
      ratio.toFixed(2),
      figure(row.median),
      figure(other.median),
      callsWaitedFor(other),
      list(addedUp([row.errors, other.errors])),
    ]),
  );
}

export function print(result: LatencyResult): void {
  console.log(latencyTable(result));
}
