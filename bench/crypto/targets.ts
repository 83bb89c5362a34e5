// SPDX-License-Identifier: Apache-2.0
/** What opening 12 fields was to reach, and whether a run says so: computed of a result, never stored. */
import { FLOOR, type Format, JS_PEERS, OURS, RECORDS, RECORDS_AGAIN, RECORDS_DER, RUST } from './names.ts';
import type { CryptoResult, Row } from './result.ts';

export type Verdict = 'reached' | 'reached, within noise' | 'not reached' | 'not measured';

type Wanted = { readonly atLeast: number } | { readonly atMost: number };

export type Target = Wanted & {
  readonly what: string;
  /** Which of this project's candidates it is about. */
  readonly ours: string;
  /** Of the medians: so many times faster, or slower. */
  readonly ratio: number;
  /** By what factor the ratio of the 10th or of the 90th percentiles differs from that of the medians, whichever is farther: 1.1 is 10 %. */
  readonly noise: number;
  readonly verdict: Verdict;
};

type Quantile = 'median' | 'p10' | 'p90';
/** Of one candidate, or of the best of several. */
type Figures = (quantile: Quantile) => number;

const FIELDS = 12;

/** NaN where nobody was measured, which reaches nothing. */
function best(values: readonly number[]): number {
  const there = values.filter((ms) => !Number.isNaN(ms));
  return there.length === 0 ? Number.NaN : Math.min(...there);
}

/** Of the row of P-384 with 12 fields. */
function figuresOf(rows: readonly Row[], format: Format, names: readonly string[]): Figures {
  const row = rows.find(
    (candidate) =>
      candidate.suite === 'P-384' &&
      candidate.direction === 'open' &&
      candidate.format === format &&
      candidate.fields === FIELDS,
  );
  return (quantile) => best(names.map((name) => row?.candidates[name]?.[quantile] ?? Number.NaN));
}

/** `margin`: by what factor the target is passed. */
function verdictOf(margin: number, noise: number): Verdict {
  if (!Number.isFinite(margin)) return 'not measured';
  if (margin < 1) return 'not reached';
  return margin > noise ? 'reached' : 'reached, within noise';
}

function judged(above: Figures, below: Figures, wanted: Wanted): Pick<Target, 'ratio' | 'noise' | 'verdict'> {
  const ratioOf = (quantile: Quantile): number => above(quantile) / below(quantile);
  const ratio = ratioOf('median');
  const others = [ratioOf('p10'), ratioOf('p90')];
  const noise = Math.max(...others.map((other) => Math.max(other / ratio, ratio / other)));
  const margin = 'atLeast' in wanted ? ratio / wanted.atLeast : wanted.atMost / ratio;
  return { ratio, noise, verdict: verdictOf(margin, noise) };
}

export function targetsOf({ rows }: Pick<CryptoResult, 'rows'>): Target[] {
  const of = (format: Format, ...names: readonly string[]): Figures => figuresOf(rows, format, names);
  const faster = (what: string, ours: string, peer: Figures, atLeast: number): Target => ({
    ...{ what: `faster than ${what}`, ours, atLeast },
    ...judged(peer, of('shared', ours), { atLeast }),
  });
  const within = (what: string, ours: string, atMost: number): Target => ({
    ...{ what: `of the floor, ${what}`, ours, atMost },
    ...judged(of('shared', ours), of('shared', FLOOR), { atMost }),
  });
  const [jsShared, jsEach] = [of('shared', ...JS_PEERS), of('each', ...JS_PEERS)];
  return [
    faster(
      'the best JavaScript peer with one encapsulation a field, ours with one a record',
      RECORDS,
      jsEach,
      20,
    ),
    faster('the best JavaScript peer given our format', RECORDS, jsShared, 2.5),
    faster(
      'the best JavaScript peer given our format and its key read before, ours with the key as DER',
      RECORDS_DER,
      jsShared,
      2.5,
    ),
    faster('the best JavaScript peer given our format, the record read before', RECORDS_AGAIN, jsShared, 2.5),
    faster(
      'rustls on aws-lc-rs with one encapsulation a field, ours with one a record',
      RECORDS,
      of('each', RUST),
      1,
    ),
    within('HPKE contexts', OURS, 1.2),
    within('whole records with a key that is ready', RECORDS, 1.2),
    within('whole records with the key as DER', RECORDS_DER, 1.2),
  ];
}

/** The same while no core may sleep, without those who are processes of their own. */
export const targetsAwake = ({ awake = [] }: Pick<CryptoResult, 'awake'>): Target[] =>
  awake.length === 0 ? [] : targetsOf({ rows: awake }).filter(({ verdict }) => verdict !== 'not measured');

export const wantedOf = (target: Target): string =>
  'atLeast' in target ? `at least ${target.atLeast}x` : `at most ${target.atMost}x`;
