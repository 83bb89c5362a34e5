// SPDX-License-Identifier: Apache-2.0
import type { CompiledPolicy, CompiledStatement, PatternList } from './compile.ts';
import { traceCondition } from './condition.ts';
import type { RequestContext } from './context.ts';
import type { Caller, Grade } from './principal.ts';
import { GRADES } from './principal.ts';
import { expand, matchTemplate } from './template.ts';
import type { ConditionTrace, Layer, StatementTrace } from './types.ts';

/** A request as statements are held against it. */
export interface Question {
  readonly caller: Caller;
  readonly action: string;
  readonly resource: string;
  readonly context: RequestContext;
}

/** What one policy, or several of one layer together, say. */
export interface Finding {
  readonly deny: StatementTrace | null;
  readonly allow: StatementTrace | null;
  /** How the strongest Allow names the caller. */
  readonly grade: Grade | null;
}

export const NOTHING: Finding = { deny: null, allow: null, grade: null };

const NONE: readonly ConditionTrace[] = [];

/** Holds every statement of a policy against the request, and adds what it finds to the trace. */
export function matchPolicy(
  policy: CompiledPolicy,
  layer: Layer,
  name: string,
  question: Question,
  trace: StatementTrace[],
): Finding {
  let { deny, allow, grade }: Finding = NOTHING;
  policy.statements.forEach((statement, index) => {
    const found = matchStatement(statement, question);
    const entry: StatementTrace = {
      layer,
      policy: name,
      sid: statement.sid,
      index,
      effect: statement.effect,
      matched: found.failed === null,
      failed: found.failed,
      conditions: found.conditions,
    };
    trace.push(entry);
    if (found.failed !== null) return;
    if (statement.effect === 'Deny') deny ??= entry;
    else if (allow === null || stronger(found.grade, grade)) {
      allow = entry;
      grade = found.grade;
    }
  });
  return { deny, allow, grade };
}

/** Several policies of one layer: any of them may allow, any of them denies. */
export function combine(first: Finding, second: Finding): Finding {
  const { allow, grade } = first.allow === null ? second : first;
  return { deny: first.deny ?? second.deny, allow, grade };
}

function stronger(grade: Grade | null, other: Grade | null): boolean {
  const rank = (value: Grade | null): number => (value === null ? -1 : GRADES.indexOf(value));
  return rank(grade) > rank(other);
}

interface Matched {
  readonly failed: StatementTrace['failed'];
  readonly grade: Grade | null;
  readonly conditions: readonly ConditionTrace[];
}

function matchStatement(statement: CompiledStatement, question: Question): Matched {
  const { caller, action, resource, context } = question;
  if (!listed(statement.action, action, context)) return failure('action');
  if (!onResource(statement, resource, context)) return failure('resource');
  let grade: Grade | null = null;
  if (statement.principal !== null) {
    grade = statement.principal(caller);
    if (grade === null) return failure('principal');
  }
  if (statement.conditions.length === 0) return { failed: null, grade, conditions: NONE };
  const conditions: ConditionTrace[] = [];
  for (const condition of statement.conditions) {
    const result = traceCondition(condition, context);
    conditions.push(result);
    if (!result.matched) return { failed: 'condition', grade: null, conditions };
  }
  return { failed: null, grade, conditions };
}

function failure(failed: 'action' | 'resource' | 'principal'): Matched {
  return { failed, grade: null, conditions: NONE };
}

/** A NotResource that cannot be resolved leaves nothing out; an Allow must not profit from that. */
function onResource(statement: CompiledStatement, resource: string, context: RequestContext): boolean {
  const { resource: list, effect } = statement;
  if (list === null) return true;
  if (list.not && effect === 'Allow' && list.patterns.some((pattern) => expand(pattern, context) === null)) {
    return false;
  }
  return listed(list, resource, context);
}

function listed({ not, patterns }: PatternList, text: string, context: RequestContext): boolean {
  return patterns.some((pattern) => matchTemplate(pattern, text, context)) !== not;
}
