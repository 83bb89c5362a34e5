// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { AdminError } from '../errors.ts';
import { Pace } from '../import/pace.ts';
import { Ticker } from '../import/progress.ts';
import { callerOf } from './access.ts';
import { batchLane } from './batch-lane.ts';
import { CheckedRows, NOTHING_READ } from './checked-rows.ts';
import type { Errand } from './errand.ts';
import { Flow } from './flow.ts';
import type { Access } from './http.ts';
import { JobFile, type JobState } from './job-file.ts';
import type { CommonOptions } from './options.ts';
import { OutFile } from './out-file.ts';
import { unwritable } from './own-file.ts';
import { type JobReport, momentLine, Tally } from './report.ts';
import type { Outcome, RowSource } from './row.ts';
import { streamLane } from './stream-lane.ts';

/** A vault keeps idempotency keys for 24 hours; an hour for clocks that differ. */
export const REPEATABLE_MS = 23 * 60 * 60 * 1000;
/** Rows read ahead of the first without an outcome, and what they may take in memory. */
const MOST = { rows: 4096, characters: 32 * 1024 * 1024 };

export interface Job {
  readonly what: 'import' | 'export';
  readonly access: Access;
  readonly source: RowSource;
  /** Choices that must be the same for it to go on, beside caller and input. */
  readonly choices: readonly unknown[];
  /** @param id of the job */
  readonly errand: (id: string) => Errand;
  readonly options: CommonOptions;
  /** What a new file of results begins with. */
  readonly header: string;
  /** How often its state is made durable: so much is done again after a crash. */
  readonly saveEveryMs: number;
  /** Asks to end what is under way. */
  readonly stop: AbortSignal;
  /** Told when it is certain that it begins, or goes on: nothing is in its way. */
  readonly begins?: () => void;
}

/** How a job ended. */
export interface Ended {
  readonly report: JobReport;
  /** Why it failed. */
  readonly failure: AdminError | undefined;
  /** It had been finished by an earlier call: nothing was done. RFC 3339, when the job began. */
  readonly finishedAlready?: string;
}

/**
 * Does a job to its end, or as far as it comes, and leaves a state from which the same call goes on: no row twice, none left out.
 * @throws {AdminError} before anything was begun: `job_other`, `job_too_late`, `output_exists`
 */
export async function runJob(job: Job): Promise<Ended> {
  const file = JobFile.open(job.options.state);
  let made = false;
  try {
    const kept = file.read();
    made = kept === undefined;
    if (kept !== undefined) checkState(kept, job);
    if (kept?.finished === true)
      return {
        report: {
          ...summary(job, kept, { ended: 'finished', before: kept.settled }),
          already_finished: true,
        },
        failure: undefined,
        finishedAlready: kept.began,
      };
    const run = new Run(job, file, kept ?? newState(job), kept === undefined);
    job.begins?.();
    return await run.all();
  } finally {
    // Nothing was sent: the next call begins anew, with other words perhaps.
    if (made && isNothing(file.read())) file.discard();
    else file.close();
  }
}

const isNothing = (state: JobState | undefined): boolean =>
  state === undefined || (state.reserved === 0 && state.settled === 0 && !state.finished);

function newState(job: Job): JobState {
  const now = new Date().toISOString();
  return {
    v: 1,
    what: job.what,
    job: randomBytes(16).toString('hex'),
    began: now,
    fingerprint: fingerprintOf(job),
    input: { bytes: job.source.bytes ?? null, ...NOTHING_READ },
    settled: 0,
    reserved: 0,
    since: now,
    files: {},
    counts: { done: 0, incomplete: 0, refused: {} },
    seconds: 0,
    finished: false,
  };
}

const fingerprintOf = ({ what, access, choices }: Job): string =>
  JSON.stringify([what, callerOf(access), ...choices]);

function checkState(state: JobState, job: Job): void {
  const { state: path, late } = job.options;
  if (state.fingerprint !== fingerprintOf(job))
    throw new AdminError(
      'job_other',
      `${path} is the state of another job (API key, mapping, fields or other choices differ): name another --state and --out, or repeat its words`,
    );
  // What could not be read is mended in another size. Its rows before that are compared as always.
  if (state.input.unreadable !== true && state.input.bytes !== (job.source.bytes ?? null))
    throw new AdminError(
      'input_changed',
      'the input is not what it was when the job began: its size differs',
    );
  const uncertain = state.reserved - state.settled;
  if (job.what === 'export' || uncertain === 0 || late !== undefined || state.finished) return;
  if (Date.now() - Date.parse(state.since) < REPEATABLE_MS) return;
  throw new AdminError(
    'job_too_late',
    `the job broke off more than 23 hours ago while up to ${uncertain} rows (from ${state.settled + 1}) were under way, and the vault no longer knows which it has.\n` +
      '  --late skip leaves them out and lists them as refused (uncertain); --late resend sends them again: what was made then is there twice',
  );
}

class Run {
  readonly #job: Job;
  readonly #file: JobFile;
  readonly #state: JobState;
  /** What the next run goes on from. */
  #saved: JobState;
  readonly #files: { readonly out: OutFile; readonly refused: OutFile; readonly values: OutFile | undefined };
  readonly #tally: Tally;
  readonly #rows: CheckedRows;
  readonly #flow: Flow;
  readonly #began = performance.now();

  constructor(job: Job, file: JobFile, state: JobState, fresh: boolean) {
    this.#job = job;
    this.#file = file;
    this.#state = state;
    this.#saved = state;
    const { options, source } = job;
    const open = (name: string, path: string) =>
      new OutFile(path, fresh ? undefined : (state.files[name] ?? 0));
    const values = options.keepRefused;
    this.#files = {
      out: open('out', options.out),
      refused: open('refused', options.refused),
      values: values === undefined ? undefined : open('values', values),
    };
    this.#tally = new Tally(state.counts);
    this.#rows = new CheckedRows(source, state.settled, state.input);
    // Before anything is written or sent: the job's id is what makes a row's key.
    if (fresh) this.#saveState(state);
    if ((state.files.out ?? 0) === 0) this.#files.out.append(job.header);
    const { late, patience } = options;
    this.#flow = new Flow({
      rows: this.#paced(),
      settled: state.settled,
      reserved: late === 'resend' ? state.settled : state.reserved,
      since: Date.parse(state.since),
      skipUncertain: late === 'skip',
      resendWithin: job.what === 'import' ? REPEATABLE_MS : undefined,
      patience: patience * 1000,
      most: MOST,
      settle: (n, outcome) => this.#settle(n, outcome),
      reserve: () => this.#save(false),
    });
  }

  async all(): Promise<Ended> {
    const job = this.#job;
    const { options } = job;
    const flow = this.#flow;
    const errand = job.errand(this.#state.job);
    const lane = options.batch ? batchLane : streamLane;
    const stop = (): void => flow.stop();
    if (job.stop.aborted) stop();
    job.stop.addEventListener('abort', stop, { once: true });
    const ticker = new Ticker((seconds) => this.#moment(seconds));
    const saver = setInterval(() => this.#saveOrFail(), job.saveEveryMs);
    const lanes = Array.from({ length: options.concurrency }, async (_, i) => {
      if (i > 0) await flow.taken;
      await lane(flow, job.access, errand).catch((error: unknown) => flow.fail(error as Error));
    });
    let failure: unknown;
    await flow.finished.catch((error: unknown) => {
      failure = error;
    });
    await Promise.all(lanes);
    clearInterval(saver);
    ticker.end();
    job.stop.removeEventListener('abort', stop);
    let finished = failure === undefined && flow.whole;
    try {
      this.#save(finished);
    } catch (error) {
      // What was done is written nowhere: the same command writes it.
      finished = false;
      failure ??= error;
    }
    // Not more than it holds, where the last could not be saved.
    const state = this.#saved;
    for (const one of Object.values(this.#files)) isNothing(state) ? one?.discard() : one?.close();
    if (failure !== undefined && !(failure instanceof AdminError)) throw failure;
    const report = summary(job, state, {
      ended: finished ? 'finished' : failure === undefined ? 'stopped' : 'failed',
      ...(failure !== undefined && { code: failure.code }),
      // Answers that could be written nowhere are asked for again.
      unanswered: flow.unanswered + flow.settled - state.settled,
      resent: flow.resent,
      seconds: (performance.now() - this.#began) / 1000,
      before: this.#state.settled,
    });
    return { report, failure };
  }

  async *#paced() {
    const pace = new Pace(this.#job.options.rate);
    for await (const row of this.#rows.rows()) {
      await pace.turn();
      yield row;
    }
  }

  #settle(n: number, outcome: Outcome): void {
    const { out, refused, values } = this.#files;
    if (outcome.ok) {
      this.#tally.done(outcome.failed === undefined);
      out.append(outcome.text);
      if (outcome.failed !== undefined) refused.append(`${JSON.stringify({ row: n, ...outcome.failed })}\n`);
    } else {
      this.#tally.refuse(outcome.refusal.code);
      refused.append(`${JSON.stringify({ row: n, ...outcome.refusal })}\n`);
      if (outcome.kept !== undefined) values?.append(outcome.kept);
    }
  }

  #saveOrFail(): void {
    try {
      this.#save(false);
    } catch (error) {
      this.#flow.fail(error as Error);
    }
  }

  /** The files first: a state never says more than they hold. @throws {AdminError} `file_unwritable` */
  #save(finished: boolean): void {
    const { out, refused, values } = this.#files;
    const lengths = { out: out.flush(), refused: refused.flush(), ...(values && { values: values.flush() }) };
    this.#saveState({ ...this.#snapshot(finished), files: lengths });
  }

  #saveState(state: JobState): void {
    try {
      this.#file.save(state);
    } catch (error) {
      throw unwritable(this.#job.options.state, error);
    }
    this.#saved = state;
  }

  #snapshot(finished: boolean): JobState {
    const { reserved, since } = this.#flow.mark;
    const input = this.#rows.prefix;
    return {
      ...this.#state,
      input,
      settled: this.#flow.settled,
      // What could not be read was not sent: a mended row must not be taken for one that may have been.
      reserved: input.unreadable === true ? Math.min(reserved, input.rows) : reserved,
      since: new Date(since).toISOString(),
      counts: this.#tally.json(),
      seconds: this.#state.seconds + (performance.now() - this.#began) / 1000,
      finished,
    };
  }

  #moment(seconds: number): string {
    const all = this.#job.source.bytes;
    const before = this.#rows.settledBytes;
    // Blank lines at the end are no row's.
    const done = this.#flow.whole ? (all ?? 0) : Math.max(before, this.#flow.settledBytes);
    return momentLine({
      verb: this.#job.what === 'import' ? 'created' : 'decrypted',
      tally: this.#tally,
      unanswered: this.#flow.unanswered,
      resent: this.#flow.resent,
      reason: this.#flow.lastReason,
      limitedFor: this.#flow.limitedFor,
      rate: (this.#flow.settled - this.#state.settled) / seconds,
      bytes: { all, done, before, compared: this.#rows.comparing },
      seconds,
    });
  }
}

interface Ending {
  readonly ended: JobReport['ended'];
  readonly code?: string;
  readonly unanswered?: number;
  readonly resent?: number;
  readonly seconds?: number;
  /** Rows that earlier runs settled. */
  readonly before: number;
}

function summary(job: Job, state: JobState, ending: Ending): JobReport {
  const { ended, code, unanswered = 0, resent = 0, seconds = 0, before } = ending;
  const refused = Object.values(state.counts.refused).reduce((a, b) => a + b, 0);
  return {
    what: job.what,
    ended,
    ...(code !== undefined && { code }),
    rows: state.settled,
    done: state.counts.done,
    refused,
    refused_by_code: state.counts.refused,
    incomplete: state.counts.incomplete,
    unanswered,
    sent_again: resent,
    seconds: Number(seconds.toFixed(3)),
    rows_per_second: seconds === 0 ? 0 : Math.round((state.settled - before) / seconds),
    seconds_of_all_runs: Number(state.seconds.toFixed(3)),
  };
}
