// SPDX-License-Identifier: Apache-2.0
import {
  type Context,
  type Decrypted,
  isVaultId,
  type PreparedDecrypt,
  type Vault,
} from '@enclave-vault/vault';
import { newRecord } from './items.ts';

/** One item, read and ready to be done. */
export interface Task {
  /** Members of its result, as JSON text. @throws what becomes an error of the item */
  readonly run: (context: Context) => Promise<string>;
}

/** What is done with each item of a call. */
export interface Job {
  readonly operation: 'create' | 'decrypt';
  /** Whether expressions are evaluated for an item. */
  readonly evaluates: boolean;
  /** Where in an item the members stand that the vault judges. */
  readonly at: string;
  /** The id that an item asks for, where it is one by its form: anything else may be a value, and is not repeated. */
  readonly idOf: (item: unknown) => string | undefined;
  /** @param item what JSON.parse returned. @throws {VaultError} `invalid` */
  readonly task: (item: unknown, index: number) => Task;
}

/** Makes records. @param keyOf idempotency keys of items that have none of their own */
export function createJob(vault: () => Vault, keyOf: (index: number) => string | undefined): Job {
  return {
    operation: 'create',
    evaluates: false,
    at: '/fields',
    idOf: () => undefined,
    task: (item, index) => {
      const { fields, key } = newRecord(item);
      const idempotency = key ?? keyOf(index);
      return {
        run: async (context) => {
          const { id } = await vault().create(context, fields, { idempotency });
          return `"id":${JSON.stringify(id)}`;
        },
      };
    },
  };
}

export interface DecryptJob {
  readonly vault: () => Vault;
  readonly ask: PreparedDecrypt;
  /** The id in an item. @throws {VaultError} `invalid` */
  readonly read: (item: unknown) => string;
  /** Members of an answer for one record, as JSON text; counts its results. */
  readonly answer: (decrypted: Decrypted) => string;
}

/** Decrypts records. */
export function decryptJob({ vault, ask, read, answer }: DecryptJob): Job {
  return {
    operation: 'decrypt',
    evaluates: ask.ask.expressions.length > 0,
    at: '',
    idOf: (item) => {
      const id = typeof item === 'string' ? item : (item as { id?: unknown } | null)?.id;
      return isVaultId(id) ? id : undefined;
    },
    task: (item) => {
      const id = read(item);
      return {
        run: async (context) => {
          const decrypted = await vault().decryptPrepared(context, id, ask, { whenBusy: 'wait' });
          return `"id":${JSON.stringify(id)},${answer(decrypted)}`;
        },
      };
    },
  };
}
