// SPDX-License-Identifier: Apache-2.0
import { evaluateRequest } from '../../emulators/iam/src/index.ts';
import type { PolicyDocument, Statement } from '../src/index.ts';
import type { Cell } from './cells.ts';
import { ACCOUNT, ALLOW_ALL, CALLERS, GIVEN, PLACES } from './support.ts';

/**
 * `given`: the callers have what a deployment gives them. `identity`: an identity policy allows them everything and
 * nothing bounds them. `statement`: beside that somebody slipped an Allow of everything to everybody into the key policy.
 */
export const MODES = ['given', 'identity', 'statement'] as const;
export type Mode = (typeof MODES)[number];

const HOSTILE: Statement = { Sid: 'Hostile', Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' };

/** A key policy under each mode; made once, so that it is compiled once. */
export type Keyed = Readonly<Record<Mode, PolicyDocument>>;
export function keyed(policy: PolicyDocument): Keyed {
  const hostile = { ...policy, Statement: [HOSTILE, ...policy.Statement] };
  return { given: policy, identity: policy, statement: hostile };
}

/** What the evaluator answers, in the words of {@link Cell.answer}. */
export function judge(cell: Cell, key: string, policy: Keyed, mode: Mode): string {
  const { who, place, action, context } = cell;
  const decision = evaluateRequest(
    {
      principal: CALLERS[who],
      action,
      resource: key,
      resourceAccount: ACCOUNT,
      context: { ...PLACES[place], ...context },
    },
    { ...(mode === 'given' ? GIVEN[who] : { identity: [ALLOW_ALL] }), resource: policy[mode] },
  );
  if (decision.allowed) return 'allow';
  return decision.decidedBy?.sid ?? decision.missing ?? 'nothing';
}

/** A Deny holds against everything; a missing Allow holds until somebody gives it. */
export function expected({ answer }: Cell, mode: Mode): string {
  if (mode === 'identity') return answer === 'identity' ? 'allow' : answer;
  if (mode === 'statement') return answer === 'identity' || answer === 'resource' ? 'allow' : answer;
  return answer;
}
