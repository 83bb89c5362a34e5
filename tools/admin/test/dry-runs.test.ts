// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LOCAL } from '../src/dev/deployment.ts';
import { DryRuns } from '../src/dev/dry-runs.ts';

const refused = { event: 'kms_denied', dryRun: true, principal: LOCAL.roles.api };

let written: string[];
beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const told = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);

it('counts refused dry runs of a moment in one line, with the roles that asked', () => {
  const dryRuns = new DryRuns();
  for (const principal of [LOCAL.roles.instance, LOCAL.roles.api, LOCAL.roles.api])
    expect(dryRuns.hear('kms', { ...refused, principal })).toBe(true);
  vi.runAllTimers();
  expect(dryRuns.hear('kms', refused)).toBe(true);
  vi.runAllTimers();
  expect(told()).toEqual([
    expect.objectContaining({ event: 'dry_runs_refused', count: 3, callers: ['api', 'instance'] }),
    expect.objectContaining({ event: 'dry_runs_refused', count: 1, callers: ['api'] }),
  ]);
});

it.each([
  ['a refusal of a call that would have been done', 'kms', { ...refused, dryRun: false }],
  ['one that does not say', 'kms', { event: 'kms_denied' }],
  ['a line of another process', 'api', refused],
  ['another line of KMS', 'kms', { ...refused, event: 'kms_internal' }],
] as const)('leaves %s to be shown as it is', (_what, of, line) => {
  expect(new DryRuns().hear(of, line)).toBe(false);
  vi.runAllTimers();
  expect(written).toEqual([]);
});
