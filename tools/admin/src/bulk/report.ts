// SPDX-License-Identifier: Apache-2.0
import { duration } from '../import/progress.ts';
import type { Counts } from './job-file.ts';

/** What a job came to: for programs, on standard output and where --report says. */
export interface JobReport {
  readonly what: 'import' | 'export';
  readonly ended: 'finished' | 'stopped' | 'failed';
  /** Why it failed: a code. */
  readonly code?: string;
  /** Rows with an outcome: the next two together. */
  readonly rows: number;
  /** Records made, or decrypted. */
  readonly done: number;
  readonly refused: number;
  readonly refused_by_code: Readonly<Record<string, number>>;
  /** Of the done: records of which some names have no result. */
  readonly incomplete: number;
  /** Sent, and not answered when it ended: the same command asks again. */
  readonly unanswered: number;
  /** Sends beyond the first, in this run. */
  readonly sent_again: number;
  /** This run. */
  readonly seconds: number;
  readonly rows_per_second: number;
  readonly seconds_of_all_runs: number;
}

/** What became of rows so far. */
export class Tally {
  #done: number;
  #incomplete: number;
  readonly #refused: Map<string, number>;

  constructor({ done, incomplete, refused }: Counts) {
    this.#done = done;
    this.#incomplete = incomplete;
    this.#refused = new Map(Object.entries(refused));
  }

  done(complete: boolean): void {
    this.#done += 1;
    if (!complete) this.#incomplete += 1;
  }

  refuse(code: string): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  get refused(): number {
    return [...this.#refused.values()].reduce((a, b) => a + b, 0);
  }

  get rows(): number {
    return this.#done + this.refused;
  }

  json(): Counts {
    return {
      done: this.#done,
      incomplete: this.#incomplete,
      refused: Object.fromEntries([...this.#refused].sort()),
    };
  }
}

export interface Moment {
  readonly verb: string;
  readonly tally: Tally;
  readonly unanswered: number;
  readonly resent: number;
  /** Rows a second, in this run. */
  readonly rate: number;
  /** Of the input, where that has an end; 0 to 1. */
  readonly share: number | undefined;
  /** s. */
  readonly left: number | undefined;
}

export function momentLine({ verb, tally, unanswered, resent, rate, share, left }: Moment): string {
  const { done } = tally.json();
  const parts = [
    `${done} ${verb}, ${tally.refused} refused`,
    ...(share === undefined ? [] : [`${Math.floor(share * 100)}% of the input read`]),
    `${Math.round(rate)}/s`,
    ...(left === undefined ? [] : [`about ${duration(left)} left`]),
    `${unanswered} on the way`,
    ...(resent === 0 ? [] : [`${resent} sent again`]),
  ];
  return parts.join(', ');
}
