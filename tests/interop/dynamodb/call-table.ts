// SPDX-License-Identifier: Apache-2.0
import type { AuditHead, AuditSink, VaultKms } from '@enclave-vault/vault';

/** Counts calls by name while something runs. */
export class CallTable {
  #dynamo = new Map<string, number>();
  #kms = new Map<string, number>();
  #heads = 0;
  readonly #rows: string[] = [];

  readonly onDynamo = (operation: string): void => {
    this.#dynamo.set(operation, (this.#dynamo.get(operation) ?? 0) + 1);
  };

  /** The same KMS, its calls counted. */
  kms(kms: VaultKms): VaultKms {
    const counted =
      <A extends readonly unknown[], R>(name: string, call: (...args: A) => R) =>
      (...args: A): R => {
        this.#kms.set(name, (this.#kms.get(name) ?? 0) + 1);
        return call(...args);
      };
    return {
      generateRecordKeyPair: counted('GenerateDataKeyPairWithoutPlaintext', (context) =>
        kms.generateRecordKeyPair(context),
      ),
      generateRequestKey: counted('GenerateDataKey', () => kms.generateRequestKey()),
      generateIntegrityKey: counted('GenerateDataKey', (purpose) => kms.generateIntegrityKey(purpose)),
      unwrapIntegrityKey: counted('Decrypt', (wrapped, purpose) => kms.unwrapIntegrityKey(wrapped, purpose)),
    };
  }

  /** The same sink, its heads counted. */
  sink(sink: AuditSink): AuditSink {
    return {
      append: (head: AuditHead) => {
        this.#heads += 1;
        return sink.append(head);
      },
    };
  }

  /** Runs something and adds a row of what it called. @returns the calls of DynamoDB */
  async row<T>(what: string, work: () => Promise<T>): Promise<{ result: T; dynamo: string }> {
    this.#dynamo = new Map();
    this.#kms = new Map();
    this.#heads = 0;
    const result = await work();
    const dynamo = format(this.#dynamo);
    this.#rows.push(`| ${what} | ${dynamo || 'none'} | ${format(this.#kms) || 'none'} | ${this.#heads} |`);
    return { result, dynamo };
  }

  get markdown(): string {
    return [
      '| what | DynamoDB | KMS, by the API | audit heads |',
      '|---|---|---|---|',
      ...this.#rows,
      '',
    ].join('\n');
  }
}

function format(calls: ReadonlyMap<string, number>): string {
  return [...calls]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => (count === 1 ? name : `${count} ${name}`))
    .join(', ');
}
