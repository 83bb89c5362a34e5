// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { refusalLog } from '../src/refusal-log.ts';

it('says no more than twenty refusals in ten seconds, and then how many it did not say', () => {
  const lines: { event: string; fields: Record<string, unknown> }[] = [];
  let now = 0;
  const refuse = refusalLog(
    (_level, event, fields = {}) => void lines.push({ event, fields: { ...fields } }),
    () => now,
  );
  for (let n = 0; n < 1_000; n++) refuse('ECONNRESET', '10.0.0.1');
  expect(lines.length).toBe(20);
  now = 9_999;
  refuse('ECONNRESET', '10.0.0.1');
  expect(lines.length).toBe(20);
  now = 10_000;
  refuse('ECONNRESET', '10.0.0.1');
  refuse('ECONNRESET', '10.0.0.1');
  expect(lines.slice(20).map(({ event, fields }) => [event, fields.unsaid])).toEqual([
    ['channel_refused', 981],
    ['channel_refused', undefined],
  ]);
});
