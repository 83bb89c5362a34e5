// SPDX-License-Identifier: Apache-2.0
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GetKeyPolicyCommand,
  ListKeysCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import type { PolicyDocument, Statement } from '@enclave-vault/emulator-iam';
import { describe, expect, it } from 'vitest';
import type { PrincipalConfig } from '../src/config.ts';
import { ACCOUNT, allow, errorOf, messageOf, REGION, ROOT, role, testEmulator } from './support/emulator.ts';

const admin = role('admin');
const nobody = role('nobody', []);
const reader = role('reader', [allow('kms:DescribeKey')]);
const bounded: PrincipalConfig = { ...role('bounded'), boundary: allow('kms:DescribeKey') };
const tagged: PrincipalConfig = { ...role('tagged'), tags: { team: 'blue' } };
const user: PrincipalConfig = { ...role('user'), arn: `arn:aws:iam::${ACCOUNT}:user/path/bob` };
const root: PrincipalConfig = { ...role('root', []), arn: ROOT };
const stranger: PrincipalConfig = { ...role('stranger'), arn: 'arn:aws:iam::444455556666:role/stranger' };

const vpc = {
  sourceVpc: 'vpc-1',
  sourceVpce: 'vpce-1',
  endpointPolicy: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow' as const, Principal: '*' as const, Action: 'kms:Encrypt', Resource: '*' }],
  },
};
const emulator = await testEmulator([admin, nobody, reader, bounded, tagged, user, root, stranger], {
  listeners: [
    { host: '127.0.0.1', port: 0, network: null },
    { host: '127.0.0.1', port: 0, network: vpc },
  ],
  otherPrincipals: [`arn:aws:iam::${ACCOUNT}:role/path/elsewhere`],
});
const kms = emulator.client(admin);

const delegating: Statement = {
  Sid: 'Delegate',
  Effect: 'Allow',
  Principal: { AWS: ROOT },
  Action: 'kms:*',
  Resource: '*',
};
const policyOf = (...statements: Statement[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements,
});

async function keyWith(...statements: Statement[]): Promise<string> {
  const Policy = JSON.stringify(policyOf(delegating, ...statements));
  return (await kms.send(new CreateKeyCommand({ Policy }))).KeyMetadata?.Arn ?? '';
}
const deny = (condition: Statement['Condition'], action = 'kms:Encrypt'): Statement => ({
  Sid: 'Refuse',
  Effect: 'Deny',
  Principal: '*',
  Action: action,
  Resource: '*',
  ...(condition === undefined ? {} : { Condition: condition }),
});
const encrypt = (KeyId: string, principal = admin, input: object = {}, listener = 0) =>
  errorOf(
    emulator
      .client(principal, listener)
      .send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), ...input })),
  );

describe('who may', () => {
  it('needs both key policy and identity policy where the key delegates to the account', async () => {
    const key = await keyWith();
    expect(await encrypt(key)).toBe('none');
    expect(await encrypt(key, user)).toBe('none');
    expect(await encrypt(key, root)).toBe('none');
    expect(await encrypt(key, nobody)).toBe('AccessDeniedException');
    expect(await encrypt(key, reader)).toBe('AccessDeniedException');
    expect(await encrypt(key, bounded)).toBe('AccessDeniedException');
    expect(await encrypt(key, stranger)).toBe('AccessDeniedException');
  });

  it('needs no identity policy when the key names the role', async () => {
    const key = await keyWith({
      Effect: 'Allow',
      Principal: { AWS: nobody.arn },
      Action: 'kms:Encrypt',
      Resource: '*',
    });
    expect(await encrypt(key, nobody)).toBe('none');
  });

  it('needs an identity policy for what is on no key', async () => {
    expect(await errorOf(emulator.client(nobody).send(new ListKeysCommand({})))).toBe(
      'AccessDeniedException',
    );
    expect(await errorOf(emulator.client(reader).send(new CreateKeyCommand({})))).toBe(
      'AccessDeniedException',
    );
  });

  it('is told what AWS tells', async () => {
    const key = await keyWith(deny(undefined));
    const denied = (principal: PrincipalConfig, listener = 0) =>
      messageOf(
        emulator
          .client(principal, listener)
          .send(new EncryptCommand({ KeyId: key, Plaintext: Buffer.from('x') })),
      );
    const start = (arn: string, action: string) =>
      `User: ${arn} is not authorized to perform: kms:${action} on resource: ${key}`;
    expect(await denied(admin)).toBe(
      `${start(admin.arn, 'Encrypt')} with an explicit deny in a resource-based policy`,
    );
    const describeKey = (principal: PrincipalConfig, listener = 0) =>
      messageOf(emulator.client(principal, listener).send(new DescribeKeyCommand({ KeyId: key })));
    expect(await describeKey(nobody)).toBe(
      `${start(nobody.arn, 'DescribeKey')} because no identity-based policy allows the kms:DescribeKey action`,
    );
    expect(await describeKey(admin, 1)).toBe(
      `${start(admin.arn, 'DescribeKey')} because no VPC endpoint policy allows the kms:DescribeKey action`,
    );
    expect(await describeKey(stranger)).toBe(
      `${start(stranger.arn, 'DescribeKey')} because no resource-based policy allows the kms:DescribeKey action`,
    );
    expect(await describeKey(bounded)).toBe('none');
  });
});

describe('conditions', () => {
  const context = { vault_id: 'v_1', tenant_id: 't' };
  it.each<[string, Statement['Condition'], object, string]>([
    [
      'the context’s value',
      { StringNotEquals: { 'kms:EncryptionContext:vault_id': 'v_1' } },
      { EncryptionContext: context },
      'none',
    ],
    [
      'another value',
      { StringNotEquals: { 'kms:EncryptionContext:vault_id': 'v_2' } },
      { EncryptionContext: context },
      'AccessDeniedException',
    ],
    [
      'no context',
      { StringNotEquals: { 'kms:EncryptionContext:vault_id': 'v_1' } },
      {},
      'AccessDeniedException',
    ],
    [
      'the context’s names',
      { 'ForAnyValue:StringNotEquals': { 'kms:EncryptionContextKeys': ['vault_id', 'tenant_id'] } },
      { EncryptionContext: context },
      'none',
    ],
    [
      'one name too many',
      { 'ForAnyValue:StringNotEquals': { 'kms:EncryptionContextKeys': ['vault_id'] } },
      { EncryptionContext: context },
      'AccessDeniedException',
    ],
    ['the caller’s account', { StringNotEquals: { 'kms:CallerAccount': ACCOUNT } }, {}, 'none'],
    ['the principal', { ArnNotEquals: { 'aws:PrincipalArn': admin.arn } }, {}, 'none'],
    ['another principal', { ArnNotEquals: { 'aws:PrincipalArn': user.arn } }, {}, 'AccessDeniedException'],
    [
      'a tag that is not there',
      { StringNotEquals: { 'aws:PrincipalTag/team': 'blue' } },
      {},
      'AccessDeniedException',
    ],
    ['the Region', { StringNotEquals: { 'aws:RequestedRegion': REGION } }, {}, 'none'],
    ['TLS', { Bool: { 'aws:SecureTransport': 'false' } }, {}, 'none'],
    [
      'no attestation',
      { StringNotEquals: { 'kms:RecipientAttestation:ImageSha384': '00' } },
      {},
      'AccessDeniedException',
    ],
    ['no service in between', { Null: { 'kms:ViaService': 'false' } }, {}, 'none'],
    ['the address', { NotIpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }, {}, 'none'],
    ['outside any VPC', { Null: { 'aws:SourceVpc': 'true' } }, {}, 'AccessDeniedException'],
    ['the key’s spec', { StringNotEquals: { 'kms:KeySpec': 'SYMMETRIC_DEFAULT' } }, {}, 'none'],
    ['the algorithm', { StringNotEquals: { 'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT' } }, {}, 'none'],
    [
      'the time',
      { DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } },
      {},
      'AccessDeniedException',
    ],
  ])('know %s', async (_, condition, input, expected) => {
    expect(await encrypt(await keyWith(deny(condition)), admin, input)).toBe(expected);
  });

  it('know the network of the listener', async () => {
    const inVpc = await keyWith(
      deny({ StringNotEquals: { 'aws:SourceVpc': 'vpc-1' } }),
      { ...deny({ StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } }), Sid: 'B' },
      { ...deny({ Null: { 'aws:SourceIp': 'false' } }), Sid: 'C' },
    );
    expect(await encrypt(inVpc, admin, {}, 1)).toBe('none');
    expect(await encrypt(inVpc, admin, {}, 0)).toBe('AccessDeniedException');
  });

  it('know the tags of the principal and of the key, and by which alias it was asked for', async () => {
    const key = await keyWith(deny({ StringNotEquals: { 'aws:PrincipalTag/team': 'blue' } }));
    expect(await encrypt(key, tagged)).toBe('none');
    const Policy = JSON.stringify(
      policyOf(delegating, deny({ StringEquals: { 'aws:ResourceTag/secret': 'yes' } })),
    );
    const made = await kms.send(
      new CreateKeyCommand({ Policy, Tags: [{ TagKey: 'secret', TagValue: 'yes' }] }),
    );
    expect(await encrypt(made.KeyMetadata?.Arn ?? '')).toBe('AccessDeniedException');
    const aliased = await keyWith(deny({ StringNotEquals: { 'kms:RequestAlias': 'alias/front' } }));
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/front', TargetKeyId: aliased }));
    expect(await encrypt('alias/front')).toBe('none');
    expect(await encrypt(aliased)).toBe('AccessDeniedException');
  });

  it('know the spec of a key pair', async () => {
    const action = 'kms:GenerateDataKeyPairWithoutPlaintext';
    const key = await keyWith(deny({ StringNotEquals: { 'kms:DataKeyPairSpec': 'ECC_NIST_P384' } }, action));
    const make = (KeyPairSpec: 'ECC_NIST_P384' | 'ECC_NIST_P256') =>
      errorOf(kms.send(new GenerateDataKeyPairWithoutPlaintextCommand({ KeyId: key, KeyPairSpec })));
    expect(await make('ECC_NIST_P384')).toBe('none');
    expect(await make('ECC_NIST_P256')).toBe('AccessDeniedException');
  });

  it('bind a dry run too', async () => {
    const key = await keyWith(deny(undefined, 'kms:Decrypt'));
    const dryRun = new DecryptCommand({ KeyId: key, DryRun: true, DryRunModifiers: ['IGNORE_CIPHERTEXT'] });
    expect(await errorOf(kms.send(dryRun))).toBe('AccessDeniedException');
    const data = new GenerateDataKeyCommand({ KeyId: key, KeySpec: 'AES_256', DryRun: true });
    expect(await errorOf(emulator.client(nobody).send(data))).toBe('AccessDeniedException');
  });

  it('tell in the log of refusals what was a dry run, of each operation', async () => {
    const KeyId = await keyWith();
    const Plaintext = Buffer.from('x');
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
    const refused = emulator.client(nobody);
    for (const given of [{ DryRun: true }, { DryRun: false }, {}]) {
      const before = emulator.log.length;
      const KeyPairSpec = 'ECC_NIST_P384';
      await errorOf(refused.send(new DecryptCommand({ KeyId, CiphertextBlob, ...given })));
      await errorOf(refused.send(new EncryptCommand({ KeyId, Plaintext, ...given })));
      await errorOf(refused.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', ...given })));
      const pair = { KeyId, KeyPairSpec, ...given } as const;
      await errorOf(refused.send(new GenerateDataKeyPairWithoutPlaintextCommand(pair)));
      const told = emulator.log.slice(before).map(({ event, action, dryRun }) => [event, action, dryRun]);
      expect(told).toEqual(
        ['Decrypt', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyPairWithoutPlaintext'].map((name) => [
          'kms_denied',
          `kms:${name}`,
          given.DryRun === true ? true : undefined,
        ]),
      );
    }
  });

  it('are checked before the key’s state, which a stranger does not learn', async () => {
    const key = await keyWith();
    expect(await errorOf(emulator.client(nobody).send(new DescribeKeyCommand({ KeyId: key })))).toBe(
      'AccessDeniedException',
    );
  });
});

describe('key policies', () => {
  const put = (KeyId: string, policy: unknown, input: object = {}) =>
    errorOf(
      kms.send(
        new PutKeyPolicyCommand({
          KeyId,
          Policy: typeof policy === 'string' ? policy : JSON.stringify(policy),
          ...input,
        }),
      ),
    );

  it('are kept as they were put', async () => {
    const key = await keyWith();
    const text = ` ${JSON.stringify(policyOf(delegating), null, 2)}\n`;
    expect(await put(key, text)).toBe('none');
    expect(await kms.send(new GetKeyPolicyCommand({ KeyId: key }))).toMatchObject({
      Policy: text,
      PolicyName: 'default',
    });
    expect(await errorOf(kms.send(new GetKeyPolicyCommand({ KeyId: key, PolicyName: 'other' })))).toBe(
      'NotFoundException',
    );
    const made = await kms.send(new CreateKeyCommand({}));
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId: made.KeyMetadata?.KeyId ?? '' }));
    expect(JSON.parse(Policy ?? '')).toMatchObject({ Id: 'key-default-1' });
  });

  const naming = (AWS: string): PolicyDocument =>
    policyOf(delegating, { Effect: 'Allow', Principal: { AWS }, Action: 'kms:Encrypt', Resource: '*' });

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'MalformedPolicyDocumentException'],
    ['no statement', { Version: '2012-10-17', Statement: [] }, 'MalformedPolicyDocumentException'],
    [
      'an unknown effect',
      policyOf({ ...delegating, Effect: 'Maybe' as 'Allow' }),
      'MalformedPolicyDocumentException',
    ],
    ['no principal', allow('kms:*'), 'MalformedPolicyDocumentException'],
    [
      'a role that is not there',
      naming(`arn:aws:iam::${ACCOUNT}:role/ghost`),
      'MalformedPolicyDocumentException',
    ],
    ['an account that is not there', naming('999988887777'), 'MalformedPolicyDocumentException'],
    [
      'a session of no role',
      naming(`arn:aws:sts::${ACCOUNT}:assumed-role/ghost/s`),
      'MalformedPolicyDocumentException',
    ],
    [
      'a NotPrincipal that is not there',
      policyOf(delegating, {
        Effect: 'Deny',
        NotPrincipal: { AWS: `arn:aws:iam::${ACCOUNT}:role/ghost` },
        Action: 'kms:Sign',
        Resource: '*',
      }),
      'MalformedPolicyDocumentException',
    ],
    ['a lockout', policyOf({ ...delegating, Action: 'kms:Encrypt' }), 'MalformedPolicyDocumentException'],
    [
      'a lockout by Deny',
      policyOf(delegating, deny(undefined, 'kms:PutKeyPolicy')),
      'MalformedPolicyDocumentException',
    ],
    ['too much', policyOf(delegating, { ...delegating, Sid: 'x'.repeat(33_000) }), 'LimitExceededException'],
    ['another alphabet', JSON.stringify(policyOf({ ...delegating, Sid: 'Ω' })), 'ValidationException'],
    ['a role', naming(admin.arn), 'none'],
    ['a role with a path', naming(`arn:aws:iam::${ACCOUNT}:role/path/elsewhere`), 'none'],
    ['a session of it', naming(`arn:aws:sts::${ACCOUNT}:assumed-role/elsewhere/s`), 'none'],
    ['a user', naming(user.arn), 'none'],
    ['the account', naming(ACCOUNT), 'none'],
  ])('with %s: %s', async (_, policy, expected) => {
    expect(await put(await keyWith(), policy)).toBe(expected);
    const text = typeof policy === 'string' ? policy : JSON.stringify(policy);
    expect(await errorOf(kms.send(new CreateKeyCommand({ Policy: text })))).toBe(expected);
  });

  it('may lock everybody out when the check is bypassed, which a policy can forbid', async () => {
    const key = await keyWith(
      deny({ Bool: { 'kms:BypassPolicyLockoutSafetyCheck': 'true' } }, 'kms:PutKeyPolicy'),
    );
    const locked = policyOf({ ...delegating, Action: 'kms:Encrypt' });
    expect(await put(key, locked, { BypassPolicyLockoutSafetyCheck: true })).toBe('AccessDeniedException');
    const open = await keyWith();
    expect(await put(open, locked, { BypassPolicyLockoutSafetyCheck: true })).toBe('none');
    expect(await put(open, policyOf(delegating))).toBe('AccessDeniedException');
    expect(await encrypt(open)).toBe('none');
  });
});
