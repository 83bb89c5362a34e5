// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8');

test('SPEC.md names every code', () => {
  const codes = [...read('src/errors.ts').matchAll(/^ {2}(\w+): '/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(20);
  const named = new Set([...read('SPEC.md').matchAll(/`([a-z0-9_]+)`/g)].map(([, word]) => word));
  expect(codes.filter((code) => !named.has(code))).toEqual([]);
});
