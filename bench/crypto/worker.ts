// SPDX-License-Identifier: Apache-2.0
/** A worker thread of bench/crypto/throughput.ts: opens and seals synchronously what it is sent, with a key of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { P384 } from '@enclave-vault/hpke';
import { openFields, preparePrivateKey } from '@enclave-vault/records/open';
import { sealFields } from '@enclave-vault/records/seal';
import { IDENTITY } from './subject.ts';
import type { Job } from './throughput.ts';

interface Keys {
  readonly pkcs8: Uint8Array;
  readonly spki: Uint8Array;
  /** Writes that fill up what the key keeps, so that each opening costs its ECDH. */
  readonly writes: readonly ReadonlyMap<string, Uint8Array>[];
}

const { pkcs8, spki, writes } = workerData as Keys;
const key = preparePrivateKey(P384, pkcs8);
for (const write of writes) openFields(IDENTITY, P384, key, write, spki);

parentPort?.on('message', ({ id, open, seal }: Job) => {
  const result = open
    ? openFields(IDENTITY, P384, key, open, spki)
    : sealFields(IDENTITY, P384, spki, seal ?? new Map());
  parentPort?.postMessage({ id, result });
});
