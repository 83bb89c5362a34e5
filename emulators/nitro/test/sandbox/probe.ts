// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type CborValue, type DecodedCbor, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import type { EnclaveDescription } from '../../src/descriptions.ts';
import { Hypervisor, type HypervisorOptions } from '../../src/hypervisor.ts';

export const PROBE_IMAGE = fileURLToPath(new URL('../probe-image', import.meta.url));
export const ROLE = 'arn:aws:iam::123456789012:role/Webserver';
export const INSTANCE = 'i-0123456789abcdef0';
export const RUN = { image: PROBE_IMAGE, cpuCount: 2, memoryMib: 256 };

export interface Logged {
  level: string;
  event: string;
  [name: string]: unknown;
}

/** A hypervisor in a folder of its own; `close` ends it and removes that. */
export async function openHypervisor(options: Partial<HypervisorOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'evn-'));
  const logged: Logged[] = [];
  const hypervisor = await Hypervisor.open({
    stateFile: null,
    runDirectory: join(folder, 'run'),
    roleArn: ROLE,
    instanceId: INSTANCE,
    node: process.execPath,
    log: (level, event, fields) => logged.push({ level, event, ...fields }),
    ...options,
  });
  const close = async () => {
    await hypervisor.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { hypervisor, logged, folder, close };
}

/** What a probe of the program came to: a value, or the code of the error that it met. */
export async function probe(
  enclave: Pick<EnclaveDescription, 'Sockets'>,
  name: string,
  args: object = {},
): Promise<{ value: unknown } | { code: string }> {
  const body = await post(enclave, `/${name}`, Buffer.from(JSON.stringify(args)));
  return JSON.parse(body.toString()) as { value: unknown } | { code: string };
}

/** A request to the enclave's secure module, made by the program inside. */
export async function askNsm(
  enclave: Pick<EnclaveDescription, 'Sockets'>,
  request: CborValue,
): Promise<DecodedCbor> {
  return decodeCbor(await post(enclave, '/nsm', encodeCbor(request)));
}

async function post({ Sockets }: { Sockets: string }, path: string, body: Buffer): Promise<Buffer> {
  const socketPath = join(Sockets, 'listen.sock');
  for (;;) {
    await until(() => existsSync(socketPath));
    try {
      return (await httpOver(socketPath, 'POST', path, body)).body;
    } catch (error) {
      // The file is there a moment before the program listens.
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
      await sleep(5);
    }
  }
}

/** One HTTP exchange over a unix socket. */
export async function httpOver(
  socketPath: string,
  method: string,
  path: string,
  body: Uint8Array | string = '',
): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath, path, method }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) });
    });
    request.on('error', reject);
    request.end(body);
  });
}

export async function until(holds: () => boolean, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await sleep(5);
  }
}

/** A process that is killed stays in the table until its parent takes notice. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
