// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const READY_MS = 180_000;

/** A process of the vault: configuration is the first line of its standard input, its first line of output says that it is ready. */
export class VaultProcess {
  readonly #process: ChildProcess;
  /** Everything that it wrote. */
  output = '';

  constructor(program: string, configuration: object) {
    // This machine has no /etc/passwd, where Node looks for a home that no variable names; the AWS SDK asks for one.
    const env = { PATH: '/bin', HOME: '/tmp' };
    this.#process = spawn('/bin/node', [program], { env, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString('utf8');
      });
    this.#process.stdin?.write(`${JSON.stringify(configuration)}\n`);
  }

  /** @returns what its first line says */
  async ready(): Promise<Record<string, unknown>> {
    const lines = createInterface({ input: this.#process.stdout ?? process.stdin });
    const gone = once(this.#process, 'exit').then(() => Promise.reject(new Error(this.output)));
    const line = once(lines, 'line', { signal: AbortSignal.timeout(READY_MS) });
    const [text] = (await Promise.race([line, gone])) as [string];
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** @returns its exit code */
  async stop(): Promise<number | null> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const [code] = await exited;
    return code as number | null;
  }
}
