// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { AdminError } from '../errors.ts';
import { log } from './log.ts';

export interface ChildSpec {
  readonly name: string;
  /** Path of its main.ts. */
  readonly main: string;
  /**
   * First line of its stdin. Holds credentials: never argv, environment or a file. A promise lets the process load its
   * code before what it is told is known.
   */
  config(): unknown;
  /** Told each line the child logs; what it returns false for isn't shown. */
  onLog?(line: Record<string, unknown>): boolean;
  readonly nodeFlags?: readonly string[];
}

export type Ready = Readonly<Record<string, unknown>>;

/** From when it knows what to do: it is spawned while others still start. */
const READY_MS = 60_000;
/** SIGUSR1 opens Node's inspector on a port of this machine: whoever reaches it reads the memory and runs code of his own. */
const FLAGS = ['--disable-sigusr1'];
const STOP_MS = 4_500;

/** The smallest environment a child needs: nothing of the user's shell reaches the vault's processes. */
const environment = (): NodeJS.ProcessEnv => {
  const cache = getCompileCacheDir();
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    NODE_NO_WARNINGS: '1',
    // Node hands this one down by itself where it is not named.
    NODE_V8_COVERAGE: undefined,
    ...(cache !== undefined && { NODE_COMPILE_CACHE: dirname(cache) }),
  };
};

/** One run of a process: started, ready, stopped or dead. Restarting is Supervised's business. */
export class Child {
  readonly process: ChildProcess;
  readonly ready: Promise<Ready>;
  readonly exited: Promise<number | NodeJS.Signals>;

  constructor(spec: ChildSpec) {
    this.process = spawn(process.execPath, [...FLAGS, ...(spec.nodeFlags ?? []), spec.main], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: environment(),
      // Ctrl-C goes to the supervisor alone, which stops the others in the right order.
      detached: true,
    });
    const { stdin, stdout, stderr } = this.process;
    if (!stdin || !stdout || !stderr) throw new AdminError('process_failed', `${spec.name}: no pipes`);
    this.exited = new Promise((done) => {
      this.process.once('exit', (code, signal) => done(signal ?? code ?? 1));
      this.process.once('error', () => done(1));
    });
    const configured = Promise.resolve(spec.config());
    this.ready = new Promise((resolve, reject) => {
      let late: NodeJS.Timeout | undefined;
      let over = false;
      void configured.then(() => {
        if (over) return;
        late = setTimeout(
          () => reject(new AdminError('start_timed_out', `${spec.name} was not ready in time`)),
          READY_MS,
        );
      });
      const settle = (done: () => void) => {
        over = true;
        clearTimeout(late);
        done();
      };
      createInterface({ input: stdout }).on('line', (line) => {
        const said = parse(line);
        if (said?.event === 'ready') settle(() => resolve(said));
      });
      this.exited.then((how) =>
        settle(() =>
          reject(new AdminError('process_failed', `${spec.name} ended before it was ready (${how})`)),
        ),
      );
    });
    this.ready.catch(() => undefined);
    createInterface({ input: stderr }).on('line', (line) => {
      const said = parse(line);
      if (!said) log('warn', 'output', { of: spec.name, line });
      else if (spec.onLog?.(said) !== false) process.stderr.write(`${line}\n`);
    });
    stdin.on('error', () => undefined); // it died: `exited` says so
    void configured.then((config) => stdin.write(`${JSON.stringify(config)}\n`));
  }

  /** SIGTERM, then SIGKILL when it does not end in time. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGTERM');
    const kill = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(kill);
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
