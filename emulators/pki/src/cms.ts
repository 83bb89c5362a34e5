// SPDX-License-Identifier: Apache-2.0
import {
  constants,
  createCipheriv,
  createPublicKey,
  createSecretKey,
  hash,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { ASN1_TAG } from '@enclave-vault/codec';
import {
  berIndefinite,
  der,
  derContext,
  derContextPrimitive,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  PkiError,
} from '@enclave-vault/x509';

export type EnvelopedDataOptions = {
  /** `constructed`: the content is one or more OCTET STRINGs in a constructed [0]; `primitive`: one [0]. KMS sends both. Default constructed. */
  readonly form?: 'constructed' | 'primitive';
  /** Most bytes of ciphertext in one OCTET STRING of the constructed form; default 1,024. */
  readonly segment?: number;
};

/**
 * Encrypts for an RSA public key the way AWS KMS answers an attested request (CiphertextForRecipient): CMS EnvelopedData v2 in BER, one
 * KeyTransRecipientInfo v2, RSAES-OAEP with SHA-256 and MGF1-SHA-256, AES-256-CBC. The key identifier is SHA-256 over the key's SPKI.
 *
 * @param recipient an RSA public key, or its DER SubjectPublicKeyInfo
 * @throws PkiError `unsupported_key`
 */
export function envelopedData(
  recipient: KeyObject | Uint8Array,
  plaintext: Uint8Array,
  { form = 'constructed', segment = 1024 }: EnvelopedDataOptions = {},
): Buffer {
  const key = rsaKey(recipient);
  const contentKey = randomBytes(32);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', createSecretKey(contentKey), iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const encryptedKey = publicEncrypt(
    { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    contentKey,
  );
  contentKey.fill(0);
  const identifier = identifierOf(key);
  return berIndefinite(
    ASN1_TAG.sequence,
    derOid('1.2.840.113549.1.7.3'),
    berIndefinite(
      0xa0,
      berIndefinite(
        ASN1_TAG.sequence,
        derInteger(2),
        der(ASN1_TAG.set, recipientInfo(identifier, encryptedKey)),
        berIndefinite(
          ASN1_TAG.sequence,
          derOid('1.2.840.113549.1.7.1'),
          derSequence(derOid('2.16.840.1.101.3.4.1.42'), derOctetString(iv)),
          form === 'primitive'
            ? derContextPrimitive(0, ciphertext)
            : berIndefinite(0xa0, ...segments(ciphertext, segment)),
        ),
      ),
    ),
  );
}

function recipientInfo(identifier: Buffer, encryptedKey: Buffer): Buffer {
  const sha256 = derSequence(derOid('2.16.840.1.101.3.4.2.1'), derNull());
  const oaep = derSequence(
    derOid('1.2.840.113549.1.1.7'),
    derSequence(derContext(0, sha256), derContext(1, derSequence(derOid('1.2.840.113549.1.1.8'), sha256))),
  );
  return derSequence(derInteger(2), derContextPrimitive(0, identifier), oaep, derOctetString(encryptedKey));
}

function segments(ciphertext: Buffer, size: number): Buffer[] {
  const count = Math.ceil(ciphertext.length / size);
  return Array.from({ length: count }, (_, i) =>
    derOctetString(ciphertext.subarray(i * size, (i + 1) * size)),
  );
}

/** Of keys that were asked for before: a recipient is asked for many times, and writing its key out takes about as long as encrypting to it. */
const identifiers = new WeakMap<KeyObject, Buffer>();

function identifierOf(key: KeyObject): Buffer {
  const known = identifiers.get(key);
  if (known !== undefined) return known;
  const identifier = hash('sha256', key.export({ format: 'der', type: 'spki' }), 'buffer');
  identifiers.set(key, identifier);
  return identifier;
}

function rsaKey(recipient: KeyObject | Uint8Array): KeyObject {
  let key: KeyObject;
  try {
    key =
      recipient instanceof Uint8Array
        ? createPublicKey({ key: Buffer.from(recipient), format: 'der', type: 'spki' })
        : recipient;
  } catch {
    throw new PkiError('unsupported_key');
  }
  if (key.asymmetricKeyType !== 'rsa') throw new PkiError('unsupported_key');
  return key;
}
