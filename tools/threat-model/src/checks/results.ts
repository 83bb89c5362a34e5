// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { type Check, MATRIX, WHOLE } from './check.ts';

/** What a run said of a check. */
export type Verdict = 'passed' | 'failed' | 'skipped' | 'not_run';

interface Outcome {
  /** Its own, and those of what it is in. */
  readonly titles: readonly string[];
  readonly verdict: Verdict;
}

/** What Vitest's JSON reporter writes, as far as it is used here. */
interface Report {
  readonly startTime: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/** `ok     a title (12 ms)`, `FAILED: a title`; a suite that finds no tool says that it is skipped. */
const LINE = /^\s*(ok|FAILED:?)\s+(\S.*?)(?:\s\(\d+ ms\))?$/;
const COUNT = /^(\d+) passed, (\d+) failed$/;
const SKIPPED = /^\s*skipped\b/i;

/** Results of one run, from Vitest's report and from the logs of heavy suites. */
export class Results {
  readonly #root: string;
  #tests: ReadonlyMap<string, readonly Outcome[]> | undefined;
  #began: Date | undefined;
  readonly #suites = new Map<string, readonly Outcome[]>();

  /** @param root of the working copy whose tests were run */
  constructor(root: string) {
    this.#root = root;
  }

  /** When the tests began; undefined where there is no report. */
  get began(): Date | undefined {
    return this.#began;
  }

  /** Adds a report (`.json`), or the log of the suite that the file is named after. Throws what reading throws, or a TypeError. */
  add(file: string): void {
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('.json')) this.#addReport(text);
    else this.#suites.set(basename(file, '.log'), suiteOutcomes(text));
  }

  /** Undefined where nothing of the check's kind was run: no report, or no log of its suite. */
  of(check: Check): Verdict | undefined {
    if (check.kind === 'cell') return this.of(MATRIX);
    if (check.kind === 'suite') {
      const own = this.#suites.get(check.name);
      return own === undefined ? undefined : worst(own, check.title);
    }
    return this.#tests === undefined ? undefined : worst(this.#of(check.path, this.#tests), check.title);
  }

  /** Tests of a file. What stands in a file that is none of Vitest's own is run by one beside it. */
  #of(path: string, tests: ReadonlyMap<string, readonly Outcome[]>): readonly Outcome[] {
    if (path.endsWith('.test.ts')) return tests.get(path) ?? [];
    return [...tests].flatMap(([file, own]) => (dirname(file) === dirname(path) ? own : []));
  }

  #addReport(text: string): void {
    const report: unknown = JSON.parse(text);
    if (!isReport(report)) throw new TypeError('no report of Vitest’s JSON reporter');
    const began = new Date(report.startTime);
    // The oldest of several is what they are all as good as.
    if (this.#began === undefined || began < this.#began) this.#began = began;
    // A second report adds to the first: it takes nothing back that failed there.
    const tests = new Map(this.#tests);
    for (const { name, assertionResults } of report.testResults) {
      const file = relative(this.#root, name);
      const own = assertionResults.map(
        ({ ancestorTitles, title, status }): Outcome => ({
          titles: [...ancestorTitles, title],
          verdict: status === 'passed' || status === 'failed' ? status : 'skipped',
        }),
      );
      tests.set(file, [...(tests.get(file) ?? []), ...own]);
    }
    this.#tests = tests;
  }
}

function isReport(value: unknown): value is Report {
  if (typeof value !== 'object' || value === null) return false;
  const { startTime, testResults } = value as Partial<Report>;
  return (
    typeof startTime === 'number' &&
    Array.isArray(testResults) &&
    testResults.every(
      ({ name, assertionResults }) => typeof name === 'string' && Array.isArray(assertionResults),
    )
  );
}

function suiteOutcomes(log: string): readonly Outcome[] {
  const lines = log.split('\n');
  const titled = lines.flatMap((line): readonly Outcome[] => {
    const [, mark, title = ''] = LINE.exec(line) ?? [];
    return mark === undefined ? [] : [{ titles: [title], verdict: mark === 'ok' ? 'passed' : 'failed' }];
  });
  const [, passed, failed] = COUNT.exec(lines.findLast((line) => COUNT.test(line)) ?? '') ?? [];
  // One that ended without a count broke down.
  const whole: Verdict = failed !== '0' ? 'failed' : passed !== '0' ? 'passed' : 'skipped';
  // What lacks a tool here proves nothing, and has not failed. Of a suite that failed nobody knows what it would have skipped.
  const skips = whole !== 'failed' && lines.some((line) => SKIPPED.test(line));
  return [
    ...titled,
    { titles: [WHOLE], verdict: whole },
    ...(skips ? [{ titles: [ELSE], verdict: 'skipped' as const }] : []),
  ];
}

/** Stands for all that a suite says it does not do here. */
const ELSE = '';

/** Of all that a title stands for: one that failed fails it, one that was skipped leaves a gap. */
function worst(outcomes: readonly Outcome[], title: string): Verdict {
  const pattern = patternOf(title);
  const exact = outcomes.filter(({ titles }) => titles.includes(title));
  const filled = outcomes.filter(({ titles }) => titles.some((one) => one !== WHOLE && pattern.test(one)));
  const meant =
    exact.length > 0
      ? exact
      : filled.length > 0
        ? filled
        : outcomes.filter(({ titles }) => titles.includes(ELSE));
  const has = (verdict: Verdict) => meant.some((one) => one.verdict === verdict);
  if (meant.length === 0) return 'not_run';
  return has('failed') ? 'failed' : has('skipped') ? 'skipped' : 'passed';
}

/** A title as it stands in the source, with what `each` and templates fill in open: `%s`, `$name`, `…`. */
function patternOf(title: string): RegExp {
  const open = title
    .split(/(%[sdifjoOc#]|\$[A-Za-z_][\w.]*|…|%%)/)
    .map((part, index) =>
      index % 2 === 0 ? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : part === '%%' ? '%' : '[\\s\\S]*',
    );
  return new RegExp(`^${open.join('')}$`);
}
