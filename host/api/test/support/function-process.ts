// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { RestAnswer } from '../../src/lambda/answer.ts';

const RUNTIME = fileURLToPath(new URL('./runtime.mjs', import.meta.url));

export interface Answered {
  readonly answer?: RestAnswer;
  readonly error?: { readonly name: string; readonly code?: string };
  /** Milliseconds since the process began, by its own clock. */
  readonly at: number;
  /** Milliseconds of computing since then, on all threads. */
  readonly cpu: number;
}

/** The function's file of code in a process of its own, as Lambda runs it. */
export class FunctionProcess {
  readonly process: ChildProcess;
  /** All that it wrote to its standard streams: on Lambda, its log. */
  output = '';
  readonly #lines: AsyncIterator<string>;

  /** @param file absolute path of index.mjs */
  constructor(file: string, env: Record<string, string>) {
    this.process = spawn(process.execPath, [RUNTIME, file], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH ?? '',
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        AWS_REGION: 'eu-central-1',
        ...env,
      },
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.#lines = createInterface({ input: this.process.stdio[3] as Readable })[Symbol.asyncIterator]();
  }

  /** Waits until the function is loaded. @returns milliseconds since its process began */
  async loaded(): Promise<number> {
    return Number((await this.#next()).loaded);
  }

  async invoke(event: object): Promise<Answered> {
    this.process.stdin?.write(`${JSON.stringify(event)}\n`);
    return (await this.#next()) as unknown as Answered;
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null) return;
    const exit = new Promise((done) => this.process.once('exit', done));
    this.process.stdin?.end();
    await exit;
  }

  async #next(): Promise<Record<string, unknown>> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the function ended:\n${this.output.slice(-4000)}`);
    return JSON.parse(value) as Record<string, unknown>;
  }
}
