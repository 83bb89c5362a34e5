// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';

/** What an import and an export have in common. */
export interface CommonOptions {
  readonly out: string;
  readonly refused: string;
  /** Where the values of refused rows are kept; undefined: nowhere. */
  readonly keepRefused: string | undefined;
  readonly state: string;
  readonly report: string | undefined;
  readonly concurrency: number;
  /** Rows a second; undefined: as many as the vault takes. */
  readonly rate: number | undefined;
  /** Documents of up to 100 in place of streams. */
  readonly batch: boolean;
  /** What becomes of rows that were sent more than 23 hours ago and never answered. */
  readonly late: 'skip' | 'resend' | undefined;
  /** s without an answer after which it is given up. */
  readonly patience: number;
}

export const COMMON_OPTIONS = {
  out: { type: 'string' },
  state: { type: 'string' },
  report: { type: 'string' },
  concurrency: { type: 'string' },
  rate: { type: 'string' },
  batch: { type: 'boolean' },
  patience: { type: 'string' },
} as const;

export const COMMON_USAGE = `  --state FILE    keep there how far it came (beside the results): the same command goes on from it, also after a crash
  --report FILE   the last line, a JSON summary, in a file as well
  --concurrency N streams at once (4, at most 16)
  --rate N        at most so many rows a second
  --batch         documents of up to 100 rows in place of streams: for a vault behind API Gateway
  --patience S    give up when nothing is answered for S seconds (300)`;

export const EXIT_USAGE = `  Ctrl-C ends what is under way and says how to go on; once more, it ends at once, which is as safe.
  Exit code 0: all done. 1: it failed or was stopped; the same command goes on. 2: a wrong option. 3: done, but rows were refused.`;

export const EXIT_REFUSED = 3;

export interface CommonValues {
  readonly state?: string | undefined;
  readonly report?: string | undefined;
  readonly concurrency?: string | undefined;
  readonly rate?: string | undefined;
  readonly batch?: boolean | undefined;
  readonly sign?: boolean | undefined;
  readonly patience?: string | undefined;
}

/** Gathers everything that is wrong, so that it is said at once. */
export class Problems {
  readonly #all: string[] = [];

  demand(holds: boolean, problem: string): void {
    if (!holds) this.#all.push(problem);
  }

  /** @returns the preset where nothing is given, or what is given is wrong */
  whole<T>(name: string, text: string | undefined, most: number, preset: T): number | T {
    if (text === undefined) return preset;
    const n = /^[0-9]{1,7}$/.test(text) ? Number(text) : 0;
    this.demand(n >= 1 && n <= most, `--${name} takes a whole number from 1 to ${most}`);
    return n;
  }

  /** @throws {UsageError} when there were any */
  done(): void {
    if (this.#all.length > 0) throw new UsageError(this.#all.join('\n'));
  }
}

/** @param stem of the files beside the results @param stateSuffix what the state is called, after it */
export function commonOptions(
  values: CommonValues,
  problems: Problems,
  base: string,
  { out, stem, stateSuffix }: { readonly out: string; readonly stem: string; readonly stateSuffix: string },
): Omit<CommonOptions, 'keepRefused' | 'late'> {
  const path = (text: string | undefined) => (text === undefined ? undefined : resolve(base, text));
  const [refused, state] = [`${stem}.refused.ndjson`, path(values.state) ?? `${stem}${stateSuffix}`];
  const report = path(values.report);
  problems.demand(
    report === undefined ||
      ![
        ...[out, refused, state, `${state}-journal`, `${stem}.refused-values.ndjson`],
        ...[`${out}.all-ids.ndjson`, `${out}.all-ids.ndjson.new`],
      ].includes(report),
    '--report takes a file of its own',
  );
  return {
    ...{ out, refused, state, report },
    concurrency: problems.whole('concurrency', values.concurrency, 16, 4),
    rate: problems.whole('rate', values.rate?.replace(/\/s$/, ''), 1_000_000, undefined),
    // What is signed is signed as a whole.
    batch: values.batch === true || values.sign === true,
    patience: problems.whole('patience', values.patience, 86_400, 300),
  };
}
