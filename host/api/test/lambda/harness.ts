// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileAuditSink, SqliteStore } from '@enclave-vault/stores';
import type { Store, Vault } from '@enclave-vault/vault';
import { InProcessEnclave } from '../../../vault/test/support/in-process-enclave.ts';
import { LocalKms } from '../../../vault/test/support/local-kms.ts';
import type { RestAnswer } from '../../src/lambda/answer.ts';
import { startFunction } from '../../src/lambda/start.ts';
import type { EnclaveLink } from '../../src/process/assemble.ts';
import { type EventOptions, lambdaContext, restEvent } from './events.ts';

const key = (n: number) => `arn:aws:kms:eu-central-1:111122223333:key/${n}`;

export interface CallOptions extends EventOptions {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Undefined: the administrator's; null: none. */
  readonly token?: string | null;
  readonly remainingMs?: number;
}

/** The function over a real vault on SQLite; KMS and enclave are in this process. */
export async function startLambda(
  settings: Record<string, unknown> = {},
  faults: {
    kms?: LocalKms;
    env?: Record<string, string>;
    store?: () => Promise<Store>;
    initMs?: number;
    ranMs?: number;
  } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'evl-'));
  const kms = faults.kms ?? new LocalKms();
  const enclave = new InProcessEnclave(kms);
  const link: EnclaveLink = {
    decrypt: (envelope) => enclave.decrypt(envelope),
    attestation: (nonce) => enclave.attestation(nonce),
    health: async () => ({ healthy: true }),
    close: () => undefined,
  };
  const file = join(folder, 'config.json');
  writeFileSync(
    file,
    JSON.stringify({
      region: 'eu-central-1',
      keys: { vault: key(1), request: key(2), integrity: key(3) },
      store: { kind: 'dynamodb', table: 'enclave-vault' },
      audit: { kind: 'log_group', name: '/enclave-vault/audit' },
      parent: 'unix:/nowhere',
      ...settings,
    }),
  );
  let opened: { vault: Vault; store: Store } | undefined;
  const started = await startFunction({
    env: { ENCLAVE_VAULT_CONFIG: file, ...faults.env },
    adapters: () => ({
      store: faults.store ?? (async () => SqliteStore.open(join(folder, 'vault.sqlite'))),
      sink: () => FileAuditSink.open(join(folder, 'audit.log')),
      kms: () => Object.assign(kms, { close: () => undefined }),
      parent: () => link,
      opened: async (vault, store) => {
        opened = { vault, store };
      },
    }),
    // The tests' own process may have run for long.
    ranMs: faults.ranMs ?? 0,
    ...(faults.initMs === undefined ? {} : { initMs: faults.initMs }),
  });
  const admin = opened === undefined ? '' : (await opened.vault.keys.bootstrap()).token;

  const call = async (method: string, target: string, options: CallOptions = {}) => {
    const { json, token = admin, headers, remainingMs, ...rest } = options;
    const event = restEvent(method, target, {
      ...rest,
      headers: {
        ...(token === null || token === '' ? {} : { Authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const answer = await started.handler(event, lambdaContext(remainingMs));
    return { event, answer, ...read(answer) };
  };
  return {
    ...started,
    kms,
    enclave,
    folder,
    admin,
    call,
    vault: () => {
      if (opened === undefined) throw new Error('the vault is not open');
      return opened.vault;
    },
    stop: async () => {
      await started.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export type Lambda = Awaited<ReturnType<typeof startLambda>>;

/** An answer as its receiver sees it. */
export function read({ statusCode, multiValueHeaders, body, isBase64Encoded }: RestAnswer) {
  const headers: Record<string, string> = Object.fromEntries(
    Object.entries(multiValueHeaders).map(([name, values]) => [name, values.join(', ')]),
  );
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
  const json = text !== '' && /[/+]json\b/.test(headers['content-type'] ?? '') ? JSON.parse(text) : null;
  return { status: statusCode, headers, text, json };
}
