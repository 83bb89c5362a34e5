// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { curveOf } from '../src/curves.ts';
import type { KeyPair } from '../src/encapsulate.ts';
import { HpkeError, type HpkeErrorCode, P256, P384, P521, type Suite } from '../src/index.ts';
import { importPublicKey } from '../src/seal.ts';

export const SUITES: readonly Suite[] = [P256, P384, P521];

export const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');
export const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Runs `action`, which must throw an HpkeError of this code that carries nothing else. */
export function expectCode(code: HpkeErrorCode, action: () => unknown): void {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(HpkeError);
  const error = thrown as HpkeError;
  expect(error.code).toBe(code);
  expect(error.name).toBe('HpkeError');
  expect(error.message).toBe(code);
  expect(error.cause).toBeUndefined();
  expect(Object.keys(error).sort()).toEqual(['code', 'name']);
}

/** SubjectPublicKeyInfo of the suite around any bytes that claim to be a point. */
export function spki(suite: Suite, point: Uint8Array): Buffer {
  return Buffer.concat([curveOf(suite).spkiPrefix, point]);
}

/** A DER element. */
export function tlv(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const head = content.length < 0x80 ? [tag, content.length] : [tag, 0x81, content.length];
  return Buffer.concat([Buffer.from(head), content]);
}

export interface Pkcs8Parts {
  /** [0] parameters inside the ECPrivateKey, as KMS writes them. */
  readonly parameters?: Uint8Array;
  readonly point?: Uint8Array;
  readonly attributes?: Uint8Array;
  /** Elements at the end of the ECPrivateKey. */
  readonly after?: readonly Uint8Array[];
  readonly version?: number;
  readonly ecVersion?: number;
}

/** PKCS#8 of the suite around any bytes that claim to be a scalar. */
export function pkcs8(suite: Suite, scalar: Uint8Array, parts: Pkcs8Parts = {}): Buffer {
  const inner: Uint8Array[] = [tlv(0x02, Buffer.from([parts.ecVersion ?? 1])), tlv(0x04, scalar)];
  if (parts.parameters !== undefined) inner.push(tlv(0xa0, parts.parameters));
  if (parts.point !== undefined) inner.push(tlv(0xa1, tlv(0x03, Buffer.from([0]), parts.point)));
  inner.push(...(parts.after ?? []));
  const outer: Uint8Array[] = [tlv(0x02, Buffer.from([parts.version ?? 0])), curveOf(suite).algorithm];
  outer.push(tlv(0x04, tlv(0x30, ...inner)));
  if (parts.attributes !== undefined) outer.push(parts.attributes);
  return tlv(0x30, ...outer);
}

/** A key pair from the scalar and point that a vector prints. */
export function keyPairFromVector(suite: Suite, scalarHex: string, pointHex: string): KeyPair {
  const der = pkcs8(suite, hex(scalarHex), { point: hex(pointHex) });
  const privateKey: KeyObject = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: importPublicKey(suite, spki(suite, hex(pointHex))) };
}

export interface Vector {
  readonly kem_id: number;
  readonly kdf_id: number;
  readonly aead_id: number;
  readonly info: string;
  readonly ikmR?: string;
  readonly ikmE?: string;
  readonly skEm?: string;
  readonly pkEm?: string;
  readonly skRm: string;
  readonly pkRm: string;
  readonly enc: string;
  readonly shared_secret: string;
  readonly key_schedule_context?: string;
  readonly secret?: string;
  readonly key: string;
  readonly base_nonce: string;
  readonly exporter_secret: string;
  readonly encryptions: readonly {
    readonly aad: string;
    readonly ct: string;
    readonly nonce: string;
    readonly pt: string;
  }[];
  readonly exports?: readonly {
    readonly exporter_context: string;
    readonly L: number;
    readonly exported_value: string;
  }[];
}

/** The vectors of one of the project's files. */
export function readVectors(file: string): readonly Vector[] {
  const path = new URL(`../../../tests/vectors/${file}`, import.meta.url);
  const parsed: { vectors: Vector[] } = JSON.parse(readFileSync(path, 'utf8'));
  return parsed.vectors;
}
