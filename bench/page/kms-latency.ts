// SPDX-License-Identifier: Apache-2.0

import { LATENCY_OPTIONS } from '../kms-latency/options.ts';
import { type LatencyResult, latencyTable, ratios } from '../kms-latency/result.ts';
import {
  isHot,
  isReady,
  isWithoutPool,
  leastLeft,
  noiseOf,
  verdictOf,
  WANTED,
} from '../kms-latency/verdict.ts';
import type { Run } from '../support/run.ts';
import { table } from '../support/table.ts';
import { underLoad } from './caution.ts';
import { circumstances } from './circumstances.ts';
import { commandOf } from './command.ts';
import { bars } from './plot.ts';

/** What the way to KMS costs. */
export function section(run: Run): string {
  const result = run as LatencyResult;
  const { machine, settings, rows } = result;
  const [ready, without, hot] = [isReady, isWithoutPool, isHot].map((which) => leastLeft(rows, which).share);
  return `
## KMS off the way of a request
${underLoad(machine)}
The same vault with a KMS that answers at once, and with one that takes ${settings.latencyMs} ms more, as across a network. [Key pairs made beforehand](key-pool.md) keep a create from waiting for it; the enclave's cache of keys keeps a
decryption of a hot record from it. The pool was \`${settings.pool}\` (pairs, and how many a second), since the local KMS has no quota; AWS makes 100 pairs a second, which bounds creates however they are done.

${latencyTable(result)}

The lowest ratios measured: ${percent(ready)} for creates with pairs ready, ${percent(without)} for creates without a pool, ${percent(hot)} for decryptions of hot records. *KMS calls waited for* are those with the slow KMS, *errors* those with both. With a pool a create waits only where creates come faster than pairs are made.
Noise is ${percent(noiseOf(rows))} in this run, by the ratio that is furthest above 1.00: a difference of as much below it says nothing either.
${wanted(result)}
![Creates and decryptions with a slow KMS](performance/kms-latency.svg)

\`${command(result)}\`, ${circumstances(result)} Clients, vaults and KMS share the machine.
`;
}

/** What was asked for, and whether this run shows it. */
function wanted({ rows, settings }: LatencyResult): string {
  if (settings.latencyMs !== WANTED.latencyMs) return '';
  const noise = noiseOf(rows);
  const kinds = [
    ['create, pairs ready', leastLeft(rows, isReady)],
    ['decrypt-hot', leastLeft(rows, isHot)],
  ] as const;
  const said = kinds.map(([, { share }]) => verdictOf(share, noise));
  return `
Wanted: the same throughput within 10 % where KMS takes ${WANTED.latencyMs} ms, which is at least ${percent(WANTED.share)} of it.

${table(
  ['', 'wanted, at least', 'measured, at the least', 'noise', 'verdict'],
  kinds.map(([name, { share, clients }], i) => [
    name,
    percent(WANTED.share),
    Number.isNaN(share) ? '–' : `${tenths(share)} (${clients} ${clients === 1 ? 'client' : 'clients'})`,
    tenths(noise),
    `**${said[i]}**`,
  ]),
)}
${said.includes('not decided') ? `\n*Not decided*: the noise is larger than the distance from what was measured to ${percent(WANTED.share)}, so another run may say otherwise.\n` : ''}`;
}

function command({ settings, rows }: LatencyResult): string {
  return commandOf('kms-latency', LATENCY_OPTIONS, {
    latency: settings.latencyMs,
    rounds: settings.rounds,
    seconds: settings.seconds,
    'warm-up': settings.warmUpSeconds,
    clients: [...new Set(rows.map(({ clients }) => clients))].join(','),
    pool: settings.pool,
    hot: settings.hot,
  });
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

const percent = (share: number | undefined): string =>
  share !== undefined && Number.isFinite(share) ? `${(share * 100).toFixed(0)} %` : '–';
const tenths = (share: number): string => `${(share * 100).toFixed(1)} %`;
