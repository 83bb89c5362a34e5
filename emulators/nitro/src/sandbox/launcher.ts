// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { NitroError } from '../errors.ts';

export type ConsoleStream = 'stdout' | 'stderr';
/** One line of what the program prints, at most 4 KiB of it. */
export type OnConsole = (stream: ConsoleStream, text: string) => void;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface LauncherOptions {
  /** Program and arguments. */
  command: readonly [string, ...string[]];
  env: Readonly<Record<string, string>>;
  /** Inherited as descriptor 5, and closed here. */
  descriptor: number | null;
  onConsole: OnConsole;
}

const MAX_LINE = 4096;
const READY_TIMEOUT_MS = 10_000;
const EXEC_TIMEOUT_MS = 10_000;
const KILL_TIMEOUT_MS = 1_000;
/** How much of the last output goes into an error that says why a launch failed. */
const MAX_TAIL = 500;

/** A process on its way from a shell to the enclave program, and afterwards. */
export class Launcher {
  readonly nsm: Duplex;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #control: Duplex;
  readonly #words: AsyncIterator<string>;
  #exit: Exit | null = null;
  #failure: Error | null = null;
  #tail = '';
  #killed = false;

  constructor({ command: [file, ...args], env, descriptor, onConsole }: LauncherOptions) {
    this.#child = spawn(file, args, {
      env,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', ...(descriptor === null ? [] : [descriptor])],
    });
    const { stdio } = this.#child;
    this.nsm = stdio[3] as Duplex;
    this.#control = stdio[4] as Duplex;
    this.#control.on('error', () => undefined);
    this.nsm.on('error', () => undefined);
    this.#words = createInterface({ input: this.#control, crlfDelay: Infinity })[Symbol.asyncIterator]();
    this.exited = new Promise((resolve) => {
      const ended = (exit: Exit) => {
        this.#exit = exit;
        this.#control.destroy();
        resolve(exit);
      };
      this.#child.once('exit', (code, signal) => ended({ code, signal }));
      this.#child.once('error', (error) => {
        this.#failure = error;
        if (this.#child.pid === undefined) ended({ code: null, signal: null });
      });
    });
    const console = (stream: ConsoleStream) => (text: string) => {
      this.#tail = `${this.#tail}${text}\n`.slice(-MAX_TAIL);
      // What is said of an end that was asked for is the launcher's, not the program's.
      if (!this.#killed) onConsole(stream, text);
    };
    readLines(stdio[1] as Readable, console('stdout'));
    readLines(stdio[2] as Readable, console('stderr'));
  }

  /** Of the process that was spawned; the program's own may be another. */
  get pid(): number {
    if (this.#child.pid === undefined) throw this.#failed('spawn_failed');
    return this.#child.pid;
  }

  /** Resolves with the next word of the script. */
  async word(): Promise<string> {
    const next = await Promise.race([this.#words.next(), sleep(READY_TIMEOUT_MS, null, { ref: false })]);
    if (next === null || next.done === true) throw this.#failed('boot_failed');
    return next.value;
  }

  go(): void {
    this.#control.write('go\n');
  }

  /**
   * Waits until the program has taken the place of what launched it, so that a script that fails late is not
   * mistaken for a running enclave. Returns the program's process id on this machine.
   */
  async running(program: string, candidates: () => readonly number[]): Promise<number> {
    const deadline = Date.now() + EXEC_TIMEOUT_MS;
    for (;;) {
      const found = candidates().find((pid) => firstArgument(pid) === program);
      if (found !== undefined) return found;
      if (this.#exit !== null || Date.now() > deadline) throw this.#failed('boot_failed');
      await sleep(2);
    }
  }

  /**
   * Ends the program at once, as the end of a virtual machine does, and resolves when it is gone. What launched it waits for it and ends
   * with it; a launch that has not come to its program yet is ended itself.
   */
  async kill(program?: number): Promise<void> {
    this.#killed = true;
    if (this.#exit === null) {
      if (program === undefined) this.#child.kill('SIGKILL');
      else signal(program);
      this.#control.destroy();
      const late = setTimeout(() => this.#child.kill('SIGKILL'), KILL_TIMEOUT_MS);
      await this.exited;
      clearTimeout(late);
    }
    this.nsm.destroy();
  }

  #failed(code: 'spawn_failed' | 'boot_failed'): NitroError {
    const why = this.#tail.trim() || this.#failure?.message || JSON.stringify(this.#exit);
    return new NitroError(code, `cannot start the enclave: ${why}`);
  }
}

/** Children of a process as the kernel lists them; none where it does not. */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

function firstArgument(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? null;
  } catch {
    return null;
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** Lines of at most 4 KiB: the rest of a longer one is dropped, so output cannot fill this process. */
function readLines(stream: Readable, onLine: (text: string) => void): void {
  let held = '';
  let dropping = false;
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const [first = '', ...rest] = text.split('\n');
    for (const [index, part] of [first, ...rest].entries()) {
      if (index > 0) {
        if (held !== '') onLine(held);
        held = '';
        dropping = false;
      }
      if (dropping) continue;
      held += part;
      if (held.length > MAX_LINE) {
        held = held.slice(0, MAX_LINE);
        dropping = true;
      }
    }
  });
  stream.on('end', () => held !== '' && onLine(held));
  stream.on('error', () => undefined);
}
