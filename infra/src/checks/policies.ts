// SPDX-License-Identifier: Apache-2.0
import { type Check, isObject, type Json, many, type Placed, walk } from './check.ts';
import { documentsOf, statementsOf } from './documents.ts';

const grants: Check = {
  id: 'policy-grant',
  refuses:
    'Allows of `*` or of all actions of a service; with `NotAction`, `NotResource` or `NotPrincipal`; for everybody without a condition. `NotPrincipal` also in a Deny.',
  because:
    'An action that AWS adds tomorrow would be allowed unseen. A Deny with NotPrincipal hits the sessions of those it leaves out (IAM User Guide, "NotPrincipal").',
  *find(subject) {
    for (const { resource, statement, where } of statementsOf(subject)) {
      const refused = (reason: string) => ({ resource: resource.id, reason: `${where}: ${reason}` });
      if ('NotPrincipal' in statement) yield refused('NotPrincipal');
      if (statement.Effect === 'Deny') continue;
      if (statement.Effect !== 'Allow') yield refused(`Effect ${JSON.stringify(statement.Effect)}`);
      for (const member of ['NotAction', 'NotResource']) {
        if (member in statement) yield refused(`allows by ${member}`);
      }
      for (const action of many(statement.Action)) {
        if (typeof action !== 'string' || /^(\*|[^:]*:\*+)$/.test(action)) {
          yield refused(`allows ${JSON.stringify(action)}`);
        }
      }
      if (
        isEverybody(statement.Principal) &&
        statement.Condition === undefined &&
        !isWayTo(resource, statement)
      ) {
        yield refused('allows everybody, and has no condition');
      }
    }
  },
};

const form: Check = {
  id: 'policy-form',
  refuses:
    'Policy documents of another version than 2012-10-17; statements without a `Sid`, or with one that another has; values that are neither text nor a reference.',
  because:
    'Older documents have no variables and other meanings. Alarms, proofs and people name statements by Sid.',
  *find(subject) {
    for (const { resource, path, document } of documentsOf(subject)) {
      const refused = (reason: string) => ({ resource: resource.id, reason: `${path}: ${reason}` });
      if (document.Version !== '2012-10-17') yield refused(`Version ${JSON.stringify(document.Version)}`);
      const sids = new Set<unknown>();
      for (const statement of many(document.Statement)) {
        const sid = isObject(statement) ? statement.Sid : undefined;
        if (typeof sid !== 'string' || sid === '') yield refused('a statement without Sid');
        else if (sids.has(sid)) yield refused(`two statements ${sid}`);
        sids.add(sid);
      }
      for (const [where, value] of walk(document)) {
        // IAM takes numbers and booleans as text; an evaluator and a reader should not have to know.
        if (!['string', 'object'].includes(typeof value) || value === null) {
          yield refused(`${where.join('.')} is ${String(value)}`);
        }
      }
    }
  },
};

/**
 * An endpoint's policy for named resources: it grants nothing, and says only what may be reached through the endpoint.
 * Public packages are fetched without credentials, so of their readers nothing can be demanded.
 */
function isWayTo({ type }: Placed, statement: Json): boolean {
  return type === 'AWS::EC2::VPCEndpoint' && many(statement.Resource).every((one) => one !== '*');
}

function isEverybody(principal: unknown): boolean {
  if (principal === '*') return true;
  return isObject(principal) && Object.values(principal).some((value) => many(value).includes('*'));
}

export const POLICY_CHECKS: readonly Check[] = [grants, form];
