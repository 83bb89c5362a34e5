// SPDX-License-Identifier: Apache-2.0
import { findOperator } from './operators.ts';
import type { ConditionTrace, Decision, Layer, StatementTrace } from './types.ts';

/** How many statements that almost allowed a request are told. */
const NEAR_MISSES = 3;

/**
 * The decision in a few lines for a person: what was asked, which statement decided and why, or which kind of policy
 * lacks an Allow and what the statements that came close wanted.
 */
export function explain(decision: Decision): string {
  const { principal, action, resource } = decision.request;
  const lines = [`${decision.allowed ? 'Allowed' : 'Denied'}: ${action} on ${resource} by ${principal}`];
  const { decidedBy } = decision;
  if (decidedBy !== undefined) {
    const effect = decision.allowed ? 'Allow' : 'Deny';
    const statement = `${effect} by ${decidedBy.policy} statement ${decidedBy.sid ?? `#${decidedBy.index}`}`;
    const entry = decision.trace.find(
      ({ layer, policy, index }) =>
        layer === decidedBy.layer && policy === decidedBy.policy && index === decidedBy.index,
    );
    const reasons = decision.allowed ? [] : (entry?.conditions ?? []).map(whyItMatched);
    lines.push(reasons.length === 0 ? statement : `${statement}: ${reasons.join(' and ')}`);
    return lines.join('\n');
  }
  if (decision.allowed) lines.push('Allowed to the root user of the account');
  else if (decision.missing !== undefined) lines.push(`No Allow in ${LAYERS[decision.missing]}`);
  const near = decision.trace.filter((entry) => cameClose(entry, decision.missing));
  for (const entry of near.slice(0, NEAR_MISSES)) {
    const failed = entry.conditions.at(-1);
    const reason = failed === undefined ? 'it names other principals' : whyItFailed(failed);
    lines.push(`- ${entry.policy} statement ${entry.sid ?? `#${entry.index}`} would allow it, but ${reason}`);
  }
  return lines.join('\n');
}

const LAYERS: Readonly<Record<Layer, string>> = {
  rcp: 'the resource control policies of every level',
  scp: 'the service control policies of every level',
  endpoint: 'the endpoint policy',
  resource: 'the resource policy',
  identity: 'the identity policies',
  boundary: 'the permissions boundary',
  session: 'the session policy',
};

function cameClose(entry: StatementTrace, missing: Layer | undefined): boolean {
  const asked = entry.layer === missing || (missing === 'identity' && entry.layer === 'resource');
  return asked && entry.effect === 'Allow' && (entry.failed === 'condition' || entry.failed === 'principal');
}

/** Why a condition of a Deny holds: with a negated operator the policy's values are the ones that would be allowed. */
function whyItMatched({ operator, key, expected, actual }: ConditionTrace): string {
  const has = `${key} is ${show(actual)}`;
  const name = findOperator(operator);
  if (name === null || name.operator === 'null') return has;
  return name.operator.negated ? `${has}, allowed ${show(expected)}` : `${has}, denied ${show(expected)}`;
}

function whyItFailed({ operator, key, expected, actual }: ConditionTrace): string {
  return `${key} is ${show(actual)} and ${operator} wants ${show(expected)}`;
}

function show(values: readonly string[] | null): string {
  if (values === null || values.length === 0) return 'absent';
  return values.join(' or ');
}
