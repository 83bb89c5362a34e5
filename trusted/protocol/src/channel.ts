// SPDX-License-Identifier: Apache-2.0
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { encodeCbor } from '@enclave-vault/codec';
import { type DecryptAnswer, encodeDecryptAnswer, parseDecryptAnswer } from './answer.ts';
import {
  type AnswerEnvelope,
  checkHeader,
  type Envelope,
  encodeEnvelope,
  parseAnswerEnvelope,
  type RequestHeader,
} from './envelope.ts';
import { ProtocolError } from './errors.ts';
import { DATA_KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './limits.ts';
import { malformed } from './read.ts';
import { type DecryptRequest, encodeDecryptRequest, parseDecryptRequest } from './request.ts';

/** Version and direction in one text: it derives the key and leads the aad, so no box opens in another place. */
const REQUEST = 'enclave-vault/request/1';
const ANSWER = 'enclave-vault/answer/1';

/** The data key of a request, as it is and as KMS wrapped it. */
export interface RequestKey {
  /** 32 bytes. */
  readonly dataKey: Uint8Array;
  readonly wrappedKey: Uint8Array;
}

/** How a request is named and how long it is of use. */
export interface RequestTimes {
  /** 16 random bytes, never used twice with one data key. */
  readonly requestId: Uint8Array;
  /** ms since the epoch. */
  readonly time: number;
  readonly deadline: number;
}

/**
 * Seals a request for the enclave.
 * @returns the bytes of the request envelope
 * @throws ProtocolError `malformed` when the request breaks a limit, `too_large` over 10 MiB
 */
export function sealRequest(key: RequestKey, request: DecryptRequest, times: RequestTimes): Buffer {
  const header: RequestHeader = {
    id: times.requestId,
    time: times.time,
    deadline: times.deadline,
    key: key.wrappedKey,
  };
  checkHeader(header);
  const sealed = seal(REQUEST, key.dataKey, header.id, requestAad(header), encodeDecryptRequest(request));
  return encodeEnvelope({ v: 1, ...header, ...sealed });
}

/**
 * Opens a request: afterwards its header is known to be what the holder of the data key wrote.
 * @throws ProtocolError `unauthenticated`; `malformed` when the holder of the key sent something else
 */
export function openRequest(dataKey: Uint8Array, envelope: Envelope): DecryptRequest {
  return parseDecryptRequest(open(REQUEST, dataKey, envelope.id, requestAad(envelope), envelope));
}

/**
 * Seals the answer to a request under the same data key, for the other direction.
 * @param time ms since the epoch
 * @throws ProtocolError `malformed` when the answer breaks a limit, `too_large` over 10 MiB
 */
export function sealAnswer(
  dataKey: Uint8Array,
  request: Pick<RequestHeader, 'id'>,
  answer: DecryptAnswer,
  time: number,
): Buffer {
  const { id } = request;
  const sealed = seal(ANSWER, dataKey, id, answerAad(id, time), encodeDecryptAnswer(answer));
  return encodeEnvelope({ v: 1, id, time, ...sealed });
}

/**
 * Opens the answer to the request `requestId`. An ErrorAnswer is not one: see parseErrorAnswer.
 * @throws ProtocolError `unauthenticated` (the answer to another request included), `malformed`, `too_large`
 */
export function openAnswer(dataKey: Uint8Array, requestId: Uint8Array, message: Uint8Array): DecryptAnswer {
  const envelope: AnswerEnvelope = parseAnswerEnvelope(message);
  // Not the envelope's id but the caller's own goes into key and aad: another request's answer cannot open.
  return parseDecryptAnswer(
    open(ANSWER, dataKey, requestId, answerAad(envelope.id, envelope.time), envelope),
  );
}

function requestAad({ id, time, deadline, key }: RequestHeader): Buffer {
  return encodeCbor([REQUEST, id, time, deadline, key]);
}

function answerAad(id: Uint8Array, time: number): Buffer {
  return encodeCbor([ANSWER, id, time]);
}

/**
 * HKDF-SHA-256 (RFC 5869): a key for one request and one direction. Keys go as KeyObjects from one step to the next: of bytes Node (24) first asks
 * whether they are one, by an error that it throws and catches, which takes longer than the derivation. OpenSSL's copy is cleansed when it is freed.
 */
function deriveKey(direction: string, dataKey: Uint8Array, id: Uint8Array): KeyObject {
  // All zeros is what is left of a key after its use: sealing under it would be sealing for everyone.
  if (dataKey.byteLength !== DATA_KEY_BYTES || dataKey.every((byte) => byte === 0))
    throw malformed('data key');
  const derived = Buffer.from(hkdfSync('sha256', createSecretKey(dataKey), id, direction, 32));
  try {
    return createSecretKey(derived);
  } finally {
    derived.fill(0);
  }
}

/** AES-256-GCM; zeroes `plaintext`, which the caller encoded for this purpose. */
function seal(
  direction: string,
  dataKey: Uint8Array,
  id: Uint8Array,
  aad: Buffer,
  plaintext: Buffer,
): { nonce: Buffer; box: Buffer } {
  const key = deriveKey(direction, dataKey, id);
  // Random, not fixed: a parent may hand one request to two enclaves, and both then answer under this key.
  const nonce = randomBytes(NONCE_BYTES);
  try {
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(aad);
    const ciphertext = cipher.update(plaintext);
    return { nonce, box: Buffer.concat([ciphertext, cipher.final(), cipher.getAuthTag()]) };
  } finally {
    plaintext.fill(0);
  }
}

function open(
  direction: string,
  dataKey: Uint8Array,
  id: Uint8Array,
  aad: Buffer,
  { nonce, box }: Pick<Envelope, 'nonce' | 'box'>,
): Buffer {
  const key = deriveKey(direction, dataKey, id);
  const split = box.byteLength - TAG_BYTES;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(aad);
    decipher.setAuthTag(box.subarray(split));
    const plaintext = decipher.update(box.subarray(0, split));
    decipher.final();
    return plaintext;
  } catch {
    throw new ProtocolError('unauthenticated');
  }
}
