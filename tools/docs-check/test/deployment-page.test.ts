// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { DEPLOY } from '@enclave-vault/infra';
import { readRole } from '@enclave-vault/settings';
import { expect, it } from 'vitest';
import { ADVICE } from '../../deploy/src/errors.ts';

const page = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

it('docs/deployment.md has every code of the deploy command, with its own words', () => {
  const rows = new Map(
    [...page('deployment.md').matchAll(/^\| `([a-z_]+)` \| (.+) \|$/gm)].map(([, code, text]) => [
      code,
      text,
    ]),
  );
  for (const [code, text] of Object.entries(ADVICE)) expect(rows.get(code), code).toBe(text);
});

it('the deploy.json of docs/deployment.md is one that is taken', () => {
  const [, json = ''] = /```json\n(.*?)\n```/s.exec(page('deployment.md')) ?? [];
  const file = JSON.parse(json) as { release: { key?: string } };
  // A file of the reader's.
  delete file.release.key;
  expect(readRole(DEPLOY, { file, env: {} }).name).toBe('vault');
});

it('docs/operations.md names alarms that are on the page of alarms', () => {
  const entries = new Set(
    [...page('alarms.md').matchAll(/^\| `([\w-]+)` \|/gm)].map(([, entry = '']) => entry),
  );
  const [, section = ''] = page('operations.md').split('\n## Alarms\n');
  const [table = ''] = section.split('\n## ');
  const named = [
    ...table.matchAll(/`((?:canary|watch|api|parents|enclaves?|relay|instances?)-[\w…-]+)`/g),
  ].map(([, one = '']) => one);
  expect(named.length).toBeGreaterThan(20);
  // `canary-…-silent` is that of each place.
  const is = (one: string) => new RegExp(`^${one.replace('…', '[a-z]+')}$`);
  for (const one of named)
    expect(
      [...entries].filter((entry) => is(one).test(entry)),
      one,
    ).not.toEqual([]);
});
