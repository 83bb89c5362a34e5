// SPDX-License-Identifier: Apache-2.0

import type { Latency } from '../scale/timing.ts';
import type { Size } from '../scale.ts';
import { figure } from '../support/table.ts';
import { SAMPLES_OF_P999 } from '../system/statistics.ts';

/** A third. */
const LIMIT = 4 / 3;

/** A figure of the tables, under the heading that it shares with its neighbours. */
interface Compared {
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  /** 1: the more the worse; -1: the less the worse. */
  readonly sign: 1 | -1;
  /** Undefined where a size does not have it. */
  readonly of: (size: Size) => number | undefined;
}

const QUANTILES = [
  ['p50', 'p50'],
  ['p99', 'p99'],
  ['p999', 'p99.9'],
] as const satisfies readonly (readonly [keyof Latency, string])[];

/** As the tables show it: a p99.9 of few calls is none. */
const quantileOf = (times: Latency | null, which: 'p50' | 'p99' | 'p999'): number | undefined =>
  times === null || (which === 'p999' && times.count < SAMPLES_OF_P999) ? undefined : times[which];

const latency = (group: string, of: (size: Size) => Latency | null): readonly Compared[] =>
  QUANTILES.map(([which, name]) => ({
    ...{ group, name, unit: ' ms', sign: 1 as const },
    of: (size: Size) => quantileOf(of(size), which),
  }));

const each = (
  [group, unit, sign]: readonly [group: string, unit: string, sign: 1 | -1],
  figures: Readonly<Record<string, Compared['of']>>,
): readonly Compared[] => Object.entries(figures).map(([name, of]) => ({ group, name, unit, sign, of }));

/** Every figure of the three tables but those that grow with the file whatever the store does: its size, and how long its backup and audit verify take. */
const FIGURES: readonly Compared[] = [
  ...each(['file', '', 1], { 'bytes a record': ({ bytes, records }) => bytes / records }),
  ...latency('get, cold', ({ get }) => get.cold),
  ...latency('get, warm', ({ get }) => get.warm),
  ...latency('decrypt, cold', ({ decrypt }) => decrypt.cold),
  ...latency('decrypt, warm', ({ decrypt }) => decrypt.warm),
  ...latency('store alone, cold', ({ storeGet }) => storeGet.cold),
  ...latency('store alone, warm', ({ storeGet }) => storeGet.warm),
  ...each(['writes of the store alone', '/s', -1], {
    create: ({ storeWrites }) => storeWrites.create,
    'create, 64': ({ storeWrites }) => storeWrites.create64,
    'audit entry': ({ storeWrites }) => storeWrites.audit,
    'audit entry, 64': ({ storeWrites }) => storeWrites.audit64,
  }),
  ...each(['filled', ' records/s', -1], { '': ({ filledPerSecond }) => filledPerSecond }),
  ...each(['start to ready', ' s', 1], { cold: ({ start }) => start.cold, warm: ({ start }) => start.warm }),
  ...each(['backup', ' MB/s', -1], { '': ({ backup }) => backup.bytes / 1e6 / backup.seconds }),
  ...each(['memory of the API', ' MiB', 1], {
    started: ({ memory }) => memory.started?.pss,
    afterwards: ({ memory }) => memory.after?.pss,
  }),
  ...each(['audit verify', ' MiB', 1], { 'its peak': ({ verify }) => verify?.peakMiB }),
];

const ASIDE =
  'without what grows with the file by itself: its size, the seconds of backup and audit verify, and writes of the whole vault, which 4 s do not tell apart';

/** What got worse by more than a third from one size to another of its shape, of all that both have. */
export function gotWorse(first: Size, most: Size): string {
  const found = FIGURES.flatMap((one) => {
    const [before, after] = [one.of(first), one.of(most)];
    return before === undefined || after === undefined ? [] : [{ ...one, before, after }];
  });
  const worse = found.filter(({ before, after, sign }) => (after / before) ** sign > LIMIT);
  const said = [...Map.groupBy(worse, ({ group }) => group)].map(([group, all]) => {
    const figures = all.map(({ name, before, after }) =>
      `${name} ${figure(before)} → ${figure(after)}`.trim(),
    );
    return `${group}: ${figures.join(', ')}${all[0]?.unit ?? ''}`;
  });
  const head = ` Of the ${found.length} figures that both have in the tables above (${ASIDE}), ${worse.length === 0 ? 'none' : worse.length} got worse: times by more than a third, rates by more than a quarter`;
  return said.length === 0 ? `${head}.` : `${head}: ${said.join('; ')}.`;
}

/** Why the store alone can seem slower than a get, which asks it. */
export function separatePasses(sizes: readonly Size[]): string {
  const said = sizes.flatMap(({ records, get, storeGet }) => {
    const slower = QUANTILES.flatMap(([which, name]) => {
      const [alone, whole] = [quantileOf(storeGet.cold, which), quantileOf(get.cold, which)];
      return alone === undefined || whole === undefined || alone <= whole
        ? []
        : [`${name} ${figure(alone)} beside ${figure(whole)}`];
    });
    return slower.length === 0
      ? []
      : [`${slower.join(', ')} ms with ${records.toLocaleString('en-US')} records`];
  });
  if (said.length === 0) return '';
  const count = Math.min(...sizes.map(({ storeGet }) => storeGet.cold?.count ?? Number.POSITIVE_INFINITY));
  return `

The store alone, cold, was slower than a whole get, cold, which asks it: ${said.join('; ')}. They are passes of their own, over other ids, each after the file was forgotten anew. Of ${count.toLocaleString('en-US')} calls ${slowerThan(count)} are slower than p99.9: a few stalls decide it.`;
}

/** By nearest rank. */
const slowerThan = (count: number): number => count - Math.ceil(count * 0.999);
