// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { testRun } from '../arguments.ts';

const USUAL = '.cache/vitest.json';

describe('npm test', () => {
  it('runs all tests, and leaves a report beside the usual output', () => {
    expect(testRun([], USUAL)).toEqual({
      args: ['--reporter=default', '--reporter=json', `--outputFile.json=${USUAL}`],
      report: USUAL,
      whole: true,
    });
  });

  it.each([
    ['--reporter=dot'],
    ['--reporter=default', '--reporter=json', '--outputFile=.cache/x.json'],
    ['--maxWorkers=1', '--silent'],
    ['--retry=1'],
  ])('is of all tests with %s %s %s', (...args) => {
    expect(testRun(args.filter(Boolean), USUAL).whole).toBe(true);
  });

  it.each([
    ['tools/ci'],
    ['-t', 'a title'],
    ['--testNamePattern=x'],
    ['--shard=1/2'],
    ['--changed'],
    ['--bail=1'],
    ['--project=pure'],
    ['--passWithNoTests'],
  ])('is of a part with %s', (...args) => {
    expect(testRun(args, USUAL).whole).toBe(false);
  });

  it('takes the report of whoever asks for one, and none where there is none', () => {
    const report = (args: readonly string[]) => testRun(args, USUAL).report;
    expect(report(['--reporter=json', '--outputFile=a.json'])).toBe('a.json');
    expect(report(['--reporter=json', '--outputFile.json=a.json'])).toBe('a.json');
    expect(report(['--reporter=json'])).toBeUndefined();
    expect(report(['--reporter=junit', '--outputFile=a.xml'])).toBeUndefined();
  });
});
