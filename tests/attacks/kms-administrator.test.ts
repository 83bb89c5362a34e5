// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelKeyDeletionCommand,
  CreateKeyCommand,
  DecryptCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GetKeyPolicyCommand,
  PutKeyPolicyCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { driftOf } from '@enclave-vault/canary';
import { P384 } from '@enclave-vault/hpke';
import { sealFields } from '@enclave-vault/records/seal';
import { SqliteStore } from '@enclave-vault/stores';
import type { Item } from '@enclave-vault/vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL } from '../../tools/admin/src/dev/deployment.ts';
import { capture } from '../support/captured.ts';
import { Documents } from '../support/documents.ts';
import { GlassVault } from '../support/glass-vault.ts';
import { outcome } from '../support/kms-client.ts';
import { requestFor, SealedQuestion } from '../support/stolen-record.ts';
import { OPEN_TO_ALL, TwinKms } from '../support/twin-kms.ts';
import { describeNames, LOOK_ALIKES } from './iam-administrator-names.ts';

/**
 * Actor: KMS administrator
 * Has: administration of the vault's keys: aliases, rotation, enabling; in the worst case the deployment role, which writes key policies.
 * Wants: a record's private key, or a private key of his own under a record; or to take the keys away.
 * Cannot: use a key that he administers; make a grant, a replica, or a policy with the lockout check bypassed; have a key pair of his own
 *   taken for a record's, though he wrapped it under the record's context; move the vault to another key by an alias.
 * Remains: who writes a key policy lets himself in. Canaries compare the policy every minute and say which statement changed, KMS's
 *   log has who it was. An enclave uses a record's key for a minute after KMS gave it, or until KMS refuses it one. Who disables or deletes a key takes everything away: seven days at least, and an alarm.
 */
const VALUES = { first_name: 'Bartholomew', ssn9: '219099999' };
const DENIED = ['AccessDeniedException', expect.stringContaining('explicit deny')];
/** How long an enclave keeps a record's key here. */
const AGE_SECONDS = 2;
let glass: GlassVault;
let twin: TwinKms;
let documents: Documents;
let id = '';
let record: Item;

beforeAll(async () => {
  // Without key pairs made beforehand: creations ask KMS.
  const args = ['--enclave-key-cache', `2048,${AGE_SECONDS},1000`, '--key-pool', '0,1'];
  glass = await GlassVault.start({ args });
  id = await glass.create(VALUES);
  record = await glass.record(id);
  documents = new Documents(glass, (await capture(glass, id)).document);
  twin = await TwinKms.of(glass, LOOK_ALIKES);
});
afterAll(async () => {
  await twin?.stop();
  await glass.stop();
});

const context = () => ({ vault_id: id, tenant_id: 'default' });
const came = async (call: Promise<unknown>) => {
  const { name, message } = await outcome(call);
  return [name, message];
};
const opens = async (of = id) => {
  const answer = await glass.decrypt(of, ['first_name']);
  return [answer.status, answer.json.code ?? answer.json.data];
};
const OPENED = [200, { first_name: VALUES.first_name }];

describe('an operator who administers keys', () => {
  it('uses none, and does not change who may', async () => {
    const admin = glass.kms('admin');
    const base = { KeyId: glass.keys.vault, EncryptionContext: context() };
    for (const call of [
      () => admin.send(new DecryptCommand({ ...base, CiphertextBlob: record._sk as Uint8Array })),
      () => admin.send(new EncryptCommand({ ...base, Plaintext: Buffer.from('x') })),
      () => admin.send(new GenerateDataKeyCommand({ ...base, KeySpec: 'AES_256' })),
      () => admin.send(new GenerateDataKeyPairCommand({ ...base, KeyPairSpec: 'ECC_NIST_P384' })),
      () => admin.send(new PutKeyPolicyCommand({ KeyId: base.KeyId, Policy: JSON.stringify(OPEN_TO_ALL) })),
      () => admin.send(new DisableKeyCommand({ KeyId: base.KeyId })),
      () => admin.send(new ScheduleKeyDeletionCommand({ KeyId: base.KeyId, PendingWindowInDays: 7 })),
    ])
      expect(await came(call())).toEqual(DENIED);
  });

  it('may turn a key’s material: what was written before and after opens', async () => {
    for (const KeyId of Object.values(glass.keys))
      await glass.kms('admin').send(new RotateKeyOnDemandCommand({ KeyId }));
    const after = await glass.create(VALUES);
    expect([await opens(), await opens(after)]).toEqual([OPENED, OPENED]);
  });

  it('moves no record to another key by its alias', async () => {
    const alias = (TargetKeyId: string) =>
      new UpdateAliasCommand({ AliasName: `alias/${LOCAL.name}/vault`, TargetKeyId });
    const policy = await glass
      .kms('deployment', 'outside')
      .send(new GetKeyPolicyCommand({ KeyId: glass.keys.vault }));
    const { KeyMetadata } = await glass
      .kms('deployment', 'outside')
      .send(new CreateKeyCommand({ Policy: policy.Policy, Description: 'his own' }));
    const own = KeyMetadata?.Arn ?? '';
    for (const from of ['inside', 'outside'] as const)
      expect((await outcome(glass.kms('admin', from).send(alias(own)))).name).toBe('AccessDeniedException');
    // The role that deploys may, and nobody who runs looks at an alias.
    await glass.kms('deployment', 'outside').send(alias(own));
    const made = await glass.create(VALUES);
    expect([own === glass.keys.vault, (await glass.record(made))._kk]).toEqual([false, glass.keys.vault]);
    expect(await opens(made)).toEqual(OPENED);
    await glass.kms('deployment', 'outside').send(alias(glass.keys.vault));
  });
});

describe('the deployment role', () => {
  it('gets no policy past the lockout check, and decrypts nothing itself', async () => {
    for (const from of ['inside', 'outside'] as const) {
      const kms = glass.kms('deployment', from);
      const bypass = { Policy: JSON.stringify(OPEN_TO_ALL), BypassPolicyLockoutSafetyCheck: true };
      expect(await came(kms.send(new PutKeyPolicyCommand({ KeyId: glass.keys.vault, ...bypass })))).toEqual(
        DENIED,
      );
      const CiphertextBlob = record._sk as Uint8Array;
      const input = { KeyId: glass.keys.vault, CiphertextBlob, EncryptionContext: context() };
      expect(await came(kms.send(new DecryptCommand(input)))).toEqual(DENIED);
    }
  });

  it.each([
    [
      'disables',
      (KeyId: string) => new DisableKeyCommand({ KeyId }),
      async (KeyId: string) => {
        await glass.kms('admin').send(new EnableKeyCommand({ KeyId }));
      },
    ],
    [
      'has deleted in a week',
      (KeyId: string) => new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }),
      async (KeyId: string) => {
        await glass.kms('admin').send(new CancelKeyDeletionCommand({ KeyId }));
        await glass.kms('admin').send(new EnableKeyCommand({ KeyId }));
      },
    ],
  ])(
    'a key that it %s reveals nothing and takes nothing new; brought back, everything is there',
    async (_, take, back) => {
      const before = Buffer.from(record._sk as Uint8Array);
      const kms = glass.kms('deployment', 'outside');
      // Two commands of different answers: what they say is not looked at.
      await kms.send(take(glass.keys.vault) as DisableKeyCommand);
      await sleep(AGE_SECONDS * 1000);
      const answer = await glass.decrypt(id, ['first_name']);
      expect(answer.status).toBe(503);
      expect(answer.text).not.toContain(VALUES.first_name);
      expect((await glass.call('POST', '/v1/vaults', VALUES)).status).toBe(503);
      expect(Buffer.from((await glass.record(id))._sk as Uint8Array).equals(before)).toBe(true);
      await back(glass.keys.vault);
      expect(await opens()).toEqual(OPENED);
    },
  );
});

describe('a key that is taken out of use', () => {
  const disabled = async (what: () => Promise<void>): Promise<void> => {
    await glass.kms('deployment', 'outside').send(new DisableKeyCommand({ KeyId: glass.keys.vault }));
    try {
      await what();
    } finally {
      await glass.kms('admin').send(new EnableKeyCommand({ KeyId: glass.keys.vault }));
    }
  };

  it('opens for as long as an enclave keeps it what was read just before, and nothing after that', async () => {
    const [hot, cold] = [await glass.create(VALUES), await glass.create(VALUES)];
    expect(await opens(hot)).toEqual(OPENED);
    await disabled(async () => {
      const until = Date.now() + AGE_SECONDS * 1000;
      expect(await opens(hot)).toEqual(OPENED);
      let last = Date.now();
      while ((await opens(hot))[0] === 200) last = Date.now();
      expect(last).toBeLessThan(until + 1_000);
      expect(await opens(hot)).toEqual([503, 'kms_unavailable']);
      expect(await opens(cold)).toEqual([503, 'kms_unavailable']);
    });
    expect([await opens(hot), await opens(cold)]).toEqual([OPENED, OPENED]);
  });

  it('opens nothing more from the moment that an enclave hears of it, of any record', async () => {
    const [hot, cold] = [await glass.create(VALUES), await glass.create(VALUES)];
    expect(await opens(hot)).toEqual(OPENED);
    await disabled(async () => {
      expect(await opens(cold)).toEqual([503, 'kms_unavailable']);
      expect(await opens(hot)).toEqual([503, 'kms_unavailable']);
    });
  });

  it('opens nothing for who wants KMS asked', async () => {
    const hot = await glass.create(VALUES);
    expect(await opens(hot)).toEqual(OPENED);
    await disabled(async () => {
      const ask = { fields: ['first_name'], reason: 'attack', fresh: true };
      const { status, json } = await glass.call('POST', `/v1/vaults/${hot}/decrypt`, ask);
      expect([status, json.code]).toEqual([503, 'kms_unavailable']);
    });
  });
});

describeNames(() => ({ glass, twin, documents, record }));

// On the second KMS: on the vault's own the key would be open for whoever runs at the same time.
describe('who has written himself into the policy of the vault key', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
  let wrapped: Uint8Array;

  it('is named by what the canaries compare: each statement that is gone, and his own', async () => {
    const KeyId = glass.keys.vault;
    const read = async () =>
      JSON.parse(
        (await twin.as('deployment', 'outside').send(new GetKeyPolicyCommand({ KeyId }))).Policy ?? '',
      ) as {
        Statement: { Sid: string }[];
      };
    const deployed = await read();
    expect(driftOf(deployed, await read())).toEqual([]);
    await twin
      .as('deployment', 'outside')
      .send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify(OPEN_TO_ALL) }));
    const drift = driftOf(deployed, await read());
    expect(drift).toContainEqual({ change: 'added', sid: 'Open' });
    expect(drift.filter(({ change }) => change === 'missing').map(({ sid }) => sid)).toEqual(
      deployed.Statement.map(({ Sid }) => Sid),
    );
    expect(deployed.Statement.length).toBeGreaterThan(20);
  });

  it('reads what he has a copy of: nothing but that alarm stands in his way', async () => {
    const { Plaintext } = await twin.as('administrator', 'outside').send(
      new DecryptCommand({
        ...{ KeyId: glass.keys.vault, CiphertextBlob: record._sk as Uint8Array },
        EncryptionContext: context(),
      }),
    );
    expect(Plaintext?.length).toBeGreaterThan(100);
  });

  it('wraps a key pair of his own under a record’s context: the record’s MAC refuses it, nothing is sealed to it', async () => {
    const { CiphertextBlob = new Uint8Array() } = await twin
      .as('administrator', 'outside')
      .send(new EncryptCommand({ KeyId: glass.keys.vault, Plaintext: pkcs8, EncryptionContext: context() }));
    wrapped = Buffer.from(CiphertextBlob);
    const forged = forge(record);
    const store = SqliteStore.open(glass.files.database);
    try {
      await store.transact([{ put: forged }]);
      for (const [method, path, body] of [
        ['POST', '/decrypt', { fields: ['first_name'], reason: 'attack' }],
        ['PATCH', '', { city: 'Graz' }],
        ['GET', '', undefined],
      ] as const) {
        const answer = await glass.call(method, `/v1/vaults/${id}${path}`, body);
        expect([method, answer.status, answer.json.code]).toEqual([method, 500, 'integrity_failed']);
      }
      expect(await store.get(record.pk, record.sk)).toEqual(forged);
      await store.transact([{ put: record }]);
    } finally {
      await store.close();
    }
    expect(await opens()).toEqual(OPENED);
  });

  it('has made what KMS and enclave take for the record’s own: with the API’s request key as well it opens', async () => {
    // So the MAC above is all that refused it, and it takes the API's role to write one.
    const { Plaintext, CiphertextBlob } = await glass.kms('api').send(
      new GenerateDataKeyCommand({
        ...{ KeyId: glass.keys.request, KeySpec: 'AES_256' },
        EncryptionContext: { purpose: 'enclave-request/1' },
      }),
    );
    const key = { dataKey: Buffer.from(Plaintext ?? []), wrappedKey: Buffer.from(CiphertextBlob ?? []) };
    const question = new SealedQuestion(key, requestFor(forge(record)));
    const { body } = await glass.askParent('/decrypt', question.envelope);
    expect(question.open(body)).toMatchObject({ data: [['first_name', '"Mallory"']] });
  });

  /** The record with his key pair, and a value of his sealed to it. */
  function forge(of: Item): Item {
    const sealed = sealFields(
      { tenant: 'default', vaultId: id },
      P384,
      spki,
      new Map([['first_name', '"Mallory"']]),
    );
    const { ssn9: _, ssn4: __, ...rest } = of;
    return { ...rest, _sk: wrapped, _pk: spki, ...Object.fromEntries(sealed) } as Item;
  }
});
