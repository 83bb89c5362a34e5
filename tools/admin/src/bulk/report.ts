// SPDX-License-Identifier: Apache-2.0
import { duration } from '../import/progress.ts';
import type { Counts } from './job-file.ts';

/** What a job came to: for programs, on standard output and where --report says. */
export interface JobReport {
  readonly what: 'import' | 'export';
  readonly ended: 'finished' | 'stopped' | 'failed';
  /** Finished by an earlier call: nothing was sent, and the results are those of then. */
  readonly already_finished?: true;
  /** Why it failed: a code. */
  readonly code?: string;
  /** Rows with an outcome: the next two together. */
  readonly rows: number;
  /** Records made, or decrypted. */
  readonly done: number;
  readonly refused: number;
  readonly refused_by_code: Readonly<Record<string, number>>;
  /** Of the done, of an export: records of which some fields or expressions have no result. */
  readonly incomplete: number;
  /** Sent, and not answered when it ended: the same command asks again. */
  readonly unanswered: number;
  /** Rows that this run sent more than once, or an earlier one may have sent: busy vaults and lost connections. Each is done once. */
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
  /** Why a row came back the last time, to be sent again: a code, or words of this command. */
  readonly reason: string | undefined;
  /** How long the vault lets no more rows in, s. */
  readonly limitedFor: number;
  /** Rows a second, in this run. */
  readonly rate: number;
  readonly bytes: Bytes;
  /** Since this run began. */
  readonly seconds: number;
}

/** Of the input. */
export interface Bytes {
  /** All of it; undefined: it has no end that can be seen. */
  readonly all: number | undefined;
  /** Up to the last row with an outcome. */
  readonly done: number;
  /** Of these, by earlier runs. */
  readonly before: number;
  /** Read once more before anything is sent, to be compared; undefined: that is over. */
  readonly compared: number | undefined;
}

/** How far a job is and how long it will take, by the bytes of rows that have an outcome: what is read ahead of them says nothing. */
export function momentLine(moment: Moment): string {
  const { verb, tally, unanswered, resent, reason, limitedFor, rate, bytes, seconds } = moment;
  const { all, done, before, compared } = bytes;
  const percent = (part: number): string => `${Math.floor((100 * part) / Math.max(1, all ?? 0))}%`;
  if (compared !== undefined)
    return `what was read before is compared${all === undefined ? '' : `: ${percent(compared)} of the input`}`;
  const now = done - before;
  const parts = [
    `${tally.json().done} ${verb}, ${tally.refused} refused`,
    ...(all === undefined ? [] : [`${percent(done)} of the input`]),
    `${Math.round(rate)}/s`,
    ...(all === undefined || now <= 0 ? [] : [`about ${duration(((all - done) / now) * seconds)} left`]),
    `${unanswered} on the way`,
    ...(limitedFor > 0 ? [`told to wait ${duration(limitedFor)} for the vault’s rates`] : []),
    ...(resent === 0 && reason === undefined
      ? []
      : [
          `${resent} ${resent === 1 ? 'row' : 'rows'} sent again${reason === undefined ? '' : ` (last ${reason})`}`,
        ]),
  ];
  return parts.join(', ');
}
