// SPDX-License-Identifier: Apache-2.0
import { type AuditSink, itemSize, type Store, type VaultKms } from '@enclave-vault/vault';
import type { Kms } from '../../../trusted/enclave/src/ports.ts';
import { asNobody } from './crypto.ts';
import type { Tally } from './tally.ts';

/** The same store, its calls counted, and what is written by items and bytes (as DynamoDB counts them, from above). */
export function countedStore(store: Store, tally: Tally): Store {
  return {
    get: (...args) => {
      tally.add('store', 'get');
      return store.get(...args);
    },
    query: (...args) => {
      tally.add('store', 'query');
      return store.query(...args);
    },
    scan: (...args) => {
      tally.add('store', 'scan');
      return store.scan(...args);
    },
    transact: (operations, options) => {
      tally.add('store', 'transact');
      for (const operation of operations) {
        if ('put' in operation) {
          tally.add('store', 'items put');
          tally.add('store', 'bytes put', itemSize(operation.put));
        } else tally.add('store', 'remove' in operation ? 'items removed' : 'items checked');
      }
      return store.transact(operations, options);
    },
    close: () => store.close(),
  };
}

/**
 * The API's KMS. Pairs that are made beforehand are none of a request's calls. What the SDK hashes to sign a call is in the call.
 * @param making how many of those are under way
 */
export function countedKms(kms: VaultKms, tally: Tally, making: { now: number }): VaultKms {
  const count = (name: string): void => tally.add('kms', name);
  return {
    generateRecordKeyPair: (context, options = {}) => {
      if (options.once !== true) {
        count('GenerateDataKeyPairWithoutPlaintext');
        return asNobody(() => kms.generateRecordKeyPair(context, options));
      }
      making.now += 1;
      return asNobody(() => kms.generateRecordKeyPair(context, options)).finally(() => {
        making.now -= 1;
      });
    },
    generateRequestKey: () => {
      count('GenerateDataKey');
      return asNobody(() => kms.generateRequestKey());
    },
    generateIntegrityKey: (purpose) => {
      count('GenerateDataKey');
      return asNobody(() => kms.generateIntegrityKey(purpose));
    },
    unwrapIntegrityKey: (wrapped, purpose) => {
      count('Decrypt');
      return asNobody(() => kms.unwrapIntegrityKey(wrapped, purpose));
    },
  };
}

/** The enclave's KMS. */
export function countedEnclaveKms(kms: Kms, tally: Tally): Kms {
  return {
    decrypt: (call) => {
      tally.add('kms', 'Decrypt, attested');
      return kms.decrypt(call);
    },
  };
}

export function countedSink(sink: AuditSink, tally: Tally): AuditSink {
  return {
    append: (head) => {
      tally.add('sink', 'append');
      return sink.append(head);
    },
  };
}
