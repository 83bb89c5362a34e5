// SPDX-License-Identifier: Apache-2.0
import { type CborValue, encodeCbor } from '@enclave-vault/codec';
import { ProtocolError } from './errors.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';
import { bytes, decode, integer, members, text, version } from './read.ts';

/** The parent's own AWS credentials: they decrypt nothing without an attestation document. */
export interface ParentCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  /** ms since the epoch; null when they do not expire. */
  readonly expiration: number | null;
}

/** What the parent posts to the enclave: a sealed request it cannot read, and credentials to call KMS with. */
export interface ParentRequest {
  readonly credentials: ParentCredentials;
  /** Bytes of a request envelope. */
  readonly envelope: Uint8Array;
}

const WHAT = 'parent request';
/** Visible ASCII: these values go into HTTP headers, so no space, no CR and no LF. */
const VISIBLE = /^[\x21-\x7e]+$/;
const ACCESS_KEY_ID = /^[A-Za-z0-9]{16,128}$/;

/** @throws ProtocolError `malformed` when the request is not one that would be accepted, `too_large` over 10 MiB */
export function encodeParentRequest({ credentials, envelope }: ParentRequest): Buffer {
  const value: CborValue = new Map<string, CborValue>([
    ['v', 1],
    [
      'credentials',
      new Map<string, CborValue>([
        ['access_key_id', credentials.accessKeyId],
        ['secret_access_key', credentials.secretAccessKey],
        ['session_token', credentials.sessionToken],
        ['expiration', credentials.expiration],
      ]),
    ],
    ['envelope', envelope],
  ]);
  readParentRequest(value);
  const encoded = encodeCbor(value);
  if (encoded.byteLength > MAX_MESSAGE_BYTES) throw new ProtocolError('too_large', WHAT);
  return encoded;
}

/** @throws ProtocolError `malformed` or `too_large` */
export function parseParentRequest(message: Uint8Array): ParentRequest {
  return readParentRequest(decode(message, WHAT, MAX_MESSAGE_BYTES, 32));
}

function readParentRequest(value: CborValue): ParentRequest {
  const member = members(value, WHAT, ['v', 'credentials', 'envelope']);
  version(member.v, WHAT);
  const part = members(member.credentials, 'credentials', [
    'access_key_id',
    'secret_access_key',
    'session_token',
    'expiration',
  ]);
  return {
    credentials: {
      accessKeyId: text(part.access_key_id, 'credentials.access_key_id', 128, ACCESS_KEY_ID),
      secretAccessKey: text(part.secret_access_key, 'credentials.secret_access_key', 256, VISIBLE),
      sessionToken:
        part.session_token === null
          ? null
          : text(part.session_token, 'credentials.session_token', 8192, VISIBLE),
      expiration:
        part.expiration === null
          ? null
          : integer(part.expiration, 'credentials.expiration', 0, Number.MAX_SAFE_INTEGER),
    },
    envelope: bytes(member.envelope, 'parent request.envelope', 1, MAX_MESSAGE_BYTES),
  };
}
