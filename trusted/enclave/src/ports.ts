// SPDX-License-Identifier: Apache-2.0

/**
 * What the program needs of the world, as the core sees it. Locally these are a unix socket and an NSM behind an inherited
 * descriptor; on AWS vsock and /dev/nsm. Another place to run is another main.ts, not another core.
 */
import type { KeyObject } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { EvaluateRequest, ExpressionOutcome } from '@enclave-vault/expressions';
import type { ParentCredentials, Refusal } from '@enclave-vault/protocol';

export interface Clock {
  /** ms since the epoch; never less than it said before. */
  now(): number;
  /** ms since some moment, by a clock that is not set: for rates and ages. */
  elapsed(): number;
  /** Calls `action` once after `ms`. @returns what cancels it */
  after(ms: number, action: () => void): () => void;
}

/** A user register of the Nitro Security Module. */
export interface Pcr {
  readonly locked: boolean;
  /** 48 bytes. */
  readonly value: Buffer;
}

/** The Nitro Security Module. Every method throws NsmError. */
export interface Nsm {
  describePcr(index: number): Promise<Pcr>;
  /** value := SHA-384(value || data) */
  extendPcr(index: number, data: Uint8Array): Promise<void>;
  lockPcr(index: number): Promise<void>;
  /** @returns an attestation document, COSE_Sign1 */
  attest(fields: AttestationFields): Promise<Buffer>;
}

export interface AttestationFields {
  readonly publicKey: Uint8Array;
  readonly userData: Uint8Array;
  readonly nonce: Uint8Array | null;
}

/** The key that KMS encrypts its answers to, and the document that says whose it is. */
export interface Recipient {
  readonly privateKey: KeyObject;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Buffer;
  readonly document: Buffer;
  /** When the document was made: ms since the epoch. */
  readonly attestedAt: number;
}

export interface KmsDecrypt {
  readonly ciphertext: Uint8Array;
  readonly keyArn: string;
  /** null: without one. */
  readonly context: Readonly<Record<string, string>> | null;
  readonly credentials: ParentCredentials;
  readonly recipient: Recipient;
  /** For the whole exchange, connecting included. */
  readonly timeoutMs: number;
}

export interface Kms {
  /** @returns the plaintext, which the caller zeroes. @throws KmsError */
  decrypt(call: KmsDecrypt): Promise<Buffer>;
}

/** Runs expressions where they can be stopped. */
export interface Expressions {
  /** @param signal nobody waits for the outcomes any more */
  evaluate(request: EvaluateRequest, signal?: AbortSignal): Promise<ExpressionOutcome[]>;
}

/** Stable names and codes only: never a value of a field, key, token or request. */
export type Log = (event: string, details?: Readonly<Record<string, string | number>>) => void;

/**
 * Frees what nothing refers to any more. Keys of node:crypto are cleansed when they are freed, and a program that has little to do frees
 * nothing by itself for hours.
 */
export type Sweep = () => void;

/** A call of the parent. */
export interface Call {
  readonly method: string;
  readonly path: string;
  /** CID of the machine that calls, where calls come from more than one; else 0. @throws when the connection is gone */
  readonly peer: number;
  /** Calls `action` once when the connection is gone, or when the body was read. Never for one that is gone already. */
  readonly whenGone: (action: () => void) => void;
  /** Reads the body, once. @throws Refused `too_large` beyond `maxBytes`, `timed_out` after `timeoutMs`, `malformed` when it breaks off */
  body(maxBytes: number, timeoutMs: number): Promise<Buffer>;
}

/**
 * Opens a stream of bytes to KMS, through the parent. Whoever carries them sees TLS and no more. Rejects when there is nobody to carry them,
 * at the latest after `timeoutMs`.
 */
export type Dial = (timeoutMs: number) => Promise<Duplex>;

export type Reply =
  | { readonly kind: 'bytes'; readonly type: string; readonly body: Buffer }
  | { readonly kind: 'empty' }
  | { readonly kind: 'refusal'; readonly code: Refusal };
