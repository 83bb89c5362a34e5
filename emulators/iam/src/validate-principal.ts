// SPDX-License-Identifier: Apache-2.0
import { isRecord, strings } from './problems.ts';
import type { PolicyKind } from './types.ts';
import type { Checking } from './validate-statement.ts';

const WITHOUT_PRINCIPAL: ReadonlySet<PolicyKind> = new Set(['identity', 'boundary', 'session', 'scp']);

const VALUES: Readonly<Record<string, RegExp>> = {
  // An account, an ARN without wildcards, or the unique id that is left of a deleted user or role.
  AWS: /^(\*|[0-9]{12}|arn:[a-z-]+:iam::[0-9]{12}:(root|(user|role)\/[^*?]+)|arn:[a-z-]+:sts::[0-9]{12}:(assumed-role|federated-user)\/[^*?]+|A[A-Z0-9]{15,})$/,
  Service: /^(\*|[a-z0-9-]+(\.[a-z0-9-]+)+)$/i,
  Federated: /./,
  CanonicalUser: /^[0-9a-f]+$/,
};

/** IAM User Guide, "IAM JSON policy elements: Principal" and "… NotPrincipal". */
export function checkPrincipals(statement: Readonly<Record<string, unknown>>, checking: Checking): void {
  const { path, kind, problems } = checking;
  const given = ['Principal', 'NotPrincipal'].filter((element) => statement[element] !== undefined);
  if (WITHOUT_PRINCIPAL.has(kind)) {
    for (const element of given) {
      problems.add(`${path}.${element}`, 'unsupported_element', 'this kind of policy names no principal');
    }
    return;
  }
  const [element] = given;
  if (element === undefined || given.length > 1) {
    const code = element === undefined ? 'missing_principal' : 'ambiguous_principal';
    problems.add(`${path}.Principal`, code, 'a statement has one of Principal and NotPrincipal');
    return;
  }
  if (kind === 'rcp' && (element === 'NotPrincipal' || statement.Principal !== '*')) {
    problems.add(
      `${path}.${element}`,
      'unsupported_element',
      'Principal of a resource control policy is "*"',
    );
  }
  if (element === 'NotPrincipal' && kind === 'role-trust' && statement.Effect === 'Allow') {
    problems.add(
      `${path}.NotPrincipal`,
      'unsupported_element',
      'a trust policy cannot allow by NotPrincipal',
    );
  }
  checkElement(statement[element], `${path}.${element}`, checking);
}

function checkElement(value: unknown, path: string, { problems }: Checking): void {
  if (value === '*') return;
  if (!isRecord(value) || Object.keys(value).length === 0) {
    problems.add(path, 'invalid_principal', 'must be "*" or an object such as {"AWS": …}');
    return;
  }
  for (const [type, names] of Object.entries(value)) {
    const pattern = Object.hasOwn(VALUES, type) ? VALUES[type] : undefined;
    const values = strings(names);
    if (pattern === undefined) problems.add(`${path}.${type}`, 'invalid_principal', 'no type of principal');
    else if (values === null || !values.every((name) => pattern.test(name))) {
      problems.add(`${path}.${type}`, 'invalid_principal', 'names no principal of this type');
    }
  }
}
