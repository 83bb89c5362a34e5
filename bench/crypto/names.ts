// SPDX-License-Identifier: Apache-2.0

/** Which way, and whether all fields share one encapsulation or each has one. */
export type Direction = 'open' | 'seal';
export type Format = 'shared' | 'each';

/** The candidates' names in a result. */
export const FLOOR = 'floor';
export const OURS = 'trusted/hpke';
export const RECORDS = 'trusted/records';
export const RECORDS_DER = 'trusted/records, key as DER';
export const RECORDS_AGAIN = 'trusted/records, read before';
export const JS_PEERS: readonly string[] = ['hpke', '@hpke/core'];
export const PYTHON = 'hpke-py';
export const RUST = 'rustls on aws-lc-rs';

/** The steps' names. */
export const STEPS = {
  ecdh: 'ECDH, both keys read',
  ecdhPoint: 'ECDH, reading the point',
  point: 'reading a point',
  key: 'reading a private key (PKCS#8)',
  nodeKey: 'reading a private key (PKCS#8), createPrivateKey alone',
  generate: 'a key pair',
  setup: 'a whole HPKE context',
  message: 'AES-GCM of one field',
  rustEcdh: `${RUST}: ECDH, reading the point`,
  rustKey: `${RUST}: reading a private key, with its point`,
  rustGenerate: `${RUST}: a key pair`,
  pythonEcdh: `${PYTHON}: ECDH, reading the point`,
  pythonGenerate: `${PYTHON}: a key pair`,
} as const;

/** How records are opened and sealed at once, and how many. */
export const WAYS = ['one thread', 'thread pool', 'worker threads'] as const;
export type Way = (typeof WAYS)[number];
export const CLIENTS: readonly number[] = [1, 8, 64];
