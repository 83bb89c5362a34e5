// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { clock, judge } from '../../src/doctor/checks/clock.ts';
import { deployed, findings } from './deployed.ts';

test.each([
  [0, 0, 'ok', 'agrees'],
  [400, 500, 'ok', 'agrees'],
  [5_400, 500, 'ok', 'this machine is 5.4 s ahead'],
  [-5_600, 500, 'warn', 'this machine is 5.6 s behind'],
  [60_400, 500, 'warn', 'this machine is 60.4 s ahead'],
  [-120_000, 500, 'fail', 'this machine is 120.0 s behind'],
])('%i ms off, known to %i ms, is %s', (skew, error, status, seen) => {
  expect(judge(skew, error)).toEqual({ status, seen });
});

test('a clock two minutes off is found by the time that KMS says', async () => {
  const { subject } = await deployed();
  expect((await findings(clock, subject)).KMS).toEqual({ status: 'ok', seen: 'agrees' });
  for (const [off, word] of [
    [120_000, 'ahead'],
    [-120_000, 'behind'],
  ] as const) {
    const found = (await findings(clock, { ...subject, now: () => Date.now() + off })).KMS;
    expect(found).toMatchObject({ status: 'fail', mend: expect.stringContaining('NTP') });
    // Known to half a second and half of the way, which is long on a busy machine.
    expect(found?.seen).toMatch(new RegExp(`^this machine is 1(1[5-9]|2[0-5])\\.\\d s ${word}$`));
  }
  const wrongRoot = { ...subject, endpoints: { kms: { url: subject.endpoints.kms?.url } } };
  expect((await findings(clock, wrongRoot)).KMS?.seen).toContain('another root');
});
