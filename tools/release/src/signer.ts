// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { EnvelopeSigner } from '@enclave-vault/eif';
import { ReleaseToolError } from './errors.ts';
import { kmsSigner } from './kms.ts';
import { isArn } from './options.ts';

/**
 * The key that signs a release.
 * @param key path of a PEM file, or ARN of a KMS key
 * @param passphrase of an encrypted file
 * @throws {ReleaseToolError} `key_unreadable`, `kms_failed`
 */
export async function openSigner(key: string, passphrase: string | undefined): Promise<EnvelopeSigner> {
  if (isArn(key)) return kmsSigner(key);
  const privateKey = await readKey(key, passphrase);
  return {
    publicKey: createPublicKey(privateKey),
    sign: async (message) => sign('sha384', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  };
}

async function readKey(path: string, passphrase: string | undefined): Promise<KeyObject> {
  try {
    const key = await readFile(path);
    return demandP384(createPrivateKey(passphrase === undefined ? key : { key, passphrase }), path);
  } catch (error) {
    if (error instanceof ReleaseToolError) throw error;
    // OpenSSL's words may quote the file.
    throw new ReleaseToolError(
      'key_unreadable',
      `${path} is no private key that can be opened (ENCLAVE_VAULT_SIGNING_PASSPHRASE opens one that is encrypted)`,
    );
  }
}

function demandP384(key: KeyObject, path: string): KeyObject {
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'secp384r1') {
    throw new ReleaseToolError('key_unreadable', `${path} is not on P-384`);
  }
  return key;
}
