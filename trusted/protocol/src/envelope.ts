// SPDX-License-Identifier: Apache-2.0
import { encodeCbor } from '@enclave-vault/codec';
import { ProtocolError } from './errors.ts';
import {
  MAX_MESSAGE_BYTES,
  MAX_WRAPPED_KEY_BYTES,
  NONCE_BYTES,
  REQUEST_ID_BYTES,
  TAG_BYTES,
} from './limits.ts';
import { bytes, decode, integer, malformed, members, version } from './read.ts';

/** What the sender of a request says in the clear, and the box authenticates (SPEC.md, "Request envelope"). */
export interface RequestHeader {
  /** 16 random bytes: names the request, salts its keys. */
  readonly id: Uint8Array;
  /** When the request was made, and when its answer is no longer of use: ms since the epoch. */
  readonly time: number;
  readonly deadline: number;
  /** The request data key as KMS wrapped it. */
  readonly key: Uint8Array;
}

/** A sealed request as it travels. */
export interface Envelope extends RequestHeader {
  readonly v: 1;
  readonly nonce: Uint8Array;
  /** AES-256-GCM ciphertext and its 16-byte tag. */
  readonly box: Uint8Array;
}

/** A sealed answer as it travels. */
export interface AnswerEnvelope {
  readonly v: 1;
  readonly id: Uint8Array;
  readonly time: number;
  readonly nonce: Uint8Array;
  readonly box: Uint8Array;
}

const LAST_MS = Number.MAX_SAFE_INTEGER;
const REQUEST_MEMBERS = ['v', 'id', 'time', 'deadline', 'key', 'nonce', 'box'] as const;
const ANSWER_MEMBERS = ['v', 'id', 'time', 'nonce', 'box'] as const;

/** @returns the envelope's canonical bytes. @throws ProtocolError `too_large` over 10 MiB */
export function encodeEnvelope(envelope: Envelope | AnswerEnvelope): Buffer {
  const encoded = encodeCbor(new Map(Object.entries(envelope)));
  if (encoded.byteLength > MAX_MESSAGE_BYTES) throw new ProtocolError('too_large', 'envelope');
  return encoded;
}

/**
 * Reads a sealed request. Nothing in it is authenticated until its box is open.
 * @throws ProtocolError `malformed` or `too_large`
 */
export function parseEnvelope(message: Uint8Array): Envelope {
  const value = decode(message, 'envelope', MAX_MESSAGE_BYTES, 16);
  const member = members(value, 'envelope', REQUEST_MEMBERS);
  const time = integer(member.time, 'envelope.time', 0, LAST_MS);
  return {
    v: version(member.v, 'envelope'),
    id: bytes(member.id, 'envelope.id', REQUEST_ID_BYTES, REQUEST_ID_BYTES),
    time,
    deadline: integer(member.deadline, 'envelope.deadline', time, LAST_MS),
    key: bytes(member.key, 'envelope.key', 1, MAX_WRAPPED_KEY_BYTES),
    nonce: bytes(member.nonce, 'envelope.nonce', NONCE_BYTES, NONCE_BYTES),
    box: bytes(member.box, 'envelope.box', TAG_BYTES + 1, MAX_MESSAGE_BYTES),
  };
}

/**
 * Reads a sealed answer. Nothing in it is authenticated until its box is open.
 * @throws ProtocolError `malformed` or `too_large`
 */
export function parseAnswerEnvelope(message: Uint8Array): AnswerEnvelope {
  const value = decode(message, 'answer', MAX_MESSAGE_BYTES, 16);
  const member = members(value, 'answer', ANSWER_MEMBERS);
  return {
    v: version(member.v, 'answer'),
    id: bytes(member.id, 'answer.id', REQUEST_ID_BYTES, REQUEST_ID_BYTES),
    time: integer(member.time, 'answer.time', 0, LAST_MS),
    nonce: bytes(member.nonce, 'answer.nonce', NONCE_BYTES, NONCE_BYTES),
    box: bytes(member.box, 'answer.box', TAG_BYTES + 1, MAX_MESSAGE_BYTES),
  };
}

/** @throws ProtocolError `malformed` when a header that is about to be sealed is not one that would be accepted */
export function checkHeader(header: RequestHeader): void {
  bytes(header.id, 'envelope.id', REQUEST_ID_BYTES, REQUEST_ID_BYTES);
  bytes(header.key, 'envelope.key', 1, MAX_WRAPPED_KEY_BYTES);
  const time = integer(header.time, 'envelope.time', 0, LAST_MS);
  if (integer(header.deadline, 'envelope.deadline', 0, LAST_MS) < time) throw malformed('envelope.deadline');
}
