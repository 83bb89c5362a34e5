// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const CI = join(import.meta.dirname, '../../../.ci');
const GOOD = 'echo "2 passed, 0 failed"';
/** What .ci/run calls besides suites, as programs that do nothing. */
const NPM = '#!/bin/sh\ncase "$*" in test*) exit $UNIT;; *threat-model*) exit $MODEL;; esac\n';
const NPX = `#!/bin/sh\n${GOOD}\n`;
/** `wait -n -p`, by which suites run side by side. */
const BASH = execFileSync('bash', ['-c', 'echo $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))'], {
  encoding: 'utf8',
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ci-'));
  cpSync(CI, join(folder, '.ci'), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  for (const [name, text] of Object.entries({ npm: NPM, npx: NPX }))
    writeFileSync(join(folder, 'bin', name), text, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(suites: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const heavy = join(folder, 'tests/heavy');
  rmSync(heavy, { recursive: true, force: true });
  mkdirSync(heavy, { recursive: true });
  for (const [name, text] of Object.entries(suites)) writeFileSync(join(heavy, `${name}.sh`), `${text}\n`);
  const { status, stdout } = spawnSync('bash', [join(folder, '.ci/run')], {
    encoding: 'utf8',
    env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, UNIT: '0', MODEL: '0', ...env },
  });
  const lines = stdout.trimEnd().split('\n');
  return { status, count: lines.at(-1), end: lines.slice(-6) };
}

describe.runIf(Number(BASH) >= 501)('.ci/run', () => {
  it('succeeds with the sum of what passed, and when a suite lacks a tool', () => {
    expect(run({ one: GOOD, timing: GOOD })).toMatchObject({ status: 0, count: '7 passed, 0 failed' });
    expect(run({ one: GOOD, two: 'echo skipped: no tool; echo "0 passed, 0 failed"' })).toMatchObject({
      status: 0,
      count: '5 passed, 0 failed',
    });
  });

  it('says at its end what failed, however early it was', () => {
    const failing = 'echo "not ok the first"; seq 100; echo "2 passed, 1 failed"; exit 1';
    const { end } = run({ one: failing, timing: GOOD });
    expect(end).toContain('2 passed, 1 failed');
    expect(run({ one: 'echo "not ok the first"; echo "2 passed, 1 failed"', two: GOOD }).end).toContain(
      'not ok the first',
    );
  });

  it.each([
    ['counts a failure', 'echo "2 passed, 1 failed"; exit 1'],
    ['counts a failure and ends well', 'echo "2 passed, 1 failed"'],
    ['counts a failure in one of its parts', 'echo "2 passed, 1 failed"; echo "2 passed, 0 failed"'],
    ['ends badly beside a clean count', `${GOOD}; exit 3`],
    ['is killed', `${GOOD}; kill -9 $$`],
    ['says nothing', 'true'],
    ['cannot be read', 'if then ((('],
    ['ends who runs it', 'kill -9 $PPID'],
    ['takes the logs away', `rm -rf .cache/suites; ${GOOD}`],
  ])('fails when a suite %s', (_, text) => {
    for (const name of ['two', 'timing']) expect(run({ one: GOOD, [name]: text }).status, name).toBe(1);
  });

  it('fails with the tests, with the threat model, and where there are no suites', () => {
    expect(run({ one: GOOD }, { UNIT: '1' }).status).toBe(1);
    expect(run({ one: GOOD }, { MODEL: '1' }).status).toBe(1);
    expect(run({}).status).toBe(1);
  });
});
