// SPDX-License-Identifier: Apache-2.0
import {
  type Decision,
  evaluateRequest,
  explain,
  type Layer,
  type PolicyDocument,
  type Principal,
} from '@enclave-vault/emulator-iam';
import { aliasArn, type ResolvedKey } from './arns.ts';
import { type Conditions, keyConditions, requestConditions } from './conditions.ts';
import type { PrincipalConfig } from './config.ts';
import { KmsError } from './errors.ts';
import { grantAllows } from './grants.ts';
import type { Call } from './service.ts';

/**
 * Demands that the caller may do the call's operation on a key, by key policy, identity policies, boundary and
 * endpoint policy together, or by a grant.
 * @param conditions of this operation, beside those every request and the key have
 * @throws {KmsError} AccessDeniedException, whose explanation names statement and failed condition
 */
export function authorizeKey(call: Call, resolved: ResolvedKey, conditions: Conditions = {}): void {
  call.resources.add(resolved.arn);
  const all = {
    ...conditions,
    ...keyConditions(call.service.store.current, resolved.key, resolved.requestAlias),
  };
  const decision = decide(call, call.operation, resolved.arn, all, resolved.key.policy);
  if (grantAllows(resolved.key, call.operation, call.principal.arn, decision, all)) return;
  demand(decision);
}

/** Demands it on an alias, which has no policy of its own. @throws {KmsError} AccessDeniedException */
export function authorizeAlias(call: Call, name: string): void {
  demand(decide(call, call.operation, aliasArn(call.service, name), {}, undefined));
}

/** Demands it for an operation that is on no key: identity policies alone decide. @throws {KmsError} AccessDeniedException */
export function authorizeAccount(call: Call, conditions: Conditions = {}): void {
  demand(decide(call, call.operation, '*', conditions, undefined));
}

/** Whether the caller could put a key policy again if this one were in force: AWS's lockout safety check. */
export function mayPutKeyPolicy(
  call: Call,
  arn: string,
  policy: PolicyDocument,
  conditions: Conditions,
): boolean {
  const all = { ...conditions, 'kms:BypassPolicyLockoutSafetyCheck': 'false' };
  return decide(call, 'PutKeyPolicy', arn, all, policy).allowed;
}

function decide(
  call: Call,
  operation: string,
  resource: string,
  conditions: Conditions,
  keyPolicy: PolicyDocument | undefined,
): Decision {
  const { principal, network, service } = call;
  return evaluateRequest(
    {
      principal: toPrincipal(principal),
      action: `kms:${operation}`,
      resource,
      resourceAccount: service.config.account,
      context: { ...requestConditions(call), ...conditions },
    },
    {
      identity: principal.identityPolicies,
      boundary: principal.boundary,
      resource: keyPolicy,
      endpoint: network?.endpointPolicy,
      // Without a key there is no policy that could delegate to the account.
      resourceMode: keyPolicy === undefined ? 'additive' : 'required',
    },
  );
}

function toPrincipal({ arn, tags }: PrincipalConfig): Principal {
  const [, , , , account, name = ''] = arn.split(':');
  const kind = name.slice(0, name.indexOf('/') < 0 ? undefined : name.indexOf('/'));
  const type = kind === 'role' || kind === 'assumed-role' || kind === 'user' ? kind : 'root';
  return { arn, type, account, tags };
}

function demand(decision: Decision): void {
  if (decision.allowed) return;
  const { principal, action, resource } = decision.request;
  const because =
    decision.kind === 'explicit_deny'
      ? `with an explicit deny in ${POLICY_NAMES[decision.decidedBy?.layer ?? 'identity']}`
      : `because no ${POLICY_NAMES[decision.missing ?? 'identity'].replace(/^an? /, '')} allows the ${action} action`;
  throw new KmsError(
    'AccessDeniedException',
    `User: ${principal} is not authorized to perform: ${action} on resource: ${resource} ${because}`,
    explanation(decision),
  );
}

/** AWS's words for the kinds of policy. */
const POLICY_NAMES: Readonly<Record<Layer, string>> = {
  identity: 'an identity-based policy',
  resource: 'a resource-based policy',
  endpoint: 'a VPC endpoint policy',
  boundary: 'a permissions boundary',
  session: 'a session policy',
  scp: 'a service control policy',
  rcp: 'a resource control policy',
};

/**
 * What the log says of a refusal. For Denies: every one that applied, with its conditions. For a missing Allow: the
 * conditions that kept Allows of this operation from applying. `registers` are the PCRs among them.
 */
function explanation(decision: Decision): Record<string, unknown> {
  const { kind, decidedBy, missing, trace } = decision;
  const denied = decidedBy !== undefined;
  const statements = trace.filter(({ effect, matched, failed }) =>
    denied ? effect === 'Deny' && matched : effect === 'Allow' && failed === 'condition',
  );
  const conditions = statements.flatMap((statement) =>
    statement.conditions
      // A Deny applied because its conditions matched; an Allow did not because one failed.
      .filter(({ matched }) => matched === denied)
      .map(({ operator, key, expected, actual }) => ({
        statement: statement.sid ?? statement.index,
        operator,
        key,
        expected,
        actual,
      })),
  );
  const registers = conditions.flatMap(({ key }) => {
    const match = /^kms:RecipientAttestation:PCR([0-9]+)$/i.exec(key);
    return match === null ? [] : [`PCR${match[1]}`];
  });
  return {
    decision: kind,
    layer: decidedBy?.layer ?? missing,
    statement: decidedBy?.sid ?? decidedBy?.index,
    registers: registers.length > 0 ? [...new Set(registers)] : undefined,
    conditions,
    explanation: explain(decision),
  };
}
