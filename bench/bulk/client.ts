// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const COMMAND = join(import.meta.dirname, '../../tools/admin/bin/enclave-vault.mjs');
const USAGE = pathToFileURL(join(import.meta.dirname, 'usage.ts')).href;
/** The longest that a timer takes: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

export interface ClientRun {
  /** The command's last line. */
  readonly report: Readonly<Record<string, unknown>>;
  /** Seconds of processor time, to its end. */
  readonly cpu: number;
  /** MiB. */
  readonly peak: number;
}

/**
 * Runs a command of `enclave-vault`, which says what it took as it ends.
 * @param endAfterMs when to interrupt it as Ctrl-C does; its report is then that of a job that can go on
 * @throws {Error} when it fails
 */
export function runClient(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  endAfterMs?: number,
  command: string = COMMAND,
): Promise<ClientRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', USAGE, command, ...args], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    let out = '';
    let usage = '';
    const end = setTimeout(() => child.kill('SIGINT'), endAfterMs ?? LONGEST_MS);
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    (child.stdio[3] as Readable).on('data', (chunk: Buffer) => {
      usage += chunk.toString('utf8');
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(end);
      // 1 is also of a job that was interrupted, by whomever, and says so in its report.
      const interrupted = code === 1 && out.includes('"ended":"stopped"');
      if (code !== 0 && !interrupted) return reject(new Error(`${args[0]} ended with ${code}: ${out}`));
      const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(usage) as NodeJS.ResourceUsage;
      resolve({
        report: JSON.parse(out) as ClientRun['report'],
        cpu: (userCPUTime + systemCPUTime) / 1e6,
        peak: maxRSS / 1024,
      });
    });
  });
}

/** The most that a process had in memory at once since it began, or since {@link resetPeak}, MiB; 0 where that cannot be read. */
export function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Has {@link peakOf} count from now on (proc_pid_clear_refs(5)). @returns false where that is not allowed */
export function resetPeak(pid: number): boolean {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
}
