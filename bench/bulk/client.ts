// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cpu, cpuOf } from '../system/processes.ts';

const COMMAND = join(import.meta.dirname, '../../tools/admin/bin/enclave-vault.mjs');
const EVERY_MS = 250;
/** The longest that a timer takes: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

export interface ClientRun {
  /** The command's last line. */
  readonly report: Readonly<Record<string, unknown>>;
  readonly cpu: Cpu;
  /** MiB. */
  readonly peak: number;
}

/**
 * Runs a command of `enclave-vault` and watches what it takes.
 * @param endAfterMs when to interrupt it as Ctrl-C does; its report is then that of a job that can go on
 */
export function runClient(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  endAfterMs?: number,
): Promise<ClientRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    let peak = 0;
    let cpu: Cpu = { all: 0, main: 0, pool: 0 };
    const look = (): void => {
      const pids = { client: child.pid ?? 0 };
      const { client } = cpuOf(pids);
      // Of a process that is over there is nothing any more.
      if (client !== undefined && client.all > cpu.all) cpu = client;
      peak = Math.max(peak, peakOf(child.pid ?? 0));
    };
    const timer = setInterval(look, EVERY_MS);
    const end = setTimeout(() => child.kill('SIGINT'), endAfterMs ?? LONGEST_MS);
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(timer);
      clearTimeout(end);
      // 1 is also of a job that was interrupted, by whomever, and says so in its report.
      const interrupted = code === 1 && out.includes('"ended":"stopped"');
      if (code !== 0 && !interrupted) reject(new Error(`${args[0]} ended with ${code}: ${out}`));
      else resolve({ report: JSON.parse(out) as ClientRun['report'], cpu, peak });
    });
  });
}

/** The most that a process had in memory at once, MiB; 0 where that cannot be read. */
export function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
