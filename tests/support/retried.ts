// SPDX-License-Identifier: Apache-2.0
import { relative } from 'node:path';
import type { Reporter, TestCase } from 'vitest/node';

/** Tells which tests passed at a second attempt only: they want mending, and Vitest's own reporters are silent about them. */
export default class Retried implements Reporter {
  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky !== true) return;
    const file = relative(process.cwd(), test.module.moduleId);
    process.stdout.write(`passed at the second attempt: ${file} › ${test.fullName}\n`);
  }
}
