// SPDX-License-Identifier: Apache-2.0

import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Handler = (request: Seen, response: http.ServerResponse) => void;

export interface Seen {
  method: string;
  path: string;
  body: Buffer;
}

/** An enclave as the parent sees it: HTTP on `listen.sock`. It keeps what it was sent. */
export class StandInEnclave {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly seen: Seen[] = [];
  configuration: Buffer | null = null;
  health = 200;
  phase = 'serving';
  refuseConfiguration = false;
  /** Looks at its health that it leaves without an answer. */
  unanswered = 0;
  onDecrypt: Handler = (_request, response) => answer(response, 200, `answer of ${this.id}`);
  readonly #server: http.Server;

  constructor(id: string, name: string, folder: string) {
    this.id = id;
    this.name = name;
    this.folder = folder;
    this.#server = http.createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const seen = { method: request.method ?? '', path: request.url ?? '', body: Buffer.concat(chunks) };
      this.seen.push(seen);
      if (seen.path === '/v1/health' && this.unanswered > 0) this.unanswered -= 1;
      else if (seen.path === '/v1/health')
        answer(
          response,
          this.health,
          JSON.stringify({ phase: this.configuration === null ? 'boot' : this.phase }),
        );
      else if (seen.path === '/v1/configuration' && this.refuseConfiguration) answer(response, 400, '');
      else if (seen.path === '/v1/configuration') {
        this.configuration = seen.body;
        answer(response, 204, '');
      } else this.onDecrypt(seen, response);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(join(this.folder, 'listen.sock'), resolve));
  }

  /** Further connections are dropped, as the enclave program does. */
  limitConnections(most: number): void {
    this.#server.maxConnections = most;
  }

  /** As a killed process: connections break, nothing listens any more. */
  async crash(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

export function answer(response: http.ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': 'application/cbor' }).end(body);
}

/** The hypervisor's control socket, with enclaves that live in this process. */
export class StandInHypervisor {
  readonly folder: string;
  readonly enclaves = new Map<string, StandInEnclave>();
  /** Every enclave ever launched, in order. */
  readonly launched: StandInEnclave[] = [];
  refuse = false;
  onLaunch: (enclave: StandInEnclave) => void = () => undefined;
  readonly #server: http.Server;
  #next = 1;

  private constructor(folder: string) {
    this.folder = folder;
    this.#server = http.createServer((request, response) => void this.#handle(request, response));
  }

  static async start(): Promise<StandInHypervisor> {
    const hypervisor = new StandInHypervisor(await mkdtemp(join(tmpdir(), 'evp-')));
    await new Promise<void>((resolve) => hypervisor.#server.listen(hypervisor.control, resolve));
    return hypervisor;
  }

  get control(): string {
    return join(this.folder, 'control.sock');
  }

  async launch(name: string): Promise<StandInEnclave> {
    const id = `i-0-enc${this.#next++}`;
    const folder = join(this.folder, id);
    mkdirSync(folder);
    const enclave = new StandInEnclave(id, name, folder);
    this.onLaunch(enclave);
    this.launched.push(enclave);
    this.enclaves.set(id, enclave);
    await enclave.start();
    return enclave;
  }

  async close(): Promise<void> {
    for (const enclave of this.enclaves.values()) await enclave.crash();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await rm(this.folder, { recursive: true, force: true });
  }

  async #handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body = (text === '' ? {} : JSON.parse(text)) as { name?: string; enclave_id?: string };
    const send = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.url === '/run-enclave') {
      if (this.refuse) return void send(500, { error: 'E26' });
      return void send(200, describe(await this.launch(body.name ?? '')));
    }
    if (request.url === '/describe-enclaves')
      return void send(200, [...this.enclaves.values()].map(describe));
    const enclave = this.enclaves.get(body.enclave_id ?? '');
    if (request.url !== '/terminate-enclave' || enclave === undefined) return void send(404, {});
    this.enclaves.delete(enclave.id);
    await enclave.crash();
    send(200, { EnclaveID: enclave.id, Terminated: true });
  }
}

function describe(enclave: StandInEnclave): object {
  return {
    EnclaveName: enclave.name,
    EnclaveID: enclave.id,
    ProcessID: 1,
    EnclaveCID: 16,
    NumberOfCPUs: 2,
    MemoryMiB: 512,
    State: 'RUNNING',
    Flags: 'NONE',
    Measurements: { HashAlgorithm: 'Sha384 { ... }', PCR0: '00', PCR1: '11', PCR2: '22' },
    Sockets: enclave.folder,
  };
}
