// SPDX-License-Identifier: Apache-2.0
import {
  integrityKeyPolicy,
  type KeyPlace,
  type Measurements,
  requestKeyPolicy,
  vaultKeyPolicy,
} from '@enclave-vault/policies';
import type { KeyKind } from './customer-key.ts';

type Described = Pick<KeyKind, 'alias' | 'description' | 'policy'>;

/** The three keys of records. */
export interface VaultKeys<T> {
  readonly vault: T;
  readonly request: T;
  readonly integrity: T;
}

/**
 * The keys of records as they are in every Region: the same policy, made for the network of that Region.
 * @param measurements null: nobody decrypts
 */
export function vaultKeys(place: KeyPlace, measurements: Measurements | null): VaultKeys<Described> {
  const alias = (key: keyof VaultKeys<unknown>): string => `${place.name}/${key}`;
  return {
    vault: {
      alias: alias('vault'),
      description: 'Wraps the private keys of records',
      policy: vaultKeyPolicy(place, measurements),
    },
    request: {
      alias: alias('request'),
      description: 'Wraps the data keys of requests to the enclave',
      policy: requestKeyPolicy(place, measurements),
    },
    integrity: {
      alias: alias('integrity'),
      description: 'Wraps the keys that authenticate records and audit',
      policy: integrityKeyPolicy(place),
    },
  };
}
