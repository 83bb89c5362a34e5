// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  DecryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  type KMSClient,
  SignCommand,
} from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { INTEGRITY_PURPOSE_PREFIX, REQUEST_PURPOSE } from '@enclave-vault/policies';
import { type Check, codeOf, failureOutcome, type Outcome, Skip } from '../check.ts';
import type { Caller, KeySubject, KeyUse, Role, Subject } from '../subject.ts';
import { roleOf } from './credentials.ts';

/** How KMS answers a dry run that would have succeeded (API reference, "DryRun"). */
const WOULD_SUCCEED = 'DryRunOperationException';

const DECRYPTED_BY_ENCLAVE: ReadonlySet<KeyUse> = new Set(['vault', 'request', 'legacy']);
/** The one role that may make keys under a key, or sign with it. */
const USER_OF: Readonly<Partial<Record<KeyUse, Role>>> = {
  vault: 'api',
  request: 'api',
  integrity: 'api',
  'channel-client': 'api',
  'channel-server': 'instance',
};

export const unattestedDecrypt: Check = {
  name: 'unattested_decrypt',
  proves:
    'KMS refuses to decrypt for these credentials without an attestation document: a dry run, of no ciphertext.',
  mend: 'Somebody can decrypt WITHOUT the enclave. Write the generated policy back (deploy again) at once, look for the Decrypt calls in CloudTrail, and treat what they touched as read.',
  mendLocal:
    'Somebody can decrypt WITHOUT the enclave. Start the vault again, which writes the policy back, look for the Decrypt calls in kms-events.log, and treat what they touched as read.',
  run: async (subject) => {
    const keys = subject.keys.filter(({ use }) => DECRYPTED_BY_ENCLAVE.has(use));
    if (keys.length === 0) throw new Skip('no role file names the keys');
    const asked = subject.callers.flatMap((caller) => keys.map((key) => probe(subject, caller, key)));
    return Promise.all(asked);
  },
};

async function probe(subject: Subject, caller: Caller, { use, arn }: KeySubject): Promise<Outcome> {
  const of = subject.callers.length > 1 ? `${use} key as ${caller.name}` : `${use} key`;
  const { code, explicit, error } = await dryRun(
    subject.clients.kms(caller).send(
      new DecryptCommand({
        KeyId: arn,
        ...(use === 'legacy' ? {} : { EncryptionContext: contextOf(use) }),
        DryRun: true,
        DryRunModifiers: ['IGNORE_CIPHERTEXT'],
      }),
    ),
  );
  if (code === 'AccessDeniedException') {
    // Both are refusals; only the first one would hold for a caller who has the right otherwise.
    const how = explicit
      ? 'by an explicit Deny'
      : 'for want of an Allow: the instance’s role is the one to ask as';
    return { of, status: 'ok', seen: `refused ${how}` };
  }
  if (code === WOULD_SUCCEED)
    return { of, status: 'fail', seen: 'KMS WOULD DECRYPT for these credentials without any attestation' };
  const outcome = failureOutcome(error);
  if (outcome.status === 'skipped') return { of, ...outcome };
  // A disabled key refuses everybody: nothing is known of its policy.
  const mend = 'Mend what stands in the way, and ask again: the promise is not tested.';
  return { of, mend, ...outcome, seen: `not told: ${outcome.seen}` };
}

export const keyUses: Check = {
  name: 'key_uses',
  proves:
    'The API’s role may make key pairs, request keys and integrity keys, each side of the channel may sign for itself, and nobody else may: dry runs.',
  mend: 'Look at the role’s identity policy, boundary and the endpoint policy; the key policies have a check of their own.',
  run: async (subject) => {
    if (subject.keys.length === 0) throw new Skip('no role file names the keys');
    const known = await Promise.all(
      subject.callers.map(async (caller) => ({ caller, role: await roleOfCaller(subject, caller) })),
    );
    return Promise.all(
      known.flatMap(({ caller, role }) =>
        subject.keys
          .filter(({ use }) => USER_OF[use] !== undefined)
          .map((key) => use(subject, caller, role, key)),
      ),
    );
  },
};

async function use(
  subject: Subject,
  caller: Caller,
  role: Role | undefined,
  key: KeySubject,
): Promise<Outcome> {
  const of = subject.callers.length > 1 ? `${key.use} key as ${caller.name}` : `${key.use} key`;
  const { code, error } = await dryRun(ask(subject.clients.kms(caller), key));
  const may = code === WOULD_SUCCEED;
  if (!may && code !== 'AccessDeniedException') return { of, ...failureOutcome(error) };
  const user = USER_OF[key.use];
  if (role !== undefined && role === user)
    return may
      ? { of, status: 'ok', seen: 'allowed' }
      : { of, status: 'fail', seen: `the ${user} role is refused` };
  // A refusal is as good or bad as who it is for: the role whose right it is must not have it.
  if (role === undefined)
    return {
      of,
      status: 'skipped',
      seen: `${may ? 'allowed' : 'refused'}; whether to the ${user} role is not known here`,
    };
  if (!may) return { of, status: 'ok', seen: `refused, as to all but the ${user} role` };
  return {
    of,
    status: 'fail',
    seen: `the ${role} role may do what only the ${user} role may`,
    mend: 'Write the generated key policy back: whoever may wrap keys can make records that he reads, and whoever may sign is that side.',
  };
}

function ask(kms: KMSClient, { use: of, arn }: KeySubject): Promise<unknown> {
  if (of === 'channel-client' || of === 'channel-server') {
    const how = { MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_384' } as const;
    return kms.send(new SignCommand({ KeyId: arn, Message: Buffer.alloc(48), ...how, DryRun: true }));
  }
  const common = { KeyId: arn, EncryptionContext: contextOf(of), DryRun: true };
  if (of === 'vault')
    return kms.send(
      new GenerateDataKeyPairWithoutPlaintextCommand({ ...common, KeyPairSpec: 'ECC_NIST_P384' }),
    );
  return kms.send(new GenerateDataKeyCommand({ ...common, KeySpec: 'AES_256' }));
}

/** A context that each key's policy takes, or a refusal would prove nothing; the vault id is nobody's. */
function contextOf(use: KeyUse): Record<string, string> {
  if (use === 'vault') return { vault_id: `v_doctor${randomBytes(8).toString('hex')}`, tenant_id: 'doctor' };
  return { purpose: use === 'request' ? REQUEST_PURPOSE : `${INTEGRITY_PURPOSE_PREFIX}doctor` };
}

interface Refusal {
  /** The name of the error that a dry run always ends with. */
  readonly code: string;
  /** By a Deny, as AWS words it (IAM User Guide, "Troubleshoot access denied error messages"). */
  readonly explicit: boolean;
  readonly error: unknown;
}

async function dryRun(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
    // KMS did what it was told not to do.
    return { code: WOULD_SUCCEED, explicit: false, error: undefined };
  } catch (error) {
    const explicit = error instanceof Error && /explicit deny/i.test(error.message);
    return { code: codeOf(error), explicit, error };
  }
}

/** Local callers are named by their roles; on AWS STS says who they are. */
async function roleOfCaller(subject: Subject, caller: Caller): Promise<Role | undefined> {
  if (!subject.production) return caller.name as Role;
  const { deployment, clients } = subject;
  if (deployment === undefined) return subject.as;
  try {
    const sts = clients.get('sts', caller, (settings) => new STSClient(settings));
    const { Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
    return roleOf(Arn, deployment) ?? 'admin';
  } catch {
    return undefined;
  }
}
