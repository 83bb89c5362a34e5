// SPDX-License-Identifier: Apache-2.0
/**
 * Asks the configured registry for known vulnerabilities of everything in the lockfiles, and holds the answer against exceptions.json.
 * Prints "N passed, N failed". Without a registry that has advisories it says so, and looks at the exceptions alone.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Exception, exceptionProblems, judge, parseExceptions } from './exceptions.ts';
import { type Advisory, readAudit } from './report.ts';

const ROOT = join(import.meta.dirname, '../..');
const LOCKFILES = ['.', 'tests/mutation'];
const TIMEOUT_MS = 60_000;

let passed = 0;
let failed = 0;
function check(what: string, problems: readonly string[]): void {
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${what}`);
  for (const problem of problems) console.log(`         ${problem}`);
  if (problems.length === 0) passed++;
  else failed++;
}

/** @returns null where nobody could be asked */
function advisoriesOf(folder: string): readonly Advisory[] | null {
  // It exits with 1 where it found something: what it prints is what counts.
  const { stdout, error } = spawnSync('npm', ['audit', '--json', '--package-lock-only'], {
    cwd: join(ROOT, folder),
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) {
    console.log(`skipped: npm audit of ${folder} did not end in time, or npm is not here (${error.message})`);
    return null;
  }
  const audit = readAudit(stdout);
  if (audit.kind === 'report') return audit.advisories;
  console.log(`skipped: the registry has no advisories for ${folder} (${audit.why})`);
  return null;
}

const now = Date.now();
const exceptions: readonly Exception[] = parseExceptions(
  readFileSync(join(import.meta.dirname, 'exceptions.json'), 'utf8'),
);
check('each exception has a reason, and an end that is not over', exceptionProblems(exceptions, now));
try {
  const answers = LOCKFILES.map(advisoriesOf);
  if (answers.every((answer) => answer !== null)) {
    check(
      'no advisory without an exception, no exception without an advisory',
      judge(answers.flat(), exceptions, now),
    );
  }
} catch (error) {
  check('npm audit answers', [error instanceof Error ? error.message : 'unknown']);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
