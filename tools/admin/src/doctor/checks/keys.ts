// SPDX-License-Identifier: Apache-2.0
import { DescribeKeyCommand, GetKeyRotationStatusCommand } from '@aws-sdk/client-kms';
import { type Check, failureOutcome, type Outcome, Skip } from '../check.ts';
import type { KeySubject, Subject } from '../subject.ts';

export const kmsKeys: Check = {
  name: 'kms_keys',
  proves: 'Each KMS key is there, enabled, of the right kind, made by KMS itself, and rotated.',
  mend: 'Deploy again; a key that is disabled or pending deletion makes all that it wraps unreadable: enable it first.',
  mendLocal:
    'Put kms.json back from a backup; a key that is disabled or pending deletion makes all that it wraps unreadable: enable it first.',
  run: (subject) => eachKey(subject, lookAtKey),
};

/** Looks at each key of the deployment; what goes wrong with one is a finding of that one. */
export async function eachKey(
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
