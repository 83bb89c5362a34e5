// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUDIT_EVENTS, defaultSchema, parseSchema, SCOPES } from '@enclave-vault/vault';
import { expect, it } from 'vitest';
import { USAGE } from '../../admin/src/usage.ts';

const page = (name: string) => readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8');
const guide = page('user-guide.md');
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
  // Those of import and export stand on the page that the guide leads to for them.
  expect(guide).toContain('](bulk.md)');
  const jobs = options(page('bulk.md'));
  expect(missing(known).filter((name) => !jobs.has(name))).toEqual([]);
  expect([...jobs].filter((name) => !known.has(name))).toEqual([]);
  const others = new Set(['--include', '--no-install']);
  expect([...options(guide)].filter((name) => !known.has(name) && !others.has(name))).toEqual([]);
});
