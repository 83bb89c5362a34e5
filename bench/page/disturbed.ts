// SPDX-License-Identifier: Apache-2.0
import { costOf, type Profiled } from '../system/cost.ts';
import { notAllHot } from '../system/hot.ts';
import { cpuPerRequest, type Row } from '../system/measure.ts';
import { isVaults } from '../system/processes.ts';

/** From here on a profile shows another program than the one that was measured. */
const DISTURBED = 1.3;

/** How much more a request cost under profiles, and which columns say little for it. */
export function disturbance(profiled: readonly Profiled[], rows: readonly Row[]): string {
  const found = profiled.flatMap((one) => {
    const plain = nearest(one.row, rows);
    const ratio = plain === undefined ? Number.NaN : costOf(one).total / cpuPerRequest(plain, isVaults);
    return plain === undefined || !Number.isFinite(ratio) ? [] : [{ row: one.row, plain, ratio }];
  });
  if (found.length === 0) return '';
  const disturbed = found.filter(({ ratio }) => ratio > DISTURBED);
  const asked = found.filter(({ row }) => notAllHot(row)).map(({ row }) => `**${row.operation}**`);
  return `CPU a request under profiles (${found[0]?.row.clients} clients) over that without them (${found[0]?.plain.clients}): ${found
    .map(({ row, ratio }) => `${row.operation} ${ratio.toFixed(2)}`)
    .join(', ')}. ${
    disturbed.length === 0
      ? `None is above ${DISTURBED.toFixed(2)}.`
      : `Above ${DISTURBED.toFixed(2)} the column is disturbed: ${disturbed.map(({ row }) => `**${row.operation}**`).join(', ')}; its shares are of a vault that spent more on a request than the one measured.`
  }${asked.length === 0 ? '' : ` Some reads asked KMS under profiles (*not all hot*): ${asked.join(', ')}.`}`;
}

/** Whether the profile of an operation is of the program that was measured. */
export function isSound(profiled: readonly Profiled[], rows: readonly Row[], operation: string): boolean {
  const one = profiled.find(({ row }) => row.operation === operation);
  const plain = one === undefined ? undefined : nearest(one.row, rows);
  if (one === undefined || plain === undefined) return true;
  return !(costOf(one).total / cpuPerRequest(plain, isVaults) > DISTURBED);
}

/** The row of the same operation whose number of clients is nearest, by its ratio; of two the one with more. */
function nearest({ operation, clients }: Row, rows: readonly Row[]): Row | undefined {
  const far = (row: Row) => Math.abs(Math.log(row.clients / clients));
  return rows
    .filter((row) => row.operation === operation)
    .toSorted((a, b) => far(a) - far(b) || b.clients - a.clients)[0];
}
