// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '@enclave-vault/stores';
import { afterAll } from 'vitest';
import {
  type AuditHead,
  type AuditSink,
  type Clock,
  type Context,
  defaultSchema,
  type Principal,
  type RecordSchema,
  type Report,
  SCOPES,
  type Store,
  systemClock,
  Vault,
  VaultError,
} from '../../src/index.ts';
import { InProcessEnclave } from './in-process-enclave.ts';
import { LocalKms } from './local-kms.ts';

/** A sink in memory that can be told to fail. */
export class ListSink implements AuditSink {
  readonly heads: AuditHead[] = [];
  failing = false;

  async append(head: AuditHead): Promise<void> {
    if (this.failing) throw new Error('the sink fails');
    this.heads.push(head);
  }
}

/** A clock that can be moved. */
export class MovableClock implements Clock {
  readonly #clock = systemClock();
  /** Microseconds added to the time. */
  offset = 0;

  now(): number {
    return this.#clock.now() + this.offset;
  }
}

export interface Fixture {
  readonly vault: Vault;
  readonly store: Store;
  readonly path: string;
  readonly kms: LocalKms;
  readonly enclave: InProcessEnclave;
  readonly sink: ListSink;
  readonly clock: MovableClock;
  readonly reports: Report[];
  /** Another process on the same file. */
  again(schema?: RecordSchema, options?: { allowOrphans?: boolean }): Promise<Fixture>;
}

/** Vaults on real SQLite files, in a folder that is gone after the test file. */
export function vaults(): (schema?: RecordSchema) => Promise<Fixture> {
  const folder = mkdtempSync(join(tmpdir(), 'vault-'));
  const open: Vault[] = [];
  afterAll(async () => {
    for (const vault of open) await vault.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let count = 0;
  const make = async (
    path: string,
    kms: LocalKms,
    sink: ListSink,
    schema = defaultSchema(),
    allowOrphans = false,
  ): Promise<Fixture> => {
    const store = SqliteStore.open(path);
    const enclave = new InProcessEnclave(kms);
    const clock = new MovableClock();
    const reports: Report[] = [];
    const report = (one: Report): number => reports.push(one);
    const vault = await Vault.open({ store, kms, enclave, sink, clock, schema, allowOrphans, report });
    open.push(vault);
    const again: Fixture['again'] = (other = schema, options = {}) => {
      return make(path, kms, sink, other, options.allowOrphans ?? false);
    };
    return { vault, store, path, kms, enclave, sink, clock, reports, again };
  };
  return (schema) => {
    count += 1;
    return make(join(folder, `${count}.db`), new LocalKms(), new ListSink(), schema);
  };
}

const ALL: Principal = {
  tenant: 'default',
  actor: 'key:test',
  scopes: new Set(SCOPES),
  fields: null,
  purposes: null,
  deriveOnly: false,
  expires: null,
};

let requests = 0;

/** A call of a principal with all rights, or other ones. */
export function call(rights: Partial<Principal> = {}, milliseconds = 10_000): Context {
  requests += 1;
  const deadline = Date.now() + milliseconds;
  return { principal: { ...ALL, ...rights }, requestId: `request-${requests}`, deadline };
}

/** The VaultError that the work ends with. Other errors are thrown on. */
export async function thrownBy(work: Promise<unknown>): Promise<VaultError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof VaultError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Code of the VaultError that the work ends with; undefined when it ends well. Other errors are thrown on. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof VaultError) return error.code;
    throw error;
  }
}

/** The default record of the tests. */
export const BOB = {
  email: 'Bob@Example.ORG',
  first_name: ' Bob ',
  ssn9: '123456789',
  dob: '1980-02-29',
  country: 'de',
};
