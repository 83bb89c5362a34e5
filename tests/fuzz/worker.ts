// SPDX-License-Identifier: Apache-2.0
/** The thread that parses: it may hang or run out of memory, and main.ts will know on which input. */
import { parentPort, workerData } from 'node:worker_threads';
import { Coverage, type Reached } from './coverage.ts';
import { fuzz, type Outcome } from './fuzz.ts';
import { OURS, SCOPE } from './scope.ts';

export interface Work {
  readonly names: readonly string[];
  readonly ms: number;
  readonly seed: number;
  /** Executions so far, and length of the input at hand; then the input. */
  readonly counters: SharedArrayBuffer;
  readonly input: SharedArrayBuffer;
}

export type Message =
  | { readonly kind: 'started'; readonly target: string }
  | { readonly kind: 'done'; readonly outcome: Outcome; readonly reached: Reached };

const { names, ms, seed, counters, input } = workerData as Work;
const [progress, current] = [new Int32Array(counters), new Uint8Array(input)];
const coverage = new Coverage();
coverage.hook(SCOPE);
// Loaded from here on: what is imported before the hooks are there runs as it is.
const { TARGETS } = await import('./targets/index.ts');
const post = (message: Message): void => parentPort?.postMessage(message);

for (const name of names) {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target === undefined) throw new Error(`no target ${name}`);
  post({ kind: 'started', target: name });
  const before = (bytes: Uint8Array): void => {
    current.set(bytes.subarray(0, current.length));
    Atomics.store(progress, 1, bytes.length);
    Atomics.add(progress, 0, 1);
  };
  const outcome = await fuzz(target, coverage, { ms, seed, before });
  post({ kind: 'done', outcome, reached: coverage.reached(OURS) });
}
