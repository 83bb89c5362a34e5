// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { KmsError, StoreError, VaultError } from '@enclave-vault/vault';
import type { Importer, ImportOutcome } from '@enclave-vault/vault/import';
import { AdminError } from '../errors.ts';
import { Pace } from './pace.ts';
import type { Report, ReportLine } from './report.ts';
import { readSampleItem } from './sample-item.ts';
import type { Found, Page, Part, Source } from './source.ts';
import { type ImportState, saveState } from './state.ts';

export interface RunOptions {
  readonly importer: Pick<Importer, 'import'>;
  readonly source: Source;
  readonly state: ImportState;
  /** undefined: nothing is kept. */
  readonly statePath: string | undefined;
  readonly report: Report;
  /** Records at once. */
  readonly concurrency: number;
  /** Records a second; undefined: as many as the vault takes. */
  readonly rate: number | undefined;
  /** A trial: stop when so many are imported, one after the other. No state goes with it, since a page is left half done. */
  readonly limit: number | undefined;
  readonly signal: AbortSignal;
}

const SAVE_EVERY_MS = 1_000;
const TRIES = 8;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Imports what is left of a source. A page is done when all of it is, and only then does the state move past it: so after an
 * interruption at any point a page is at worst done again, which changes nothing.
 * @returns whether the source is done
 * @throws {AdminError} what the source throws; `import_interrupted` when the vault cannot be written, after some tries
 */
export async function runImport(options: RunOptions): Promise<boolean> {
  const run = new Run(options);
  // The import's id has to outlive a crash: by it what was imported just before is known again.
  run.save();
  try {
    await run.all();
  } finally {
    run.save();
  }
  return run.done;
}

class Run {
  readonly #options: RunOptions;
  readonly #pace: Pace;
  #saved = performance.now();
  #failed = false;
  /** In this run. */
  #imported = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#pace = new Pace(options.rate);
  }

  get done(): boolean {
    const { source, state } = this.#options;
    return source.parts.every(({ id }) => state.parts.get(id) === null);
  }

  async all(): Promise<void> {
    const { source, state } = this.#options;
    const left = source.parts.filter(({ id }) => state.parts.get(id) !== null);
    const parallel = this.#options.limit === undefined ? source.parallel : 1;
    const workers = Array.from({ length: parallel }, async () => {
      for (let part = left.shift(); part !== undefined && !this.#stopped; part = left.shift())
        await this.#part(part);
    });
    await settleAll(workers);
  }

  save(): void {
    const { report, state, statePath } = this.#options;
    state.reportBytes = report.flush();
    if (statePath !== undefined) saveState(statePath, state);
    this.#saved = performance.now();
  }

  get #stopped(): boolean {
    const { signal, limit = Number.POSITIVE_INFINITY } = this.#options;
    return signal.aborted || this.#failed || this.#imported >= limit;
  }

  async #part(part: Part): Promise<void> {
    const { state } = this.#options;
    try {
      for await (const page of part.pages(state.parts.get(part.id) ?? undefined)) {
        if (this.#stopped || !(await this.#page(page))) return;
        state.parts.set(part.id, page.next);
        if (performance.now() - this.#saved > SAVE_EVERY_MS) this.save();
      }
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  /** @returns whether all of it was done */
  async #page({ found, logs }: Page): Promise<boolean> {
    const { limit, report, state } = this.#options;
    const concurrency = limit === undefined ? this.#options.concurrency : 1;
    const lines: (ReportLine | undefined | 'stopped')[] = Array(found.length).fill('stopped');
    let next = 0;
    const workers = Array.from({ length: Math.min(concurrency, found.length) }, async () => {
      for (let index = next++; index < found.length && !this.#stopped; index = next++) {
        lines[index] = await this.#one(found[index] as Found);
      }
    });
    await settleAll(workers);
    const whole = !lines.includes('stopped');
    if (!whole && limit === undefined) return false;
    // All at once, so that counts, report and position are of one moment.
    state.counts.logs += logs;
    for (const line of lines) {
      if (line === undefined) state.counts.logs += 1;
      else if (line !== 'stopped') {
        count(state, line);
        report.add(line);
      }
    }
    return whole;
  }

  /** @returns undefined for an entry of the log */
  async #one({ item, at }: Found): Promise<ReportLine | undefined> {
    if (item === undefined) return { id: null, result: 'skipped', code: 'bad_line', at };
    const read = readSampleItem(item);
    if (read.kind === 'log') return undefined;
    if (read.kind === 'refused') {
      const { id, code, fields } = read;
      return { id, result: 'skipped', code, ...(fields && { fields }), at };
    }
    await this.#pace.turn();
    const outcome = await this.#import(read.record);
    if (outcome.result === 'imported') this.#imported += 1;
    return lineOf(read.record.id, outcome, at);
  }

  async #import(record: Parameters<Importer['import']>[0]): Promise<ImportOutcome> {
    const { importer, signal } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await importer.import(record);
      } catch (error) {
        const code = passing(error);
        if (code === undefined) throw error;
        if (attempt === TRIES || signal.aborted || this.#failed) {
          this.#failed = true;
          throw new AdminError('import_interrupted', `the vault cannot be written: ${code}`);
        }
      }
      await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + Math.random()));
    }
  }
}

function count({ counts }: ImportState, { result, code, replaced }: ReportLine): void {
  if (result === 'skipped') counts.skip(code ?? '');
  else counts[result] += 1;
  if (replaced) counts.replaced += 1;
}

function lineOf(id: string, outcome: ImportOutcome, at: string): ReportLine {
  const { result } = outcome;
  switch (result) {
    case 'imported': {
      const { replaced, dropped } = outcome;
      return { id, result, ...(replaced && { replaced }), ...(dropped.length > 0 && { dropped }), at };
    }
    case 'already':
      return { id, result, ...(outcome.changedHere && { changed_here: true }), at };
    case 'skipped':
      return { id, result, code: outcome.code, ...(outcome.fields && { fields: outcome.fields }), at };
  }
}

/** @returns the code of an error that another try may mend */
function passing(error: unknown): string | undefined {
  if (error instanceof VaultError)
    return error.status === 503 || error.code === 'conflict' ? error.code : undefined;
  if (error instanceof StoreError) return error.code === 'unavailable' ? 'store_unavailable' : undefined;
  if (error instanceof KmsError)
    return error.code === 'denied' || error.code === 'invalid' ? undefined : error.code;
  return undefined;
}

/** Waits for all, so that nothing goes on behind the back of who handles the error. @throws the first error */
async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
