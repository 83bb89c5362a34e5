// SPDX-License-Identifier: Apache-2.0
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  type GrantOperation,
  ListGrantsCommand,
  RevokeGrantCommand,
} from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, errorOf, REGION, ROOT, role, testEmulator } from '../support/emulator.ts';

const owner = role('owner');
const guest = role('guest', []);
const session = { ...role('guest-session', []), arn: `arn:aws:sts::${ACCOUNT}:assumed-role/guest/x` };
/** Of a VPC endpoint through which nobody decrypts. */
const NARROW = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'A', Effect: 'Allow', Principal: '*', Action: 'kms:DescribeKey', Resource: '*' }],
} as const;
const kms = await testEmulator([owner, guest, session], {
  listeners: [
    { host: '127.0.0.1', port: 0, network: null },
    { host: '127.0.0.1', port: 0, network: { endpointPolicy: NARROW } },
  ],
});
const as = (who: typeof owner, listener?: number) => kms.client(who, listener);

async function key(...statements: object[]): Promise<string> {
  const Statement = [
    { Sid: 'All', Effect: 'Allow', Principal: { AWS: ROOT }, Action: 'kms:*', Resource: '*' },
    ...statements,
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  return (await as(owner).send(new CreateKeyCommand({ Policy }))).KeyMetadata?.Arn ?? '';
}
const grant = (KeyId: string, Operations: GrantOperation[], more: object = {}) =>
  as(owner).send(new CreateGrantCommand({ KeyId, GranteePrincipal: guest.arn, Operations, ...more }));
const EncryptionContext = { vault: 'a' };
const sealed = async (KeyId: string) =>
  (await as(owner).send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), EncryptionContext })))
    .CiphertextBlob;
const decrypt = async (KeyId: string, who = guest, listener?: number) =>
  errorOf(
    as(who, listener).send(
      new DecryptCommand({ KeyId, EncryptionContext, CiphertextBlob: await sealed(KeyId) }),
    ),
  );

describe('a grant', () => {
  it('lets its grantee do what it names, and his sessions, until it is revoked', async () => {
    const KeyId = await key();
    expect(await decrypt(KeyId)).toBe('AccessDeniedException');
    const { GrantId } = await grant(KeyId, ['Decrypt']);
    expect(await decrypt(KeyId)).toBe('none');
    expect(await decrypt(KeyId, session)).toBe('none');
    expect(await errorOf(as(guest).send(new DescribeKeyCommand({ KeyId })))).toBe('AccessDeniedException');
    await as(owner).send(new RevokeGrantCommand({ KeyId, GrantId }));
    expect(await decrypt(KeyId)).toBe('AccessDeniedException');
    expect(await errorOf(as(owner).send(new RevokeGrantCommand({ KeyId, GrantId })))).toBe(
      'NotFoundException',
    );
  });

  it('changes nothing where a Deny of the key policy stands, or the endpoint lets nothing through', async () => {
    const deny = { Sid: 'No', Effect: 'Deny', Principal: '*', Action: 'kms:Decrypt', Resource: '*' };
    const shut = await key({ ...deny, Condition: { ArnEquals: { 'aws:PrincipalArn': guest.arn } } });
    await grant(shut, ['Decrypt']);
    expect(await decrypt(shut)).toBe('AccessDeniedException');
    const open = await key();
    await grant(open, ['Decrypt']);
    expect(await decrypt(open, guest, 1)).toBe('AccessDeniedException');
  });

  it('may be constrained to an encryption context, or to what it must hold', async () => {
    for (const [Constraints, outcome] of [
      [{ EncryptionContextEquals: { vault: 'a' } }, 'none'],
      [{ EncryptionContextEquals: { vault: 'b' } }, 'AccessDeniedException'],
      [{ EncryptionContextEquals: { vault: 'a', tenant: 'x' } }, 'AccessDeniedException'],
      [{ EncryptionContextSubset: { vault: 'a' } }, 'none'],
      [{ EncryptionContextSubset: { vault: 'b' } }, 'AccessDeniedException'],
    ] as const) {
      const KeyId = await key();
      await grant(KeyId, ['Decrypt'], { Constraints });
      expect([Constraints, await decrypt(KeyId)]).toEqual([Constraints, outcome]);
    }
  });

  it('is listed, page by page, by grantee and by id', async () => {
    const KeyId = await key();
    const { GrantId } = await grant(KeyId, ['Decrypt', 'Encrypt'], { Name: 'one' });
    await grant(KeyId, ['DescribeKey']);
    const list = (more: object = {}) => as(owner).send(new ListGrantsCommand({ KeyId, ...more }));
    const first = await list({ Limit: 1 });
    expect(first).toMatchObject({ Truncated: true, Grants: [{ GrantId, Name: 'one', KeyId }] });
    const { Grants, Truncated } = await list({ Limit: 1, Marker: first.NextMarker });
    expect([Grants?.[0]?.Operations, Truncated]).toEqual([['DescribeKey'], false]);
    expect((await list({ GrantId })).Grants).toHaveLength(1);
    expect((await list({ GranteePrincipal: owner.arn })).Grants).toHaveLength(0);
  });

  it('is refused by the key’s policy, for a principal that is nobody, and for an operation that is none', async () => {
    const deny = { Sid: 'No', Effect: 'Deny', Principal: '*', Action: 'kms:CreateGrant', Resource: '*' };
    expect(await errorOf(grant(await key(deny), ['Decrypt']))).toBe('AccessDeniedException');
    const KeyId = await key();
    const nobody = `arn:aws:iam::${ACCOUNT}:role/nobody`;
    expect(await errorOf(grant(KeyId, ['Decrypt'], { GranteePrincipal: nobody }))).toBe(
      'InvalidArnException',
    );
    expect(await errorOf(grant(KeyId, ['Everything' as GrantOperation]))).toBe('ValidationException');
    expect(await errorOf(grant(KeyId, ['Decrypt'], { DryRun: true }))).toBe('DryRunOperationException');
    expect((await as(owner).send(new ListGrantsCommand({ KeyId }))).Grants).toEqual([]);
    expect(KeyId).toContain(REGION);
  });
});
