// SPDX-License-Identifier: Apache-2.0
import type { PolicyDocument, Statement } from '../src/index.ts';
import type { Cell } from './cells.ts';
import { expected, judge, keyed, MODES } from './judge.ts';

export interface Mutant {
  readonly what: string;
  readonly policy: PolicyDocument;
}

/** A policy with one thing less: a statement, a condition key, one of several actions or one of several values. */
export function mutants(policy: PolicyDocument): Mutant[] {
  return policy.Statement.flatMap((statement, index) => {
    const rest = (...changed: readonly Statement[]): PolicyDocument => ({
      ...policy,
      Statement: policy.Statement.toSpliced(index, 1, ...changed),
    });
    const lesser = [...withoutAction(statement), ...withoutCondition(statement)];
    return [
      { what: `${statement.Sid}: removed`, policy: rest() },
      ...lesser.map(([what, changed]) => ({ what: `${statement.Sid}: ${what}`, policy: rest(changed) })),
    ];
  });
}

/** Whether any request of the matrix gets another answer, allowed or not, under any mode. */
export function noticed(policy: PolicyDocument, key: string, cells: readonly Cell[]): boolean {
  const documents = keyed(policy);
  return MODES.some((mode) =>
    cells.some(
      (cell) => (judge(cell, key, documents, mode) === 'allow') !== (expected(cell, mode) === 'allow'),
    ),
  );
}

type Change = readonly [what: string, statement: Statement];

function withoutAction(statement: Statement): Change[] {
  const { Action } = statement;
  if (Action === undefined || typeof Action === 'string' || Action.length < 2) return [];
  return Action.map((action) => [
    `without action ${action}`,
    { ...statement, Action: Action.filter((other) => other !== action) },
  ]);
}

function withoutCondition(statement: Statement): Change[] {
  const { Condition, ...bare } = statement;
  return Object.entries(Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).flatMap(([key, values]): Change[] => {
      const set = (value: readonly string[] | null): Statement => {
        const { [key]: _, ...others } = keys;
        const block = value === null ? others : { ...others, [key]: value };
        const { [operator]: __, ...operators } = Condition ?? {};
        const all = Object.keys(block).length === 0 ? operators : { ...operators, [operator]: block };
        return Object.keys(all).length === 0 ? bare : { ...bare, Condition: all };
      };
      const list = typeof values === 'string' ? [values] : values;
      const fewer = list.length < 2 ? [] : list;
      return [
        [`without ${operator} ${key}`, set(null)],
        ...fewer.map(
          (value): Change => [
            `without ${value.slice(0, 80)} of ${operator} ${key}`,
            set(list.filter((other) => other !== value)),
          ],
        ),
      ];
    }),
  );
}
