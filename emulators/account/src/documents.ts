// SPDX-License-Identifier: Apache-2.0
import { type PolicyDocument, type PolicyKind, validatePolicy } from '@enclave-vault/emulator-iam';
import { AwsError } from './errors.ts';
import { isObject, type Json } from './json.ts';
import type { World } from './world.ts';

/*
 * Policies with principals. AWS resolves the name of a role or user when a policy is stored, refuses names of nobody, and
 * keeps the unique id: a role deleted and made anew has another, and the policy stops matching it (IAM User Guide, "AWS
 * JSON policy elements: Principal", Role principals; KMS Developer Guide, "Creating a key policy").
 */

/** How a service words its refusal of a policy. */
export interface Wording {
  readonly code: string;
  /** For a principal that is not there. */
  readonly principal: (name: string) => string;
}

const UNIQUE_ID = /^A(ROA|IDA)[A-Z0-9]{12,}$/;

/**
 * Checks a policy's grammar and principals, and gives it as it is stored.
 * @throws {AwsError} with the service's code
 */
export function storePolicy(
  world: World,
  value: Json | undefined,
  kind: PolicyKind,
  wording: Wording,
): PolicyDocument {
  const document = documentOf(value, wording.code);
  const [problem] = validatePolicy(document, kind);
  if (problem !== undefined) {
    throw new AwsError(wording.code, `${problem.path === '' ? 'Policy' : problem.path}: ${problem.message}`);
  }
  return mapPrincipals(document, (name) => {
    const id = uniqueIdOf(world, name);
    if (id === null) throw new AwsError(wording.code, wording.principal(name));
    return id;
  });
}

/** A document given as text or as an object. @throws {AwsError} `code` for anything else */
export function documentOf(value: Json | undefined, code = 'MalformedPolicyDocument'): PolicyDocument {
  let parsed: unknown = value;
  if (typeof value === 'string') {
    try {
      parsed = JSON.parse(value);
    } catch {
      throw new AwsError(code, 'Policy is not valid JSON.');
    }
  }
  if (!isObject(parsed)) throw new AwsError(code, 'Policy is not an object.');
  // Its grammar is looked at by whoever stores or evaluates it.
  return parsed as unknown as PolicyDocument;
}

/** A stored policy with the names of those principals that are still there: as evaluation sees it. */
export function presentPolicy(world: World, document: PolicyDocument): PolicyDocument {
  const known = present.get(document);
  if (known !== undefined && known.world === world && known.generation === world.identities) {
    return known.document;
  }
  const named = mapPrincipals(document, (name) =>
    UNIQUE_ID.test(name)
      ? ([...world.all('AWS::IAM::Role'), ...world.all('AWS::IAM::User')].find(
          ({ uniqueId }) => uniqueId === name,
        )?.arn ?? name)
      : name,
  );
  present.set(document, { world, generation: world.identities, document: named });
  return named;
}

const present = new WeakMap<
  PolicyDocument,
  { readonly world: World; readonly generation: number; readonly document: PolicyDocument }
>();

/** The unique id of a role or user of the account, the name itself of what has none, null of what is not there. */
function uniqueIdOf(world: World, name: string): string | null {
  const own = `arn:${world.partition}:iam::${world.account}:`;
  const session = `arn:${world.partition}:sts::${world.account}:assumed-role/`;
  if (name.startsWith(session)) {
    const [role] = name.slice(session.length).split('/');
    return world.find('AWS::IAM::Role', 'global', role ?? '') === undefined ? null : name;
  }
  if (!name.startsWith(own) || name === `${own}root`) return name;
  const found = world.byArn(name);
  return found?.uniqueId ?? null;
}

function mapPrincipals(document: PolicyDocument, map: (name: string) => string): PolicyDocument {
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  return {
    ...document,
    Statement: statements.map((statement) => ({
      ...statement,
      ...mapElement('Principal', statement.Principal, map),
      ...mapElement('NotPrincipal', statement.NotPrincipal, map),
    })),
  };
}

function mapElement(element: string, value: unknown, map: (name: string) => string): object {
  if (!isObject(value) || value.AWS === undefined) return {};
  const names = typeof value.AWS === 'string' ? [value.AWS] : (value.AWS as readonly string[]);
  const mapped = names.map((name) => map(name));
  return { [element]: { ...value, AWS: mapped.length === 1 ? mapped[0] : mapped } };
}
