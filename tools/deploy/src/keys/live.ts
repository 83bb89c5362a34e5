// SPDX-License-Identifier: Apache-2.0
import type { Measurements } from '@enclave-vault/policies';
import { DeployError } from '../errors.ts';
import { sameMeasurements } from './measurements.ts';

const REGISTERS = [
  [0, 'pcr0'],
  [1, 'pcr1'],
  [2, 'pcr2'],
  [3, 'pcr3'],
  [8, 'pcr8'],
  [16, 'pcr16'],
] as const satisfies readonly (readonly [number, keyof Measurements])[];

/** Sid of the statement of a key that is shut (policies/src/key-common.ts). */
const SHUT = 'DenyDecryptBeforeMeasurements';

/**
 * What the keys of a deployed stack admit, read from the template that CloudFormation applied to it: never from memory, nor
 * from what this release would write. All its keys that ask for an attestation must say the same.
 * @param template as GetTemplate gives it
 * @throws {DeployError} `live_set_unclear`
 */
export function liveMeasurements(template: string): Measurements | null {
  const found = keyPolicies(template).flatMap((statements) => {
    const decrypts = statements.some(({ Sid }) => Sid === SHUT || attested(Sid));
    return decrypts ? [readPolicy(statements)] : [];
  });
  const [first, ...others] = found;
  if (first === undefined) throw unclear('no key asks for an attestation');
  if (!others.every((other) => sameMeasurements(first, other))) throw unclear('its keys differ');
  return first;
}

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Condition: unknown;
}

function attested(sid: string): boolean {
  return /^DenyWithoutPCR\d+$/.test(sid);
}

function readPolicy(statements: readonly Statement[]): Measurements | null {
  if (statements.some(({ Sid, Effect }) => Sid === SHUT && Effect === 'Deny')) return null;
  const values = Object.fromEntries(
    REGISTERS.map(([register, member]) => {
      const denies = statements.filter(({ Sid }) => Sid === `DenyWithoutPCR${register}`);
      const [deny] = denies;
      if (deny === undefined || denies.length > 1 || deny.Effect !== 'Deny') {
        throw unclear(`a key does not ask for PCR${register} once`);
      }
      return [member, admitted(deny.Condition, register)];
    }),
  );
  return values as Record<keyof Measurements, readonly string[]>;
}

function admitted(condition: unknown, register: number): readonly string[] {
  const operators = isObject(condition) ? condition : {};
  const { StringNotEqualsIgnoreCase: block } = operators;
  const key = `kms:RecipientAttestation:PCR${register}`;
  const values = isObject(block) ? block[key] : undefined;
  const exact = Object.keys(operators).length === 1 && isObject(block) && Object.keys(block).join() === key;
  if (!exact || !Array.isArray(values) || values.length === 0 || !values.every(isDigest)) {
    throw unclear(`a key's condition on PCR${register} is not one of this program`);
  }
  return values.map((value) => value.toLowerCase());
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-fA-F]{96}$/.test(value);
}

function keyPolicies(template: string): readonly (readonly Statement[])[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(template);
  } catch {
    throw unclear('its template is not JSON');
  }
  const resources = isObject(parsed) && isObject(parsed.Resources) ? Object.values(parsed.Resources) : [];
  return resources.flatMap((resource) => {
    if (!isObject(resource) || !/^AWS::KMS::(Replica)?Key$/.test(String(resource.Type))) return [];
    const policy = isObject(resource.Properties) ? resource.Properties.KeyPolicy : undefined;
    const statements = isObject(policy) && Array.isArray(policy.Statement) ? policy.Statement : [];
    return [
      statements
        .filter(isObject)
        .map(({ Sid, Effect, Condition }) => ({ Sid: String(Sid), Effect: String(Effect), Condition })),
    ];
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unclear(why: string): DeployError {
  return new DeployError('live_set_unclear', `what the deployed keys admit cannot be told: ${why}`);
}
