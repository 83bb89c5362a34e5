// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { HpkeError } from './errors.ts';
import { labeledExpand, labeledExtract, NO_SALT, takeKey } from './labeled.ts';
import { type Suite, suiteId } from './suites.ts';

const EMPTY = Buffer.alloc(0);
const MODE_BASE = Buffer.from([0x00]);
const KEY_LENGTH = 32;
const NONCE_LENGTH = 12;

/** Length of AES-GCM's tag, in bytes (RFC 9180's Nt). */
export const TAG_LENGTH = 16;

/**
 * Messages a context carries. The RFC stops at 2^96 - 1; this package stops at 2^16, because each format built
 * on it stores the sequence number as a u16, and the bounds of AES-GCM are then never near.
 */
export const MESSAGE_LIMIT = 0x10000;

/** What a context holds after the key schedule (RFC 9180 section 5.1). */
export interface ContextKeys {
  readonly suite: Suite;
  readonly suiteId: Buffer;
  readonly key: KeyObject;
  readonly baseNonce: Buffer;
  /** Derived when it is asked for: who only opens and seals never needs it. */
  readonly exporterSecret: () => KeyObject;
}

interface SuiteConstants {
  readonly id: Buffer;
  /** mode_base || psk_id_hash: without a PSK it depends on the suite alone. */
  readonly contextPrefix: Buffer;
}

const CONSTANTS = new WeakMap<Suite, SuiteConstants>();

function constants(suite: Suite): SuiteConstants {
  let known = CONSTANTS.get(suite);
  if (known === undefined) {
    const id = suiteId(suite);
    const pskIdHash = labeledExtract(suite.hash, id, NO_SALT, 'psk_id_hash', EMPTY);
    known = { id, contextPrefix: Buffer.concat([MODE_BASE, pskIdHash]) };
    CONSTANTS.set(suite, known);
  }
  return known;
}

/** KeyScheduleS and KeyScheduleR of RFC 9180 section 5.1 in base mode: no PSK, empty psk_id. */
export function keySchedule(suite: Suite, sharedSecret: KeyObject, info: Uint8Array): ContextKeys {
  const { id, contextPrefix } = constants(suite);
  const infoHash = labeledExtract(suite.hash, id, NO_SALT, 'info_hash', info);
  const context = Buffer.concat([contextPrefix, infoHash]);
  const secret = takeKey(labeledExtract(suite.hash, id, sharedSecret, 'secret', EMPTY));
  return {
    suite,
    suiteId: id,
    key: takeKey(labeledExpand(suite.hash, id, secret, 'key', context, KEY_LENGTH)),
    baseNonce: labeledExpand(suite.hash, id, secret, 'base_nonce', context, NONCE_LENGTH),
    exporterSecret: () => takeKey(labeledExpand(suite.hash, id, secret, 'exp', context, suite.hashLength)),
  };
}

/**
 * ComputeNonce of RFC 9180 section 5.2: base_nonce XOR I2OSP(seq, 12). Throws `message_limit_reached` for a
 * sequence number that is not a whole number below MESSAGE_LIMIT.
 */
export function computeNonce(keys: ContextKeys, seq: number): Buffer {
  if (!Number.isInteger(seq) || seq < 0 || seq >= MESSAGE_LIMIT) throw new HpkeError('message_limit_reached');
  const nonce = Buffer.from(keys.baseNonce);
  nonce.writeUInt16BE(nonce.readUInt16BE(NONCE_LENGTH - 2) ^ seq, NONCE_LENGTH - 2);
  return nonce;
}

/** Context.Export of RFC 9180 section 5.3: `length` bytes, at most 255 times Nh (`export_too_long`). */
export function exportSecret(keys: ContextKeys, exporterContext: Uint8Array, length: number): Buffer {
  const { suite, suiteId: id, exporterSecret } = keys;
  return labeledExpand(suite.hash, id, exporterSecret(), 'sec', exporterContext, length);
}
