// SPDX-License-Identifier: Apache-2.0
/**
 * Prints "N passed, N failed" from Vitest's JSON report, and what failed before it, since Vitest's own words about it may stand
 * thousands of lines above; a report that isn't there is one failure.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly testResults: readonly TestFile[];
}
interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}

/** The first line of a message, since the rest is the test runner's own stack. */
const firstLine = (message: string | undefined): string => message?.trim().split('\n', 1)[0] ?? '';

/** A line for each test that failed, and for each file that did not load. */
function failures(files: readonly TestFile[]): string[] {
  return files.flatMap((file) => {
    const path = relative(process.cwd(), file.name);
    const tests = file.assertionResults.filter((test) => test.status === 'failed');
    if (tests.length === 0 && file.status === 'failed') return [`not ok ${path}: ${firstLine(file.message)}`];
    return tests.map((test) => `not ok ${path} › ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
  });
}

let counts = { passed: 0, failed: 1 };
try {
  const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Report;
  // A file that fails to load has no failed test in it, and still is a failure.
  const failed = Math.max(report.numFailedTests, report.numFailedTestSuites > 0 ? 1 : 0);
  counts = { passed: report.numPassedTests, failed };
  for (const line of failures(report.testResults)) console.log(line);
} catch {
  console.error('there is no test report');
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
