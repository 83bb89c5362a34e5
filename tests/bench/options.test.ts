// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseOptions, Usage, usageOf } from '../../bench/support/options.ts';

const OPTIONS = {
  json: { type: 'string' },
  turns: { type: 'string', default: '100' },
  batch: { type: 'boolean', default: false },
} as const;
const USAGE = 'usage: node bench/crypto.ts [--json JSON] [--turns 100] [--batch]   (bench/README.md)';
const failureOf = (...args: string[]): unknown => {
  try {
    return parseOptions('crypto', OPTIONS, args);
  } catch (error) {
    return error instanceof Usage ? [error.exitCode, error.message] : error;
  }
};
const FOLDER = join(import.meta.dirname, '../../bench');
const run = (script: string, ...args: string[]) => {
  const { status, stderr } = spawnSync(process.execPath, [join(FOLDER, script), ...args], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stderr };
};

describe('The options of a measurement', () => {
  it('are read with what they stand at', () => {
    expect(parseOptions('crypto', OPTIONS, ['--turns', '5'])).toEqual({ turns: '5', batch: false });
    expect(usageOf('crypto', OPTIONS)).toBe(USAGE);
  });

  it('are shown for --help, and with what is wrong for one that there is not', () => {
    expect(failureOf('--help')).toEqual([0, USAGE]);
    expect(failureOf('--colour')).toEqual([2, expect.stringMatching(/^Unknown option '--colour'/)]);
    expect(failureOf('--turns')).toEqual([2, expect.stringContaining(USAGE)]);
  });

  it('end a script with a line or two and exit code 2, before it begins, and without a stack', () => {
    for (const [script, ...args] of [
      ['system.ts', '--colour'],
      ['system.ts', '--operations', 'sing'],
      ['crypto.ts', '--turns', '-1'],
      ['all.ts', '--colour'],
    ] as const) {
      const { status, stderr } = run(script, ...args);
      expect([script, args, status]).toEqual([script, args, 2]);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  });

  it('are read by the same function in every script', () => {
    const scripts = readdirSync(FOLDER).filter(
      (name) => name.endsWith('.ts') && !/^(?:all|page)\.ts$/.test(name),
    );
    expect(scripts.length).toBeGreaterThan(8);
    for (const name of scripts)
      expect(readFileSync(join(FOLDER, name), 'utf8'), name).toContain('optionsOf(');
  });
});
