// SPDX-License-Identifier: Apache-2.0
import type { PolicyDocument, PolicyKind, Statement } from '@enclave-vault/emulator-iam';
import type { PolicyDocument as OwnPolicy } from '@enclave-vault/policies';
import { mutants } from '../../../policies/test/mutants.ts';
import type { Account } from './account.ts';
import { answerOf, type Question } from './judge.ts';
import type { Cell } from './table.ts';

/** A policy with one thing less, or one Deny that allows. */
export interface Mutant {
  /** Id of the policy, Sid of the statement and what happened to it. */
  readonly what: string;
  readonly policy: string;
  readonly index: number;
  readonly kind: PolicyKind;
  readonly document: PolicyDocument;
  /** The changed statement by itself; null where it is gone. `turned`: it allows what it denied. */
  readonly alone: { readonly document: PolicyDocument; readonly turned: boolean } | null;
}

/** `alive`: no answer of the matrix changes. `told`: another statement refuses. `open`: something is allowed that was not, or the reverse. */
export type Fate = 'alive' | 'told' | 'open';

/** Every mutant of every policy of the account. */
export function mutantsOf(account: Account): Mutant[] {
  return [...account.policies.values()].flatMap(({ id, kind, document }) => {
    const sids = statementsOf(document).map(({ Sid }) => Sid);
    if (new Set(sids).size !== sids.length) throw new TypeError(`${id} has two statements of one name`);
    // The same document: those of the templates always have Sids.
    const fewer = mutants(document as unknown as OwnPolicy).map(({ what, policy }) => ({
      what,
      document: policy as unknown as PolicyDocument,
    }));
    return [...fewer, ...otherMutants(document)].map(({ what, document: mutated }) => {
      const index = sids.indexOf(what.slice(0, what.indexOf(':')));
      const left = statementsOf(mutated);
      const statement = left.length < sids.length ? undefined : left[index];
      const turned = statement?.Effect !== statementsOf(document)[index]?.Effect;
      return {
        what: `${id} ${what}`,
        policy: id,
        kind,
        index,
        document: left.length === 0 ? hollow(kind) : mutated,
        alone: statement === undefined ? null : { document: { ...mutated, Statement: [statement] }, turned },
      };
    });
  });
}

function statementsOf({ Statement }: PolicyDocument): readonly Statement[] {
  return Array.isArray(Statement) ? Statement : [Statement as Statement];
}

/** What the mutants of the policies' own tests leave out: resources, NotAction, and a Deny that allows. */
function otherMutants(document: PolicyDocument): { what: string; document: PolicyDocument }[] {
  return statementsOf(document).flatMap((statement, index) => {
    const made = (what: string, changed: Statement) => ({
      what: `${statement.Sid}: ${what}`,
      document: { ...document, Statement: statementsOf(document).with(index, changed) },
    });
    const fewer = (element: 'Resource' | 'NotAction') => {
      const values = statement[element];
      if (values === undefined || typeof values === 'string' || values.length < 2) return [];
      return values.map((value) =>
        made(`without ${element} ${value}`, {
          ...statement,
          [element]: values.filter((one) => one !== value),
        }),
      );
    };
    return [
      ...fewer('Resource'),
      ...fewer('NotAction'),
      ...(statement.Effect === 'Deny' ? [made('allows', { ...statement, Effect: 'Allow' })] : []),
    ];
  });
}

/** AWS stores no policy without a statement; one that says nothing stands for it. */
function hollow(kind: PolicyKind): PolicyDocument {
  const bare = { Sid: 'Nothing', Effect: 'Allow', Action: 'sts:GetCallerIdentity' } as const;
  const principal = kind === 'identity' || kind === 'boundary' ? {} : { Principal: { AWS: '000000000000' } };
  const resource = kind === 'role-trust' ? {} : { Resource: '*' };
  const action = kind === 'role-trust' ? { Action: 'sts:TagSession' } : {};
  return { Version: '2012-10-17', Statement: [{ ...bare, ...principal, ...resource, ...action }] };
}

interface Reached {
  readonly question: Question;
  /** Whether the statement applied before. */
  readonly matched: boolean;
}

/** Questions that a change of a statement can reach: by policy, then by the statement's index. */
export type Reach = ReadonlyMap<string, ReadonlyMap<number, readonly Reached[]>>;

/**
 * Taking something from a statement changes an answer only where it applied, or where all but its conditions did.
 * One evaluation of everything finds these, so that a mutant is held against a few requests and not against all.
 */
export function reachOf(questions: readonly Question[], account: Account): Reach {
  const reach = new Map<string, Map<number, Reached[]>>();
  const negated = new Set(
    [...account.policies.values()].flatMap(({ id, document }) =>
      statementsOf(document).flatMap(({ NotAction }, index) =>
        NotAction === undefined ? [] : [`${id} ${index}`],
      ),
    ),
  );
  for (const question of questions) {
    for (const { policy, index, matched, failed } of question.decide().trace) {
      const byConditions =
        failed === 'condition' || (failed === 'action' && negated.has(`${policy} ${index}`));
      if (!matched && !byConditions) continue;
      const statements = reach.get(policy) ?? new Map<number, Reached[]>();
      reach.set(policy, statements);
      const reached = statements.get(index) ?? [];
      statements.set(index, reached);
      reached.push({ question, matched });
    }
  }
  return reach;
}

/** What becomes of a mutant: the first request that is allowed or refused otherwise ends the search. */
export function fateOf({ policy, kind, index, document, alone }: Mutant, reach: Reach): Fate {
  let fate: Fate = 'alive';
  // The request is the same in both modes.
  const met = new Map<Cell, boolean>();
  for (const { question, matched } of reach.get(policy)?.get(index) ?? []) {
    // A statement that applies to a request as it did before changes no answer, unless it says the opposite.
    const meets = met.get(question.cell) ?? (alone !== null && question.meets(alone.document, kind));
    met.set(question.cell, meets);
    if (meets === matched && alone?.turned !== true) continue;
    const answer = answerOf(question.decide({ id: policy, document }));
    if (answer === question.expected) continue;
    if ((answer === 'allow') !== (question.expected === 'allow')) return 'open';
    fate = 'told';
  }
  return fate;
}
