// SPDX-License-Identifier: Apache-2.0
import {
  CreateKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import {
  integrityKeyPolicy,
  legacyKeyPolicy,
  legacyKeyStatement,
  type PolicyDocument,
  type Statement,
} from '@enclave-vault/policies';
import { beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_ROLE, LOCAL } from '../../src/dev/deployment.ts';
import { keyPolicies } from '../../src/doctor/checks/key-policies.ts';
import { kmsKeys } from '../../src/doctor/checks/keys.ts';
import { keyUses, unattestedDecrypt } from '../../src/doctor/checks/probes.ts';
import { type Deployed, deployed, findings, MEASURED, statuses } from './deployed.ts';

const OK = { 'vault key': 'ok', 'request key': 'ok', 'integrity key': 'ok' };

/** Runs with another policy of the vault key, and puts the right one back. */
async function withPolicy<T>(
  { deployment, arns, policy }: Deployed,
  change: (statements: readonly Statement[]) => readonly object[],
  use: () => Promise<T>,
): Promise<T> {
  const right = await policy(arns.vault);
  const put = (document: object) =>
    deployment.send(
      new PutKeyPolicyCommand({ KeyId: arns.vault, PolicyName: 'default', Policy: JSON.stringify(document) }),
    );
  await put({ ...right, Statement: change(right.Statement) });
  try {
    return await use();
  } finally {
    await put(right);
  }
}

describe('keys', () => {
  let here: Deployed;
  beforeAll(async () => {
    here = await deployed();
  });

  test('that are as deployed are well, looked at with the rights of an operator', async () => {
    expect(await statuses(kmsKeys, here.subject)).toEqual(OK);
    expect(await statuses(keyPolicies, here.subject)).toEqual(OK);
    expect(await statuses(unattestedDecrypt, here.subject)).toEqual({
      'vault key': 'ok',
      'request key': 'ok',
    });
    expect(await statuses(keyUses, here.subject)).toEqual(OK);
  });

  test('a refusal of somebody unknown is no good news: it may be the role whose right it is', async () => {
    const unknown = { ...here.subject, production: true, deployment: undefined, as: undefined };
    expect((await findings(keyUses, unknown))['vault key']).toMatchObject({
      status: 'skipped',
      seen: 'refused; whether to the api role is not known here',
    });
  });

  test('one that is disabled, or not rotated, fails and says so', async () => {
    const KeyId = here.arns.request;
    await here.deployment.send(new DisableKeyRotationCommand({ KeyId }));
    expect((await findings(kmsKeys, here.subject))['request key']).toMatchObject({
      status: 'fail',
      seen: 'rotation is off',
    });
    await here.deployment.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 730 }));
    expect((await findings(kmsKeys, here.subject))['request key']).toMatchObject({
      status: 'warn',
      seen: 'enabled, rotated only every 730 days',
    });
    await here.deployment.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 365 }));
    await here.deployment.send(new DisableKeyCommand({ KeyId }));
    expect((await findings(kmsKeys, here.subject))['request key']).toMatchObject({
      status: 'fail',
      seen: 'state is Disabled',
      mend: expect.stringContaining('enable'),
    });
    // Refused before the key's state is looked at: still no decryption for these credentials.
    expect((await statuses(unattestedDecrypt, here.subject))['request key']).toBe('ok');
    await here.deployment.send(new EnableKeyCommand({ KeyId }));
    expect(await statuses(kmsKeys, here.subject)).toEqual(OK);
  });

  test('one that is not there fails', async () => {
    const arn = here.arns.vault.replace(/key\/.*/, 'key/00000000-0000-4000-8000-000000000000');
    const subject = { ...here.subject, keys: [{ use: 'vault', arn } as const] };
    expect((await findings(kmsKeys, subject))['vault key']?.seen).toContain('there is no such thing');
    expect((await statuses(keyPolicies, subject))['vault key']).toBe('fail');
  });

  test('are skipped by who may not look, with the reason', async () => {
    const subject = { ...here.subject, callers: [{ name: 'nobody', credentials: NOBODY }] as const };
    // Unknown credentials are a finding; a role without the right is not.
    expect((await findings(kmsKeys, subject))['vault key']?.seen).toContain(
      'AWS does not know these credentials',
    );
    const { KeyMetadata } = await here.deployment.send(
      new CreateKeyCommand({ Policy: JSON.stringify(withoutReading(integrityKeyPolicy(LOCAL))) }),
    );
    const keys = [{ use: 'integrity', arn: KeyMetadata?.Arn ?? '' } as const];
    expect(await findings(kmsKeys, { ...here.subject, keys })).toMatchObject({
      'integrity key': { status: 'skipped', seen: expect.stringContaining('may not look') },
    });
  });

  test.each([
    [
      'an extra statement',
      (all: readonly Statement[]) => [
        ...all,
        { Sid: 'Oops', Effect: 'Allow', Principal: { AWS: '*' }, Action: 'kms:DescribeKey', Resource: '*' },
      ],
      'extra statement Oops (Allow)',
    ],
    [
      'a missing Deny',
      (all: readonly Statement[]) => all.filter(({ Sid }) => Sid !== 'DenyGrants'),
      'missing statement DenyGrants',
    ],
    [
      'a register less',
      (all: readonly Statement[]) => all.filter(({ Sid }) => Sid !== 'DenyWithoutPCR16'),
      'missing statement DenyWithoutPCR16',
    ],
    [
      'another image admitted as well',
      (all: readonly Statement[]) =>
        all.map((one) =>
          one.Sid === 'DenyWithoutPCR0'
            ? {
                ...one,
                Condition: {
                  StringNotEqualsIgnoreCase: {
                    'kms:RecipientAttestation:PCR0': ['a'.repeat(96), '9'.repeat(96)],
                  },
                },
              }
            : one,
        ),
      'changed statement DenyWithoutPCR0: other Condition.StringNotEqualsIgnoreCase.kms:RecipientAttestation:PCR0',
    ],
    [
      'a Deny that exempts a role',
      (all: readonly Statement[]) =>
        all.map((one) =>
          one.Sid === 'DenyGrants'
            ? { ...one, Condition: { ArnNotEquals: { 'aws:PrincipalArn': ADMIN_ROLE } } }
            : one,
        ),
      'changed statement DenyGrants: added Condition.ArnNotEquals.aws:PrincipalArn',
    ],
  ])('a policy with %s fails', async (_what, change, seen) => {
    const found = await withPolicy(here, change, () => findings(keyPolicies, here.subject));
    expect(found['vault key']).toMatchObject({
      status: 'fail',
      seen,
      mend: expect.stringContaining('PutKeyPolicy'),
    });
    expect(found['request key']?.status).toBe('ok');
  });

  test('another manifest than the policy’s fails, and a missing one is said', async () => {
    const another = { ...here.subject, expected: { ...MEASURED, pcr0: ['7'.repeat(96)] } };
    expect((await findings(keyPolicies, another))['vault key']).toMatchObject({
      status: 'fail',
      seen: expect.stringContaining('PCR0'),
    });
    const { pcr3 } = MEASURED;
    expect((await findings(keyPolicies, { ...here.subject, expected: { pcr3 } }))['vault key']).toMatchObject(
      {
        status: 'warn',
        seen: 'as generated, but PCR0, PCR1, PCR2, PCR8, PCR16 could not be compared',
        mend: expect.stringContaining('--manifest'),
      },
    );
  });

  test('without the manifest, a register that the policy does not pin is a failure all the same', async () => {
    const found = await withPolicy(
      here,
      (all) => all.filter(({ Sid }) => Sid !== 'DenyWithoutPCR2'),
      () => findings(keyPolicies, { ...here.subject, expected: {} }),
    );
    expect(found['vault key']).toMatchObject({
      status: 'fail',
      seen: expect.stringContaining('does not pin PCR2'),
    });
  });

  test('without the deployment’s file the policies are skipped', async () => {
    const { deployment: _without, ...subject } = here.subject;
    expect(await statuses(keyPolicies, subject)).toEqual({ '': 'skipped' });
  });
});

test('keys that admit no program yet say so', async () => {
  const { subject } = await deployed({ measurements: null });
  expect((await findings(keyPolicies, subject))['vault key']).toMatchObject({
    status: 'fail',
    seen: 'admits no program yet: nothing can be decrypted',
  });
});

describe('a key of imported records', () => {
  const made = async (here: Deployed, policy: PolicyDocument) => {
    const { KeyMetadata } = await here.deployment.send(
      new CreateKeyCommand({ Policy: JSON.stringify(policy) }),
    );
    return { ...here.subject, keys: [{ use: 'legacy', arn: KeyMetadata?.Arn ?? '' } as const] };
  };
  /** As the AWS sample has it, as far as that matters here: its own role may, from its own enclave. */
  const shared = (ours: object): PolicyDocument => {
    const whole = legacyKeyPolicy(LOCAL, MEASURED);
    const kept = whole.Statement.filter(({ Sid }) => /^Allow(Account|Deployment|BreakGlass)/.test(Sid));
    return { ...whole, Statement: [...kept, ours as Statement] };
  };
  let here: Deployed;
  beforeAll(async () => {
    here = await deployed();
  });

  test('is well with the whole policy', async () => {
    const subject = await made(here, legacyKeyPolicy(LOCAL, MEASURED));
    expect(await statuses(keyPolicies, subject)).toEqual({ 'legacy key': 'ok' });
    expect(await statuses(unattestedDecrypt, subject)).toEqual({ 'legacy key': 'ok' });
  });

  test('shared with the AWS sample is a warning, when our statement is right', async () => {
    const subject = await made(here, shared(legacyKeyStatement(LOCAL, MEASURED)));
    expect((await findings(keyPolicies, subject))['legacy key']).toEqual({
      status: 'warn',
      seen: 'as generated for this deployment; the rest is the AWS sample’s: whom that admits decrypts too',
      mend: expect.stringContaining('--whole'),
    });
    // Without the manifest, what the statement has is taken, and said.
    expect((await findings(keyPolicies, { ...subject, expected: {} }))['legacy key']?.seen).toContain(
      'could not be compared',
    );
  });

  test('whose statement admits another image, or pins too little, fails', async () => {
    const other = legacyKeyStatement(LOCAL, { ...MEASURED, pcr0: ['9'.repeat(96)] });
    expect((await findings(keyPolicies, await made(here, shared(other))))['legacy key']).toMatchObject({
      status: 'fail',
      seen: expect.stringContaining('changed statement AllowEnclaveVaultDecrypt: other Condition'),
    });
    const { Condition: _condition, ...open } = legacyKeyStatement(LOCAL, MEASURED);
    const subject = await made(here, shared(open));
    expect((await findings(keyPolicies, { ...subject, expected: {} }))['legacy key']).toMatchObject({
      status: 'fail',
      seen: expect.stringContaining('does not pin PCR0, PCR1'),
    });
  });
});

describe('an administrator who gave himself Decrypt', () => {
  test('is found by the probe, loudly, and by the comparison', async () => {
    const may = {
      Sid: 'Mine',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKeyPairWithoutPlaintext'],
      Resource: '*',
    } as const;
    const here = await deployed({ adminMay: { Version: '2012-10-17', Statement: [may] } });
    expect((await statuses(unattestedDecrypt, here.subject))['vault key']).toBe('ok');
    const open = (all: readonly Statement[]) => [
      ...all.filter(({ Sid }) => !/^DenyWithoutPCR|^DenyDecryptByOthers|^DenyKeyPairsByOthers/.test(Sid)),
      { ...may, Principal: { AWS: ADMIN_ROLE } },
    ];
    await withPolicy(here, open, async () => {
      const probed = await findings(unattestedDecrypt, here.subject);
      expect(probed['vault key']).toMatchObject({
        status: 'fail',
        seen: 'KMS WOULD DECRYPT for these credentials without any attestation',
        mend: expect.stringContaining('WITHOUT the enclave'),
      });
      expect(probed['request key']?.status).toBe('ok');
      expect((await findings(keyUses, here.subject))['vault key']).toMatchObject({
        status: 'fail',
        seen: 'the admin role may do what only the api role may',
      });
      const compared = (await findings(keyPolicies, here.subject))['vault key']?.seen ?? '';
      for (const line of [
        'missing statement DenyWithoutPCR0',
        'missing statement DenyDecryptByOthers',
        'extra statement Mine (Allow)',
      ])
        expect(compared).toContain(line);
    });
  });
});

const NOBODY = { accessKeyId: `ASIA${'2'.repeat(16)}`, secretAccessKey: 'x'.repeat(40) };

function withoutReading(policy: PolicyDocument): PolicyDocument {
  return {
    ...policy,
    Statement: policy.Statement.map((one) =>
      one.Sid === 'AllowAccountAdministration' ? { ...one, Action: ['kms:EnableKey'] } : one,
    ),
  };
}
