// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';

/** What stands for an enclave's own machine: the image's file system, and devices. */
const HOME = '/enclave';
const BUSYBOX = '/bin/busybox';
const BOOT_MS = 180_000;

/** Device numbers (Linux, Documentation/admin-guide/devices.txt). */
const DEVICES: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  null: [1, 3],
  random: [1, 8],
  urandom: [1, 9],
};

export interface LaunchOptions {
  /** Name below /dev of what is /dev/nsm there; null: nothing is. */
  readonly nsm: string | null;
  /** Devices that are missing. */
  readonly without?: readonly string[];
}

/** An enclave program in its file system, started as a machine's first program is: as root, without arguments and environment. */
export class Enclave {
  readonly process: ChildProcess;
  readonly exited: Promise<[number | null, string | null]>;
  #output = '';

  private constructor(process: ChildProcess) {
    this.process = process;
    this.exited = once(process, 'exit') as Promise<[number | null, string | null]>;
    for (const stream of [process.stdout, process.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8');
      });
  }

  static launch({ nsm, without = [] }: LaunchOptions): Enclave {
    rmSync(`${HOME}/dev`, { recursive: true, force: true });
    execFileSync(BUSYBOX, ['mkdir', `${HOME}/dev`]);
    for (const [name, numbers] of Object.entries(DEVICES)) if (!without.includes(name)) make(name, numbers);
    if (nsm !== null) make('nsm', numbersOf(nsm));
    const entrypoint = JSON.parse(readFileSync('/guest/entrypoint.json', 'utf8')) as string[];
    const args = ['chroot', HOME, ...entrypoint];
    return new Enclave(spawn(BUSYBOX, args, { env: {}, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  /** Everything that it wrote. */
  get output(): string {
    return this.#output;
  }

  /** Log lines of an event. */
  logged(event: string): Record<string, unknown>[] {
    return this.#output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line.event === event);
  }

  async listening(): Promise<void> {
    const until = Date.now() + BOOT_MS;
    while (this.logged('listening').length === 0) {
      if (this.process.exitCode !== null || Date.now() > until)
        throw new Error(`it does not listen: ${this.#output}`);
      await new Promise((tick) => setTimeout(tick, 20));
    }
  }

  /** @returns what it said last, once it is gone */
  async ended(): Promise<{ code: number | null; event: unknown; detail: unknown }> {
    const [code] = await Promise.race([
      this.exited,
      new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error(`it lives: ${this.#output}`)), BOOT_MS),
      ),
    ]);
    await new Promise((tick) => setTimeout(tick, 50));
    const { event, detail } = JSON.parse(this.#output.trim().split('\n').at(-1) ?? '{}');
    return { code, event, detail };
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.process.kill(signal);
    await this.exited;
  }
}

function make(name: string, [major, minor]: readonly [number, number]): void {
  const path = `${HOME}/dev/${name}`;
  execFileSync(BUSYBOX, ['mknod', path, 'c', String(major), String(minor)]);
  // As the devices of an enclave are: root's, but for those that are for everybody.
  execFileSync(BUSYBOX, ['chmod', name === 'nsm' ? '600' : '666', path]);
}

function numbersOf(name: string): [number, number] {
  const known = DEVICES[name];
  if (known !== undefined) return [...known];
  const [major, minor] = readFileSync(`/sys/class/cuse/${name}/dev`, 'utf8').trim().split(':');
  return [Number(major), Number(minor)];
}
