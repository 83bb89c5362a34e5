// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { problems } from '../check.ts';

const page = '| left 1.0.0, @scope/right 2.0.0 | why | MIT | who |';
const of = (groups: Record<string, string>[], lock = {}) => problems([{ name: 'p', groups }], lock, page);

describe('dependencies', () => {
  it('pass when they are explained and exact', () =>
    expect(of([{ left: '1.0.0' }, { '@scope/right': '2.0.0', '@enclave-vault/x': '0.1.0' }])).toEqual([]));
  it.each([
    [{ other: '1.0.0' }, 'p: other 1.0.0 has no line in docs/dependencies.md'],
    [{ left: '1.0.1' }, 'p: left 1.0.1 has no line in docs/dependencies.md'],
  ])('%j is refused', (group, why) => expect(of([group])).toEqual([why]));
  it('are refused as ranges', () =>
    expect(of([{ left: '^1.0.0' }])).toContain('p: left has no exact version'));
  it.each([
    ['MIT', false, 0],
    ['(MIT OR GPL-3.0)', false, 0],
    ['(Apache-2.0 AND BSD-3-Clause)', false, 0],
    ['MPL-2.0', true, 0],
    ['MPL-2.0', false, 1],
    ['GPL-3.0', true, 1],
    ['(MIT AND AGPL-3.0)', false, 1],
    [undefined, false, 1],
  ])('licence %s, dev %s: %i problems', (license, dev, count) =>
    expect(of([], { 'node_modules/x': { ...(license && { license }), dev } })).toHaveLength(count),
  );
  it('have no address in the lockfile', () =>
    expect(of([], { 'node_modules/x': { license: 'MIT', resolved: 'https://x' } })).toHaveLength(1));
});
