// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import type { LocalVault } from '../../tests/support/local-vault.ts';

/** In MiB. PSS shares what several processes map, such as the node binary, out among them. */
export interface Memory {
  readonly rss: number;
  readonly pss: number;
}

/** Memory of each process by name; those that cannot be read (other systems than Linux, another's) are missing. */
export async function memory(vault: LocalVault): Promise<Record<string, Memory>> {
  const pids = (await vault.control('/pids')) as Record<string, number>;
  const all = { supervisor: pids.dev, ...pids, dev: undefined, enclave: await enclavePid(vault) };
  const entries = Object.entries(all).flatMap(([name, pid]) => {
    const found = pid === undefined ? undefined : read(pid);
    return found === undefined ? [] : [[name, found] as const];
  });
  return Object.fromEntries(entries);
}

function read(pid: number): Memory | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const mebibytes = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024;
    return { rss: mebibytes('Rss'), pss: mebibytes('Pss') };
  } catch {
    return undefined;
  }
}

function enclavePid(vault: LocalVault): Promise<number | undefined> {
  const socketPath = join(dirname(vault.running.control), 'hypervisor.sock');
  return new Promise((resolve) => {
    request({ socketPath, path: '/describe-enclaves' }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const [enclave] = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { ProcessID: number }[];
        resolve(enclave?.ProcessID);
      });
    })
      .on('error', () => resolve(undefined))
      .end();
  });
}
