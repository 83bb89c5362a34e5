// SPDX-License-Identifier: Apache-2.0

import { type LatencyResult, latencyTable, ratios } from '../kms-latency/result.ts';
import type { Run } from '../support/run.ts';
import { underLoad } from './caution.ts';
import { circumstances } from './circumstances.ts';
import { bars } from './plot.ts';

/** What the way to KMS costs. */
export function section(run: Run): string {
  const result = run as LatencyResult;
  const { machine, settings, rows } = result;
  const [ready, without, hot] = [
    worst(rows, ({ operation, pool }) => operation === 'create' && pool),
    worst(rows, ({ operation, pool }) => operation === 'create' && !pool),
    worst(rows, ({ operation }) => operation === 'decrypt-hot'),
  ];
  return `
## KMS off the way of a request
${underLoad(machine)}
The same vault with a KMS that answers at once, and with one that takes ${settings.latencyMs} ms more, as across a network. [Key pairs made beforehand](key-pool.md) keep a create from waiting for it; the enclave's cache of keys keeps a
decryption of a hot record from it. The pool was \`${settings.pool}\` (pairs, and how many a second), since the local KMS has no quota; AWS makes 100 pairs a second, which bounds creates however they are done.

${latencyTable(result)}

At least ${percent(ready)} of the throughput is left for creates with pairs ready, ${percent(without)} without a pool, ${percent(hot)} for decryptions of hot records. *KMS calls waited for* are of the slow KMS, errors of both; a create that waited came faster than pairs were made.
Noise is ${percent(noise(rows))} in this run, by the ratio that is furthest above 1.00: a difference of as much below it says nothing either.

![Creates and decryptions with a slow KMS](performance/kms-latency.svg)

\`npx node bench/kms-latency.ts --rounds ${settings.rounds}\`, ${circumstances(result)} Clients, vaults and KMS share the machine.
`;
}

export function plots(run: Run): Readonly<Record<string, string>> {
  const { rows, settings } = run as LatencyResult;
  return {
    'kms-latency.svg': bars({
      title: `Throughput with a KMS of ${settings.latencyMs} ms, of that with one of 0 ms`,
      unit: '%',
      bars: ratios(rows).map(({ row, ratio }) => ({
        label: `${row.operation}${row.operation === 'create' && !row.pool ? ' without a pool' : ''}, ${row.clients} clients`,
        value: Math.round(ratio * 100),
        ours: row.pool,
      })),
    }),
  };
}

function worst(rows: LatencyResult['rows'], which: (row: LatencyResult['rows'][number]) => boolean): number {
  return Math.min(...ratios(rows.filter(which)).map(({ ratio }) => ratio));
}

/** A slow KMS makes nothing faster. */
const noise = (rows: LatencyResult['rows']): number =>
  Math.max(0, ...ratios(rows).map(({ ratio }) => ratio - 1));

const percent = (share: number): string => (Number.isFinite(share) ? `${(share * 100).toFixed(0)} %` : '–');
