// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { LocalVault } from '../../support/local-vault.ts';
import { Seen } from './processes.ts';
import { sleep } from './random.ts';

export const PROCESSES = ['api', 'parent', 'hypervisor', 'kms', 'enclave', 'supervisor'] as const;
export type ProcessName = (typeof PROCESSES)[number];
export type Pids = Readonly<Partial<Record<ProcessName, number>>>;

const START_TRIES = 5;
/** Children of a dead supervisor see their standard input end; they have 5 s then, as after a signal, and some. */
const ORPHANS_MS = 20_000;
const POLL_MS = 20;

/** The running vault as its killer sees it: who is alive, and what became of those who are not. */
export class Cluster {
  readonly #data: string;
  readonly #port: number;
  #vault: LocalVault;
  readonly #seen = new Seen();
  #restarting: Promise<void> | undefined;
  /** Starts that failed after the supervisor was killed, with the last words. */
  readonly failedStarts: string[] = [];
  /** Processes that outlived a dead supervisor for too long. */
  readonly orphans: number[] = [];
  /** Deaths that nobody here caused. */
  readonly ownDeaths: string[] = [];

  private constructor(data: string, port: number, vault: LocalVault) {
    this.#data = data;
    this.#port = port;
    this.#vault = vault;
  }

  static async start(data: string, port: number): Promise<Cluster> {
    const cluster = new Cluster(data, port, launch(data, port));
    await cluster.#vault.ready();
    return cluster;
  }

  get vault(): LocalVault {
    return this.#vault;
  }

  /** Who runs now; those that are being replaced are missing. */
  async pids(): Promise<Pids> {
    await this.#restarting;
    const { dev, ...children } = await this.#children();
    const all = { ...children, supervisor: dev, enclave: await this.#enclave() };
    return Object.fromEntries(
      Object.entries(all).filter(([, pid]) => pid !== undefined && this.#seen.add(pid)),
    );
  }

  /** The pid of a process, as soon as it runs and is not the one it was before. */
  async pid(name: ProcessName, limitMs: number, before?: number): Promise<number | undefined> {
    const until = Date.now() + limitMs;
    while (Date.now() < until) {
      const pid = (await this.pids())[name];
      if (pid !== undefined && pid !== before) return pid;
      await sleep(POLL_MS);
    }
    return undefined;
  }

  /** Kills processes at one moment; a supervisor among them is started again at once. */
  kill(pids: Pids): void {
    // The supervisor first: it shall not see the others die.
    for (const pid of new Set([pids.supervisor, ...Object.values(pids)])) {
      if (pid !== undefined && this.#seen.living().includes(pid)) process.kill(pid, 'SIGKILL');
    }
    if (pids.supervisor !== undefined) this.#restarting = this.#restart();
  }

  /** Whether everything works: store, KMS and an enclave. */
  async healthy(limitMs: number): Promise<boolean> {
    const until = Date.now() + limitMs;
    while (Date.now() < until) {
      await this.#restarting;
      const answer = await fetch(`http://127.0.0.1:${this.#port}/health`).catch(() => undefined);
      await answer?.arrayBuffer().catch(() => undefined);
      if (answer?.status === 200) return true;
      await sleep(POLL_MS);
    }
    return false;
  }

  /** Ends the vault as a user would. Resolves with its exit code and the processes that are left. */
  async stop(): Promise<{ code: number | null; left: readonly number[] }> {
    await this.#restarting;
    this.#collectDeaths();
    const code = await this.#vault.stop();
    return { code, left: this.#seen.living() };
  }

  /** Starts it after its end. */
  async again(): Promise<void> {
    this.#vault = launch(this.#data, this.#port);
    await this.#vault.ready();
    await this.pids();
  }

  /** For the end of the driver, however it comes. */
  abandon(): void {
    this.#vault.process.kill('SIGKILL');
    for (const pid of this.#seen.living()) process.kill(pid, 'SIGKILL');
  }

  async #restart(): Promise<void> {
    this.#collectDeaths();
    const run = dirname(this.#vault.running.control);
    const gone = this.#watchOrphans(this.#seen.living(), run);
    for (let attempt = 1; ; attempt++) {
      const vault = launch(this.#data, this.#port);
      try {
        await vault.ready();
        this.#vault = vault;
        break;
      } catch (error) {
        vault.process.kill('SIGKILL');
        this.failedStarts.push(error instanceof Error ? error.message.slice(-600) : 'unknown');
        if (attempt === START_TRIES) throw error;
        await sleep(200);
      }
    }
    await gone;
  }

  async #watchOrphans(left: readonly number[], run: string): Promise<void> {
    const until = Date.now() + ORPHANS_MS;
    const still = () => this.#seen.living().filter((pid) => left.includes(pid));
    while (still().length > 0 && Date.now() < until) await sleep(50);
    this.orphans.push(...still());
    // A killed supervisor cannot remove its folder of sockets.
    rmSync(run, { recursive: true, force: true });
  }

  #collectDeaths(): void {
    for (const { of, how } of this.#vault.logged('process_died'))
      if (how !== 'SIGKILL') this.ownDeaths.push(`${String(of)}: ${String(how)}`);
  }

  async #children(): Promise<Readonly<Record<string, number | undefined>>> {
    return this.#vault.control('/pids').catch(() => ({}));
  }

  async #enclave(): Promise<number | undefined> {
    try {
      const socketPath = join(dirname(this.#vault.running.control), 'hypervisor.sock');
      const enclaves = await describeEnclaves(socketPath);
      return enclaves.find(({ State }) => State === 'RUNNING')?.ProcessID;
    } catch {
      return undefined;
    }
  }
}

const launch = (data: string, port: number) => new LocalVault({ data, args: ['--port', String(port)] });

function describeEnclaves(socketPath: string): Promise<readonly { State: string; ProcessID: number }[]> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/describe-enclaves', timeout: 2_000 }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(error);
        }
      });
    })
      .on('timeout', () => reject(new Error('no answer')))
      .on('error', reject)
      .end();
  });
}
