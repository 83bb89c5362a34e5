// SPDX-License-Identifier: Apache-2.0
import { DescribeKeyCommand, GetKeyPolicyCommand, GetKeyRotationStatusCommand } from '@aws-sdk/client-kms';
import {
  channelKeyPolicy,
  integrityKeyPolicy,
  legacyKeyPolicy,
  type Measurements,
  requestKeyPolicy,
  type Statement,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import { type Check, failureOutcome, type Outcome, Skip } from '../check.ts';
import { comparePolicies } from '../compare-policy.ts';
import type { KeySubject, Subject } from '../subject.ts';

export const kmsKeys: Check = {
  name: 'kms_keys',
  proves: 'Each KMS key is there, enabled, of the right kind, made by KMS itself, and rotated.',
  mend: 'Deploy again; a key that is disabled or pending deletion makes all that it wraps unreadable: enable it first.',
  run: (subject) => each(subject, lookAtKey),
};

export const keyPolicies: Check = {
  name: 'key_policies',
  proves:
    'Each key’s policy is, statement by statement, the one for this deployment and the measurements of its enclaves.',
  mend: 'Deploy again, which writes the policy; CloudTrail’s PutKeyPolicy says who changed it. Until then treat the key as open to whom an extra statement names.',
  run: (subject) => {
    if (subject.deployment === undefined)
      throw new Skip('without the deployment’s file nobody knows what the policies should say');
    return each(subject, lookAtPolicy);
  },
};

async function each(
  subject: Subject,
  look: (subject: Subject, key: KeySubject) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  if (subject.keys.length === 0) throw new Skip('no role file names the keys');
  return Promise.all(
    subject.keys.map(async (key): Promise<Outcome> => {
      const of = `${key.use} key`;
      try {
        return { ...(await look(subject, key)), of };
      } catch (error) {
        return { of, ...failureOutcome(error) };
      }
    }),
  );
}

async function lookAtKey(subject: Subject, { arn, use }: KeySubject): Promise<Outcome> {
  const kms = subject.clients.kms(subject.callers[0]);
  const [{ KeyMetadata: key }, rotation] = await Promise.all([
    kms.send(new DescribeKeyCommand({ KeyId: arn })),
    // A disabled key has no rotation to tell of; its state is the finding then.
    kms.send(new GetKeyRotationStatusCommand({ KeyId: arn })).catch(() => undefined),
  ]);
  const problems: string[] = [];
  if (key?.KeyState !== 'Enabled') problems.push(`state is ${key?.KeyState ?? 'unknown'}`);
  const signs = use === 'channel-client' || use === 'channel-server';
  const [spec, usage] = signs ? ['ECC_NIST_P384', 'SIGN_VERIFY'] : ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'];
  if (key?.KeySpec !== spec) problems.push(`spec is ${key?.KeySpec ?? 'unknown'}, not ${spec}`);
  if (key?.KeyUsage !== usage) problems.push(`usage is ${key?.KeyUsage ?? 'unknown'}, not ${usage}`);
  if (key?.Origin !== 'AWS_KMS') problems.push(`key material comes from ${key?.Origin ?? 'elsewhere'}`);
  // KMS does not rotate asymmetric keys.
  if (!signs && rotation !== undefined && rotation.KeyRotationEnabled !== true)
    problems.push('rotation is off');
  if (problems.length > 0) return { status: 'fail', seen: problems.join(', ') };
  if (signs) return { status: 'ok', seen: 'enabled, signs on P-384' };
  const days = rotation?.RotationPeriodInDays;
  if (rotation === undefined) return { status: 'warn', seen: 'enabled, symmetric; rotation cannot be read' };
  if (days !== undefined && days > 365)
    return { status: 'warn', seen: `enabled, rotated only every ${days} days` };
  return {
    status: 'ok',
    seen: `enabled, symmetric, rotated${days === undefined ? '' : ` every ${days} days`}`,
  };
}

const REGISTERS = ['pcr0', 'pcr1', 'pcr2', 'pcr3', 'pcr8', 'pcr16'] as const;
type Register = (typeof REGISTERS)[number];

async function lookAtPolicy(subject: Subject, { arn, use }: KeySubject): Promise<Outcome> {
  const { deployment, expected, clients, callers } = subject;
  if (deployment === undefined) throw new Skip('no deployment');
  const { Policy } = await clients
    .kms(callers[0])
    .send(new GetKeyPolicyCommand({ KeyId: arn, PolicyName: 'default' }));
  const found = JSON.parse(Policy ?? 'null') as unknown;
  if (use === 'integrity') return told(comparePolicies(found, integrityKeyPolicy(deployment)), []);
  if (use === 'channel-client' || use === 'channel-server') {
    const side = use === 'channel-client' ? 'client' : 'server';
    return told(comparePolicies(found, channelKeyPolicy(deployment, side)), []);
  }
  const policyFor = { vault: vaultKeyPolicy, request: requestKeyPolicy, legacy: legacyKeyPolicy }[use];
  if (comparePolicies(found, policyFor(deployment, null)).length === 0) {
    return {
      status: 'fail',
      seen: 'admits no program yet: nothing can be decrypted',
      mend: 'Deploy with the measurement manifest of the enclave image.',
    };
  }
  const pinned = pinnedIn(found);
  // What is not known here is taken as the policy has it, and said.
  const unknown = REGISTERS.filter((register) => expected[register] === undefined);
  const missing = unknown.filter((register) => (pinned[register] ?? []).length === 0);
  if (missing.length > 0)
    return {
      status: 'fail',
      seen: `does not pin ${missing.join(', ').toUpperCase()}: a program that differs there can decrypt`,
    };
  const measurements = Object.fromEntries(
    REGISTERS.map((register) => [register, expected[register] ?? pinned[register]]),
  ) as unknown as Measurements;
  return told(comparePolicies(found, policyFor(deployment, measurements)), unknown);
}

function told(differences: readonly string[], unknown: readonly string[]): Outcome {
  if (differences.length > 0) return { status: 'fail', seen: differences.join('; ') };
  if (unknown.length === 0) return { status: 'ok', seen: 'as generated for this deployment' };
  return {
    status: 'warn',
    seen: `as generated, but ${unknown.join(', ').toUpperCase()} could not be compared`,
    mend: 'Give --manifest (PCR0, 1, 2, 8) and the parent’s role file (PCR16).',
  };
}

/** What the policy pins, each register on its own: a Deny of kms:Decrypt unless the register has one of these values. */
function pinnedIn(policy: unknown): Partial<Record<Register, readonly string[]>> {
  const pinned: Partial<Record<Register, readonly string[]>> = {};
  for (const statement of statementsOf(policy)) {
    if (statement.Effect !== 'Deny') continue;
    const values = statement.Condition?.StringNotEqualsIgnoreCase ?? {};
    for (const register of REGISTERS) {
      const found = values[`kms:RecipientAttestation:${register.toUpperCase()}`];
      if (found !== undefined) pinned[register] = typeof found === 'string' ? [found] : found;
    }
  }
  return pinned;
}

/** Somebody's own policy may have anything in it; what is no statement of the form is compared elsewhere. */
function statementsOf(policy: unknown): readonly Partial<Statement>[] {
  if (typeof policy !== 'object' || policy === null || !('Statement' in policy)) return [];
  const { Statement: list } = policy;
  return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : [];
}
