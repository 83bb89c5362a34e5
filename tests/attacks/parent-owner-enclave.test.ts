// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DecryptCommand } from '@aws-sdk/client-kms';
import { type CborValue, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import { envelopedData } from '@enclave-vault/emulator-pki';
import { encodeConfiguration, parseConfiguration, parseErrorAnswer, pcr16 } from '@enclave-vault/protocol';
import type { Item } from '@enclave-vault/vault';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DeploymentKeys } from '../../tools/admin/src/dev/keys.ts';
import { pinnedMeasurements } from '../../tools/admin/src/dev/measurements.ts';
import { FalseKms, ownAuthority, passOn } from '../support/false-kms.ts';
import { GlassVault, ROOT } from '../support/glass-vault.ts';
import { changedImage, oneByteChanged } from '../support/images.ts';
import { outcome, recipient } from '../support/kms-client.ts';
import { RecipientKey } from '../support/recipient-key.ts';
import type { Rogue } from '../support/rogue-enclave.ts';
import { requestFor, SealedQuestion } from '../support/stolen-record.ts';
import { describeAlteredRuntime } from './supply-chain-runtime.ts';

/**
 * Actor: owner of the parent
 *
 * He launches an enclave of his own in the place of the vault's: another program, other flags, another configuration, a debugger's. He
 * has the instance role's credentials and hands it the API's own requests. What KMS measures is what decides: the caller gets 503
 * `enclave_not_trusted`, the log names the registers, nothing is decrypted.
 */
const SECRET = 'Bartholomew';
let glass: GlassVault;
let id = '';

beforeAll(async () => {
  glass = await GlassVault.start();
  id = await glass.create({ first_name: SECRET });
  expect((await glass.decrypt(id, ['first_name'])).json.data).toEqual({ first_name: SECRET });
});
afterAll(() => glass.stop());
afterEach(() => glass.settle());

/** Successful Decrypt calls with the instance role's credentials, from KMS's own records. */
function decryptions(): number {
  const events = readFileSync(glass.files.kmsEvents, 'utf8').trim().split('\n');
  return events
    .map(
      (line) => JSON.parse(line) as { eventName: string; errorCode?: string; userIdentity: { arn: string } },
    )
    .filter(({ eventName, errorCode }) => eventName === 'Decrypt' && errorCode === undefined)
    .filter(({ userIdentity }) => userIdentity.arn.endsWith('/instance')).length;
}

/** Lets the API ask, and carries its request to the rogue. */
async function askThrough(rogue: Rogue) {
  const [before, refused] = [decryptions(), glass.logged('kms_denied').length];
  glass.between = ({ body }) => rogue.post('/v1/decrypt', glass.parentRequest(body));
  const answer = await glass.decrypt(id, ['first_name']);
  expect(decryptions()).toBe(before);
  return { answer, denied: await glass.loggedSince('kms_denied', refused) };
}

async function expectNotTrusted(rogue: Rogue, registers: readonly string[]): Promise<void> {
  const { answer, denied } = await askThrough(rogue);
  expect([answer.status, answer.json.code]).toEqual([503, 'enclave_not_trusted']);
  expect(answer.text).not.toContain(SECRET);
  expect(denied).not.toHaveLength(0);
  for (const line of denied)
    expect(line).toMatchObject({ action: 'kms:Decrypt', attested: true, registers: [...registers] });
}

describe('the vault’s own program', () => {
  it('launched by anybody, as it is, is the vault’s enclave: what follows fails for one difference each', async () => {
    const rogue = await glass.launch();
    expect(await rogue.configure(glass.vault.configuration())).toBe(204);
    glass.between = ({ body }) => rogue.post('/v1/decrypt', glass.parentRequest(body));
    expect((await glass.decrypt(id, ['first_name'])).json.data).toEqual({ first_name: SECRET });
  });

  it.each([
    ['one byte changed', { bundle: oneByteChanged }, ['PCR0', 'PCR2']],
    [
      'a seat belt off',
      { flags: (flags: readonly string[]) => flags.filter((flag) => flag !== '--frozen-intrinsics') },
      ['PCR0', 'PCR1'],
    ],
    [
      'a debugger’s door',
      {
        flags: (flags: readonly string[]) => [
          ...flags.filter((flag) => flag !== '--disable-sigusr1'),
          '--allow-inspector',
        ],
      },
      ['PCR0', 'PCR1'],
    ],
  ])('with %s', async (_, change, registers) => {
    const rogue = await glass.launch({ image: changedImage(glass.folder, change) });
    expect(await rogue.configure(glass.vault.configuration())).toBe(204);
    await expectNotTrusted(rogue, registers);
  });

  it('in debug mode', async () => {
    const rogue = await glass.launch({ debug: true });
    expect(rogue.description.Flags).toBe('DEBUG_MODE');
    expect(await rogue.configure(glass.vault.configuration())).toBe(204);
    const { answer, denied } = await askThrough(rogue);
    expect([answer.status, answer.json.code]).toEqual([503, 'enclave_not_trusted']);
    expect(denied).toContainEqual(
      expect.objectContaining({ decision: 'attestation_refused', attestation: 'debug_mode' }),
    );
  });

  it('before its configuration attests nothing and decrypts nothing', async () => {
    const rogue = await glass.launch();
    let said = '';
    glass.between = async ({ body }) => {
      const answer = await rogue.post('/v1/decrypt', glass.parentRequest(body));
      said = `${answer.status} ${parseErrorAnswer(answer.body)}`;
      return answer;
    };
    expect((await glass.decrypt(id, ['first_name'])).json.code).toBe('enclave_unavailable');
    expect(said).toBe('409 no_configuration');
    const asked = encodeCbor(
      new Map<string, CborValue>([
        ['v', 1],
        ['nonce', randomBytes(16)],
      ]),
    );
    expect((await rogue.post('/v1/attestation', asked)).status).toBe(409);
  });
});

describeAlteredRuntime(() => ({ glass, expectNotTrusted }));

describe('with another configuration', () => {
  const changed = (change: (own: ReturnType<typeof parseConfiguration>) => object) => {
    const own = parseConfiguration(glass.vault.configuration());
    return encodeConfiguration({ ...own, ...change(own) });
  };
  const other = (arn: string | undefined) => `${arn?.slice(0, -36)}${'11111111-2222-4333-8444-555555555555'}`;

  it.each([
    ['limits raised', () => changed(({ limits }) => ({ limits: { ...limits, expressionMs: 5_000 } }))],
    [
      'a vault key of his own beside ours',
      () => changed(({ vaultKeyArns: [own = ''] }) => ({ vaultKeyArns: [own, other(own)] })),
    ],
    [
      'our vault key as a key of imported records, which needs no context',
      () => changed(({ vaultKeyArns: [own = ''] }) => ({ vaultKeyArns: [other(own)], legacyKeyArns: [own] })),
    ],
    [
      'a TLS root of his own beside ours',
      () => changed(({ tlsRoots }) => ({ tlsRoots: [...tlsRoots, ownAuthority().certificate] })),
    ],
  ])('%s', async (_, configuration) => {
    const rogue = await glass.launch();
    expect(await rogue.configure(configuration())).toBe(204);
    await expectNotTrusted(rogue, ['PCR16']);
  });

  it('given twice: the second is refused, and so is one given beside the first', async () => {
    const rogue = await glass.launch();
    const [one, two] = await Promise.all([
      rogue.configure(glass.vault.configuration()),
      rogue.configure(changed(() => ({ kmsPort: 8443 }))),
    ]);
    expect([one, two].sort()).toEqual([204, 409]);
    expect(await rogue.configure(glass.vault.configuration())).toBe(404);
  });

  it('unreadable: the enclave has measured it and is of no more use', async () => {
    const rogue = await glass.launch();
    expect(await rogue.configure(Buffer.concat([glass.vault.configuration(), Buffer.of(0)]))).toBe(400);
    expect(await rogue.configure(glass.vault.configuration())).toBe(409);
    const answer = await rogue.post('/v1/decrypt', glass.parentRequest(Buffer.of(0)));
    expect(parseErrorAnswer(answer.body)).toBe('no_configuration');
  });

  it('a KMS of his own hands it a data key of his own: the record’s key still comes from the true one alone', async () => {
    // The whole attack: the enclave trusts his TLS root, so his KMS unwraps his data key, under which he seals a
    // request for a record of the stolen store. All that stands in the way is PCR16, and the last lines show it.
    const stolen: Item = await glass.record(id);
    const authority = ownAuthority();
    const key = { dataKey: randomBytes(32), wrappedKey: randomBytes(64) };
    const kms = new FalseKms(authority, async (call) => {
      if (!call.ciphertext.equals(key.wrappedKey))
        return passOn(call, glass.vault.kms.inside, glass.vault.kms.ca);
      const CiphertextForRecipient = envelopedData(call.publicKey, key.dataKey).toString('base64');
      return {
        status: 200,
        body: Buffer.from(JSON.stringify({ KeyId: call.keyId, CiphertextForRecipient })),
      };
    });
    const configuration = changed(() => ({ tlsRoots: [authority.certificate] }));
    const rogue = await glass.launch({ kms: kms.server });
    expect(await rogue.configure(configuration)).toBe(204);
    const ask = async () => {
      const question = new SealedQuestion(key, requestFor(stolen));
      const { body } = await rogue.post('/v1/decrypt', glass.parentRequest(question.envelope));
      return question.open(body);
    };
    const before = glass.logged('kms_denied').length;
    expect(await ask()).toEqual({ error: 'kms_denied' });
    expect(await glass.loggedSince('kms_denied', before)).toEqual([
      expect.objectContaining({ resource: glass.keys.vault, registers: ['PCR16'] }),
    ]);

    await withAdmitted(configuration, async () => {
      expect(await ask()).toEqual({ data: [['first_name', JSON.stringify(SECRET)]], errors: [] });
    });
  });
});

/** While the deployment role lets the key policy admit that configuration as well. */
async function withAdmitted(configuration: Buffer, act: () => Promise<void>): Promise<void> {
  const { outside, ca } = glass.vault.kms;
  const keys = new DeploymentKeys(`https://127.0.0.1:${outside}`, ca, glass.vault.principals.deployment);
  try {
    const pinned = pinnedMeasurements(await keys.policy(glass.keys.vault));
    if (pinned === null) throw new Error('nothing is pinned');
    await keys.admit(glass.keys, {
      ...pinned,
      pcr16: [...pinned.pcr16, pcr16(configuration).toString('hex')],
    });
    await act();
    await keys.admit(glass.keys, pinned);
  } finally {
    keys.close();
  }
}

describe('another program in its place', () => {
  it('that measures our configuration and asks KMS for a stolen record’s key itself', async () => {
    // The hypervisor's probe under the vault's own flags: it passes on to the NSM whatever it is told.
    const source = readFileSync(join(ROOT, 'emulators/nitro/test/probe-image/enclave.mjs'), 'latin1');
    const rogue = await glass.launch({ image: changedImage(glass.folder, { bundle: () => source }) });
    const nsm = async (name: string, members: Record<string, CborValue>) => {
      const asked = encodeCbor(new Map([[name, new Map(Object.entries(members))]]));
      return decodeCbor((await rogue.post('/nsm', asked)).body);
    };
    const own = new RecipientKey();
    const stolen = await glass.record(id);
    const decrypt = async (): Promise<string> => {
      const attested = await nsm('Attestation', { public_key: own.publicKey, user_data: null, nonce: null });
      const document = (
        (attested as Map<string, Map<string, Buffer>>).get('Attestation') as Map<string, Buffer>
      ).get('document');
      const { name } = await outcome(
        glass.kms('instance').send(
          new DecryptCommand({
            KeyId: String(stolen._kk),
            CiphertextBlob: stolen._sk as Uint8Array,
            EncryptionContext: { vault_id: id, tenant_id: 'default' },
            Recipient: recipient(Buffer.from(document ?? [])),
          }),
        ),
      );
      return name;
    };
    const before = glass.logged('kms_denied').length;
    expect(await decrypt()).toBe('AccessDeniedException');
    await nsm('ExtendPCR', {
      index: 16,
      data: createHash('sha384').update(glass.vault.configuration()).digest(),
    });
    await nsm('LockPCR', { index: 16 });
    expect(await decrypt()).toBe('AccessDeniedException');
    // Its flags are ours, so PCR1 is; the configuration, once measured, too. The program is not.
    const denied = await glass.loggedSince('kms_denied', before, 2);
    expect(denied.map(({ registers }) => registers)).toEqual([
      ['PCR0', 'PCR2', 'PCR16'],
      ['PCR0', 'PCR2'],
    ]);
    // No program changes what was measured before it ran.
    const answer = await nsm('ExtendPCR', { index: 0, data: randomBytes(48) });
    expect((answer as Map<string, string>).get('Error')).toBe('ReadOnlyIndex');
  });

  it('the vault itself is unharmed by all this', async () => {
    expect((await glass.decrypt(id, ['first_name'])).json.data).toEqual({ first_name: SECRET });
    expect(glass.log).not.toContain(SECRET);
  });
});
