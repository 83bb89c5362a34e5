// SPDX-License-Identifier: Apache-2.0
import { readRole } from '@enclave-vault/settings';
import { expect, test } from 'vitest';
import { DEPLOY, exampleKnown, STAGES, synthesize } from '../src/index.ts';

test('synthesizes', () => {
  const known = exampleKnown(readRole(DEPLOY, { file: DEPLOY.example, env: {} }));
  const network = STAGES.find(({ id }) => id === 'network');
  if (network === undefined) throw new Error();
  expect(synthesize(network, known).Resources).toHaveProperty('Vpc');
});
