// SPDX-License-Identifier: Apache-2.0
import { findOperator } from './operators.ts';
import { isRecord, type Problems, strings } from './problems.ts';
import { parseTemplate } from './template.ts';
import type { PolicyKind } from './types.ts';
import { checkPrincipals } from './validate-principal.ts';
import { readBool } from './values.ts';

export interface Checking {
  readonly path: string;
  readonly kind: PolicyKind;
  /** Whether the document's version has policy variables. */
  readonly variables: boolean;
  readonly problems: Problems;
}

type Elements = Readonly<Record<string, unknown>>;

const ELEMENTS: ReadonlySet<string> = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

/** IAM itself takes letters and digits only; other services' policies take any text. */
const PLAIN_SID: ReadonlySet<PolicyKind> = new Set(['identity', 'boundary', 'session', 'role-trust']);

export function checkStatement(statement: Elements, checking: Checking): void {
  const { path, kind, problems } = checking;
  for (const element of Object.keys(statement)) {
    if (!ELEMENTS.has(element))
      problems.add(`${path}.${element}`, 'unknown_element', 'no element of a statement');
  }
  const { Sid, Effect } = statement;
  if (
    Sid !== undefined &&
    (typeof Sid !== 'string' || (PLAIN_SID.has(kind) && !/^[0-9A-Za-z]*$/.test(Sid)))
  ) {
    problems.add(`${path}.Sid`, 'invalid_sid', 'not an identifier that this kind of policy takes');
  }
  if (Effect !== 'Allow' && Effect !== 'Deny') {
    problems.add(`${path}.Effect`, 'invalid_effect', 'must be Allow or Deny');
  }
  checkPrincipals(statement, checking);
  checkActions(statement, checking);
  checkResources(statement, checking);
  if (statement.Condition !== undefined) checkConditions(statement.Condition, checking);
}

/** Exactly one of a pair such as Action and NotAction. */
function choose(statement: Elements, name: string, { path, problems }: Checking): string | null {
  const given = [name, `Not${name}`].filter((element) => statement[element] !== undefined);
  if (given.length === 1) return given[0] ?? null;
  const code = given.length === 0 ? `missing_${name.toLowerCase()}` : `ambiguous_${name.toLowerCase()}`;
  problems.add(`${path}.${name}`, code, `a statement has one of ${name} and Not${name}`);
  return null;
}

function checkActions(statement: Elements, checking: Checking): void {
  const element = choose(statement, 'Action', checking);
  if (element === null) return;
  const { path, kind, problems } = checking;
  if (kind === 'rcp' && element === 'NotAction') {
    problems.add(`${path}.NotAction`, 'unsupported_element', 'resource control policies have no NotAction');
  }
  for (const action of list(statement[element], `${path}.${element}`, problems)) {
    // The service may not have wildcards in it.
    if (!/^(\*|\*:\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/.test(action)) {
      problems.add(`${path}.${element}`, 'invalid_action', 'an action is service:Name, or *');
    }
  }
}

function checkResources(statement: Elements, checking: Checking): void {
  const { path, kind, variables, problems } = checking;
  if (kind === 'role-trust') {
    for (const element of ['Resource', 'NotResource']) {
      if (statement[element] === undefined) continue;
      problems.add(`${path}.${element}`, 'unsupported_element', 'a trust policy is about its own role');
    }
    return;
  }
  // Some services' policies (ECR, older SNS) leave out what can only be the resource itself.
  const given = statement.Resource !== undefined || statement.NotResource !== undefined;
  if (kind === 'resource' && !given) return;
  const element = choose(statement, 'Resource', checking);
  if (element === null) return;
  for (const resource of list(statement[element], `${path}.${element}`, problems)) {
    const good = resource === '*' || /^arn:[^:]+:[^:]/.test(resource) || resource === 'arn:*';
    if (!good) problems.add(`${path}.${element}`, 'invalid_resource', 'a resource is an ARN, or *');
    else if (parseTemplate(resource, { variables, wildcards: 'arn' }) === null) {
      problems.add(`${path}.${element}`, 'invalid_variable', 'a policy variable is not closed or empty');
    }
  }
}

function list(value: unknown, path: string, problems: Problems): readonly string[] {
  const values = strings(value);
  if (values === null)
    problems.add(path, 'invalid_value', 'must be a string or a list of strings, not empty');
  return values ?? [];
}

/**
 * KMS Developer Guide, "AWS KMS condition keys": KMS refuses a policy where ForAllValues, which matches requests that
 * have no such key, is put on one of these.
 */
const SINGLE_VALUED = /^(kms:EncryptionContext:|aws:RequestTag\/)/i;

function checkConditions(block: unknown, { path: statement, kind, variables, problems }: Checking): void {
  const path = `${statement}.Condition`;
  if (!isRecord(block)) {
    problems.add(path, 'invalid_condition', 'must be an object');
    return;
  }
  for (const [name, keys] of Object.entries(block)) {
    const operator = findOperator(name);
    if (operator === null) {
      problems.add(`${path}.${name}`, 'unknown_operator', 'no condition operator');
    } else if (!isRecord(keys)) {
      problems.add(`${path}.${name}`, 'invalid_condition', 'must be an object of condition keys');
    } else {
      const read =
        operator.operator === 'null'
          ? (value: string): boolean => readBool(value) !== null
          : (value: string): boolean =>
              operator.operator !== 'null' && operator.operator.prepare(value, variables) !== null;
      checkKeys(keys, `${path}.${name}`, read, problems);
      for (const key of kind === 'kms-key' && operator.quantifier === 'all' ? Object.keys(keys) : []) {
        if (!SINGLE_VALUED.test(key)) continue;
        const message = 'ForAllValues on a single-valued condition key matches requests without it';
        problems.add(`${path}.${name}.${key}`, 'overly_permissive_condition', message);
      }
    }
  }
}

function checkKeys(keys: Elements, path: string, read: (value: string) => boolean, problems: Problems): void {
  for (const [key, value] of Object.entries(keys)) {
    const at = `${path}.${key}`;
    if (!/^[^\s:]+:./.test(key)) problems.add(at, 'invalid_condition_key', 'a condition key is prefix:name');
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const scalars = values.filter((one) => ['string', 'number', 'boolean'].includes(typeof one));
    if (values.length === 0 || scalars.length < values.length) {
      problems.add(at, 'invalid_value', 'must be a value or a list of values, not empty');
    } else if (!scalars.every((one) => read(String(one)))) {
      problems.add(at, 'invalid_value', 'the operator cannot read this value');
    }
  }
}
