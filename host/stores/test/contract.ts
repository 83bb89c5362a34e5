// SPDX-License-Identifier: Apache-2.0
import {
  type Item,
  MAX_ITEM_BYTES,
  MAX_OPERATIONS,
  type Operation,
  type Store,
  StoreConflict,
  StoreError,
} from '@enclave-vault/vault';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** Cases that a stand-in for a service gets wrong, by their titles, and why. The service itself gets them right. */
export type Differences = Readonly<Record<string, string>>;

/** What every store must do. A new one runs this suite against itself. */
export function storeContract(name: string, open: () => Promise<Store>, differences: Differences = {}): void {
  /** A case that a stand-in may get wrong: it is left out there, and its title says why. */
  const itUnless = (title: string, run: () => Promise<void>): void => {
    const why = differences[title];
    if (why === undefined) it(title, run);
    else it(title, (context) => context.skip(why));
  };
  describe(`${name}: store contract`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store.close();
    });

    const put = (item: Item): Promise<void> => store.transact([{ put: item }]);
    const rejection = async (work: Promise<unknown>): Promise<unknown> => {
      return await work.then(
        () => undefined,
        (error: unknown) => error,
      );
    };
    const codeOf = async (operations: readonly Operation[]): Promise<string | undefined> => {
      const error = await rejection(store.transact(operations));
      return error instanceof StoreError ? error.code : undefined;
    };

    describe('items', () => {
      it('gives back what was put, type by type', async () => {
        const item: Item = {
          pk: 'a',
          sk: 'b',
          text: 'Grüße \u{1f510} \0 "',
          empty: '',
          number: Number.MAX_SAFE_INTEGER,
          negative: -1,
          bytes: Buffer.from([0, 1, 255]),
          none: new Uint8Array(0),
        };
        await put(item);
        const found = await store.get('a', 'b');
        expect({ ...found }).toEqual({ ...item, bytes: Buffer.from([0, 1, 255]), none: Buffer.alloc(0) });
        expect(await store.get('a', 'c')).toBeUndefined();
        expect(await store.get('A', 'b')).toBeUndefined();
      });

      it('takes attribute names that objects have already', async () => {
        await put({ pk: 'a', sk: 'b', constructor: 'x', to_string: 'y' } as unknown as Item);
        const found = await store.get('a', 'b');
        expect(Object.keys(found ?? {}).sort()).toEqual(['constructor', 'pk', 'sk', 'to_string']);
      });

      it('replaces the whole item', async () => {
        await put({ pk: 'a', sk: 'b', one: 1 });
        await put({ pk: 'a', sk: 'b', two: 2 });
        expect({ ...(await store.get('a', 'b')) }).toEqual({ pk: 'a', sk: 'b', two: 2 });
      });

      it('keeps its own copy', async () => {
        const bytes = Buffer.from('before');
        const writing = put({ pk: 'a', sk: 'b', bytes });
        bytes.fill(0);
        await writing;
        expect((await store.get('a', 'b'))?.bytes).toEqual(Buffer.from('before'));
      });

      it('removes, and does not mind what is not there', async () => {
        await put({ pk: 'a', sk: 'b' });
        await store.transact([{ remove: { pk: 'a', sk: 'b' } }, { remove: { pk: 'a', sk: 'x' } }]);
        expect(await store.get('a', 'b')).toBeUndefined();
      });

      it('holds an item of the greatest size and refuses a greater one', async () => {
        const item = { pk: 'a', sk: 'b', x: new Uint8Array(MAX_ITEM_BYTES - 7) };
        await put(item);
        expect((await store.get('a', 'b'))?.x).toHaveLength(MAX_ITEM_BYTES - 7);
        expect(await codeOf([{ put: { ...item, x: new Uint8Array(MAX_ITEM_BYTES - 6) } }])).toBe('invalid');
      });

      it('gives back any item', async () => {
        const attribute = fc.oneof(fc.string({ unit: 'grapheme' }), fc.maxSafeInteger(), fc.uint8Array());
        const names = fc
          .stringMatching(/^_?[a-z][a-z0-9_]{0,20}$/)
          .filter((n) => !['pk', 'sk', '_ttl'].includes(n));
        await fc.assert(
          fc.asyncProperty(fc.dictionary(names, attribute, { maxKeys: 8 }), async (attributes) => {
            const item: Item = { ...attributes, pk: 'p', sk: 's' };
            await put(item);
            const found: [string, unknown][] = Object.entries((await store.get('p', 's')) ?? {});
            const plain = ([key, value]: [string, unknown]): unknown => {
              return [key, value instanceof Uint8Array ? Buffer.from(value) : value];
            };
            expect(found.map(plain).sort()).toEqual(Object.entries(item).map(plain).sort());
          }),
          { numRuns: 40 },
        );
      });
    });

    describe('transactions', () => {
      it('are all or nothing, and say which condition failed', async () => {
        await put({ pk: 'a', sk: 'there', n: 1 });
        const error = await rejection(
          store.transact([
            { put: { pk: 'a', sk: 'new' } },
            { put: { pk: 'a', sk: 'there', n: 2 }, if: { absent: true } },
            { remove: { pk: 'a', sk: 'gone' }, if: { equals: { n: 1 } } },
          ]),
        );
        expect(error).toBeInstanceOf(StoreConflict);
        expect((error as StoreConflict).index).toBe(1);
        expect((error as StoreConflict).code).toBe('conflict');
        expect(await store.get('a', 'new')).toBeUndefined();
        expect((await store.get('a', 'there'))?.n).toBe(1);
      });

      it.each<[string, Item | undefined, Operation['if'], boolean]>([
        ['absent of nothing', undefined, { absent: true }, true],
        ['absent of something', { pk: 'p', sk: 's' }, { absent: true }, false],
        ['equals of nothing', undefined, { equals: {} }, false],
        ['equals of nothing asked', { pk: 'p', sk: 's' }, { equals: {} }, true],
        ['an equal number', { pk: 'p', sk: 's', a: 1 }, { equals: { a: 1 } }, true],
        ['another number', { pk: 'p', sk: 's', a: 1 }, { equals: { a: 2 } }, false],
        ['a number as text', { pk: 'p', sk: 's', a: 1 }, { equals: { a: '1' } }, false],
        ['equal text', { pk: 'p', sk: 's', a: 'x' }, { equals: { a: 'x' } }, true],
        ['text in another case', { pk: 'p', sk: 's', a: 'x' }, { equals: { a: 'X' } }, false],
        ['bytes of the text', { pk: 'p', sk: 's', a: 'x' }, { equals: { a: Buffer.from('x') } }, false],
        ['equal bytes', { pk: 'p', sk: 's', a: Buffer.from('x') }, { equals: { a: Buffer.from('x') } }, true],
        [
          'longer bytes',
          { pk: 'p', sk: 's', a: Buffer.from('x') },
          { equals: { a: Buffer.from('xy') } },
          false,
        ],
        ['a missing attribute', { pk: 'p', sk: 's', a: 1 }, { equals: { b: 1 } }, false],
        ['one of two', { pk: 'p', sk: 's', a: 1, b: 2 }, { equals: { a: 1, b: 3 } }, false],
        ['two of two', { pk: 'p', sk: 's', a: 1, b: 2 }, { equals: { a: 1, b: 2 } }, true],
      ])('condition: %s', async (_, item, condition, expected) => {
        if (item !== undefined) await put(item);
        const key = { pk: 'p', sk: 's' };
        const written = { put: { pk: 'p', sk: 'other' } };
        for (const guarded of [{ check: key }, { remove: { ...key } }, { put: { ...key } }]) {
          if (item !== undefined) await put(item);
          const outcome = await codeOf([{ ...guarded, if: condition } as Operation, written]);
          expect(outcome).toBe(expected ? undefined : 'conflict');
          if (item === undefined && 'put' in guarded) await store.transact([{ remove: key }]);
        }
      });

      it('check what they do not write', async () => {
        await put({ pk: 'a', sk: 'guard', n: 1 });
        const write = { put: { pk: 'a', sk: 'b' } };
        const check = (n: number): Operation => ({ check: { pk: 'a', sk: 'guard' }, if: { equals: { n } } });
        expect(await codeOf([write, check(2)])).toBe('conflict');
        expect(await codeOf([write, check(1)])).toBeUndefined();
      });

      it.each<[string, readonly Operation[]]>([
        ['none', []],
        [
          'too many',
          Array.from({ length: MAX_OPERATIONS + 1 }, (_, n) => ({ put: { pk: 'a', sk: `${n}` } })),
        ],
        ['one key twice', [{ put: { pk: 'a', sk: 'b' } }, { remove: { pk: 'a', sk: 'b' } }]],
        ['an empty key', [{ put: { pk: '', sk: 'b' } }]],
        ['a fraction', [{ put: { pk: 'a', sk: 'b', n: 0.5 } }]],
        ['an unsafe number', [{ put: { pk: 'a', sk: 'b', n: 2 ** 53 } }]],
        ['a lone surrogate', [{ put: { pk: 'a', sk: 'b', s: '\ud800' } }]],
        ['an object', [{ put: { pk: 'a', sk: 'b', o: {} } as unknown as Item }]],
      ])('refuse what is impossible: %s', async (_, operations) => {
        const harmless = operations.length === 0 ? [] : [{ put: { pk: 'ok', sk: 'ok' } }];
        expect(await codeOf([...harmless, ...operations])).toBe('invalid');
        expect(await store.get('ok', 'ok')).toBeUndefined();
      });

      itUnless('have one winner: 50 increments at once lose none', async () => {
        await put({ pk: 'a', sk: 'counter', n: 0 });
        const increment = async (): Promise<void> => {
          for (;;) {
            const n = Number((await store.get('a', 'counter'))?.n);
            const code = await codeOf([
              { put: { pk: 'a', sk: 'counter', n: n + 1 }, if: { equals: { n } } },
              { put: { pk: 'log', sk: `${n + 1}` }, if: { absent: true } },
            ]);
            if (code === undefined) return;
            expect(code).toBe('conflict');
          }
        };
        await Promise.all(Array.from({ length: 50 }, increment));
        expect((await store.get('a', 'counter'))?.n).toBe(50);
        expect(await store.query('log', { limit: 100 })).toHaveLength(50);
      });

      itUnless('stand each for itself when they come together', async () => {
        const outcomes = await Promise.all(
          Array.from({ length: 30 }, (_, n) =>
            codeOf([
              { put: { pk: 'a', sk: `${n % 10}`, n }, if: { absent: true } },
              { put: { pk: 'b', sk: `${n}` } },
            ]),
          ),
        );
        expect(outcomes.filter((code) => code === undefined)).toHaveLength(10);
        expect(outcomes.filter((code) => code === 'conflict')).toHaveLength(20);
        // Only those that won wrote their second item.
        expect(await store.query('b', { limit: 100 })).toHaveLength(10);
      });
    });

    describe('queries', () => {
      const sortKeys = async (options: Parameters<Store['query']>[1]): Promise<string[]> => {
        return (await store.query('log', options)).map(({ sk }) => sk);
      };
      beforeEach(async () => {
        for (const sk of ['000000000002', 'head', '000000000010', '000000000001'])
          await put({ pk: 'log', sk });
        await put({ pk: 'log2', sk: '000000000003' });
      });

      it('are in order, of one partition, with exclusive bounds', async () => {
        expect(await sortKeys({ limit: 9 })).toEqual([
          '000000000001',
          '000000000002',
          '000000000010',
          'head',
        ]);
        expect(await sortKeys({ limit: 2, reverse: true })).toEqual(['head', '000000000010']);
        expect(await sortKeys({ limit: 9, after: '000000000001', before: 'head' })).toEqual([
          '000000000002',
          '000000000010',
        ]);
        expect(await sortKeys({ limit: 1, before: 'head', reverse: true })).toEqual(['000000000010']);
        expect(await sortKeys({ limit: 9, after: 'head' })).toEqual([]);
      });

      it('order bytewise', async () => {
        for (const sk of ['\u{10000}', '\uffff', 'z', 'é', 'Z', 'a']) await put({ pk: 'order', sk });
        const found = (await store.query('order', { limit: 9 })).map(({ sk }) => sk);
        expect(found).toEqual(['Z', 'a', 'z', 'é', '\uffff', '\u{10000}']);
      });

      it('scan by prefix, page by page, each item once', async () => {
        for (let n = 0; n < 25; n += 1) await put({ pk: `V##${n % 7}`, sk: `${n}` });
        await put({ pk: 'V#', sk: 'x' });
        await put({ pk: 'W##1', sk: 'x' });
        const found: string[] = [];
        let after: string | null = null;
        do {
          const page = await store.scan('V##', { limit: 4, ...(after === null ? {} : { after }) });
          found.push(...page.items.map(({ pk, sk }) => `${pk}/${sk}`));
          expect(page.items.length).toBeLessThanOrEqual(4);
          after = page.next;
        } while (after !== null);
        expect(new Set(found).size).toBe(25);
        expect(found).toHaveLength(25);
      });
    });

    it('refuses everything once closed', async () => {
      await store.close();
      expect(await rejection(store.get('a', 'b'))).toMatchObject({ code: 'closed' });
      expect(await codeOf([{ put: { pk: 'a', sk: 'b' } }])).toBe('closed');
      await store.close();
    });
  });
}
