// SPDX-License-Identifier: Apache-2.0
import { log } from './log.ts';
import type { ProcessName } from './processes.ts';

/** A doctor asks for all that it asks within moments. */
const GATHER_MS = 1_000;

/**
 * Dry runs that KMS refused, as one line. A doctor asks for what must be refused, nine times, and each refusal explains itself in two
 * kilobytes: to whoever reads the log that looks like an attack, and a real one drowns in it. A dry run is never more than a question, whoever asks; the
 * doctor says whether the answer was the right one.
 */
export class DryRuns {
  #count = 0;
  readonly #callers = new Set<string>();

  /** @returns whether the line is of a dry run that was refused, and told by us */
  hear(of: ProcessName, line: Readonly<Record<string, unknown>>): boolean {
    if (of !== 'kms' || line.event !== 'kms_denied' || line.dryRun !== true) return false;
    if (this.#count === 0) setTimeout(() => this.#tell(), GATHER_MS).unref();
    this.#count += 1;
    this.#callers.add(nameOf(line.principal));
    return true;
  }

  #tell(): void {
    log('info', 'dry_runs_refused', { count: this.#count, callers: [...this.#callers].sort() });
    this.#count = 0;
    this.#callers.clear();
  }
}

/** The name of a role, without its path. */
const nameOf = (principal: unknown): string => String(principal).split('/').at(-1) ?? '';
