// SPDX-License-Identifier: Apache-2.0
/** bench/results/crypto.json: what bench/crypto.ts writes and bench/page/crypto.ts reads. */
import type { Run } from '../support/run.ts';
import { type Direction, FLOOR, type Format, JS_PEERS, OURS, RECORDS, RECORDS_AGAIN, RUST } from './names.ts';
import type { Throughput } from './throughput.ts';
import type { Spread } from './turns.ts';

export interface Row {
  readonly suite: string;
  readonly direction: Direction;
  readonly format: Format;
  readonly fields: number;
  /** By name: milliseconds for all fields. */
  readonly candidates: Readonly<Record<string, Spread>>;
}

export interface CryptoResult extends Run {
  /** Names and versions; where one is missing, why. */
  readonly peers: Readonly<Record<string, { readonly version: string } | { readonly missing: string }>>;
  readonly openssl: string;
  readonly turns: number;
  readonly rows: readonly Row[];
  /** Opening 12 fields with P-384 once more, by what runs in Node, while no core may sleep (busy.ts). */
  readonly awake?: readonly Row[];
  /** By name: milliseconds; P-384. */
  readonly steps: Readonly<Record<string, Spread>>;
  readonly throughput: readonly Throughput[];
  /** Records of 12 fields that rustls opens and seals a second on all cores; absent where it is missing. */
  readonly rustRates?: Readonly<Record<string, number>>;
}

export interface Target {
  readonly what: string;
  /** Of the medians; `atLeast` times faster, or `atMost` times slower. */
  readonly ratio: number;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly reached: boolean;
}

const FIELDS = 12;

/** The median of one candidate, of one row of P-384 with 12 fields. */
function medianOf(rows: readonly Row[], format: Format, name: string): number {
  const row = rows.find(
    (candidate) =>
      candidate.suite === 'P-384' &&
      candidate.direction === 'open' &&
      candidate.format === format &&
      candidate.fields === FIELDS,
  );
  return row?.candidates[name]?.median ?? Number.NaN;
}

/** What opening 12 fields was to reach: computed of a result, never stored. A peer that is missing reaches nothing. */
export function targetsOf({ rows }: Pick<CryptoResult, 'rows'>): Target[] {
  const median = (format: Format, name: string): number => medianOf(rows, format, name);
  const bestJs = (format: Format): number =>
    Math.min(...JS_PEERS.map((name) => median(format, name)).filter((ms) => !Number.isNaN(ms)));
  const faster = (what: string, ours: string, peer: number, atLeast: number): Target => {
    const ratio = peer / median('shared', ours);
    return { what: `faster than ${what}`, ratio, atLeast, reached: ratio >= atLeast };
  };
  const within = (what: string, name: string, atMost: number): Target => {
    const ratio = median('shared', name) / median('shared', FLOOR);
    return { what: `of the floor, ${what}`, ratio, atMost, reached: ratio <= atMost };
  };
  return [
    faster(
      'the best JavaScript peer with one encapsulation a field, ours with one a record',
      RECORDS,
      bestJs('each'),
      20,
    ),
    faster('the best JavaScript peer given our format', RECORDS, bestJs('shared'), 2.5),
    faster(
      'the best JavaScript peer given our format, the record read before',
      RECORDS_AGAIN,
      bestJs('shared'),
      2.5,
    ),
    faster(
      'rustls on aws-lc-rs with one encapsulation a field, ours with one a record',
      RECORDS,
      median('each', RUST),
      1,
    ),
    within('HPKE contexts', OURS, 1.2),
    within('whole records with a key that is ready', RECORDS, 1.2),
  ];
}

/** The same while no core may sleep, without those who are processes of their own. */
export const targetsAwake = ({ awake = [] }: CryptoResult): Target[] =>
  awake.length === 0 ? [] : targetsOf({ rows: awake }).filter(({ ratio }) => Number.isFinite(ratio));
