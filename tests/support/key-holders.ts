// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from '@enclave-vault/vault';
import { expect } from 'vitest';
import { type Answer, LocalVault } from './local-vault.ts';

/** The record that attackers are after. */
export const FIELDS = {
  first_name: 'Zebulon',
  last_name: 'Quackenbush',
  email: 'zeb@example.org',
  ssn9: '219099999',
  dob: '1971-03-05',
  city: 'Ouagadougou',
};
export const REASON = 'an attack';
/** Well-formed, and of no record. */
export const ABSENT = 'v_01KASPQ4Z7C3V3R8N4W8Q0W3XH';

const DEFAULT_SCHEMA = join(import.meta.dirname, '../../host/vault/src/schema/default-schema.json');
export const SCHEMA = {
  version: 1,
  fields: JSON.parse(readFileSync(DEFAULT_SCHEMA, 'utf8')).fields as object,
  expressions: {
    over_18: 'date(dob).age() >= 18',
    years: 'date(dob).age()',
    held: 'size(record) > 0',
    broken: 'int(last_name) > 0',
    broken_too: 'date(city)',
  },
  purposes: ['general', 'billing'],
};

export interface Rights {
  scopes?: readonly Scope[];
  fields?: string[] | null;
  purposes?: string[] | null;
  derive_only?: boolean;
  expires?: string | null;
}

/** A running vault with one record, and keys that were given little. */
export class KeyHolders {
  readonly vault: LocalVault;
  readonly id: string;
  readonly #folder: string;

  private constructor(vault: LocalVault, id: string, folder: string) {
    this.vault = vault;
    this.id = id;
    this.#folder = folder;
  }

  static async start(): Promise<KeyHolders> {
    const folder = mkdtempSync(join(tmpdir(), 'ev-schema-'));
    writeFileSync(join(folder, 'schema.json'), JSON.stringify(SCHEMA));
    const vault = await LocalVault.start({ args: ['--schema', join(folder, 'schema.json')] });
    const made = await vault.call('POST', '/v1/vaults', FIELDS);
    return new KeyHolders(vault, String(made.json.id), folder);
  }

  async end(): Promise<void> {
    await this.vault.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async create(fields: object, key?: string): Promise<string> {
    const made = await this.vault.call('POST', '/v1/vaults', fields, key === undefined ? {} : { key });
    expect(made.status).toBe(201);
    return String(made.json.id);
  }

  async keyWith(rights: Rights, by?: string): Promise<string> {
    const body = { scopes: ['vaults:decrypt'], ...rights };
    const made = await this.vault.call('POST', '/v1/keys', body, by === undefined ? {} : { key: by });
    expect([made.status, made.json.code]).toEqual([201, undefined]);
    return String(made.json.token);
  }

  decrypt(key: string, body: object, record = this.id): Promise<Answer> {
    return this.vault.call('POST', `/v1/vaults/${record}/decrypt`, { reason: REASON, ...body }, { key });
  }
}

/** What was not given is in no part of the answer. */
export function expectNothingOf(answer: Answer, ...names: (keyof typeof FIELDS)[]): void {
  const seen = answer.text + JSON.stringify([...answer.headers]);
  for (const name of names) expect(seen).not.toContain(FIELDS[name]);
}

export function expectRefused(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.json.code]).toEqual([status, code]);
  expectNothingOf(answer, ...(Object.keys(FIELDS) as (keyof typeof FIELDS)[]));
}

/** An answer as far as it may differ from another one. */
export function comparable({ status, text, headers }: Answer): object {
  const names = [...headers.keys()].sort();
  return { status, names, body: text.replace(/req_[0-9a-f-]{36}/, '') };
}
