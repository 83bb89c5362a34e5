// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openAnswer, openRequest, parseEnvelope } from '../src/index.ts';

/** Fixed messages of version 1. A change of the format shows here first; then the version must change too. */
const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'));
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

test('the published request opens', () => {
  const envelope = parseEnvelope(hex(vectors.request.envelope));
  expect(envelope.id.toString()).toBe(hex(vectors.request.id).toString());
  expect([envelope.time, envelope.deadline]).toEqual([vectors.request.time, vectors.request.deadline]);
  const request = openRequest(hex(vectors.dataKey), envelope);
  expect(request.vaultId).toBe(vectors.request.vaultId);
  expect(Object.fromEntries(request.fields)).toEqual({ city: 'aa#bb', dob: hex('03000004aabb') });
  expect(request.reveal).toEqual(['city']);
  expect(request.expressions).toEqual([{ name: 'over_18', source: 'date(dob).age() >= 18' }]);
});

test('the published answers open', () => {
  const id = hex(vectors.request.id);
  for (const { envelope, answer } of vectors.answers) {
    expect(openAnswer(hex(vectors.dataKey), id, hex(envelope))).toEqual(answer);
  }
});
