// SPDX-License-Identifier: Apache-2.0
import { figure, table } from '../support/table.ts';
import { nameOfOperation, type ScalingRow } from './scaling.ts';

/** Throughput of one row over that of another, with the lowest and the highest of their rounds, which took turns. */
export interface Ratio {
  readonly ratio: number;
  readonly least: number;
  readonly most: number;
}

/** What more cores bring one operation: all in, against the same on one core. */
export interface Gain {
  readonly operation: string;
  /** With one API and one enclave on one core. */
  readonly alone: ScalingRow;
  /** The same on all cores. */
  readonly one: ScalingRow;
  readonly oneGain: Ratio;
  /** Two of each on all cores; undefined where that was not measured. */
  readonly two: ScalingRow | undefined;
  readonly twoGain: Ratio | undefined;
}

export function ratioOf(row: ScalingRow, base: ScalingRow): Ratio {
  const ratio = row.perSecond / base.perSecond;
  const each = (row.rounds ?? []).flatMap(({ perSecond }, i) => {
    const other = base.rounds?.[i];
    return other === undefined ? [] : [perSecond / other.perSecond];
  });
  return { ratio, least: Math.min(ratio, ...each), most: Math.max(ratio, ...each) };
}

/** Empty where nothing was confined to one core. */
export function gains(rows: readonly ScalingRow[]): Gain[] {
  const find = (operation: string, each: number, cores: number | undefined) =>
    rows.find(
      (row) =>
        row.operation === operation && row.apis === each && row.enclaves === each && row.cores === cores,
    );
  return [...new Set(rows.map(({ operation }) => operation))].flatMap((operation) => {
    const [alone, one, two] = [
      find(operation, 1, 1),
      find(operation, 1, undefined),
      find(operation, 2, undefined),
    ];
    if (alone === undefined || one === undefined) return [];
    const twoGain = two === undefined ? undefined : ratioOf(two, alone);
    return [{ operation, alone, one, oneGain: ratioOf(one, alone), two, twoGain }];
  });
}

/** `1.85x (1.80–1.92)`. */
const show = ({ ratio, least, most }: Ratio): string =>
  `${figure(ratio)}x${least === most ? '' : ` (${figure(least)}–${figure(most)})`}`;

export function coresTable(found: readonly Gain[], cores: number): string {
  return table(
    [
      'operation',
      'one core, requests/s',
      `${cores} cores`,
      'of one core',
      `${cores} cores, two APIs and two enclaves`,
      'of one core',
      'KMS calls a request',
    ],
    found.map(({ alone, one, oneGain, two, twoGain }) => [
      nameOfOperation([alone, one, ...(two === undefined ? [] : [two])]),
      figure(alone.perSecond),
      figure(one.perSecond),
      show(oneGain),
      two === undefined ? '–' : figure(two.perSecond),
      twoGain === undefined ? '–' : show(twoGain),
      [alone, one, two]
        .flatMap((row) => (row === undefined ? [] : [row.kmsCalls === null ? '–' : figure(row.kmsCalls)]))
        .join(' / '),
    ]),
  );
}

/** What the table says: a difference counts where the ranges of rounds do not touch. */
export function coresSaid(found: readonly Gain[], cores: number): string {
  const names = (which: (gain: Gain) => boolean): string =>
    found
      .filter(which)
      .map(({ operation }) => `**${operation}**`)
      .join(', ');
  const more = (gain: Gain): boolean => gain.twoGain !== undefined && gain.twoGain.least > gain.oneGain.most;
  const less = (gain: Gain): boolean => gain.twoGain !== undefined && gain.twoGain.most < gain.oneGain.least;
  const same = (gain: Gain): boolean => gain.twoGain !== undefined && !more(gain) && !less(gain);
  const said = (text: string, which: (gain: Gain) => boolean): string[] =>
    found.some(which) ? [`${text} ${names(which)}.`] : [];
  return [
    `${cores} cores in place of one bring ${range(found.map(({ oneGain }) => oneGain.ratio))} with one API and one enclave${
      found.some(({ twoGain }) => twoGain !== undefined)
        ? `, and ${range(found.flatMap(({ twoGain }) => (twoGain === undefined ? [] : [twoGain.ratio])))} with two of each`
        : ''
    }; ${cores} would be all that there is to gain${beyondAll(found, cores) ? ', but that seven processes which share one core cost each other something as well: switches, and caches that others emptied' : ''}.`,
    ...said('No gain beyond the noise of rounds with one of each:', ({ oneGain }) => oneGain.least <= 1),
    ...said('Two of each brought more than one of each on the same cores in', more),
    ...said('They brought less in', less),
    ...said('No difference between one and two of each that rounds would show:', same),
  ].join(' ');
}

const beyondAll = (found: readonly Gain[], cores: number): boolean =>
  found.some(({ oneGain, twoGain }) => Math.max(oneGain.ratio, twoGain?.ratio ?? 0) > cores);

const range = (ratios: readonly number[]): string => {
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return least === most ? `${figure(least)}x` : `${figure(least)}x to ${figure(most)}x`;
};

/** By how much the rounds of one row differ at the most, as a share of its lowest; undefined in older results. */
export function noiseOfRounds(rows: readonly ScalingRow[]): number | undefined {
  const spreads = rows.flatMap(({ rounds = [] }) => {
    const all = rounds.map(({ perSecond }) => perSecond);
    return all.length < 2 ? [] : [Math.max(...all) / Math.min(...all) - 1];
  });
  return spreads.length === 0 ? undefined : Math.max(...spreads);
}
