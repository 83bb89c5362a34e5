// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { KmsError } from './errors.ts';
import type { KeyMaterial, KmsKey } from './state/model.ts';

/*
 * A ciphertext blob, opaque to callers as AWS's are:
 *   0 u8  version, 1
 *   1 16  key id (the UUID's bytes)
 *  17 u32 index of the key material, big-endian
 *  21 12  random nonce
 *  33 …   AES-256-GCM ciphertext, tag last
 * Additional data: bytes 0-20, then the encryption context, canonically. 2^32 random nonces a material is NIST SP
 * 800-38D's bound; at 1,000 calls a second that is seven weeks without a pause, and rotation starts afresh.
 */

const VERSION = 1;
const HEADER = 21;
const NONCE = 12;
const TAG = 16;

export type EncryptionContext = ReadonlyMap<string, string>;

/** What a blob says of itself, unverified until it is opened. */
export interface ParsedCiphertext {
  readonly keyId: string;
  readonly materialIndex: number;
  readonly blob: Buffer;
}

/** Encrypts under the newest material of a key. */
export function seal(key: KmsKey, context: EncryptionContext, plaintext: Uint8Array): Buffer {
  const index = key.materials.length - 1;
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(VERSION, 0);
  header.write(key.id.replaceAll('-', ''), 1, 'hex');
  header.writeUInt32BE(index, 17);
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(materialAt(key, index).bytes), nonce);
  cipher.setAAD(additionalData(header, context));
  return Buffer.concat([header, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** @throws {KmsError} InvalidCiphertextException for anything that was never one of our blobs */
export function parseCiphertext(blob: Buffer): ParsedCiphertext {
  if (blob.length < HEADER + NONCE + TAG || blob[0] !== VERSION) throw invalid();
  const hex = blob.toString('hex', 1, 17);
  const keyId = [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([a, b]) => hex.slice(a, b))
    .join('-');
  return { keyId, materialIndex: blob.readUInt32BE(17), blob };
}

/**
 * Decrypts a blob under the material it names.
 * @throws {KmsError} InvalidCiphertextException, the same for a changed blob and another context
 */
export function open(
  key: KmsKey,
  context: EncryptionContext,
  { blob, materialIndex }: ParsedCiphertext,
): { plaintext: Buffer; material: KeyMaterial } {
  const material = key.materials[materialIndex];
  if (material === undefined) throw invalid();
  const header = blob.subarray(0, HEADER);
  const nonce = blob.subarray(HEADER, HEADER + NONCE);
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(material.bytes), nonce, {
    authTagLength: TAG,
  });
  decipher.setAAD(additionalData(header, context));
  decipher.setAuthTag(blob.subarray(-TAG));
  try {
    const body = decipher.update(blob.subarray(HEADER + NONCE, -TAG));
    decipher.final();
    return { plaintext: body, material };
  } catch {
    throw invalid();
  }
}

/** Pairs in bytewise order of their names, each text with its length before it: one context, one encoding. */
function additionalData(header: Buffer, context: EncryptionContext): Buffer {
  const pairs = [...context].map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const);
  pairs.sort(([a], [b]) => Buffer.compare(a, b));
  const parts = pairs.flatMap(([name, value]) => [length(name), name, length(value), value]);
  return Buffer.concat([header, ...parts]);
}

function length(bytes: Buffer): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(bytes.length);
  return prefix;
}

function materialAt(key: KmsKey, index: number): KeyMaterial {
  const material = key.materials[index];
  if (material === undefined) throw new TypeError('a key has material');
  return material;
}

function invalid(): KmsError {
  return new KmsError(
    'InvalidCiphertextException',
    'The ciphertext is not valid, or its context is another.',
  );
}
