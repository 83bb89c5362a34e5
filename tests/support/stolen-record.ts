// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import {
  type DecryptAnswer,
  type DecryptRequest,
  openAnswer,
  type RequestKey,
  sealRequest,
} from '@enclave-vault/protocol';
import type { Item } from '@enclave-vault/vault';

/** Asks an enclave for all of a record, as whoever has a copy of the store can. */
export function requestFor(item: Item): DecryptRequest {
  const fields = new Map(
    Object.entries(item).filter(
      (entry): entry is [string, Uint8Array] => /^[a-z]/.test(entry[0]) && entry[1] instanceof Uint8Array,
    ),
  );
  return {
    tenant: String(item._tn),
    vaultId: String(item._id),
    suite: item._hs as Uint8Array,
    wrappedKey: item._sk as Uint8Array,
    keyArn: String(item._kk),
    publicKey: item._pk as Uint8Array,
    fields,
    known: [...fields.keys()],
    reveal: [...fields.keys()],
    expressions: [],
  };
}

export interface QuestionTimes {
  readonly at?: number;
  readonly life?: number;
  readonly requestId?: Buffer;
}

/** A request sealed by somebody who has a request data key, and the answer to it opened. */
export class SealedQuestion {
  readonly envelope: Buffer;
  readonly #dataKey: Uint8Array;
  readonly #requestId: Buffer;

  /** @param times `at` in ms since the epoch, `life` in ms: when it was made, and for how long its answer is of use */
  constructor(key: RequestKey, request: DecryptRequest, times: QuestionTimes = {}) {
    const { at = Date.now(), life = 5_000, requestId = randomBytes(16) } = times;
    this.#dataKey = key.dataKey;
    this.#requestId = requestId;
    this.envelope = sealRequest(key, request, { requestId, time: at, deadline: at + life });
  }

  /** @throws {ProtocolError} */
  open(answer: Uint8Array): DecryptAnswer {
    return openAnswer(this.#dataKey, this.#requestId, answer);
  }
}
