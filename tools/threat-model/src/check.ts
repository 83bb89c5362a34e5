// SPDX-License-Identifier: Apache-2.0
import { type Check, parseCheck } from './checks/check.ts';
import type { Repository } from './checks/repository.ts';
import type { Results, Verdict } from './checks/results.ts';
import type { Problem, ProblemCode } from './problems.ts';
import { answerProblems, CHECK } from './rules/answers.ts';
import { coverageProblems, type Scope } from './rules/coverage.ts';
import { linkProblems } from './rules/links.ts';
import { grammarProblems } from './workspace/grammar.ts';
import { label, MITIGATION, type Mitigation, valuesOf, type Workspace } from './workspace/model.ts';

/** What a threat model is held against. */
export interface Against {
  readonly scope: Scope;
  readonly repository: Pick<Repository, 'missing' | 'conditional'>;
  /** Of the last run; without, it is asked only whether checks exist. */
  readonly results?: Pick<Results, 'of'>;
  /** Heavy suites that were not run are problems too. */
  readonly all: boolean;
}

export interface Outcome {
  readonly problems: readonly Problem[];
  /** Checks that no run proved, and which are no problem: of a heavy suite that was not run, or that lacks a tool here. */
  readonly unproved: readonly string[];
  readonly counts: {
    readonly threats: number;
    readonly mitigations: number;
    readonly proved: number;
    readonly accepted: number;
    readonly checks: number;
  };
}

const CODES: Readonly<Record<Exclude<Verdict, 'passed'>, ProblemCode>> = {
  failed: 'check_failed',
  skipped: 'check_skipped',
  not_run: 'check_not_run',
};
const SAYS: Readonly<Record<Exclude<Verdict, 'passed'>, string>> = {
  failed: 'failed in the last run',
  skipped: 'was skipped in the last run',
  not_run: 'was not in the last run',
};

/** Holds a workspace, whose form is known to be right, against its rules, the repository and the last run. */
export function checkWorkspace(workspace: Workspace, against: Against): Outcome {
  const { mitigations = [], threats = [] } = workspace;
  const judged = new Map(mitigations.map((one) => [one, judge(one, against)]));
  const all = [...judged.values()].flat();
  const resolved = mitigations.filter(({ status }) => status === MITIGATION.resolved);
  const proved = (one: Mitigation): boolean => {
    const findings = judged.get(one) ?? [];
    return findings.length > 0 && findings.every(({ holds }) => holds);
  };
  return {
    problems: [
      ...grammarProblems(workspace),
      ...linkProblems(workspace),
      ...coverageProblems(workspace, against.scope),
      ...answerProblems(workspace, proved),
      ...all.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
    ],
    unproved: all.flatMap(({ unproved }) => (unproved === undefined ? [] : [unproved])),
    counts: {
      threats: threats.length,
      mitigations: mitigations.length,
      proved: resolved.filter(proved).length,
      accepted: mitigations.filter(({ status }) => status === MITIGATION.accepted).length,
      // Several mitigations may name one check.
      checks: new Set(mitigations.flatMap((one) => valuesOf(one, CHECK))).size,
    },
  };
}

interface Finding {
  readonly holds: boolean;
  readonly problem?: Problem;
  readonly unproved?: string;
}

function judge(mitigation: Mitigation, against: Against): readonly Finding[] {
  return valuesOf(mitigation, CHECK).map((text) => {
    const at = `${label('M', mitigation)}: ${text}`;
    const check = parseCheck(text);
    if (check === undefined)
      return wrong('check_malformed', at, 'is none of test:PATH › TITLE, cell:ID, suite:NAME › TITLE');
    const missing = against.repository.missing(check);
    if (missing !== undefined) return wrong('check_missing', at, missing);
    const conditional = against.repository.conditional(check);
    return conditional === undefined ? ran(check, at, against) : wrong('check_conditional', at, conditional);
  });
}

function ran(check: Check, at: string, { results, all }: Against): Finding {
  if (results === undefined) return { holds: true };
  const verdict = results.of(check);
  if (verdict === 'passed') return { holds: true };
  const heavy = check.kind === 'suite';
  if (heavy && verdict === 'skipped') return { holds: false, unproved: `${at}: the suite lacks a tool here` };
  if (heavy && verdict === undefined && !all)
    return { holds: false, unproved: `${at}: the suite was not run` };
  const what = verdict ?? 'not_run';
  return wrong(CODES[what], at, SAYS[what]);
}

const wrong = (code: ProblemCode, at: string, what: string): Finding => ({
  holds: false,
  problem: { code, at, what },
});
