// SPDX-License-Identifier: Apache-2.0
import type { Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EnclaveDescription } from '@enclave-vault/emulator-nitro';
import { KmsRelay } from '@enclave-vault/parent';
import { type UnixAnswer, UnixHttpClient } from '@enclave-vault/parent/unix-http';

export interface RogueOptions {
  /** The hypervisor's control socket. */
  readonly hypervisor: string;
  readonly image: string;
  readonly debug?: boolean;
  /** What is put before the enclave as its KMS; by default the relay, like the parent's. */
  readonly kms?: Server;
  readonly relayTo: number;
}

const BOOT_MS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** An enclave that somebody with the parent's sockets launched for himself, and all that he can say to it. */
export class Rogue {
  readonly description: EnclaveDescription;
  readonly #hypervisor: string;
  readonly #close: () => Promise<void>;

  private constructor(hypervisor: string, description: EnclaveDescription, close: () => Promise<void>) {
    this.#hypervisor = hypervisor;
    this.description = description;
    this.#close = close;
  }

  static async launch({ hypervisor, image, debug = false, kms, relayTo }: RogueOptions): Promise<Rogue> {
    const body = { image, name: 'rogue', cpu_count: 2, memory_mib: 256, debug_mode: debug };
    const description = (await control(hypervisor, 'POST', '/run-enclave', body)) as EnclaveDescription;
    const socketPath = join(description.Sockets, 'kms.sock');
    const target = { host: '127.0.0.1', port: relayTo };
    const relay = new KmsRelay({ socketPath, target, log: () => undefined });
    if (kms === undefined) await relay.listen();
    else await new Promise<void>((done) => kms.listen(socketPath, done));
    const until = Date.now() + BOOT_MS;
    const listens = () =>
      ask(join(description.Sockets, 'listen.sock'), 'GET', '/v1/health').catch(() => undefined);
    while ((await listens()) === undefined) {
      if (Date.now() > until) throw new Error('the enclave did not boot');
      await sleep(20);
    }
    return new Rogue(hypervisor, description, async () => {
      await relay.close();
      kms?.close();
    });
  }

  /** All enclaves of a hypervisor. */
  static async list(hypervisor: string): Promise<EnclaveDescription[]> {
    return (await control(hypervisor, 'GET', '/describe-enclaves')) as EnclaveDescription[];
  }

  static post(
    sockets: string,
    path: string,
    body: Uint8Array,
    method: 'POST' | 'PUT' = 'POST',
  ): Promise<UnixAnswer> {
    return ask(join(sockets, 'listen.sock'), method, path, body);
  }

  post(path: string, body: Uint8Array): Promise<UnixAnswer> {
    return Rogue.post(this.description.Sockets, path, body);
  }

  /** @returns the status: 204 when the enclave took it */
  async configure(configuration: Uint8Array): Promise<number> {
    const { status } = await Rogue.post(this.description.Sockets, '/v1/configuration', configuration, 'PUT');
    return status;
  }

  async stop(): Promise<void> {
    await this.#close();
    const { EnclaveID: enclave_id } = this.description;
    // It may have ended, and been cleared away, before.
    await control(this.#hypervisor, 'POST', '/terminate-enclave', { enclave_id }).catch(() => undefined);
  }
}

async function control(
  socket: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const { status, body: answer } = await ask(socket, method, path, bytes);
  if (status !== 200) throw new Error(`the hypervisor refused: ${answer.toString('utf8')}`);
  return JSON.parse(answer.toString('utf8'));
}

async function ask(
  socket: string,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: Uint8Array,
): Promise<UnixAnswer> {
  const client = new UnixHttpClient(socket);
  try {
    const sent = body === undefined ? {} : { body };
    return await client.request({ method, path, ...sent, timeoutMs: 15_000, maxBytes: MAX_BYTES });
  } finally {
    client.close();
  }
}
