// SPDX-License-Identifier: Apache-2.0

/** Samples of two classes, in ns. */
export interface Samples {
  readonly a: Float64Array;
  readonly b: Float64Array;
}

export interface Difference {
  /** Welch's t: the difference of the means in units of its standard error. Positive when `a` takes longer. */
  readonly t: number;
  /** Difference of the means, ns. */
  readonly ns: number;
}

/** Upper ends at which samples are cropped, as shares of all: what a scheduler or collector added is in the tail (dudect, section 3). */
const CROPS = [1, 0.99, 0.95, 0.9, 0.75, 0.5];
const FEWEST = 100;

/** Welch's t-test of unequal variances over all samples. */
export function welch({ a, b }: Samples): Difference {
  const [left, right] = [moments(a), moments(b)];
  const ns = left.mean - right.mean;
  const error = Math.sqrt(left.variance / a.length + right.variance / b.length);
  return { t: error === 0 ? (ns === 0 ? 0 : Math.sign(ns) * Number.POSITIVE_INFINITY) : ns / error, ns };
}

/**
 * The largest difference over crops of the samples at common thresholds, percentiles of both classes together, so that neither class is
 * cropped more than its slowness deserves (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?", 2017).
 */
export function largestDifference(samples: Samples): Difference {
  const all = Float64Array.from([...samples.a, ...samples.b]).sort();
  const found = CROPS.map((share) => {
    const limit = all[Math.ceil(share * all.length) - 1] ?? Number.POSITIVE_INFINITY;
    const crop = { a: samples.a.filter((ns) => ns <= limit), b: samples.b.filter((ns) => ns <= limit) };
    return crop.a.length < FEWEST || crop.b.length < FEWEST ? { t: 0, ns: 0 } : welch(crop);
  });
  return found.reduce((most, one) => (Math.abs(one.t) > Math.abs(most.t) ? one : most));
}

function moments(values: Float64Array): { readonly mean: number; readonly variance: number } {
  let mean = 0;
  let squares = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    const delta = value - mean;
    mean += delta / (index + 1);
    squares += delta * (value - mean);
  }
  return { mean, variance: values.length > 1 ? squares / (values.length - 1) : 0 };
}

/** |t| at which two classes are taken to differ, as in dudect. */
const DIFFERS = 4.5;
/** Runs that must agree, of all. */
const AGREEING = 0.8;
/** What is below this share of what the control shows on the same machine at the same time is noise of that machine. */
const OF_CONTROL = 0.1;

export type Finding = 'constant' | 'leaks';

/** The run in the middle by |t|. */
export function median(runs: readonly Difference[]): Difference {
  const sorted = runs.toSorted((a, b) => Math.abs(a.t) - Math.abs(b.t));
  return sorted[sorted.length >> 1] ?? { t: 0, ns: 0 };
}

/**
 * Whether repeated runs show a leak: they agree on which class is slower, each by more than chance, and by more than noise where a control
 * says what a leak looks like here. A shift that comes and goes, or changes its sign, is the machine's.
 * @param control runs of a comparison that is known to leak; none to judge the control itself
 */
export function judged(runs: readonly Difference[], control?: readonly Difference[]): Finding {
  const sign = Math.sign(median(runs).t);
  const agreeing = runs.filter(({ t }) => Math.abs(t) > DIFFERS && Math.sign(t) === sign).length;
  const noise = control === undefined ? 0 : OF_CONTROL * Math.abs(median(control).t);
  return agreeing >= AGREEING * runs.length && Math.abs(median(runs).t) > noise ? 'leaks' : 'constant';
}
