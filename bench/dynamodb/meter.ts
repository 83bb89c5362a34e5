// SPDX-License-Identifier: Apache-2.0
import { createServer, request, type Server } from 'node:http';
import { readUnits, transactionUnits, type WireItem, wireSize } from './rules.ts';

export interface Units {
  readonly read: number;
  readonly write: number;
}

export interface Metered {
  /** Calls by name. */
  readonly calls: Readonly<Record<string, number>>;
  /** As the server says (ReturnConsumedCapacity). */
  readonly said: Units;
  /** As AWS's rules have it, from the items that went by. */
  readonly rules: Units;
  /** Bytes of what was put, by kind of item. */
  readonly put: Readonly<Record<string, number>>;
}

interface Consumed {
  readonly CapacityUnits?: number;
  readonly ReadCapacityUnits?: number;
  readonly WriteCapacityUnits?: number;
}

interface Sent {
  readonly TransactItems?: readonly Record<string, { readonly Item?: WireItem; readonly Key?: WireItem }>[];
}

interface Answered {
  readonly Item?: WireItem;
  readonly Items?: readonly WireItem[];
  readonly ConsumedCapacity?: Consumed | readonly Consumed[];
}

/**
 * Stands between a vault and DynamoDB Local, adds ReturnConsumedCapacity to each request, and counts what was consumed. The program that is
 * measured asks for nothing of it. DynamoDB Local checks no signature, which a changed body breaks.
 */
export class Meter {
  readonly #target: URL;
  readonly #server: Server;
  /** Bytes of each item, as it was last put. */
  readonly #sizes = new Map<string, number>();
  #authentication = false;
  #calls: Record<string, number> = {};
  #said = { read: 0, write: 0 };
  #rules = { read: 0, write: 0 };
  #put: Record<string, number> = {};

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const operation = String(incoming.headers['x-amz-target']).replace(/^.*\./, '');
        const sent = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Sent;
        const metered = /^(?:GetItem|Query|Scan|TransactWriteItems)$/.test(operation);
        const body = JSON.stringify(metered ? { ...sent, ReturnConsumedCapacity: 'TOTAL' } : sent);
        const headers = { ...incoming.headers, 'content-length': String(Buffer.byteLength(body)) };
        const passed = request(this.#target, { method: 'POST', headers }, (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => parts.push(chunk));
          answer.on('end', () => {
            const text = Buffer.concat(parts);
            if (metered && answer.statusCode === 200)
              this.#note(operation, sent, JSON.parse(text.toString('utf8')) as Answered);
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(text);
          });
        });
        passed.on('error', () => outgoing.writeHead(502).end());
        passed.end(body);
      });
    });
  }

  /** @param target URL of DynamoDB Local */
  static async start(target: string): Promise<Meter> {
    const meter = new Meter(target);
    await new Promise<void>((resolve) => meter.#server.listen(0, '127.0.0.1', resolve));
    return meter;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** What some work consumes: with the authentication of its caller, which is due once a second, or without. */
  async during<T>(
    work: () => Promise<T>,
    { authentication = false } = {},
  ): Promise<{ result: T; metered: Metered }> {
    this.#authentication = authentication;
    this.#calls = {};
    this.#said = { read: 0, write: 0 };
    this.#rules = { read: 0, write: 0 };
    this.#put = {};
    const result = await work();
    return { result, metered: { calls: this.#calls, said: this.#said, rules: this.#rules, put: this.#put } };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #note(operation: string, sent: Sent, { Item, Items, ConsumedCapacity }: Answered): void {
    if (!this.#authentication && operation !== 'TransactWriteItems' && ofKey(sent)) return;
    this.#calls[operation] = (this.#calls[operation] ?? 0) + 1;
    const consumed = [ConsumedCapacity ?? []].flat() as readonly Consumed[];
    const units = consumed.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
    if (operation !== 'TransactWriteItems') {
      this.#said.read += units;
      const items = Items ?? (Item === undefined ? [] : [Item]);
      // Of an item that was read in part, all counts.
      const bytes = items.map((item) => Math.max(wireSize(item), this.#sizes.get(keyOf(item)) ?? 0));
      this.#rules.read += readUnits(bytes.reduce((sum, size) => sum + size, 0));
      return;
    }
    this.#said.write += units;
    const sizes = (sent.TransactItems ?? []).map((one) => {
      const [{ Item: item, Key: key } = {}] = Object.values(one);
      const before = this.#sizes.get(keyOf(item ?? key ?? {})) ?? 0;
      if (item === undefined) return before;
      const size = wireSize(item);
      this.#sizes.set(keyOf(item), size);
      this.#put[kindOf(item)] = size;
      return Math.max(before, size);
    });
    this.#rules.write += transactionUnits(sizes);
  }
}

/** Reads of a key's row and its chain: the routes measured read none but to authenticate. */
const ofKey = (sent: object): boolean => /"(?:KEY##|LOG##key_)/.test(JSON.stringify(sent));

const keyOf = ({ pk, sk }: WireItem): string => JSON.stringify([pk?.S, sk?.S]);

function kindOf({ pk, sk, _del }: WireItem): string {
  const prefix = pk?.S?.replace(/##.*/s, '') ?? '';
  if (prefix === 'LOG') return sk?.S === 'head' ? 'head' : 'entry';
  if (prefix === 'VAULT') return _del === undefined ? 'record' : 'tombstone';
  return prefix.toLowerCase();
}
