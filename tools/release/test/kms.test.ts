// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { CreateKeyCommand, KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms';
import { type KmsEmulator, startKmsEmulator } from '@enclave-vault/emulator-kms';
import { verifyRelease } from '@enclave-vault/release';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kmsSigner, rawSignature } from '../src/kms.ts';
import { makeRelease } from '../src/make.ts';
import { bench, NOW, QUICK } from './support.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';
const BUILD = `arn:aws:iam::${ACCOUNT}:role/vault/vault-build`;
const CREDENTIALS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'of the emulator' };

let kms: KmsEmulator;
let config: KMSClientConfig;
const keyOf = async (spec: 'ECC_NIST_P384' | 'ECC_NIST_P256', action: readonly string[]): Promise<string> => {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'Use',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Action: ['kms:PutKeyPolicy'],
        Resource: '*',
      },
      {
        Sid: 'Sign',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Action: action,
        Resource: '*',
        Condition: { StringEqualsIfExists: { 'kms:MessageType': 'DIGEST' } },
      },
    ],
  });
  const client = new KMSClient(config);
  const made = await client.send(new CreateKeyCommand({ KeySpec: spec, KeyUsage: 'SIGN_VERIFY', Policy }));
  return made.KeyMetadata?.Arn ?? '';
};

beforeAll(async () => {
  kms = await startKmsEmulator({
    region: REGION,
    account: ACCOUNT,
    stateFile: null,
    attestationRoots: [],
    principals: [
      {
        arn: BUILD,
        ...CREDENTIALS,
        identityPolicies: [
          {
            Version: '2012-10-17',
            Statement: [
              {
                Sid: 'All',
                Effect: 'Allow',
                Action: ['kms:CreateKey', 'kms:GetPublicKey', 'kms:PutKeyPolicy', 'kms:Sign'],
                Resource: '*',
              },
            ],
          },
        ],
      },
    ],
    listeners: [{ host: '127.0.0.1', port: 0, network: null }],
  });
  config = {
    region: REGION,
    endpoint: kms.endpoints[0]?.url ?? '',
    credentials: CREDENTIALS,
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: kms.ca }) }),
  };
});
afterAll(() => kms.close());

describe('a release key in KMS', () => {
  test('signs a release that verifies under its public key', async () => {
    const signer = await kmsSigner(await keyOf('ECC_NIST_P384', ['kms:GetPublicKey', 'kms:Sign']), config);
    const { folder, image } = await bench();
    const inputs = {
      version: '2.0.0',
      image,
      name: 'x',
      architecture: 'aarch64',
      out: join(folder, 'out'),
      issued: NOW,
    } as const;
    const { release } = await makeRelease(inputs, signer, QUICK);
    const bytes = await readFile(join(folder, 'out/release.json'));
    expect(verifyRelease(bytes, signer.publicKey)).toEqual(release);
  });

  test('on another curve is refused', async () => {
    const arn = await keyOf('ECC_NIST_P256', ['kms:GetPublicKey', 'kms:Sign']);
    await expect(kmsSigner(arn, config)).rejects.toMatchObject({ code: 'key_unreadable' });
  });

  test('that does not sign for us leaves no release', async () => {
    const signer = await kmsSigner(await keyOf('ECC_NIST_P384', ['kms:GetPublicKey']), config);
    await expect(signer.sign(Buffer.from('message'))).rejects.toMatchObject({
      code: 'kms_failed',
      message: expect.stringContaining('AccessDenied'),
    });
  });

  test.each(['arn:aws:s3:::bucket', 'arn:aws:kms'])('%s is no key', async (arn) => {
    await expect(kmsSigner(arn, config)).rejects.toMatchObject({ code: 'key_unreadable' });
  });
});

describe('a signature from DER', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });

  test('is r || s, whatever the lengths of both', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (message) => {
        const raw = rawSignature(sign('sha384', message, privateKey));
        expect(raw).toHaveLength(96);
        return verify('sha384', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw);
      }),
      { numRuns: 300 },
    );
  });

  test('of small numbers is padded', () => {
    const raw = rawSignature(Buffer.from('3006020101020102', 'hex'));
    expect(raw.toString('hex')).toBe(`${'00'.repeat(47)}01${'00'.repeat(47)}02`);
  });

  test.each([
    ['nothing', ''],
    ['no sequence', '3106020101020102'],
    ['a sequence that is longer than it says', '300602010102010200'],
    ['a sequence that is shorter', '3007020101020102'],
    ['one integer', '30060204010101ff'],
    ['a negative number', '3006020180020102'],
    ['a zero too many', '300702020001020102'],
    ['zero with nothing after it', '3006020100020102'],
    ['no number', '3005020002020102'],
    ['a number that is too long', `3036${'0231'}${'01'.repeat(49)}020102`],
    ['something after both', '3008020101020102' + '0500'],
  ])('is refused: %s', (_, hex) => {
    expect(() => rawSignature(Buffer.from(hex, 'hex'))).toThrow(
      expect.objectContaining({ code: 'kms_failed' }),
    );
  });
});
