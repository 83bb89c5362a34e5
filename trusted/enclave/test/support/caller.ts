// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { P384, suiteId } from '@enclave-vault/hpke';
import {
  type DecryptAnswer,
  type DecryptRequest,
  encodeParentRequest,
  openAnswer,
  type ParentCredentials,
  type RequestKey,
  type RequestTimes,
  sealRequest,
} from '@enclave-vault/protocol';
import { sealFields } from '@enclave-vault/records/seal';
import type { TestDeployment } from './deployment.ts';

export const TENANT = 'default';
export const SCHEMA = ['dob', 'email', 'city', 'ssn9'];

/** A new vault id of this vault. */
export function vaultId(): string {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  return `v_0${Array.from(randomBytes(25), (byte) => digits[byte % 32]).join('')}`;
}

/** A stored record, as far as a request needs it. */
export type StoredRecord = Pick<
  DecryptRequest,
  'tenant' | 'vaultId' | 'suite' | 'wrappedKey' | 'keyArn' | 'publicKey' | 'fields'
>;

/** Seals values like the API: under a key pair of KMS that belongs to this record. */
export async function store(
  deployment: TestDeployment,
  values: Readonly<Record<string, unknown>>,
  id = vaultId(),
): Promise<StoredRecord> {
  return sealWith(await deployment.keyPair(id, TENANT), deployment.keys.vault, values, id);
}

/** A record that another system wrote, with the key of no context. */
export function storeLegacy(
  deployment: TestDeployment,
  values: Readonly<Record<string, unknown>>,
): StoredRecord {
  return sealWith(deployment.legacyPair, deployment.keys.legacy, values, vaultId());
}

function sealWith(
  pair: { PublicKey?: Uint8Array | undefined; PrivateKeyCiphertextBlob?: Uint8Array | undefined },
  keyArn: string,
  values: Readonly<Record<string, unknown>>,
  id: string,
): StoredRecord {
  const publicKey = Buffer.from(pair.PublicKey ?? []);
  const json = new Map(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));
  const fields = sealFields({ tenant: TENANT, vaultId: id }, P384, publicKey, json);
  const wrappedKey = Buffer.from(pair.PrivateKeyCiphertextBlob ?? []);
  return { tenant: TENANT, vaultId: id, suite: suiteId(P384), wrappedKey, keyArn, publicKey, fields };
}

/** The whole record, revealed. */
export function everythingOf(record: StoredRecord, changes: Partial<DecryptRequest> = {}): DecryptRequest {
  return { ...record, known: SCHEMA, reveal: [...record.fields.keys()], expressions: [], ...changes };
}

/** Times of a request that is made now and has half a minute: a busy machine starts a worker for expressions slowly. */
export function now(changes: Partial<RequestTimes> = {}): RequestTimes {
  const time = Date.now();
  return { requestId: randomBytes(16), time, deadline: time + 30_000, ...changes };
}

/** One request on its way, with what it takes to read the answer. */
export class Question {
  readonly envelope: Buffer;
  readonly #key: RequestKey;
  readonly #times: RequestTimes;

  constructor(key: RequestKey, request: DecryptRequest, times: RequestTimes = now()) {
    this.#key = key;
    this.#times = times;
    this.envelope = sealRequest(key, request, times);
  }

  /** The parent's part. */
  message(credentials: ParentCredentials): Buffer {
    return encodeParentRequest({ credentials, envelope: this.envelope });
  }

  open(answer: Uint8Array): DecryptAnswer {
    return openAnswer(this.#key.dataKey, this.#times.requestId, answer);
  }
}
