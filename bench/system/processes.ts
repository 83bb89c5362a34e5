// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import type { LocalVault } from '../../tests/support/local-vault.ts';
import { peakOf, resetPeak } from '../bulk/client.ts';

/** In MiB. PSS shares what several processes map, such as the node binary, out among them. */
export interface Memory {
  readonly rss: number;
  readonly pss: number;
}

/** Seconds of processor time by what a process's threads are for. */
export interface Cpu {
  readonly all: number;
  /** The thread that runs the program. */
  readonly main: number;
  /** libuv's pool: asynchronous cryptography and files. */
  readonly pool: number;
}

/** What stands for AWS on this machine or for development's sake is none of the vault's own processes. */
export const isVaults = (name: string): boolean => /^(?:api|parent|enclave)/.test(name);

/** Pids by name: `api`, `parent`, `enclave` (of several: `enclave-2` …), `kms`, `hypervisor`, `supervisor`. */
export async function pidsOf(vault: LocalVault): Promise<Record<string, number>> {
  const { dev, ...pids } = (await vault.control('/pids')) as unknown as Record<string, number>;
  const enclaves = (await describe(vault)).map(({ ProcessID }, i) => [
    i === 0 ? 'enclave' : `enclave-${i + 1}`,
    ProcessID,
  ]);
  return { ...pids, ...Object.fromEntries(enclaves), ...(dev !== undefined && { supervisor: dev }) };
}

/** Memory now; of those that cannot be read (another system than Linux, another's process) nothing. */
export function memoryOf(pids: Readonly<Record<string, number>>): Record<string, Memory> {
  return read(pids, (pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const mebibytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024;
    return { rss: mebibytes('Rss'), pss: mebibytes('Pss') };
  });
}

/** Has {@link peaksOf} count from now on. @returns false where that is not allowed of one of them */
export const resetPeaks = (pids: Readonly<Record<string, number>>): boolean =>
  Object.values(pids)
    .map(resetPeak)
    .every((done) => done);

/** The most that each had in memory at once (RSS), in MiB. */
export const peaksOf = (pids: Readonly<Record<string, number>>): Record<string, number> => read(pids, peakOf);

/** Processor time since each process began. By the scheduler's own clock, in nanoseconds: ticks would be 10 ms. */
export function cpuOf(pids: Readonly<Record<string, number>>): Record<string, Cpu> {
  return read(pids, (pid) => {
    const threads = readdirSync(`/proc/${pid}/task`).flatMap((tid) => {
      const folder = `/proc/${pid}/task/${tid}`;
      try {
        const [nanoseconds] = readFileSync(`${folder}/schedstat`, 'utf8').split(' ');
        const name = readFileSync(`${folder}/comm`, 'utf8').trim();
        return [{ tid: Number(tid), name, seconds: Number(nanoseconds) / 1e9 }];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
    const sum = (those: (thread: { tid: number; name: string }) => boolean) =>
      threads.filter(those).reduce((total, { seconds }) => total + seconds, 0);
    return {
      all: sum(() => true),
      main: sum(({ tid }) => tid === pid),
      pool: sum(({ name }) => name.startsWith('libuv-worker')),
    };
  });
}

/** What was used between two looks. */
export function used(
  before: Readonly<Record<string, Cpu>>,
  after: Readonly<Record<string, Cpu>>,
): Record<string, Cpu> {
  return Object.fromEntries(
    Object.entries(after).flatMap(([name, now]) => {
      const then = before[name];
      return then === undefined
        ? []
        : [[name, { all: now.all - then.all, main: now.main - then.main, pool: now.pool - then.pool }]];
    }),
  );
}

function read<T>(pids: Readonly<Record<string, number>>, of: (pid: number) => T): Record<string, T> {
  return Object.fromEntries(
    Object.entries(pids).flatMap(([name, pid]) => {
      try {
        return [[name, of(pid)]];
      } catch {
        return [];
      }
    }),
  );
}

function describe(vault: LocalVault): Promise<{ readonly ProcessID: number }[]> {
  const socketPath = join(dirname(vault.running.control), 'hypervisor.sock');
  return new Promise((resolve) => {
    request({ socketPath, path: '/describe-enclaves' }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as { ProcessID: number }[]),
      );
    })
      .on('error', () => resolve([]))
      .end();
  });
}
