// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Sources that a file reaches by its imports, types included, and the packages it names. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');
  for (const [, name = ''] of text.matchAll(/ from '([^']+)'/g)) {
    if (name.startsWith('./')) reach(name.slice(2), seen);
    else seen.add(name);
  }
  return seen;
}

test('the sealing half reaches nothing that opens, and the opening half nothing that seals', () => {
  const sealing = reach('seal.ts');
  expect([...sealing]).toContain('schedule.ts');
  for (const file of ['open.ts', 'private-key.ts']) expect([...sealing]).not.toContain(file);
  const opening = reach('open.ts');
  expect([...opening]).toContain('private-key.ts');
  for (const file of ['seal.ts', 'encapsulate.ts']) expect([...opening]).not.toContain(file);
});

test('nothing but node:crypto and the codec is used', () => {
  const all = new Set([...reach('seal.ts'), ...reach('open.ts'), ...reach('index.ts')]);
  expect([...all].filter((name) => !name.endsWith('.ts')).sort()).toEqual([
    '@enclave-vault/codec',
    'node:crypto',
  ]);
});

test('what is exported, and that the injected ephemeral key is out of reach', async () => {
  expect(Object.keys(await import('@enclave-vault/hpke')).sort()).toEqual(
    ['HpkeError', 'P256', 'P384', 'P521', 'parseSuiteId', 'suiteId'].sort(),
  );
  expect(Object.keys(await import('@enclave-vault/hpke/seal')).sort()).toEqual(
    ['SenderContext', 'generateKeyPair', 'importPublicKey', 'setupSender', 'setupSenderAsync'].sort(),
  );
  expect(Object.keys(await import('@enclave-vault/hpke/open')).sort()).toEqual(
    ['RecipientContext', 'importPrivateKey', 'setupRecipient', 'setupRecipientAsync'].sort(),
  );
  const map: { exports: Record<string, string> } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  expect(Object.keys(map.exports)).toEqual(['.', './seal', './open']);
});
