// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileAuditSink, SqliteStore } from '@enclave-vault/stores';
import { defaultSchema, type KeyPoolOptions, systemClock, Vault } from '@enclave-vault/vault';
import type { InjectOptions } from 'fastify';
import { InProcessEnclave } from '../../vault/test/support/in-process-enclave.ts';
import { LocalKms } from '../../vault/test/support/local-kms.ts';
import { createApp } from '../src/app.ts';
import type { AppOptions } from '../src/options.ts';

export type Api = Awaited<ReturnType<typeof startApi>>;

const FAST = { burst: 1e9, perSecond: 1e9 };
/** Rates that decide nothing. */
export const UNLIMITED = { requests: FAST, decrypts: FAST };

/** The secret of an API key's token. It is base64url, so it may have any `_` of its own. */
export const secretOf = (token: string): string => token.slice(-43);

/** The application over a real vault on SQLite; KMS and enclave are in this process. */
export async function startApi(options: Partial<AppOptions> = {}, keyPool?: KeyPoolOptions) {
  const folder = await mkdtemp(join(tmpdir(), 'eva-'));
  const store = SqliteStore.open(join(folder, 'vault.sqlite'));
  const sink = await FileAuditSink.open(join(folder, 'audit.log'));
  const kms = new LocalKms();
  const enclave = new InProcessEnclave(kms);
  const schema = defaultSchema();
  const vault = await Vault.open({
    store,
    sink,
    kms,
    enclave,
    schema,
    clock: systemClock(),
    ...(keyPool === undefined ? {} : { keyPool }),
    ...(options.processes === undefined ? {} : { processes: options.processes }),
  });
  const { token: admin } = await vault.keys.bootstrap();
  const logged: { level: string; event: string; fields: Record<string, unknown> }[] = [];
  const app = await createApp({
    vault: () => vault,
    schema,
    recordKeys: () => vault.recordKeys,
    health: async () => ({ store: { ok: true }, enclave: { ok: true } }),
    log: (level, event, fields = {}) => void logged.push({ level, event, fields }),
    ui: false,
    ...options,
  });
  await app.ready();

  /** One request with the administrator's key unless `token` says otherwise (null: none). */
  const call = async (
    method: InjectOptions['method'],
    url: string,
    {
      body,
      token = admin,
      headers = {},
    }: { body?: unknown; token?: string | null; headers?: Record<string, string> } = {},
  ) => {
    const response = await app.inject({
      ...(method === undefined ? {} : { method }),
      url,
      headers: {
        host: 'localhost',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
    });
    const text = response.body;
    const json =
      /json/.test(String(response.headers['content-type'])) && text !== '' ? JSON.parse(text) : null;
    return { status: response.statusCode, headers: response.headers, text, json };
  };

  return {
    app,
    vault,
    store,
    kms,
    enclave,
    admin,
    logged,
    folder,
    call,
    /** Creates a vault and returns its id. */
    create: async (fields: object, token = admin): Promise<string> => {
      const { status, json } = await call('POST', '/v1/vaults', { body: fields, token });
      if (status !== 201) throw new Error(`create answered ${status} ${json.code}`);
      return json.id;
    },
    /** Makes a key with these rights and returns its token. */
    key: async (rights: object): Promise<string> => {
      const { status, json } = await call('POST', '/v1/keys', { body: rights });
      if (status !== 201) throw new Error(`key answered ${status} ${json.code}`);
      return json.token;
    },
    listen: async (): Promise<number> => {
      await app.listen({ host: '127.0.0.1', port: 0 });
      return (app.server.address() as AddressInfo).port;
    },
    stop: async () => {
      app.server.closeAllConnections();
      await app.close();
      await vault.close();
      await sink.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
