// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { type CborValue, encodeCbor } from '@enclave-vault/codec';
import { ES384_HEADER, signCoseSign1 } from './cose.ts';

export type AttestationContents = {
  /** What signs: a NitroChain, or parts of one. */
  readonly chain: {
    readonly moduleId: string;
    readonly cabundle: readonly Uint8Array[];
    readonly certificate: Uint8Array;
    readonly privateKey: KeyObject;
  };
  /** ms since the epoch. */
  readonly timestamp: number;
  /** Locked registers, 48 bytes each; the NSM lists 0-15 and whichever of 16-31 are locked. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>;
  readonly publicKey?: Uint8Array | null;
  readonly userData?: Uint8Array | null;
  readonly nonce?: Uint8Array | null;
};

/** Builds and signs an attestation document as the Nitro Secure Module does: COSE_Sign1, untagged, ES384. */
export function buildAttestationDocument(contents: AttestationContents): Buffer {
  const payload = encodeOrderedMap(attestationPayload(contents));
  return signCoseSign1(ES384_HEADER, payload, contents.chain.privateKey);
}

/** The payload's entries in the order in which real documents have them, which is not the canonical one; what is absent is null. */
export function attestationPayload(contents: AttestationContents): [string, CborValue][] {
  const { chain, timestamp, pcrs, publicKey = null, userData = null, nonce = null } = contents;
  return [
    ['module_id', chain.moduleId],
    ['digest', 'SHA384'],
    ['timestamp', timestamp],
    ['pcrs', pcrs],
    ['certificate', chain.certificate],
    ['cabundle', chain.cabundle],
    ['public_key', publicKey],
    ['user_data', userData],
    ['nonce', nonce],
  ];
}

/** A CBOR map whose entries stand in the order given (fewer than 24, each value itself canonical). */
export function encodeOrderedMap(entries: readonly (readonly [string | number, CborValue])[]): Buffer {
  const head = Buffer.of(0xa0 | entries.length);
  return Buffer.concat([head, ...entries.flatMap(([key, value]) => [encodeCbor(key), encodeCbor(value)])]);
}

/** PCR 0-15 as an NSM has them locked from the start: the given ones, and zeros. */
export function lockedPcrs(values: Readonly<Record<number, Uint8Array>>): Map<number, Buffer> {
  const pcrs = new Map<number, Buffer>();
  for (let index = 0; index < 16; index += 1) pcrs.set(index, Buffer.alloc(48));
  for (const [index, value] of Object.entries(values)) pcrs.set(Number(index), Buffer.from(value));
  return pcrs;
}
