// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateRandomCommand,
} from '@aws-sdk/client-kms';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { EventFile } from '../src/event-file.ts';
import { ACCOUNT, errorOf, REGION, role, testEmulator } from './support/emulator.ts';
import { TestEnclave } from './support/enclave.ts';

const folder = mkdtempSync(join(tmpdir(), 'kms-events-'));
afterAll(() => rmSync(folder, { recursive: true }));
const eventLog = join(folder, 'events.jsonl');
const enclave = new TestEnclave();
const admin = role('admin');
const user = { ...role('bob'), arn: `arn:aws:iam::${ACCOUNT}:user/team/bob` };
const stranger = role('stranger', []);
const emulator = await testEmulator([admin, user, stranger], {
  attestationRoots: [enclave.rootPem],
  eventLog,
  listeners: [{ host: '127.0.0.1', port: 0, network: { sourceVpc: 'vpc-1', sourceVpce: 'vpce-1' } }],
});
const kms = emulator.client(admin);
const KeyId = (await kms.send(new CreateKeyCommand({ Description: 'events' }))).KeyMetadata?.Arn ?? '';
const last = () => emulator.events.at(-1);

describe('the event log', () => {
  it('has CloudTrail’s shape', async () => {
    await kms.send(
      new EncryptCommand({ KeyId, Plaintext: Buffer.from('x'), EncryptionContext: { vault_id: 'v_1' } }),
    );
    expect(last()).toEqual({
      eventVersion: '1.11',
      userIdentity: {
        type: 'AssumedRole',
        arn: admin.arn,
        accountId: ACCOUNT,
        accessKeyId: admin.accessKeyId,
        sessionContext: {
          sessionIssuer: { type: 'Role', arn: admin.arn, accountId: ACCOUNT, userName: 'admin' },
        },
      },
      eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      eventSource: 'kms.amazonaws.com',
      eventName: 'Encrypt',
      awsRegion: REGION,
      sourceIPAddress: '127.0.0.1',
      userAgent: expect.stringContaining('aws-sdk-js'),
      requestParameters: {
        keyId: KeyId,
        encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        encryptionContext: { vault_id: 'v_1' },
      },
      responseElements: null,
      requestID: expect.any(String),
      eventID: expect.any(String),
      readOnly: true,
      resources: [{ accountId: ACCOUNT, type: 'AWS::KMS::Key', ARN: KeyId }],
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: ACCOUNT,
      vpcEndpointId: 'vpce-1',
      vpcEndpointAccountId: ACCOUNT,
      eventCategory: 'Management',
    });
  });

  it('says who was refused, and why', async () => {
    const input = { KeyId, Plaintext: Buffer.from('x') };
    expect(await errorOf(emulator.client(stranger).send(new EncryptCommand(input)))).toBe(
      'AccessDeniedException',
    );
    expect(last()).toMatchObject({
      eventName: 'Encrypt',
      errorCode: 'AccessDenied',
      errorMessage: expect.stringContaining('is not authorized to perform: kms:Encrypt'),
      resources: [{ ARN: KeyId }],
    });
    await errorOf(emulator.client(user).send(new DecryptCommand({ CiphertextBlob: Buffer.from('x') })));
    expect(last()).toMatchObject({
      userIdentity: { type: 'IAMUser', userName: 'bob' },
      errorCode: 'InvalidCiphertextException',
      resources: [],
    });
  });

  it('names the enclave that was answered', async () => {
    const Recipient = {
      KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256' as const,
      AttestationDocument: enclave.document(),
    };
    await kms.send(new GenerateRandomCommand({ NumberOfBytes: 8, Recipient }));
    expect(last()).toMatchObject({
      additionalEventData: {
        recipient: {
          attestationDocumentModuleId: enclave.chain.moduleId,
          attestationDocumentEnclaveImageDigest: enclave.hex(0),
          attestationDocumentEnclavePCR1: enclave.hex(1),
          attestationDocumentEnclavePCR16: enclave.hex(16),
        },
      },
    });
  });

  it('and the log on stderr never hold a plaintext, ciphertext or secret key', async () => {
    const marker = 'marked-plaintext-0123456789';
    const sealed = await kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from(marker) }));
    const key = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
    const pair = await kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: 'ECC_NIST_P256' }));
    await kms.send(new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob }));
    const denied = emulator.client(stranger);
    await errorOf(denied.send(new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob })));
    await errorOf(kms.send(new DecryptCommand({ CiphertextBlob: Buffer.from(marker) })));
    const secrets = [
      marker,
      admin.secretAccessKey,
      ...[
        Buffer.from(marker),
        sealed.CiphertextBlob,
        key.Plaintext,
        key.CiphertextBlob,
        pair.PrivateKeyPlaintext,
        pair.PrivateKeyCiphertextBlob,
      ].map((bytes) => Buffer.from(bytes ?? []).toString('base64')),
    ];
    const written = JSON.stringify([emulator.events, emulator.log]);
    expect(secrets.filter((secret) => written.includes(secret))).toEqual([]);
  });

  it('is written to a private file, one JSON line an event', async () => {
    await expect
      .poll(() => readFileSync(eventLog, 'utf8').trim().split('\n').length)
      .toBe(emulator.events.length);
    const lines = readFileSync(eventLog, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(emulator.events);
    expect(statSync(eventLog).mode & 0o777).toBe(0o600);
  });
});

describe('EventFile', () => {
  it('starts a new file when one is full, and keeps the last', async () => {
    const path = join(folder, 'full.jsonl');
    const file = await EventFile.open(path, 1000);
    for (let n = 0; n < 5; n++) {
      file.append({ n, filler: 'x'.repeat(600) });
      // Each is written before the next is there: together they would be one piece.
      await vi.waitFor(() => expect(readFileSync(path, 'utf8')).toContain(`"n":${n},`), 60_000);
    }
    await file.close();
    const numbers = [`${path}.1`, path].map((name) =>
      readFileSync(name, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).n),
    );
    expect(numbers).toEqual([[2, 3], [4]]);
  });
});
