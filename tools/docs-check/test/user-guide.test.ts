// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_EVENTS, defaultSchema, parseSchema, SCOPES } from '@enclave-vault/vault';
import { expect, it } from 'vitest';
import { USAGE } from '../../admin/src/usage.ts';

const guide = readFileSync(join(import.meta.dirname, '../../../docs/user-guide.md'), 'utf8');
const missing = (names: Iterable<string>) => [...new Set(names)].filter((name) => !guide.includes(name));

it('has a schema that the vault takes', () => {
  const [, text = ''] = /as `clinic\.json`:\s+```json\n(.*?)```/s.exec(guide) ?? [];
  const schema = parseSchema(JSON.parse(text));
  expect(schema.fields.size).toBeGreaterThan(5);
  expect(new Set([...schema.fields.values()].map(({ type }) => type)).size).toBe(9);
});

it('names every field of the default schema, every scope and every event', () => {
  expect(missing([...defaultSchema().fields.keys()].map((name) => `\`${name}\``))).toEqual([]);
  expect(missing([...SCOPES, ...AUDIT_EVENTS])).toEqual([]);
});

it('names every option and every variable of the command line, and none besides', () => {
  const options = (text: string) => new Set(text.match(/--[a-z][a-z-]+|ENCLAVE_VAULT_[A-Z_]+/g));
  const known = options(USAGE);
  expect(missing(known)).toEqual([]);
  const others = new Set(['--include', '--no-install']);
  expect([...options(guide)].filter((name) => !known.has(name) && !others.has(name))).toEqual([]);
});
