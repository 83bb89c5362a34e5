// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { codeLines } from '../measure.ts';
import { exceeded, readBudget, withTable } from '../report.ts';

const part = {
  name: 'trusted/a',
  ours: true,
  version: '',
  licence: 'Apache-2.0',
  files: 1,
  lines: 10,
  bytes: 5,
  nitroBytes: 6,
};
const native = {
  name: 'n',
  version: '1.0.0',
  licence: 'MIT',
  files: 2,
  lines: 30,
  bytes: { x64: 7, arm64: 8 },
};
const other = { ...part, name: 'left', ours: false, version: '1.0.0', lines: 20 };
const page = `x
<!-- budget: our lines 10, others' lines 20, packages 1, native lines 30 -->
<!-- measured by npm run tcb-report -->
<!-- end of what is measured -->
y`;

describe('the report on the trusted base', () => {
  it('counts lines of code', () => expect(codeLines('a\n\n// b\n/* c\n d */ e\n /** f */\n')).toBe(2));
  it('keeps within its budget', () => expect(exceeded([part, other], native, readBudget(page))).toEqual([]));
  it('names each budget that is exceeded', () =>
    expect(
      exceeded([{ ...part, lines: 11 }, other, other], { ...native, lines: 31 }, readBudget(page)),
    ).toEqual([
      'ourLines: 11, budget 10',
      'otherLines: 40, budget 20',
      'packages: 2, budget 1',
      'nativeLines: 31, budget 30',
    ]));
  it('replaces what stands between its marks', () => {
    const once = withTable(page, [part, other], native);
    expect(once).toContain('| left | 1.0.0 | Apache-2.0 | 1 | 20 | 5 | 6 |');
    expect(once).toContain('| n | 1.0.0 | MIT | 2 | 30 | 7 (x64), 8 (arm64) |');
    expect(withTable(once, [part, other], native)).toBe(once);
    expect(once.endsWith('y')).toBe(true);
  });
  it('refuses a page without a budget', () => expect(() => readBudget('x')).toThrow());
});
