// SPDX-License-Identifier: Apache-2.0
import { figure, times } from '../support/table.ts';
import { coresUsed, limitOf } from '../system/limits.ts';
import { nameOf, type ScalingRow } from '../system/scaling.ts';

/** Operations that ask KMS once each. */
const ONCE = ['decrypt-cold', 'create'];
/** What is as near to once says nothing. */
const NEAR = 0.02;

/** What limits one of each on all cores, and what more processes brought there. */
export function usedUp(all: readonly ScalingRow[], cores: number): string {
  const rows = all.filter((row) => row.cores === undefined);
  const ones = rows.filter(({ apis, enclaves }) => apis === 1 && enclaves === 1);
  if (ones.length === 0) return '';
  const lines = ones.map((one) => {
    const limit = limitOf(one, cores);
    const used = ` (${figure(coresUsed(one))} of ${cores} cores used)`;
    return `- **${one.operation}**: ${limit}${limit.includes('cores used:') ? '' : used}; ${best(one, rows)}.`;
  });
  return `
What limits one of each, clients and emulators counted among the processes, and what more of them brought. Where all cores are used up another process has nowhere to run; where one thread is full, it can use what is left.

${lines.join('\n')}
`;
}

function best(one: ScalingRow, rows: readonly ScalingRow[]): string {
  const [most] = rows
    .filter((row) => row !== one && row.operation === one.operation)
    .toSorted((a, b) => b.perSecond - a.perSecond);
  return most === undefined
    ? 'not measured with more'
    : `more of them brought ${times(most.perSecond / one.perSecond)} at the most, with ${nameOf(most)}`;
}

/** Why operations have other calls of KMS than they make: nothing where none has. */
export function countedCalls(rows: readonly ScalingRow[]): string {
  const texts = [...poolCalls(rows), ...edges(rows)];
  return texts.length === 0 ? '' : `\n${texts.join(' ')}`;
}

function poolCalls(rows: readonly ScalingRow[]): string[] {
  return rows.some(({ operation, kmsCalls }) => operation === 'get' && kmsCalls !== null && kmsCalls > 0)
    ? [
        'A **get** asks KMS for nothing: calls in its rows are of the pool of key pairs, which was being filled.',
      ]
    : [];
}

/** Requests under way as the measured time begins or ends have their call on one side of it and their answer on the other. */
function edges(rows: readonly ScalingRow[]): string[] {
  const off = rows.flatMap((row) => {
    const { operation, kmsCalls, coldRepeated, clients, perSecond, elapsed } = row;
    if (!ONCE.includes(operation) || kmsCalls === null || coldRepeated) return [];
    const away = Math.abs(kmsCalls - 1);
    return away > NEAR ? [{ row, away, edge: clients / (perSecond * elapsed) }] : [];
  });
  if (off.length === 0) return [];
  const most = Math.max(...off.map(({ edge }) => edge));
  const beyond = off.filter(({ away, edge }) => away > edge).map(({ row }) => row);
  const [ready, unknown] = [beyond.filter(foundPairs), beyond.filter((row) => !foundPairs(row))];
  const names = (some: readonly ScalingRow[]): string =>
    some.map((row) => `**${row.operation}** with ${nameOf(row)}`).join(', ');
  return [
    `A **decrypt-cold** and a **create** ask KMS once each. Where the figure is another, it is of requests under way as the measured time began or ended: up to ${(most * 100).toFixed(0)} % of those that were answered in it.`,
    ...(ready.length === 0
      ? []
      : [
          `Creates ask less where pairs of the pool, of which each API has one, were left from before: ${names(ready)}.`,
        ]),
    ...(unknown.length === 0 ? [] : [`That does not explain ${names(unknown)}.`]),
  ];
}

/** Pairs that were made before the measured time began, and not all used in the warm-up. */
const foundPairs = ({ operation, kmsCalls }: ScalingRow): boolean =>
  operation === 'create' && kmsCalls !== null && kmsCalls < 1;
