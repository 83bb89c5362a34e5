// SPDX-License-Identifier: Apache-2.0
/** Prints "N passed, N failed" from Vitest's JSON report; a report that isn't there is one failure. */
import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
}

let counts = { passed: 0, failed: 1 };
try {
  const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Report;
  // A file that fails to load has no failed test in it, and still is a failure.
  const failed = Math.max(report.numFailedTests, report.numFailedTestSuites > 0 ? 1 : 0);
  counts = { passed: report.numPassedTests, failed };
} catch {
  console.error('there is no test report');
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
