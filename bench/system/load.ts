// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

export interface Job {
  readonly port: number;
  readonly key: string;
  readonly operation: string;
  readonly clients: number;
  /** Records that requests are spread over. */
  readonly ids: readonly string[];
  readonly warmUpMs: number;
  /** How long requests are begun for after the warm-up. */
  readonly ms: number;
  /** Number of the first request. */
  readonly from: number;
}

export interface Sample {
  /** Milliseconds of each request that was answered rightly. */
  readonly times: readonly number[];
  readonly errors: readonly (readonly [what: string, count: number])[];
  /** From the end of the warm-up to the last answer. */
  readonly ms: number;
  readonly next: number;
}

/** The process of the clients. */
export class Load {
  readonly #child: ChildProcess;
  #next = 0;

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'load-process.ts'), { serialization: 'advanced' });
  }

  async run(job: Omit<Job, 'from'>): Promise<Sample> {
    const sample = await new Promise<Sample>((resolve, reject) => {
      const ended = () => reject(new Error('the process of the clients ended'));
      this.#child.once('exit', ended);
      this.#child.once('message', (message) => {
        this.#child.off('exit', ended);
        resolve(message as Sample);
      });
      this.#child.send({ ...job, from: this.#next } satisfies Job);
    });
    this.#next = sample.next;
    return sample;
  }

  close(): void {
    this.#child.kill();
  }
}
