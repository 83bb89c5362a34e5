// SPDX-License-Identifier: Apache-2.0

/** What an attribute may hold. Numbers are safe integers. */
export type Attribute = string | number | Uint8Array;

/** The primary key of an item. Items of one `pk` are ordered by `sk`, bytewise. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/**
 * One stored item, the same in SQLite and DynamoDB, at most {@link MAX_ITEM_BYTES}.
 * `_ttl` (seconds since the epoch) has a meaning to the store: it may remove the item after that time,
 * at its leisure; a reader that cares compares for itself.
 */
export interface Item extends ItemKey {
  readonly [attribute: string]: Attribute;
}

/** Names and values of an item together, in bytes (design, "Limits"). */
export const MAX_ITEM_BYTES = 350 * 1024;

/** Most operations of one transaction (DynamoDB allows 100). */
export const MAX_OPERATIONS = 100;

/** Items written by one transaction together, in bytes (DynamoDB allows 4 MB). */
export const MAX_TRANSACTION_BYTES = 4_000_000;

/** What must hold of the stored item: not there, or there with all these attributes, equal in type and value. */
export type Condition = { readonly absent: true } | { readonly equals: Readonly<Record<string, Attribute>> };

/** A part of a transaction. `put` replaces the whole item. No two operations of a transaction have the same key. */
export type Operation =
  | { readonly put: Item; readonly if?: Condition }
  | { readonly remove: ItemKey; readonly if?: Condition }
  | { readonly check: ItemKey; readonly if: Condition };

export interface TransactOptions {
  /**
   * What this transaction replaced or removed must be gone from the store's files soon: SQLite empties its
   * write-ahead log before it answers. DynamoDB has nothing to do.
   */
  readonly erase?: boolean;
}

/** Bounds are exclusive. Without `reverse` the order of `sk` is ascending. */
export interface QueryOptions {
  readonly after?: string;
  readonly before?: string;
  readonly limit: number;
  readonly reverse?: boolean;
}

export interface GetOptions {
  /** The attributes that the caller reads: a store may give these alone, and may give more. Default: all. */
  readonly attributes?: readonly string[];
}

export interface ScanOptions {
  /** `next` of the page before. */
  readonly after?: string;
  readonly limit: number;
  /** The caller reads nothing but keys: a store may leave out the rest. */
  readonly keysOnly?: boolean;
}

/** A page may be empty and still have a `next`; null says that there is no more. */
export interface ScanPage {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/**
 * Where items live. Nobody trusts it: records, keys and audit entries are authenticated under keys it does not hold.
 * Reads see what is committed, and see it at once. All methods throw StoreError.
 *
 * An item whose body cannot be read is `corrupt` to `get`. To `query` and `scan` it is one without attributes, which
 * authenticates as nothing: it must not hide the others from whoever looks for damage.
 */
export interface Store {
  get(pk: string, sk: string, options?: GetOptions): Promise<Item | undefined>;
  query(pk: string, options: QueryOptions): Promise<readonly Item[]>;
  /** All or nothing; durable when it resolves. @throws {StoreConflict} when a condition does not hold */
  transact(operations: readonly Operation[], options?: TransactOptions): Promise<void>;
  /**
   * All items whose `pk` begins with the prefix, in an order of the store's own. DynamoDB reads, and charges for, the
   * whole table, whatever the prefix: nothing that a request waits for may scan.
   */
  scan(pkPrefix: string, options: ScanOptions): Promise<ScanPage>;
  close(): Promise<void>;
}

/**
 * - `conflict`: a condition of the transaction did not hold; nothing was written
 * - `invalid`: an operation the store can't take: too many, one key twice, an attribute of another type, too large
 * - `unavailable`: busy, full, or out of reach; whether the transaction was written is not known
 * - `not_a_vault`, `wrong_version`: the file, or table, is something else, or of another version of this program
 * - `corrupt`: what is stored cannot be read
 * - `closed`
 */
export type StoreErrorCode =
  | 'conflict'
  | 'invalid'
  | 'unavailable'
  | 'not_a_vault'
  | 'wrong_version'
  | 'corrupt'
  | 'closed';

/** No value of an item is ever in the message. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string = code, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A condition did not hold. `index` is the first operation it happened to. */
export class StoreConflict extends StoreError {
  override readonly name = 'StoreConflict';
  readonly index: number;
  constructor(index: number) {
    super('conflict', `the condition of operation ${index} does not hold`);
    this.index = index;
  }
}
