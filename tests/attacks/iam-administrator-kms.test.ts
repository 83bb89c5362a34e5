// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  CreateKeyCommand,
  DecryptCommand,
  type DecryptCommandInput,
  DisableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GetKeyPolicyCommand,
  type KMSClient,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { evaluateRequest, type PolicyDocument } from '@enclave-vault/emulator-iam';
import { buildNitroChain, createNitroRoot } from '@enclave-vault/emulator-pki';
import type { Item } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL } from '../../tools/admin/src/dev/deployment.ts';
import { type Captured, capture } from '../support/captured.ts';
import { Documents, hypervisorRoot, withPublicKey } from '../support/documents.ts';
import { GlassVault } from '../support/glass-vault.ts';
import { outcome, recipient } from '../support/kms-client.ts';
import { RecipientKey } from '../support/recipient-key.ts';
import { ANYTHING, EVERYBODY, OPEN_TO_ALL, type Somebody, TwinKms, typeOf } from '../support/twin-kms.ts';

/**
 * Actor: IAM administrator
 *
 * He holds credentials of the account and a copy of the store and asks KMS himself for a record's private key: as the API, the parent, the
 * deployment, an administrator whose identity policy allows everything; without an attestation document, or with one that is old,
 * forged, another's, or captured from the vault's enclave.
 */
const NAMES = Object.keys(EVERYBODY) as Somebody[];
const PLACES = ['inside', 'outside'] as const;
const DENIED = [
  'AccessDeniedException',
  expect.stringContaining('with an explicit deny in a resource-based policy'),
];

let glass: GlassVault;
let twin: TwinKms;
let record: Item;
let otherId = '';
let captured: Captured;
let genuine: Buffer;
let documents: Documents;
const own = new RecipientKey();

beforeAll(async () => {
  glass = await GlassVault.start();
  const id = await glass.create({ first_name: 'Bartholomew' });
  otherId = await glass.create({ first_name: 'Evangeline' });
  record = await glass.record(id);
  captured = await capture(glass, id);
  genuine = captured.document;
  documents = new Documents(glass, genuine);
  twin = await TwinKms.of(glass);
});
afterAll(async () => {
  await twin?.stop();
  await glass.stop();
});

const contextOf = (vault_id = String(record._id)) => ({ vault_id, tenant_id: 'default' });
/** Decrypt of the record's private key, which fails for what `changes` has changed. */
const decrypt = (kms: KMSClient, changes: Partial<DecryptCommandInput> = {}) =>
  kms.send(
    new DecryptCommand({
      KeyId: String(record._kk),
      CiphertextBlob: record._sk as Uint8Array,
      EncryptionContext: contextOf(),
      ...changes,
    }),
  );
const came = async (call: Promise<unknown>) => {
  const { name, message } = await outcome(call);
  return [name, message];
};
/** The error's name, and why the vault's own KMS said so: its log line. */
async function refusal(call: Promise<unknown>) {
  const { name, requestId } = await outcome(call);
  return { name, ...(await glass.denial(requestId)) };
}

describe('without a document', () => {
  it.each(['api', 'instance', 'deployment'] as const)(
    'the %s role of the vault decrypts nothing',
    async (role) => {
      for (const from of PLACES) {
        const kms = glass.kms(role, from);
        expect(await came(decrypt(kms))).toEqual(DENIED);
        expect(await refusal(decrypt(kms, { DryRun: true }))).toMatchObject({
          name: 'AccessDeniedException',
          attested: false,
          decision: 'explicit_deny',
        });
      }
    },
  );

  it.each(NAMES)('%s, allowed everything by identity, decrypts nothing', async (who) => {
    const request = { KeyId: glass.keys.request, CiphertextBlob: captured.wrappedRequestKey };
    for (const from of PLACES) {
      const kms = twin.as(who, from);
      for (const changes of [
        {},
        { DryRun: true },
        { EncryptionContext: undefined },
        { KeyId: undefined },
        { ...request, EncryptionContext: { purpose: 'enclave-request/1' } },
      ])
        expect(await came(decrypt(kms, changes))).toEqual(DENIED);
    }
  });

  it('nobody but the API gets at the keys of audit and records’ authentication', async () => {
    const EncryptionContext = { purpose: 'integrity/record' };
    const input = { KeyId: glass.keys.integrity, EncryptionContext };
    for (const who of NAMES.filter((name) => name !== 'api'))
      for (const from of PLACES) {
        const kms = twin.as(who, from);
        const ignored = { ...input, DryRun: true, DryRunModifiers: ['IGNORE_CIPHERTEXT' as const] };
        expect(await came(kms.send(new DecryptCommand(ignored)))).toEqual(DENIED);
        expect(await came(kms.send(new GenerateDataKeyCommand({ ...input, KeySpec: 'AES_256' })))).toEqual(
          DENIED,
        );
      }
  });
});

describe('with a document', () => {
  const attested = (document: Uint8Array, changes: Partial<DecryptCommandInput> = {}) =>
    decrypt(glass.kms('instance'), { Recipient: recipient(document), ...changes });

  it('that is in order but for who wrote it, the key comes out: what follows fails for one difference each', async () => {
    const { CiphertextForRecipient = new Uint8Array(), Plaintext } = await attested(
      documents.with({ publicKey: own.publicKey }),
    );
    expect(Plaintext).toBeUndefined();
    const pkcs8 = own.open(CiphertextForRecipient);
    expect(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).asymmetricKeyDetails).toEqual({
      namedCurve: 'secp384r1',
    });
  });

  it.each<[string, () => Buffer, string]>([
    ['six minutes old', () => documents.with({ timestamp: Date.now() - 6 * 60_000 }), 'document_stale'],
    [
      'from the future',
      () => documents.with({ timestamp: Date.now() + 10 * 60_000 }),
      'document_from_future',
    ],
    [
      'whose certificates ended',
      () => {
        const chain = buildNitroChain({ root: hypervisorRoot(glass), at: Date.now() - 4 * 3_600_000 });
        return documents.with({ chain });
      },
      'certificate_expired',
    ],
    [
      'of a root of his own',
      () => {
        const chain = buildNitroChain({ root: createNitroRoot(Date.now()), at: Date.now() });
        return documents.with({ chain });
      },
      'chain_foreign_root',
    ],
    ['with his public key put in', () => withPublicKey(genuine, own.publicKey), 'signature_invalid'],
    [
      'of a debugged enclave',
      () => documents.with({ pcrs: { 0: Buffer.alloc(48), 1: Buffer.alloc(48), 2: Buffer.alloc(48) } }),
      'debug_mode',
    ],
    ['without a public key', () => documents.with({ publicKey: null }), 'public_key_unusable'],
    [
      'for callers, whose key is not RSA',
      () => {
        const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
        return documents.with({ publicKey: publicKey.export({ type: 'spki', format: 'der' }) });
      },
      'public_key_unusable',
    ],
    ['cut short', () => genuine.subarray(0, -1), 'document_malformed'],
  ])('%s: refused', async (_, make, code) => {
    expect(await refusal(attested(make()))).toMatchObject({
      name: 'ValidationException',
      decision: 'attestation_refused',
      attestation: code,
    });
  });

  it.each([0, 1, 2, 3, 8, 16])('with another PCR%i: denied, by name', async (register) => {
    const flipped = Buffer.from(documents.register(register));
    flipped.writeUInt8(flipped.readUInt8(47) ^ 1, 47);
    for (const value of [randomBytes(48), flipped]) {
      const document = documents.with({ publicKey: own.publicKey, pcrs: { [register]: value } });
      expect(await refusal(attested(document))).toMatchObject({
        name: 'AccessDeniedException',
        attested: true,
        registers: [`PCR${register}`],
      });
    }
  });

  it.each<[string, Readonly<Record<number, Uint8Array | null>>]>([
    ['as an enclave before its configuration', { 16: null }],
    ['with its configuration in another register', { 16: null, 17: Buffer.alloc(48, 1) }],
    ['with a configuration of zeros', { 16: Buffer.alloc(48) }],
  ])('%s: denied for PCR16', async (_, pcrs) => {
    expect(await refusal(attested(documents.with({ pcrs, publicKey: own.publicKey })))).toMatchObject({
      name: 'AccessDeniedException',
      registers: ['PCR16'],
    });
  });

  it.each<[string, () => Record<string, string> | undefined, string]>([
    ['none', () => undefined, 'AccessDeniedException'],
    ['another record’s', () => contextOf(otherId), 'InvalidCiphertextException'],
    ['another tenant’s', () => ({ ...contextOf(), tenant_id: 'other' }), 'InvalidCiphertextException'],
    ['a part of it', () => ({ vault_id: String(record._id) }), 'AccessDeniedException'],
    ['more than it', () => ({ ...contextOf(), more: 'x' }), 'AccessDeniedException'],
    ['a request key’s', () => ({ purpose: 'enclave-request/1' }), 'AccessDeniedException'],
  ])('and the wrong encryption context (%s): refused', async (_, context, name) => {
    const document = documents.with({ publicKey: own.publicKey });
    const call = attested(document, { EncryptionContext: context() });
    expect((await outcome(call)).name).toBe(name);
  });

  it('under another of the vault’s keys: refused', async () => {
    const document = documents.with({ publicKey: own.publicKey });
    for (const KeyId of [glass.keys.request, glass.keys.integrity])
      expect(await came(attested(document, { KeyId }))).toEqual(DENIED);
  });

  it.each(NAMES)('%s: only the instance role, inside the network', async (who) => {
    const Recipient = recipient(documents.with({ publicKey: own.publicKey }));
    for (const from of PLACES) {
      const { name } = await outcome(decrypt(twin.as(who, from), { Recipient }));
      expect([from, name]).toEqual([
        from,
        who === 'instance' && from === 'inside' ? 'answered' : 'AccessDeniedException',
      ]);
    }
  });
});

describe('a document captured from the vault’s enclave', () => {
  it('came with answers that only the enclave’s key opens', () => {
    expect(captured.exchanges).toHaveLength(2);
    for (const { reply } of captured.exchanges) {
      const answer = JSON.parse(reply.body.toString('utf8')) as Record<string, string>;
      expect(answer).not.toHaveProperty('Plaintext');
      expect(() => own.open(Buffer.from(answer.CiphertextForRecipient ?? '', 'base64'))).toThrow();
    }
  });

  it('replayed by the parent yields an answer for that same key', async () => {
    const { Plaintext, CiphertextForRecipient = new Uint8Array() } = await decrypt(glass.kms('instance'), {
      Recipient: recipient(genuine),
    });
    expect(Plaintext).toBeUndefined();
    expect(() => own.open(CiphertextForRecipient)).toThrow();
  });

  it('is of no use to another role, from another network, for another operation', async () => {
    const Recipient = recipient(genuine);
    expect(await came(decrypt(glass.kms('instance', 'outside'), { Recipient }))).toEqual(DENIED);
    for (const role of ['api', 'deployment'] as const)
      for (const from of PLACES)
        expect(await came(decrypt(glass.kms(role, from), { Recipient }))).toEqual(DENIED);
    const input = { KeyId: glass.keys.vault, EncryptionContext: contextOf(), Recipient };
    for (const call of [
      glass.kms('instance').send(new GenerateDataKeyCommand({ ...input, KeySpec: 'AES_256' })),
      glass.kms('instance').send(new GenerateDataKeyPairCommand({ ...input, KeyPairSpec: 'ECC_NIST_P384' })),
    ].map(came))
      expect(await call).toEqual(DENIED);
  });

  it.each([
    ['five minutes', 5 * 60_000 + 1_000, 'document_stale'],
    ['four hours', 4 * 3_600_000, 'certificate_expired'],
  ])('is of no use after %s', async (_, ms, code) => {
    const replay = () => decrypt(twin.as('instance'), { Recipient: recipient(genuine) });
    expect((await outcome(replay())).name).toBe('answered');
    expect((await outcome(twin.later(ms, replay))).name).toBe('ValidationException');
    expect(twin.denials.at(-1)).toMatchObject({ decision: 'attestation_refused', attestation: code });
  });
});

describe('other ways to a key', () => {
  it.each(NAMES)('%s wraps nothing of his own under the vault key', async (who) => {
    const base = { KeyId: glass.keys.vault, EncryptionContext: contextOf() };
    const KeyPairSpec = 'ECC_NIST_P384' as const;
    for (const from of PLACES) {
      const kms = twin.as(who, from);
      for (const call of [
        kms.send(new EncryptCommand({ ...base, Plaintext: Buffer.from('x') })),
        kms.send(new GenerateDataKeyCommand({ ...base, KeySpec: 'AES_256' })),
        kms.send(new GenerateDataKeyWithoutPlaintextCommand({ ...base, KeySpec: 'AES_256' })),
        kms.send(new GenerateDataKeyPairCommand({ ...base, KeyPairSpec })),
      ].map(came))
        expect(await call).toEqual(DENIED);
      // What the API is for, it does from where it stands; and it never sees the private key.
      const pair = kms.send(new GenerateDataKeyPairWithoutPlaintextCommand({ ...base, KeyPairSpec }));
      if (who === 'api' && from === 'inside') expect(await pair).not.toHaveProperty('PrivateKeyPlaintext');
      else expect(await came(pair)).toEqual(DENIED);
    }
  });

  it('the API makes no key pairs but those of records', async () => {
    const base = {
      KeyId: glass.keys.vault,
      EncryptionContext: contextOf(),
      KeyPairSpec: 'ECC_NIST_P384' as const,
    };
    for (const changes of [
      { KeyPairSpec: 'ECC_NIST_P256' as const },
      { KeyPairSpec: 'RSA_2048' as const },
      { EncryptionContext: undefined },
      { EncryptionContext: { vault_id: String(record._id) } },
      { EncryptionContext: { ...contextOf(), more: 'x' } },
      { EncryptionContext: contextOf('x') },
      { KeyId: glass.keys.request },
    ]) {
      const call = glass
        .kms('api')
        .send(new GenerateDataKeyPairWithoutPlaintextCommand({ ...base, ...changes }));
      expect(await came(call)).toEqual(DENIED);
    }
  });

  it('nobody re-encrypts a wrapped key for another, or grants its use', async () => {
    for (const KeyId of Object.values(glass.keys)) {
      const { Policy = '' } = await glass
        .kms('deployment', 'outside')
        .send(new GetKeyPolicyCommand({ KeyId }));
      const resource = JSON.parse(Policy) as PolicyDocument;
      for (const who of NAMES)
        for (const action of [
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:CreateGrant',
          'kms:ReplicateKey',
        ]) {
          const { kind } = evaluateRequest(
            {
              principal: { arn: EVERYBODY[who], account: LOCAL.account, type: typeOf(who) },
              action,
              resource: KeyId,
              resourceAccount: LOCAL.account,
              context: { 'aws:SourceVpc': LOCAL.network.vpcId, 'aws:SourceVpce': LOCAL.network.vpceId ?? '' },
            },
            { identity: [ANYTHING], resource },
          );
          expect([who, action, kind]).toEqual([who, action, 'explicit_deny']);
        }
    }
  });

  it.each(NAMES.filter((who) => who !== 'deployment' && who !== 'breakGlass'))(
    '%s neither rewrites a key policy nor takes a key away',
    async (who) => {
      for (const KeyId of Object.values(glass.keys))
        for (const from of PLACES) {
          const kms = twin.as(who, from);
          for (const call of [
            kms.send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify(OPEN_TO_ALL) })),
            kms.send(
              new PutKeyPolicyCommand({
                KeyId,
                Policy: JSON.stringify(OPEN_TO_ALL),
                BypassPolicyLockoutSafetyCheck: true,
              }),
            ),
            kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 })),
            kms.send(new DisableKeyCommand({ KeyId })),
          ].map(came))
            expect(await call).toEqual(DENIED);
        }
    },
  );

  it('the vault’s own roles do not, with the policies that they have', async () => {
    for (const role of ['api', 'instance'] as const)
      for (const from of PLACES) {
        const kms = glass.kms(role, from);
        const Policy = JSON.stringify(OPEN_TO_ALL);
        expect(await came(kms.send(new PutKeyPolicyCommand({ KeyId: glass.keys.vault, Policy })))).toEqual(
          DENIED,
        );
        expect((await outcome(kms.send(new CreateKeyCommand({})))).name).toBe('AccessDeniedException');
      }
  });
});
