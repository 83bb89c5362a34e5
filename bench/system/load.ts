// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Known, Records } from './operations.ts';

export interface Job {
  readonly port: number;
  readonly key: string;
  /** Of as many callers, whom the clients are shared out among; without them `key` is that of all. */
  readonly keys?: readonly string[];
  /** The local KMS's log. */
  readonly kmsEvents: string;
  readonly operation: string;
  readonly clients: number;
  readonly warmUpMs: number;
  /** How long requests are begun for after the warm-up. */
  readonly ms: number;
  /** Requests a second that come whether or not those before were answered, on as many connections as there are clients; without it each client waits for its answer. */
  readonly rate?: number;
  /** Whether clients wait for as long as Retry-After says. */
  readonly patient: boolean;
  /** Remember the records that are made. */
  readonly keep?: boolean;
}

export interface Sample {
  /** Milliseconds of each request that was answered rightly. */
  readonly times: readonly number[];
  readonly errors: readonly (readonly [what: string, count: number])[];
  /** Refusals that are not as they must be, and exchanges without an answer; of the warm-up too. */
  readonly odd: readonly (readonly [what: string, count: number])[];
  /** From the end of the warm-up to the last answer. */
  readonly ms: number;
  /** Of the clients' process, in that time. */
  readonly cpuSeconds: number;
  /** The cold set was not large enough: some records came again. */
  readonly coldRepeated: boolean;
  readonly made: readonly Known[];
}

/** What the process of the clients says. */
export type Said = { readonly phase: 'measuring' | 'ending' } | { readonly sample: Sample };

/** The process of the clients. */
export class Load {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'load-process.ts'), { serialization: 'advanced' });
  }

  /** Which records reads are spread over from now on. */
  use(records: Records): void {
    this.#child.send({ records });
  }

  /** @param onPhase called when the warm-up is over, and when the last requests have been begun */
  async run(job: Job, onPhase: (phase: 'measuring' | 'ending') => void = () => undefined): Promise<Sample> {
    return await new Promise<Sample>((resolve, reject) => {
      const ended = () => reject(new Error('the process of the clients ended'));
      const hear = (said: Said) => {
        if ('phase' in said) return onPhase(said.phase);
        this.#child.off('exit', ended).off('message', hear);
        resolve(said.sample);
      };
      this.#child.once('exit', ended).on('message', hear);
      this.#child.send(job);
    });
  }

  close(): void {
    this.#child.kill();
  }
}
