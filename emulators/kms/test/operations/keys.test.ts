// SPDX-License-Identifier: Apache-2.0
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetKeyRotationStatusCommand,
  ListAliasesCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, errorOf, REGION, role, testEmulator } from '../support/emulator.ts';

const admin = role('admin');
const emulator = await testEmulator([admin]);
const kms = emulator.client(admin);
const DAY = 86_400_000;

async function newKey(input: ConstructorParameters<typeof CreateKeyCommand>[0] = {}): Promise<string> {
  return (await kms.send(new CreateKeyCommand(input))).KeyMetadata?.KeyId ?? '';
}
const encrypt = (KeyId: string) => kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));

describe('keys', () => {
  it('are made with metadata as AWS gives them', async () => {
    const { KeyMetadata: made } = await kms.send(
      new CreateKeyCommand({ Description: 'd', Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
    );
    const arn = `arn:aws:kms:${REGION}:${ACCOUNT}:key/${made?.KeyId}`;
    expect(made).toMatchObject({
      Arn: arn,
      AWSAccountId: ACCOUNT,
      Description: 'd',
      Enabled: true,
      KeyState: 'Enabled',
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeySpec: 'SYMMETRIC_DEFAULT',
      Origin: 'AWS_KMS',
      KeyManager: 'CUSTOMER',
      MultiRegion: false,
    });
    expect(made?.CreationDate?.getTime()).toBeGreaterThan(Date.now() - 10_000);
    expect((await kms.send(new DescribeKeyCommand({ KeyId: arn }))).KeyMetadata).toEqual(made);
    expect((await kms.send(new ListResourceTagsCommand({ KeyId: arn }))).Tags).toEqual([
      { TagKey: 'a', TagValue: 'b' },
    ]);
  });

  it.each([
    [{ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' } as const, 'UnsupportedOperationException'],
    [{ MultiRegion: true }, 'UnsupportedOperationException'],
    [{ Origin: 'EXTERNAL' } as const, 'UnsupportedOperationException'],
    [{ Tags: [{ TagKey: 'aws:x', TagValue: '' }] }, 'TagException'],
    [
      {
        Tags: [
          { TagKey: 'a', TagValue: '' },
          { TagKey: 'a', TagValue: '' },
        ],
      },
      'TagException',
    ],
    [{ Tags: [{ TagKey: '', TagValue: '' }] }, 'ValidationException'],
    [{ Description: 'x'.repeat(8193) }, 'ValidationException'],
  ])('are refused with %j: %s', async (input, name) => {
    expect(await errorOf(kms.send(new CreateKeyCommand(input)))).toBe(name);
  });

  it.each([
    ['11111111-2222-3333-4444-555555555555', 'NotFoundException'],
    [`arn:aws:kms:${REGION}:${ACCOUNT}:key/11111111-2222-3333-4444-555555555555`, 'NotFoundException'],
    [`arn:aws:kms:us-east-1:${ACCOUNT}:key/x`, 'NotFoundException'],
    [`arn:aws:kms:${REGION}:444455556666:key/x`, 'NotFoundException'],
    [`arn:aws:s3:${REGION}:${ACCOUNT}:key/x`, 'InvalidArnException'],
    [`arn:aws:kms:${REGION}:${ACCOUNT}:other/x`, 'InvalidArnException'],
    ['alias/none', 'NotFoundException'],
    ['not a key', 'NotFoundException'],
    ['', 'ValidationException'],
    ['x'.repeat(2049), 'ValidationException'],
  ])('are not found as %s: %s', async (KeyId, name) => {
    expect(await errorOf(kms.send(new DescribeKeyCommand({ KeyId })))).toBe(name);
  });

  it('work only while enabled', async () => {
    const KeyId = await newKey();
    await kms.send(new DisableKeyCommand({ KeyId }));
    expect(await errorOf(encrypt(KeyId))).toBe('DisabledException');
    expect(await errorOf(kms.send(new RotateKeyOnDemandCommand({ KeyId })))).toBe('DisabledException');
    await kms.send(new EnableKeyCommand({ KeyId }));
    expect(await errorOf(encrypt(KeyId))).toBe('none');
  });

  it('wait before they are deleted, and can be rescued until then', async () => {
    const KeyId = await newKey();
    const scheduled = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    expect(scheduled).toMatchObject({ KeyState: 'PendingDeletion', PendingWindowInDays: 7 });
    const days = ((scheduled.DeletionDate?.getTime() ?? 0) - Date.now()) / DAY;
    expect(days).toBeCloseTo(7, 2);
    for (const call of [
      encrypt(KeyId),
      kms.send(new EnableKeyCommand({ KeyId })),
      kms.send(new DisableKeyCommand({ KeyId })),
      kms.send(new ScheduleKeyDeletionCommand({ KeyId })),
      kms.send(new CreateAliasCommand({ AliasName: 'alias/late', TargetKeyId: KeyId })),
    ]) {
      expect(await errorOf(call)).toBe('KMSInvalidStateException');
    }
    await kms.send(new CancelKeyDeletionCommand({ KeyId }));
    expect(await errorOf(kms.send(new CancelKeyDeletionCommand({ KeyId })))).toBe('KMSInvalidStateException');
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    expect(KeyMetadata).toMatchObject({ KeyState: 'Disabled', Enabled: false });
    const bad = [6, 31].map((PendingWindowInDays) =>
      errorOf(kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays }))),
    );
    expect(await Promise.all(bad)).toEqual(['ValidationException', 'ValidationException']);
  });

  it('are rotated, on demand and by date, and old ciphertexts still open', async () => {
    const KeyId = await newKey();
    const { CiphertextBlob } = await encrypt(KeyId);
    const material = async () =>
      (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.CurrentKeyMaterialId;
    const first = await material();
    await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
    expect(await material()).not.toBe(first);
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
    expect(opened.KeyMaterialId).toBe(first);
    expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('x');

    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
    const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
    expect(status).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 90 });
    await kms.send(new DisableKeyRotationCommand({ KeyId }));
    expect((await kms.send(new GetKeyRotationStatusCommand({ KeyId }))).KeyRotationEnabled).toBe(false);
    expect(await errorOf(kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 89 })))).toBe(
      'ValidationException',
    );
    for (let i = 1; i < 25; i++) await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
    expect(await errorOf(kms.send(new RotateKeyOnDemandCommand({ KeyId })))).toBe('LimitExceededException');
  });

  it('are gone when the waiting period is over, and rotated when the date has come', async () => {
    const [gone, kept] = await Promise.all([newKey(), newKey()]);
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/gone', TargetKeyId: gone }));
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: gone, PendingWindowInDays: 7 }));
    await kms.send(new EnableKeyRotationCommand({ KeyId: kept, RotationPeriodInDays: 90 }));
    const { CiphertextBlob } = await encrypt(kept);
    emulator.shift(91 * DAY);
    const later = emulator.client(admin);
    const describe = (KeyId: string) => later.send(new DescribeKeyCommand({ KeyId }));
    expect(await errorOf(describe(gone))).toBe('NotFoundException');
    expect(await errorOf(describe('alias/gone'))).toBe('NotFoundException');
    const { Keys } = await later.send(new ListKeysCommand({}));
    expect(Keys?.map((key) => key.KeyId)).not.toContain(gone);
    const { Aliases } = await later.send(new ListAliasesCommand({}));
    expect(Aliases?.map((alias) => alias.AliasName)).not.toContain('alias/gone');

    const before = (await describe(kept)).KeyMetadata?.CurrentKeyMaterialId;
    await later.send(new EncryptCommand({ KeyId: kept, Plaintext: Buffer.from('x') }));
    const after = (await describe(kept)).KeyMetadata?.CurrentKeyMaterialId;
    expect(after).not.toBe(before);
    const { NextRotationDate } = await later.send(new GetKeyRotationStatusCommand({ KeyId: kept }));
    expect(((NextRotationDate?.getTime() ?? 0) - Date.now()) / DAY).toBeCloseTo(181, 1);
    expect((await later.send(new DecryptCommand({ CiphertextBlob }))).KeyMaterialId).toBe(before);
    emulator.shift(-91 * DAY);
  });

  it('are listed in pages', async () => {
    await Promise.all([newKey(), newKey(), newKey()]);
    const all = await kms.send(new ListKeysCommand({}));
    const ids: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page = await kms.send(
        new ListKeysCommand({ Limit: 2, ...(Marker === undefined ? {} : { Marker }) }),
      );
      ids.push(...(page.Keys ?? []).map((key) => key.KeyArn));
      Marker = page.NextMarker;
      expect(page.Truncated).toBe(Marker !== undefined);
    } while (Marker !== undefined);
    expect(ids).toEqual(all.Keys?.map((key) => key.KeyArn));
    expect(new Set(ids).size).toBe(ids.length);
    expect(await errorOf(kms.send(new ListKeysCommand({ Marker: 'none' })))).toBe('InvalidMarkerException');
    expect(await errorOf(kms.send(new ListKeysCommand({ Limit: 0 })))).toBe('ValidationException');
  });

  it('have no operations that are not offered', async () => {
    const mac = new GenerateMacCommand({
      KeyId: 'x',
      Message: Buffer.from('x'),
      MacAlgorithm: 'HMAC_SHA_256',
    });
    expect(await errorOf(kms.send(mac))).toBe('UnsupportedOperationException');
  });
});

describe('aliases', () => {
  it('name a key for its use and move to another', async () => {
    const [one, two] = await Promise.all([newKey(), newKey()]);
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/app/main', TargetKeyId: one }));
    const arn = `arn:aws:kms:${REGION}:${ACCOUNT}:alias/app/main`;
    expect((await encrypt('alias/app/main')).KeyId).toContain(one);
    await kms.send(new UpdateAliasCommand({ AliasName: 'alias/app/main', TargetKeyId: two }));
    expect((await encrypt(arn)).KeyId).toContain(two);
    const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: two }));
    expect(Aliases).toMatchObject([{ AliasName: 'alias/app/main', AliasArn: arn, TargetKeyId: two }]);
    expect((await kms.send(new ListAliasesCommand({ KeyId: one }))).Aliases).toEqual([]);
    expect(await errorOf(kms.send(new DisableKeyCommand({ KeyId: arn })))).toBe('NotFoundException');
    await kms.send(new DeleteAliasCommand({ AliasName: 'alias/app/main' }));
    expect(await errorOf(encrypt(arn))).toBe('NotFoundException');
  });

  it('are refused where AWS refuses them', async () => {
    const KeyId = await newKey();
    const create = (AliasName: string, TargetKeyId = KeyId) =>
      errorOf(kms.send(new CreateAliasCommand({ AliasName, TargetKeyId })));
    expect(await create('alias/twice')).toBe('none');
    expect(await create('alias/twice')).toBe('AlreadyExistsException');
    expect(await create('main')).toBe('ValidationException');
    expect(await create('alias/')).toBe('ValidationException');
    expect(await create('alias/ä')).toBe('ValidationException');
    expect(await create('alias/aws/s3')).toBe('InvalidAliasNameException');
    expect(await create('alias/of-alias', 'alias/twice')).toBe('ValidationException');
    expect(await create('alias/none', '11111111-2222-3333-4444-555555555555')).toBe('NotFoundException');
    expect(await errorOf(kms.send(new DeleteAliasCommand({ AliasName: 'alias/none' })))).toBe(
      'NotFoundException',
    );
    for (let i = 1; i < 50; i++) await create(`alias/many-${i}`);
    expect(await create('alias/many-50')).toBe('LimitExceededException');
  });
});
