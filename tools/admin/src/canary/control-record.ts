// SPDX-License-Identifier: Apache-2.0
import { randomInt } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import {
  callLocalApi,
  decryptControl,
  type LocalApi,
  type LocalCanaryConfig,
  refusalOf,
} from '@enclave-vault/canary/local';
import type { RecordSchema } from '@enclave-vault/vault';
import type { AuditSession } from '../dev/vault.ts';
import { AdminError } from '../errors.ts';
import { storageOfSession } from '../storage/storage.ts';
import { bootstrapTenant } from '../storage/tenant.ts';

/** Of the canary alone: its key reads no record but the one that is there for it. */
const TENANT = 'canary';
const LIMIT_MS = 10_000;

type Control = LocalCanaryConfig['control'];
type Kept = Omit<Control, 'url' | 'certificate'>;

/**
 * The record of the positive control and the API key that decrypts its one field: those of the last start, or new
 * ones. A record that was tampered with stays: what it comes to is for the canary to tell.
 * @throws {AdminError} request_failed
 */
export async function ensureControl(
  file: string,
  api: Omit<LocalApi, 'key'>,
  session: AuditSession,
): Promise<Control> {
  const storage = storageOfSession('local', session);
  const { schema } = storage;
  const kept = read(file, schema);
  if (kept !== undefined && !(await isForgotten({ certificate: undefined, ...api, ...kept }))) {
    await storage.store.close();
    storage.kms.close();
    return { certificate: undefined, ...api, ...kept };
  }
  const made = await make(api, schema, await bootstrapTenant(storage, TENANT));
  write(file, made);
  return { certificate: undefined, ...api, ...made };
}

/** Whether the vault no longer knows the key: its store is another one than at the last start. */
async function isForgotten(control: Control): Promise<boolean> {
  try {
    await decryptControl(control, AbortSignal.timeout(LIMIT_MS));
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'unauthenticated';
  }
}

async function make(
  api: Omit<LocalApi, 'key'>,
  schema: RecordSchema,
  administrator: { readonly id: string; readonly token: string },
): Promise<Kept> {
  const call = async (method: string, path: string, status: number, body?: unknown) => {
    const as = { ...api, key: administrator.token };
    const answer = await callLocalApi(as, method, path, body, AbortSignal.timeout(LIMIT_MS));
    if (answer.status === status) return answer.members;
    throw new AdminError('request_failed', `${method} ${path}: ${refusalOf(answer).code}`);
  };
  const { field, value } = sampleOf(schema);
  const { id: vault } = await call('POST', '/v1/vaults', 201, { [field]: value });
  const scopes = ['vaults:decrypt'];
  const { token: key } = await call('POST', '/v1/keys', 201, { scopes, fields: [field] });
  await call('DELETE', `/v1/keys/${administrator.id}`, 200);
  if (typeof vault !== 'string' || typeof key !== 'string')
    throw new AdminError('request_failed', 'the API answered without an id or a key');
  return { key, vault, field, value: JSON.stringify(value) };
}

/** A field of the schema and something that it takes. Text where there is any, for it can be of nobody. */
function sampleOf(schema: RecordSchema): {
  readonly field: string;
  readonly value: string | number | boolean;
} {
  const fields = [...schema.fields].filter(([, { derived }]) => derived === undefined);
  const [name, definition] = fields.find(([, { type }]) => type === 'text') ?? fields[0] ?? [];
  if (name === undefined || definition === undefined)
    throw new AdminError('request_failed', 'the schema has no field');
  const { length = 1, maxLength = 64, minimum = 0, maximum = minimum } = definition.options;
  const digits = Array.from({ length: Math.max(length, 12) }, () => randomInt(10)).join('');
  const value = {
    text: `canary ${digits}`.slice(0, maxLength),
    digits: digits.slice(0, length),
    email: 'canary@example.com',
    phone: '+15555550100',
    date: '2000-01-01',
    country: 'AQ',
    decimal: '1',
    integer: Math.min(minimum, maximum),
    boolean: true,
  }[definition.type];
  if (value === undefined) throw new AdminError('request_failed', 'the schema has a type that is not known');
  return { field: name, value };
}

function read(file: string, schema: RecordSchema): Kept | undefined {
  try {
    const { key, vault, field, value } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const texts = [key, vault, field, value];
    if (!texts.every((one) => typeof one === 'string') || !schema.fields.has(String(field))) return undefined;
    return { key: String(key), vault: String(vault), field: String(field), value: String(value) };
  } catch {
    return undefined;
  }
}

function write(file: string, kept: Kept): void {
  const temporary = `${file}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${JSON.stringify(kept)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, file);
}
