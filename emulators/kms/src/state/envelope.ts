// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { StartError } from '../errors.ts';

/*
 * The file: {"format": "enclave-vault-kms/1", "generation": n, …} and either
 *   "payload": the state's JSON text, "checksum": its SHA-256, or
 *   "salt", "nonce", "sealed": AES-256-GCM of it (tag at the end) under scrypt(passphrase, salt), format and
 *   generation being authenticated. Bytes are base64.
 */

const FORMAT = 'enclave-vault-kms/1';
/** RFC 7914; 128 MiB and half a second, once a start. Fixed by the format, so that a file cannot ask for less (or for all memory). */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 } as const;

/** Key and salt of a protected file; kept for the life of the process, since deriving it costs half a second. */
export interface FileKey {
  readonly salt: Buffer;
  readonly key: Buffer;
}

export interface OpenedFile {
  readonly generation: number;
  readonly payload: string;
  readonly fileKey: FileKey | null;
}

/** @param passphrase any length; NFKC, so that one keyboard's accents open what another's wrote */
export function deriveFileKey(passphrase: string, salt: Buffer = randomBytes(16)): Promise<FileKey> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, 32, SCRYPT, (error, key) =>
      error === null ? resolve({ salt, key }) : reject(error),
    );
  });
}

/** Bytes of the file. */
export function sealFile(payload: string, generation: number, fileKey: FileKey | null): string {
  if (fileKey === null) {
    return JSON.stringify({ format: FORMAT, generation, checksum: checksum(payload), payload });
  }
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', fileKey.key, nonce).setAAD(additionalData(generation));
  const sealed = Buffer.concat([cipher.update(payload, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return JSON.stringify({
    format: FORMAT,
    generation,
    salt: fileKey.salt.toString('base64'),
    nonce: nonce.toString('base64'),
    sealed: sealed.toString('base64'),
  });
}

/**
 * Opens what {@link sealFile} made.
 * @throws {StartError} state_corrupt, passphrase_missing, passphrase_wrong, passphrase_unexpected
 */
export async function openFile(text: string, passphrase: string | undefined): Promise<OpenedFile> {
  const file = parse(text);
  const generation = generationOf(file);
  if (typeof file.sealed !== 'string') {
    const { payload } = file;
    if (typeof payload !== 'string' || file.checksum !== checksum(payload)) throw corrupt();
    if (passphrase !== undefined) {
      throw new StartError(
        'passphrase_unexpected',
        'a passphrase was given, but the KMS state file has none',
      );
    }
    return { generation, payload, fileKey: null };
  }
  if (passphrase === undefined) {
    throw new StartError(
      'passphrase_missing',
      'the KMS state file is under a passphrase, and none was given',
    );
  }
  const salt = bytes(file.salt, 16);
  const nonce = bytes(file.nonce, 12);
  const sealed = Buffer.from(file.sealed, 'base64');
  if (sealed.length < 16) throw corrupt();
  const fileKey = await deriveFileKey(passphrase, salt);
  const decipher = createDecipheriv('aes-256-gcm', fileKey.key, nonce).setAAD(additionalData(generation));
  decipher.setAuthTag(sealed.subarray(-16));
  try {
    const payload = decipher.update(sealed.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8');
    return { generation, payload, fileKey };
  } catch {
    // One tag covers both: a wrong passphrase and a damaged file look the same.
    throw new StartError(
      'passphrase_wrong',
      'the passphrase does not open the KMS state file (or it is damaged)',
    );
  }
}

/** How often the file was written; a reader needs no passphrase for it. @throws {StartError} state_corrupt */
export function readGeneration(text: string): number {
  return generationOf(parse(text));
}

function generationOf(file: Record<string, unknown>): number {
  const { generation } = file;
  if (typeof generation !== 'number' || !Number.isSafeInteger(generation)) throw corrupt();
  return generation;
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw corrupt();
  }
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== FORMAT) {
    throw corrupt();
  }
  return value as Record<string, unknown>;
}

function bytes(value: unknown, length: number): Buffer {
  const decoded = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  if (decoded.length !== length) throw corrupt();
  return decoded;
}

function additionalData(generation: number): Buffer {
  return Buffer.from(`${FORMAT}\0${generation}`);
}

function checksum(payload: string): string {
  return createHash('sha256').update(payload).digest('hex');
}

function corrupt(): StartError {
  return new StartError('state_corrupt', 'the KMS state file is damaged; it was left as it is');
}
