// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { type CborValue, decodeCbor, encodeCbor } from '@enclave-vault/codec';
import { expect } from 'vitest';
import { type DecryptRequest, ProtocolError, type ProtocolErrorCode } from '../src/index.ts';

export const KEY_ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
export const SUITE = Buffer.from('48504b45001100020002', 'hex');
export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

export function request(changes: Partial<DecryptRequest> = {}): DecryptRequest {
  return {
    tenant: 'default',
    vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5',
    suite: SUITE,
    wrappedKey: Buffer.alloc(200, 7),
    keyArn: KEY_ARN,
    publicKey: Buffer.alloc(120, 9),
    fields: new Map<string, Uint8Array | string>([
      ['dob', Buffer.from('03000004aabb', 'hex')],
      ['city', 'aa#bb'],
    ]),
    known: ['city', 'dob', 'email'],
    reveal: ['city'],
    expressions: [{ name: 'over_18', source: 'date(dob).age() >= 18' }],
    ...changes,
  };
}

export function channel() {
  return {
    key: { dataKey: randomBytes(32), wrappedKey: randomBytes(180) },
    times: { requestId: randomBytes(16), time: NOW, deadline: NOW + 5000 },
  };
}

/** Runs `action`, which must be refused, and returns the code of the refusal. */
export const codeOf = (action: () => unknown): ProtocolErrorCode => refusalOf(action).code;

/** Runs `action`, which must be refused, and returns what the refusal says: its code and what it is about. */
export const saidOf = (action: () => unknown): string => refusalOf(action).message;

function refusalOf(action: () => unknown): ProtocolError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return error as ProtocolError;
  }
  throw new Error('was not refused');
}

/** A message whose top-level map is changed: `undefined` removes a member. */
export function edited(message: Uint8Array, changes: Record<string, CborValue | undefined>): Buffer {
  const map = new Map(decodeCbor(message) as ReadonlyMap<string, CborValue>);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }
  return encodeCbor(map);
}
