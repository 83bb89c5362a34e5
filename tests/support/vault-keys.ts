// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DecryptCommand } from '@aws-sdk/client-kms';
import { SqliteStore } from '@enclave-vault/stores';
import { open, parseCiphertext } from '../../emulators/kms/src/ciphertext.ts';
import { decodeState } from '../../emulators/kms/src/state/encoding.ts';
import { openFile } from '../../emulators/kms/src/state/envelope.ts';
import type { AuditSession } from '../../tools/admin/src/dev/vault.ts';
import { kmsClient } from './kms-client.ts';
import { type Secret, secretBytes, secretText } from './leak-search.ts';
import type { LocalVault } from './local-vault.ts';

/**
 * The keys of a running vault: KMS's key material, a record's private key, integrity keys, the API role's secret, the hypervisor's
 * signing keys. Found with the right to see everything, which nobody else has.
 * @param id of the record
 */
export async function keysOf(vault: LocalVault, id: string): Promise<Secret[]> {
  const text = (name: string) => readFileSync(join(vault.data, name), 'utf8');
  const { keys: held, authority } = decodeState((await openFile(text('kms.json'), undefined)).payload);
  const found = [
    ...[...held.values()].flatMap(({ materials }) =>
      materials.map(({ bytes }) => secretBytes('key material of KMS', bytes)),
    ),
    secretBytes('the key of KMS’s authority', scalar(authority.privateKey)),
  ];
  const { root, signing } = JSON.parse(text('hypervisor.json')) as Record<
    'root' | 'signing',
    { key: string }
  >;
  for (const { key } of [root, signing]) found.push(secretBytes('a key of the hypervisor', scalar(key)));

  const session = (await vault.control('/session')) as unknown as AuditSession;
  const { secretAccessKey } = session.credentials;
  found.push(secretText('the API role’s secret', secretAccessKey));
  const port = Number(new URL(session.kms.endpoint).port);
  const kms = kmsClient({ port, ca: session.kms.ca, credentials: session.credentials });
  const store = SqliteStore.open(join(vault.data, 'vault.db'));
  try {
    for (const purpose of ['record', 'audit', 'system']) {
      const item = await store.get('SYSTEM', `integrity-key#${purpose}`);
      const { Plaintext = new Uint8Array() } = await kms.send(
        new DecryptCommand({
          KeyId: session.kms.keys.integrity,
          CiphertextBlob: item?.wrapped as Uint8Array,
          EncryptionContext: { purpose: `integrity/${purpose}` },
        }),
      );
      found.push(secretBytes(`the ${purpose} integrity key`, Plaintext));
    }
    const record = await store.get(`VAULT##${id}`, 'v0');
    const vaultKey = held.get(String(record?._kk).slice(-36));
    if (vaultKey === undefined) throw new Error('no vault key');
    const context = new Map([
      ['vault_id', id],
      ['tenant_id', 'default'],
    ]);
    const { plaintext } = open(vaultKey, context, parseCiphertext(Buffer.from(record?._sk as Uint8Array)));
    found.push(secretBytes('the record’s private key', scalar(plaintext)));
  } finally {
    await store.close();
    kms.destroy();
  }
  return found;
}

/** The private number of an EC key, PEM or DER. */
function scalar(key: string | Buffer): Buffer {
  const own =
    typeof key === 'string' ? createPrivateKey(key) : createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return Buffer.from(own.export({ format: 'jwk' }).d ?? '', 'base64url');
}
