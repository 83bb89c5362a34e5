// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, KeyObject, sign, verify } from 'node:crypto';
import { EifError } from './errors.ts';
import { isObject, json } from './texts.ts';

/** r || s of P-384. */
const SIGNATURE_LENGTH = 96;
const MAX_SIGNATURES = 8;

/** A key that is somewhere else, such as in KMS. */
export interface EnvelopeSigner {
  readonly publicKey: KeyObject;
  /** ES384 of a message: r || s. */
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

/**
 * Puts a payload into an envelope of DSSE 1.0 (Dead Simple Signing Envelope) with one ES384 signature: ECDSA on P-384 with
 * SHA-384, r || s. Its key id is the SHA-256 of the public key's SPKI in hex.
 *
 * @throws EifError `key_invalid`
 */
export function sealEnvelope(payloadType: string, payload: Uint8Array, privateKey: KeyObject): Buffer {
  if (privateKey.type !== 'private' || !onP384(privateKey)) throw new EifError('key_invalid');
  const signature = sign('sha384', preAuthEncoding(payloadType, payload), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return envelopeOf(payloadType, payload, createPublicKey(privateKey), signature);
}

/**
 * The same by a key that is somewhere else. What it answers is verified before it is handed out.
 *
 * @throws EifError `key_invalid`, `manifest_signature_invalid`
 */
export async function sealEnvelopeBy(
  payloadType: string,
  payload: Uint8Array,
  { publicKey, sign: signMessage }: EnvelopeSigner,
): Promise<Buffer> {
  const key = parsePublicKey(publicKey);
  const signature = await signMessage(preAuthEncoding(payloadType, payload));
  const envelope = envelopeOf(payloadType, payload, key, signature);
  openEnvelope(payloadType, envelope, key);
  return envelope;
}

function envelopeOf(
  payloadType: string,
  payload: Uint8Array,
  publicKey: KeyObject,
  signature: Uint8Array,
): Buffer {
  const envelope = {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: keyId(publicKey), sig: Buffer.from(signature).toString('base64') }],
  };
  return Buffer.from(`${JSON.stringify(envelope, null, 2)}\n`, 'utf8');
}

/**
 * The payload of an envelope that the key has signed. The key id is a hint and not believed: every signature is tried.
 *
 * @throws EifError `key_invalid`, `manifest_malformed`, `manifest_type`, `manifest_signature_invalid`
 */
export function openEnvelope(payloadType: string, bytes: Uint8Array, publicKey: KeyObject | string): Buffer {
  const key = parsePublicKey(publicKey);
  const envelope = json(bytes);
  if (!isObject(envelope)) throw new EifError('manifest_malformed');
  const { payload, signatures } = envelope;
  if (!Array.isArray(signatures) || signatures.length < 1 || signatures.length > MAX_SIGNATURES) {
    throw new EifError('manifest_malformed');
  }
  if (envelope.payloadType !== payloadType) throw new EifError('manifest_type');
  const content = base64(payload);
  const signed = preAuthEncoding(payloadType, content);
  const genuine = signatures.map((entry: unknown) => {
    const signature = base64(isObject(entry) ? entry.sig : undefined);
    return (
      signature.length === SIGNATURE_LENGTH &&
      verify('sha384', signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
    );
  });
  if (!genuine.includes(true)) throw new EifError('manifest_signature_invalid');
  return content;
}

/** SHA-256 of a public key's SPKI, lower-case hex. */
export function keyId(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}

/** What is signed: "DSSEv1", then type and payload, each with its length before it (DSSE protocol, "Signature Definition"). */
function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType, 'utf8');
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}

function parsePublicKey(given: KeyObject | string): KeyObject {
  let key: KeyObject;
  try {
    key = given instanceof KeyObject ? given : createPublicKey(given);
  } catch (cause) {
    throw new EifError('key_invalid', { cause });
  }
  if (key.type !== 'public' || !onP384(key)) throw new EifError('key_invalid');
  return key;
}

function onP384(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'secp384r1';
}

/** Standard alphabet, padded, canonical. */
function base64(value: unknown): Buffer {
  const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== value) throw new EifError('manifest_malformed');
  return bytes;
}
