// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const COMMAND = join(ROOT, 'tools/admin/bin/enclave-vault.mjs');
const READY_MS = 100_000;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests read answers of every shape; what they expect of one, they assert.
  readonly json: Record<string, never> & { readonly [member: string]: unknown };
}

/** The real vault as a user starts it: `enclave-vault dev` and all its processes, on a data folder of its own. */
export class LocalVault {
  readonly data: string;
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  #output = '';
  #keep: boolean;

  /**
   * Without a canary, whose calls tests would find among their own, unless its interval is among the arguments.
   * @param options.data a folder to keep; '' for none at all (--ephemeral); a new one, removed at the end, by default
   * @param options.verbose false: its logs are those of a user's, without a line for each request
   */
  constructor(
    options: { args?: readonly string[]; data?: string; env?: NodeJS.ProcessEnv; verbose?: boolean } = {},
  ) {
    this.#keep = options.data !== undefined;
    this.data = options.data ?? mkdtempSync(join(tmpdir(), 'ev-test-'));
    this.process = spawn(
      process.execPath,
      [
        COMMAND,
        'dev',
        '--port',
        '0',
        ...(this.data === '' ? [] : ['--data', this.data]),
        ...(options.verbose === false ? [] : ['--verbose']),
        ...(options.args?.includes('--canary-interval') ? [] : ['--canary-interval', '0']),
        ...(options.args ?? []),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, ...options.env } },
    );
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8');
      });
    // Whoever started it may end by an error: a vault that is left runs beside whatever is measured next.
    const end = (): void => void this.process.kill('SIGTERM');
    process.once('exit', end);
    this.exited = new Promise((done) =>
      // Not `exit`: what it said last may come after that.
      this.process.once('close', (code) => {
        process.off('exit', end);
        done(code);
      }),
    );
  }

  static async start(options: ConstructorParameters<typeof LocalVault>[0] = {}): Promise<LocalVault> {
    const vault = new LocalVault(options);
    await vault.ready();
    return vault;
  }

  /** Everything that any process of the vault wrote to its standard streams. */
  get output(): string {
    return this.#output;
  }

  /** Log lines of an event. */
  logged(event: string): Record<string, unknown>[] {
    return this.#output.split('\n').flatMap((line) => {
      try {
        const value = JSON.parse(line) as Record<string, unknown>;
        return value.event === event ? [value] : [];
      } catch {
        return [];
      }
    });
  }

  /** Waits for a log line of an event. */
  async until(event: string, which: (line: Record<string, unknown>) => boolean = () => true): Promise<void> {
    const until = Date.now() + READY_MS;
    while (!this.logged(event).some(which)) {
      if (Date.now() > until) throw new Error(`no ${event} was logged`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  async ready(): Promise<void> {
    const until = Date.now() + READY_MS;
    while (!this.#output.includes('Ctrl-C stops it.')) {
      if (this.process.exitCode !== null || Date.now() > until)
        throw new Error(`the vault did not start:\n${this.#output.slice(-4000)}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  get running(): { url: string; control: string } {
    return JSON.parse(readFileSync(join(this.data, 'running.json'), 'utf8')) as {
      url: string;
      control: string;
    };
  }

  get url(): string {
    return this.running.url;
  }

  get adminKey(): string {
    return readFileSync(join(this.data, 'admin.key'), 'utf8').trim();
  }

  /** A request as the administrator, or with another key, or none. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    options: { key?: string | null; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { key = this.adminKey, headers } = options;
    return callApi(this.url, method, path, body, { key, headers });
  }

  /** Process ids by name, and what else the control socket of the running vault tells its owner. */
  control(path: '/pids' | '/session' | '/examined' | '/canary'): Promise<Record<string, never>> {
    return new Promise((resolve, reject) => {
      request({ socketPath: this.running.control, path }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () =>
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, never>),
        );
      })
        .on('error', reject)
        .end();
    });
  }

  /** Stops it as a user would. Resolves with the exit code. The data folder stays for another start if asked. */
  async stop(options: { keep?: boolean } = {}): Promise<number | null> {
    if (this.process.exitCode === null) this.process.kill('SIGTERM');
    const code = await this.exited;
    if (!this.#keep && options.keep !== true && existsSync(this.data))
      rmSync(this.data, { recursive: true, force: true });
    return code;
  }
}

/** A request over HTTP. @param options.key null: without credentials */
export async function callApi(
  url: string,
  method: string,
  path: string,
  body: unknown,
  { key, headers }: { key: string | null; headers?: Record<string, string> | undefined },
): Promise<Answer> {
  const answer = await fetch(new URL(path, url), {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, json: parse(text) };
}

function parse(text: string): Answer['json'] {
  try {
    return JSON.parse(text) as Answer['json'];
  } catch {
    return {} as Answer['json'];
  }
}

/** Runs another command of `enclave-vault`, for its output and exit code. */
export function run(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [COMMAND, ...args], { env: { PATH: process.env.PATH, ...env } });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString('utf8');
    });
    child.once('close', (code) => resolve({ code, out, err }));
  });
}
