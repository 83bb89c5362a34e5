// SPDX-License-Identifier: Apache-2.0
import { afterEach, expect, test, vi } from 'vitest';
import { stderrLog } from '../../src/adapters/log.ts';

afterEach(() => vi.restoreAllMocks());

test('an event is one line of JSON on stderr, with its time and where it comes from', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const before = Date.now();
  stderrLog('kms_refused', { detail: 'AccessDeniedException', seconds: 3 });
  expect(write).toHaveBeenCalledTimes(1);
  const [line] = write.mock.calls[0] ?? [];
  expect(String(line).split('\n')).toEqual([expect.any(String), '']);
  const { time, ...rest } = JSON.parse(String(line)) as { time: string };
  expect(rest).toEqual({
    level: 'info',
    process: 'enclave',
    event: 'kms_refused',
    detail: 'AccessDeniedException',
    seconds: 3,
  });
  expect(Date.parse(time)).toBeGreaterThanOrEqual(before);
  expect(time).toBe(new Date(Date.parse(time)).toISOString());
});
