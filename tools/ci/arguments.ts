// SPDX-License-Identifier: Apache-2.0

/** Options of Vitest that change what is told, or how many run at once, and not what is run. */
const ABOUT_TELLING =
  /^--(?:reporter|outputFile(?:\.json)?|silent|hideSkippedTests|maxWorkers|retry|testTimeout|hookTimeout|no-color|color)(?:=|$)/;
const OUTPUT = /^--outputFile(?:\.json)?=(.+)$/;

export interface TestRun {
  /** Arguments for `vitest run`. */
  readonly args: readonly string[];
  /** Where the JSON report goes; undefined where the caller has other reporters. */
  readonly report: string | undefined;
  /** Whether all tests are asked for: a part must not be taken for the whole. */
  readonly whole: boolean;
}

/**
 * What `npm test -- ARGS` runs: with a JSON report beside the usual one, unless ARGS say how to report.
 * @param usual where the report goes if nothing else is said
 */
export function testRun(args: readonly string[], usual: string): TestRun {
  const whole = args.every((arg) => ABOUT_TELLING.test(arg));
  if (!args.some((arg) => /^--(?:reporter|outputFile)/.test(arg))) {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${usual}`];
    return { args: [...args, ...reporters], report: usual, whole };
  }
  const json = args.includes('--reporter=json');
  const [output] = args.flatMap((arg) => OUTPUT.exec(arg)?.[1] ?? []);
  return { args, report: json ? output : undefined, whole };
}
