// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, readFileSync, renameSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KMSClient } from '@aws-sdk/client-kms';
import { ENCLAVE_HEADER } from '@enclave-vault/parent';
import { type UnixAnswer, UnixHttpClient } from '@enclave-vault/parent/unix-http';
import { encodeParentRequest } from '@enclave-vault/protocol';
import { SqliteStore } from '@enclave-vault/stores';
import type { Item } from '@enclave-vault/vault';
import type { RoleCredentials } from '../../tools/admin/src/dev/credentials.ts';
import { type Folders, files, makeFolders } from '../../tools/admin/src/dev/folders.ts';
import { type DevOptions, parseDevOptions } from '../../tools/admin/src/dev/options.ts';
import type { Principals } from '../../tools/admin/src/dev/principals.ts';
import { LocalVault } from '../../tools/admin/src/dev/vault.ts';
import { kmsClient } from './kms-client.ts';
import { type Answer, callApi } from './local-vault.ts';
import { Rogue, type RogueOptions } from './rogue-enclave.ts';

export const ROOT = join(import.meta.dirname, '../..');
/** The image that every vault here starts with and pins. */
export const IMAGE = join(ROOT, 'dist/enclave');

/** What goes from the API to the parent. */
export interface Passing {
  readonly path: string;
  readonly body: Buffer;
}
export type Between = (
  passing: Passing,
  pass: (body?: Uint8Array) => Promise<UnixAnswer>,
) => Promise<UnixAnswer>;

const LOG_MS = 60_000;
const LATE_MS = 30;
type LogLine = Readonly<Record<string, unknown>>;

/**
 * The vault of `enclave-vault dev`, its processes as they always are, but supervised from here: so a test holds what
 * the parent holds (the instance role's credentials, the sockets, the hypervisor), and sits between API and parent.
 */
export class GlassVault {
  readonly vault: LocalVault;
  readonly #folders: Folders;
  readonly #lines: LogLine[];
  readonly #url: string;
  #rogues: Rogue[] = [];
  readonly #clients: KMSClient[] = [];
  readonly #relay: Server;
  readonly #parent: UnixHttpClient;
  /** What becomes of the API's requests to the parent. */
  between: Between = (_, pass) => pass();

  private constructor(vault: LocalVault, folders: Folders, lines: LogLine[], url: string) {
    this.vault = vault;
    this.#folders = folders;
    this.#lines = lines;
    this.#url = url;
    // The API has not called its parent yet, so from its first call on it finds this relay in the parent's place.
    const [place, moved] = [join(folders.run, 'parent.sock'), join(folders.run, 'moved.sock')];
    renameSync(place, moved);
    this.#parent = new UnixHttpClient(moved);
    this.#relay = createServer((request, response) => {
      this.#carry(request)
        .then(({ status, headers, body }) => {
          const { 'content-type': type = 'application/cbor', 'retry-after': after } = headers;
          response.writeHead(status, { 'content-type': type, ...(after && { 'retry-after': after }) });
          response.end(body);
        })
        .catch(() => response.destroy());
    }).listen(place);
  }

  /** @param given.args more words of `dev`; `kmsState`: the file of a KMS that has keys already */
  static async start(
    given: { readonly args?: readonly string[]; readonly kmsState?: string } = {},
  ): Promise<GlassVault> {
    // Without a canary, whose calls tests would find among their own.
    const words = ['--port', '0', '--ephemeral', '--canary-interval', '0', ...(given.args ?? [])];
    const options: DevOptions = parseDevOptions(words, {}, ROOT);
    const folders = makeFolders(options);
    if (given.kmsState !== undefined) copyFileSync(given.kmsState, files(folders.data).kms);
    const lines: LogLine[] = [];
    const vault = new LocalVault(options, ROOT, folders, (line) => {
      lines.push(line);
      return false;
    });
    try {
      const { url } = await vault.start();
      return new GlassVault(vault, folders, lines, url);
    } catch (error) {
      await vault.stop();
      folders.remove();
      throw error;
    }
  }

  /** The data folder. Removed at the end, with all that is in it. */
  get folder(): string {
    return this.#folders.data;
  }

  /** Paths of the data folder's files. */
  get files(): ReturnType<typeof files> {
    return files(this.#folders.data);
  }

  get keys(): { readonly vault: string; readonly request: string; readonly integrity: string } {
    return this.vault.session().kms.keys;
  }

  /** Of the hypervisor: what attestation documents chain to. PEM. */
  get rootCertificate(): string {
    const state = JSON.parse(readFileSync(this.files.hypervisor, 'utf8')) as {
      root: { certificate: string };
    };
    return state.root.certificate;
  }

  /** Log lines of all processes, of one event. */
  logged(event: string): LogLine[] {
    return this.#lines.filter((line) => line.event === event);
  }

  /**
   * The lines after the first `before` of them, when there are at least `count`, and a moment later: a log takes another way than
   * the answer that it tells of.
   */
  async loggedSince(event: string, before: number, count = 1): Promise<LogLine[]> {
    await this.#until(() => this.logged(event).length >= before + count);
    await sleep(LATE_MS);
    return this.logged(event).slice(before);
  }

  /** Why KMS refused a call. */
  async denial(requestId: string): Promise<LogLine | undefined> {
    const find = () => this.logged('kms_denied').find((line) => line.requestId === requestId);
    await this.#until(() => find() !== undefined);
    return find();
  }

  /** All that the processes logged, as text. */
  get log(): string {
    return this.#lines.map((line) => JSON.stringify(line)).join('\n');
  }

  /** A call of the API as the administrator. */
  call(method: string, path: string, body?: unknown): Promise<Answer> {
    const key = readFileSync(this.files.adminKey, 'utf8').trim();
    return callApi(this.#url, method, path, body, { key });
  }

  async create(fields: object): Promise<string> {
    const made = await this.call('POST', '/v1/vaults', fields);
    if (made.status !== 201) throw new Error(`status ${made.status}`);
    return String(made.json.id);
  }

  decrypt(id: string, fields: readonly string[], expressions: object = {}): Promise<Answer> {
    const ask = { fields, reason: 'attack', expressions };
    return this.call('POST', `/v1/vaults/${id}/decrypt`, ask);
  }

  /** A record as it lies in the store. */
  async record(id: string): Promise<Item> {
    const store = SqliteStore.open(this.files.database);
    try {
      const item = await store.get(`VAULT##${id}`, 'v0');
      if (item === undefined) throw new Error('there is no such record');
      return item;
    } finally {
      await store.close();
    }
  }

  /** KMS as a role: from inside the network, through the VPC endpoint, or from outside. */
  kms(role: keyof Principals | RoleCredentials, from: 'inside' | 'outside' = 'inside'): KMSClient {
    const credentials = typeof role === 'string' ? this.vault.principals[role] : role;
    const client = kmsClient({ port: this.vault.kms[from], ca: this.vault.kms.ca, credentials });
    this.#clients.push(client);
    return client;
  }

  /** What a parent sends an enclave: an envelope and its own credentials. */
  parentRequest(envelope: Uint8Array): Buffer {
    const credentials = { ...this.vault.principals.instance, sessionToken: null, expiration: null };
    return encodeParentRequest({ credentials, envelope });
  }

  /** An enclave of the attacker's choosing, beside the parent's own. */
  async launch(options: Partial<RogueOptions> & { readonly kms?: NetServer } = {}): Promise<Rogue> {
    const rogue = await Rogue.launch({
      hypervisor: join(this.#folders.run, 'hypervisor.sock'),
      image: IMAGE,
      relayTo: this.vault.kms.inside,
      ...options,
    });
    this.#rogues.push(rogue);
    return rogue;
  }

  /** What the API can: a request to the parent, past whoever is between. @param deadline ms from now */
  askParent(path: string, body: Uint8Array, deadline = 5_000): Promise<UnixAnswer> {
    return this.#parent.request({
      ...{ method: 'POST', path, body, timeoutMs: deadline, maxBytes: 16 * 1024 * 1024 },
      headers: { 'content-type': 'application/cbor', 'x-deadline-ms': String(Date.now() + deadline) },
    });
  }

  /** The way to the enclave that the parent runs, past the parent. */
  async enclave(): Promise<{
    readonly id: string;
    post(path: string, body: Uint8Array): Promise<UnixAnswer>;
  }> {
    const own = (await Rogue.list(join(this.#folders.run, 'hypervisor.sock'))).find(
      ({ EnclaveName, State }) => EnclaveName === 'vault-0' && State === 'RUNNING',
    );
    if (own === undefined) throw new Error('no enclave runs');
    return { id: own.EnclaveID, post: (path, body) => Rogue.post(own.Sockets, path, body) };
  }

  /** Everything as it was: what was launched ends, and the relay passes everything on. */
  async settle(): Promise<void> {
    this.between = (_, pass) => pass();
    const rogues = this.#rogues;
    this.#rogues = [];
    await Promise.all(rogues.map((rogue) => rogue.stop()));
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.settle();
    this.#relay.closeAllConnections();
    this.#relay.close();
    this.#parent.close();
    await this.vault.stop();
    this.#folders.remove();
  }

  async #until(holds: () => boolean): Promise<void> {
    const until = Date.now() + LOG_MS;
    while (!holds() && Date.now() < until) await sleep(5);
  }

  async #carry(request: IncomingMessage): Promise<UnixAnswer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = '', url: path = '', headers } = request;
    const body = Buffer.concat(chunks);
    const { 'x-deadline-ms': deadline, 'content-type': type, [ENCLAVE_HEADER]: enclave } = headers;
    const pass = (sent: Uint8Array = body) =>
      this.#parent.request({
        method: method === 'GET' ? 'GET' : 'POST',
        path,
        ...(method !== 'GET' && { body: sent }),
        headers: Object.fromEntries(
          Object.entries({
            'x-deadline-ms': deadline,
            'content-type': type,
            [ENCLAVE_HEADER]: enclave,
          }).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
        ),
        timeoutMs: 10_000,
        maxBytes: 16 * 1024 * 1024,
      });
    return method === 'GET' ? pass() : this.between({ path, body }, pass);
  }
}
