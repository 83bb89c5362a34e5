// SPDX-License-Identifier: Apache-2.0
import { Random } from '../heavy/kill/random.ts';
import type { Coverage } from './coverage.ts';
import { minimized } from './minimize.ts';
import { mutated } from './mutate.ts';
import { type FindKind, isFind, judge, type Verdict } from './oracle.ts';
import type { Target } from './target.ts';

const DEFAULT_MAX_LENGTH = 4096;
/** Each so many inputs one is weighed for memory, besides those that are kept. */
const WEIGHED = 512;
/** Finds of one kind and place are one find. */
const MOST_FINDS = 5;

export interface Find {
  readonly target: string;
  readonly kind: FindKind | 'hang' | 'crash';
  readonly detail: string;
  readonly input: Buffer;
}

export interface Outcome {
  readonly target: string;
  readonly executions: number;
  readonly accepted: number;
  /** Inputs that reached something new, seeds included. */
  readonly corpus: number;
  readonly finds: readonly Find[];
}

export interface Budget {
  readonly ms: number;
  /** Ends after so many executions, if that is sooner. */
  readonly executions?: number;
  /** The same seed, target and number of executions make the same inputs. */
  readonly seed: number;
  /** Told each input before it runs, so that one that never returns is known. */
  readonly before?: (input: Uint8Array) => void;
}

/** Fuzzes one target, guided by coverage, until its time is up or it has too many finds. */
export async function fuzz(target: Target, coverage: Coverage, budget: Budget): Promise<Outcome> {
  const { ms, seed, before, executions: most = Number.POSITIVE_INFINITY } = budget;
  const run = new Run(target, coverage, new Random(seed), before ?? (() => undefined));
  const end = performance.now() + ms;
  await run.start();
  const goesOn = () => performance.now() < end && run.executions < most && run.finds.length < MOST_FINDS;
  while (goesOn()) await run.step();
  const { executions, accepted, corpus, finds } = run;
  return { target: target.name, executions, accepted, corpus: corpus.length, finds };
}

class Run {
  readonly #target: Target;
  readonly #coverage: Coverage;
  readonly #random: Random;
  readonly #before: (input: Uint8Array) => void;
  readonly #words: readonly Uint8Array[];
  readonly #known = new Set<string>();
  readonly corpus: Uint8Array[] = [];
  readonly finds: Find[] = [];
  executions = 0;
  accepted = 0;

  constructor(target: Target, coverage: Coverage, random: Random, before: (input: Uint8Array) => void) {
    this.#target = target;
    this.#coverage = coverage;
    this.#random = random;
    this.#before = before;
    this.#words = (target.words ?? []).map((word) => (typeof word === 'string' ? Buffer.from(word) : word));
  }

  async start(): Promise<void> {
    this.#coverage.begin();
    for (const seed of this.#target.seeds()) {
      await this.#execute(seed, true);
      this.corpus.push(seed);
    }
  }

  async step(): Promise<void> {
    const input = this.#next();
    if (!(await this.#execute(input, this.executions % WEIGHED === 0))) return;
    this.corpus.push(input);
    await this.#execute(input, true);
  }

  #next(): Buffer {
    const random = this.#random;
    // What was found last leads on further than what everybody has; still everything gets its turn.
    const recent = Math.max(1, this.corpus.length >> 2);
    const from = random.below(2) === 0 ? this.corpus.slice(-recent) : this.corpus;
    const { maxLength = DEFAULT_MAX_LENGTH } = this.#target;
    const material = { random, words: this.#words, other: random.pick(this.corpus), maxLength };
    return mutated(random.pick(from), material);
  }

  /** @returns whether the input reached something new */
  async #execute(input: Uint8Array, weighing: boolean): Promise<boolean> {
    this.#before(input);
    this.#coverage.reset();
    const verdict = await judge(this.#target, input, weighing);
    const isNew = this.#coverage.isNew();
    this.executions += 1;
    if (verdict.kind === 'accepted') this.accepted += 1;
    if (isFind(verdict)) await this.#report(input, verdict);
    return isNew;
  }

  async #report(input: Uint8Array, found: Extract<Verdict, { detail: string }>): Promise<void> {
    const signature = `${found.kind} ${found.detail}`;
    if (this.#known.has(signature) || this.finds.length >= MOST_FINDS) return;
    this.#known.add(signature);
    const shortest = await minimized(input, async (candidate) => {
      this.#before(candidate);
      return (await judge(this.#target, candidate, found.kind === 'memory')).kind === found.kind;
    });
    this.finds.push({ target: this.#target.name, kind: found.kind, detail: found.detail, input: shortest });
  }
}
