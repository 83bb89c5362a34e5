// SPDX-License-Identifier: Apache-2.0

import { Random } from '../heavy/kill/random.ts';
import { type Difference, largestDifference } from './welch.ts';

/** What is measured: one operation on an input of either class. */
export interface Subject {
  readonly name: string;
  /** How the inputs of the two classes differ. */
  readonly classes: readonly [a: string, b: string];
  /** Calls in one sample: short operations are measured together. */
  readonly calls: number;
  readonly samples: number;
  /** Makes an input of a class; called before the clock runs. */
  readonly input: (kind: 'a' | 'b') => unknown;
  readonly run: (input: never) => unknown;
}

const RUNS = 5;
/** Inputs of each class in memory at once. */
const POOL = 64;

/** Five runs of a subject, each judged by itself. */
export async function runsOf(subject: Subject, seed: number): Promise<Difference[]> {
  const runs: Difference[] = [];
  for (let index = 0; index < RUNS; index += 1) runs.push(await measured(subject, new Random(seed + index)));
  return runs;
}

/**
 * One run: classes take turns at random, so that whatever drifts drifts for both. The inputs of both are made in one random order, so
 * that neither has the better place in memory.
 */
async function measured(subject: Subject, random: Random): Promise<Difference> {
  const pool = random
    .shuffled([...Array<'a'>(POOL).fill('a'), ...Array<'b'>(POOL).fill('b')])
    .map((kind) => ({ kind, input: subject.input(kind) as never }));
  const order = Array.from({ length: subject.samples }, () => random.pick(pool));
  const found = { a: [] as number[], b: [] as number[] };
  const { calls, run } = subject;
  const isAsync = run((pool[0] as { input: never }).input) instanceof Promise;
  for (const [index, { kind, input }] of [...order.slice(0, subject.samples >> 3), ...order].entries()) {
    const started = process.hrtime.bigint();
    if (isAsync) for (let call = 0; call < calls; call += 1) await run(input);
    else for (let call = 0; call < calls; call += 1) run(input);
    const ns = Number(process.hrtime.bigint() - started) / calls;
    // The first are for the compiler to see what there is.
    if (index >= subject.samples >> 3) found[kind].push(ns);
  }
  return largestDifference({ a: Float64Array.from(found.a), b: Float64Array.from(found.b) });
}
