// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { type Check, MATRIX } from './check.ts';

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
const SKIPPED = /^\s*skipped\b/i;

/** Results of one run, from Vitest's report and from the logs of heavy suites. */
export class Results {
  readonly #root: string;
  #tests: Map<string, readonly Outcome[]> | undefined;
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
    const outcomes = check.kind === 'test' ? this.#tests : this.#suites;
    const key = check.kind === 'test' ? check.path : check.name;
    const own = outcomes?.get(key);
    if (own === undefined) return check.kind === 'test' && outcomes !== undefined ? 'not_run' : undefined;
    return worst(own, check.title);
  }

  #addReport(text: string): void {
    const report: unknown = JSON.parse(text);
    if (!isReport(report)) throw new TypeError('no report of Vitest’s JSON reporter');
    this.#began = new Date(report.startTime);
    this.#tests = new Map(
      report.testResults.map(({ name, assertionResults }) => [
        relative(this.#root, name),
        assertionResults.map(({ ancestorTitles, title, status }) => ({
          titles: [...ancestorTitles, title],
          verdict: status === 'passed' || status === 'failed' ? status : 'skipped',
        })),
      ]),
    );
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
  const outcomes = lines.flatMap((line): readonly Outcome[] => {
    const [, mark, title = ''] = LINE.exec(line) ?? [];
    if (mark === undefined) return [];
    return [{ titles: [title], verdict: mark === 'ok' ? 'passed' : 'failed' }];
  });
  // A suite for which the machine lacks a tool proves nothing, and has not failed.
  const skipped = outcomes.length === 0 && lines.some((line) => SKIPPED.test(line));
  return skipped ? [{ titles: [EVERYTHING], verdict: 'skipped' }] : outcomes;
}

const EVERYTHING = '*';

/** Of all that a title stands for: one that failed fails it, one that was skipped leaves a gap. */
function worst(outcomes: readonly Outcome[], title: string): Verdict {
  const pattern = patternOf(title);
  const exact = outcomes.filter(({ titles }) => titles.includes(title) || titles.includes(EVERYTHING));
  const meant =
    exact.length > 0 ? exact : outcomes.filter(({ titles }) => titles.some((one) => pattern.test(one)));
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
