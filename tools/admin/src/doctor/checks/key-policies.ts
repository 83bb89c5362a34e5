// SPDX-License-Identifier: Apache-2.0
import { GetKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  channelKeyPolicy,
  type Deployment,
  integrityKeyPolicy,
  legacyKeyPolicy,
  legacyKeyStatement,
  type Measurements,
  requestKeyPolicy,
  type Statement,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import { type Check, type Outcome, Skip } from '../check.ts';
import { comparePolicies } from '../compare-policy.ts';
import type { Expected, KeySubject, Subject } from '../subject.ts';
import { eachKey } from './keys.ts';

export const keyPolicies: Check = {
  name: 'key_policies',
  proves:
    'Each key’s policy is, statement by statement, the one for this deployment and the measurements of its enclaves.',
  mend: 'Deploy again, which writes the policy; CloudTrail’s PutKeyPolicy says who changed it. Until then treat the key as open to whom an extra statement names.',
  mendLocal:
    'Start the vault again, which writes the policy; PutKeyPolicy in kms-events.log says who changed it, unless he wrote kms.json itself. Until then treat the key as open to whom an extra statement names.',
  run: (subject) => {
    if (subject.deployment === undefined)
      throw new Skip('without the deployment’s file nobody knows what the policies should say');
    return eachKey(subject, lookAtPolicy);
  },
};

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
      mend: subject.production
        ? 'Deploy with the measurement manifest of the enclave image.'
        : 'Start the vault again, which writes the policy.',
    };
  }
  const shared = use === 'legacy' ? sampleStatements(found) : [];
  if (shared.length > 0) return lookAtShared(shared, deployment, expected);
  const pinned = pinnedIn(found, 'Deny', 'StringNotEqualsIgnoreCase');
  const { measurements, unknown } = together(expected, pinned);
  if (measurements === undefined) return unpinned(expected, pinned);
  return told(comparePolicies(found, policyFor(deployment, measurements)), unknown);
}

/** Our statement in a policy of the AWS sample, whose other statements are its own. */
function sampleStatements(policy: unknown): readonly Partial<Statement>[] {
  return statementsOf(policy).filter(({ Sid }) => Sid === SAMPLE_SID);
}

const SAMPLE_SID = 'AllowEnclaveVaultDecrypt';

function lookAtShared(
  ours: readonly Partial<Statement>[],
  deployment: Deployment,
  expected: Expected,
): Outcome {
  const Version = '2012-10-17';
  const found = { Version, Statement: ours };
  const pinned = pinnedIn(found, 'Allow', 'StringEqualsIgnoreCase');
  const { measurements, unknown } = together(expected, pinned);
  if (measurements === undefined) return unpinned(expected, pinned);
  const wanted = { Version, Statement: [legacyKeyStatement(deployment, measurements)] } as const;
  const outcome = told(comparePolicies(found, wanted), unknown);
  if (outcome.status === 'fail') return outcome;
  return {
    status: 'warn',
    seen: `${outcome.seen}; the rest is the AWS sample’s: whom that admits decrypts too`,
    mend: 'When the sample is gone, write the whole policy: enclave-vault import-sample --print-key-policy --whole.',
  };
}

type Pinned = Partial<Record<Register, readonly string[]>>;

/** What is known here, and of what is not, what the policy has: said as unknown. Undefined: neither has it. */
function together(expected: Expected, pinned: Pinned) {
  const unknown = REGISTERS.filter((register) => expected[register] === undefined);
  const values = REGISTERS.map((register) => [register, expected[register] ?? pinned[register]] as const);
  const complete = values.every(([, value]) => (value ?? []).length > 0);
  // All six registers are there.
  const measurements = complete ? (Object.fromEntries(values) as unknown as Measurements) : undefined;
  return { measurements, unknown };
}

function unpinned(expected: Expected, pinned: Pinned): Outcome {
  const missing = REGISTERS.filter((register) => (expected[register] ?? pinned[register] ?? []).length === 0);
  const named = missing.join(', ').toUpperCase();
  return { status: 'fail', seen: `does not pin ${named}: a program that differs there can decrypt` };
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

/** What a policy pins, each register on its own: a Deny of kms:Decrypt unless, or an Allow if, it has one of these values. */
function pinnedIn(policy: unknown, effect: 'Allow' | 'Deny', operator: string): Pinned {
  const pinned: Pinned = {};
  for (const { Effect, Condition } of statementsOf(policy)) {
    const values = (Effect === effect ? Condition?.[operator] : undefined) ?? {};
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
