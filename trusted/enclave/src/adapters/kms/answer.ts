// SPDX-License-Identifier: Apache-2.0
import { KmsError, type KmsErrorCode } from '../../errors.ts';

/**
 * What AWS's error names mean here; those not listed are `unavailable`. ValidationException is how KMS speaks of requests that it does
 * not like, a bad attestation document among them; this program does not send others.
 */
const MEANING: Readonly<Record<string, KmsErrorCode>> = {
  AccessDeniedException: 'denied',
  ValidationException: 'denied',
  InvalidCiphertextException: 'invalid',
  IncorrectKeyException: 'invalid',
  InvalidKeyUsageException: 'invalid',
  NotFoundException: 'invalid',
};

/**
 * Reads the answer to a Decrypt with a Recipient. Members that are not needed are ignored: AWS adds some over time.
 * @returns the bytes of CiphertextForRecipient
 * @throws KmsError `unavailable`: an answer with a Plaintext, or of another key, is not from the KMS that was asked
 */
export function readDecryptAnswer(body: Buffer, keyArn: string): Buffer {
  const answer = readObject(body);
  if (answer === null) throw new KmsError('unavailable', 'not_json');
  // KMS puts the plaintext here when it did not see the Recipient. Whoever sent it has let the parent's side read it.
  if (Object.hasOwn(answer, 'Plaintext')) throw new KmsError('unavailable', 'plaintext_in_answer');
  if (answer.KeyId !== keyArn) throw new KmsError('unavailable', 'other_key');
  const encoded = answer.CiphertextForRecipient;
  if (typeof encoded !== 'string') throw new KmsError('unavailable', 'no_ciphertext_for_recipient');
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== encoded)
    throw new KmsError('unavailable', 'not_base64');
  return bytes;
}

/** @returns the error for an answer whose status is not 200 */
export function readErrorAnswer(status: number, body: Buffer): KmsError {
  if (status < 400 || status > 499)
    return new KmsError('unavailable', status > 499 ? 'server_error' : 'status');
  const type = readObject(body)?.__type;
  // "com.amazonaws.kms#AccessDeniedException" and the bare name are both in use.
  const name = typeof type === 'string' ? type.slice(type.lastIndexOf('#') + 1) : '';
  if (!/^[A-Za-z]{1,64}$/.test(name)) return new KmsError('unavailable', 'unnamed_error');
  const code = Object.hasOwn(MEANING, name) ? MEANING[name] : undefined;
  return new KmsError(code ?? 'unavailable', name);
}

function readObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
