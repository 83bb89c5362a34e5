// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import {
  type GetOptions,
  type Item,
  type Operation,
  type QueryOptions,
  type ScanOptions,
  type ScanPage,
  type Store,
  StoreError,
} from '@enclave-vault/vault';
import { within } from '../aws/within.ts';
import { formatCursor, parseCursor } from '../cursor.ts';
import { type Attributes, toAttributes, toItem, toItemOrKey } from './attributes.ts';
import { createClient, type DynamoPlace, TIMEOUT_MS } from './client.ts';
import { asStoreError, cancellation, hadUnknownOutcome } from './dynamodb-errors.ts';
import { prefixExpression, projectionExpression, rangeExpression } from './expressions.ts';
import { demandVault } from './marker.ts';
import { transactItems } from './transaction.ts';

/** Pauses before a cancelled transaction is tried again, ms; the real one is random below. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;
/** Items that a scan for a prefix looks at, at least: few of them may have it. */
const SCANNED = 100;

/** A store in one DynamoDB table, with the keys `pk` and `sk`. Any number of processes read and write. */
export class DynamoStore implements Store {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #timeoutMs: number;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  private constructor(place: DynamoPlace) {
    this.#client = createClient(place);
    this.#table = place.table;
    this.#timeoutMs = place.timeoutMs ?? TIMEOUT_MS;
  }

  /**
   * Opens a table, which must be there, and marks an empty one as a vault's.
   * @throws {StoreError} `not_a_vault`, `wrong_version`, `corrupt`, `unavailable`
   */
  static async open(place: DynamoPlace): Promise<DynamoStore> {
    const store = new DynamoStore(place);
    try {
      await demandVault(store);
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  async get(pk: string, sk: string, { attributes }: GetOptions = {}): Promise<Item | undefined> {
    const projection =
      attributes === undefined ? undefined : projectionExpression(['pk', 'sk', ...attributes]);
    const command = new GetItemCommand({
      TableName: this.#table,
      Key: toAttributes({ pk, sk }),
      ConsistentRead: true,
      ProjectionExpression: projection?.text,
      ExpressionAttributeNames: projection?.names,
    });
    const { Item: found } = await this.#call('GetItem', (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return found === undefined ? undefined : toItem(found);
  }

  async query(pk: string, { after, before, limit, reverse = false }: QueryOptions): Promise<readonly Item[]> {
    const range = rangeExpression(pk, { after, before });
    const items: Item[] = [];
    let from: Attributes | undefined;
    // A page of DynamoDB's ends at 1 MB.
    while (range !== undefined && items.length < limit) {
      const command = new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: range.text,
        ExpressionAttributeNames: range.names,
        ExpressionAttributeValues: range.values,
        ConsistentRead: true,
        ScanIndexForward: !reverse,
        // The bounds themselves may come too.
        Limit: limit - items.length + (after !== undefined && before !== undefined ? 2 : 0),
        ExclusiveStartKey: from,
      });
      const page = await this.#call('Query', (abortSignal) => this.#client.send(command, { abortSignal }));
      const found = (page.Items ?? []).map(toItemOrKey);
      items.push(...found.filter(({ sk }) => sk !== after && sk !== before));
      from = page.LastEvaluatedKey;
      if (from === undefined) break;
    }
    return items.slice(0, limit);
  }

  async scan(pkPrefix: string, { after, limit, keysOnly = false }: ScanOptions): Promise<ScanPage> {
    const filter = pkPrefix === '' ? undefined : prefixExpression(pkPrefix);
    const projection = keysOnly ? projectionExpression(['pk', 'sk']) : undefined;
    const command = new ScanCommand({
      TableName: this.#table,
      ConsistentRead: true,
      Limit: filter === undefined ? limit : Math.max(limit, SCANNED),
      ExclusiveStartKey: after === undefined ? undefined : toAttributes(parseCursor(after)),
      FilterExpression: filter?.text,
      ProjectionExpression: projection?.text,
      ExpressionAttributeNames: filter || projection ? { ...filter?.names, ...projection?.names } : undefined,
      ExpressionAttributeValues: filter?.values,
    });
    const page = await this.#call('Scan', (abortSignal) => this.#client.send(command, { abortSignal }));
    const items = (page.Items ?? []).map(toItemOrKey);
    const last = items.at(limit - 1);
    // Of more than were asked for, the rest is read again.
    if (items.length > limit && last !== undefined) {
      return { items: items.slice(0, limit), next: formatCursor(last) };
    }
    const { LastEvaluatedKey: from } = page;
    return { items, next: from === undefined ? null : formatCursor(toItemOrKey(from)) };
  }

  async transact(operations: readonly Operation[]): Promise<void> {
    const TransactItems = transactItems(this.#table, operations);
    await this.#call('TransactWriteItems', async (abortSignal) => {
      // DynamoDB carries out no two requests of one token. A request nobody heard of may still have been carried out:
      // until that is known the token stays, so that nothing meets its own write as a conflict.
      let token = randomUUID();
      let unsure = false;
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
        try {
          const command = new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: token });
          await this.#client.send(command, { abortSignal });
          return;
        } catch (error) {
          const cancelled = cancellation(error);
          if (cancelled === undefined) throw error;
          if ('error' in cancelled) throw cancelled.error;
          unsure ||= hadUnknownOutcome(error);
          if (!unsure) token = randomUUID();
        }
        await sleep(Math.random() * pause, undefined, { signal: abortSignal });
      }
    });
  }

  /** Waits for calls under way, which end within their time. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
    this.#client.destroy();
  }

  async #call<T>(operation: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreError('closed');
    const running = within(this.#timeoutMs, work);
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw asStoreError(operation, error);
    } finally {
      this.#running.delete(running);
    }
  }
}
