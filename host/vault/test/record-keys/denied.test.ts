// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { codeOf } from '../support/fixture.ts';
import { pool, settle, warm } from './support.ts';

it('a record that KMS denies its pair ends those that are ready, of every tenant', async () => {
  const one = pool();
  await warm(one, 'one', 4);
  expect(one.keys.figures.ready).toBe(4);
  const next = one.keys.next('two', Number.MAX_SAFE_INTEGER, 'somebody');
  one.kms.refuse('denied');
  await expect(next).rejects.toMatchObject({ code: 'denied' });
  expect(one.keys.figures).toMatchObject({ ready: 0, dropped: 4 });
});

it('so does one that no longer waited for the answer', async () => {
  const one = pool();
  await warm(one, 'one', 4);
  expect(await codeOf(one.keys.next('two', 0, 'somebody'))).toBe('timed_out');
  one.kms.refuse('denied', one.kms.of('two'));
  await settle();
  expect(one.keys.figures).toMatchObject({ ready: 0, dropped: 4 });
});

it('one that is refused for want of quota ends none', async () => {
  const one = pool();
  await warm(one, 'one', 4);
  const next = one.keys.next('two', Number.MAX_SAFE_INTEGER, 'somebody');
  one.kms.refuse('throttled');
  await expect(next).rejects.toMatchObject({ code: 'throttled' });
  expect(one.keys.figures.ready).toBe(4);
});
