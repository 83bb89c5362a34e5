// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StoreError } from '@enclave-vault/vault';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SqliteStore } from '../../src/index.ts';
import { temporaryPaths } from '../temporary.ts';

const path = temporaryPaths();

/** Somebody who reads, and whose snapshot the log has to keep. */
function readerOf(file: string): DatabaseSync {
  const reader = new DatabaseSync(file);
  reader.exec('BEGIN');
  reader.prepare('SELECT * FROM items').all();
  return reader;
}

describe('the log of an erasure', () => {
  it('empties the log before it closes, when the reader is done whom it waited for', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    await store.transact([{ put: { pk: 'a', sk: '1', x: 'MARK' } }]);
    // It keeps the file open: SQLite does not empty the log of a file that somebody else has open.
    const reader = readerOf(file);
    await store.transact([{ remove: { pk: 'a', sk: '1' } }], { erase: true });
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
    reader.exec('COMMIT');
    await store.close();
    expect(statSync(`${file}-wal`).size).toBe(0);
    reader.close();
  });

  it('is not tried any more once the store is closed', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    await store.transact([{ put: { pk: 'a', sk: '1', x: 'x' } }]);
    const reader = readerOf(file);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    // Written only as the store closes, while somebody reads.
    const writing = store.transact([{ remove: { pk: 'a', sk: '1' } }], { erase: true });
    await store.close();
    await writing;
    expect(vi.getTimerCount()).toBe(0);
    reader.close();
  });
});

describe('a clock that was ahead once', () => {
  it('ends no removing of what is past its time', async () => {
    const store = SqliteStore.open(path('vault.db'));
    const now = Date.now();
    const wall = vi.spyOn(Date, 'now').mockReturnValue(now + 365 * 86_400_000);
    const monotonic = vi.spyOn(performance, 'now').mockReturnValue(1_000);
    onTestFinished(() => {
      wall.mockRestore();
      monotonic.mockRestore();
    });
    await store.transact([{ put: { pk: 'b', sk: 'b' } }]);
    wall.mockReturnValue(now);
    await store.transact([{ put: { pk: 'a', sk: 'old', _ttl: Math.floor(now / 1000) - 1 } }]);
    monotonic.mockReturnValue(61_000);
    await store.transact([{ put: { pk: 'b', sk: 'c' } }]);
    expect(await store.query('a', { limit: 9 })).toEqual([]);
    await store.close();
  });
});

describe('a group', () => {
  it('with a row that cannot be read fails who asks what is in it, and nobody else', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    await store.transact([{ put: { pk: 'a', sk: 'spoilt', n: 1 } }]);
    const other = new DatabaseSync(file);
    other.prepare('UPDATE items SET body = ?').run(Buffer.from('01ff', 'hex'));
    other.close();
    const spoilt = { pk: 'a', sk: 'spoilt' };
    const ends = await Promise.all(
      [
        [{ put: { pk: 'a', sk: '1' }, if: { absent: true as const } }],
        [{ put: { pk: 'a', sk: '2' } }, { put: { ...spoilt, n: 2 }, if: { equals: { n: 1 } } }],
        [{ put: { pk: 'a', sk: '3' } }, { put: { ...spoilt, n: 3 }, if: { absent: true as const } }],
        [{ put: { pk: 'a', sk: '4' } }],
      ].map((operations) =>
        store.transact(operations).then(
          () => 'done',
          ({ code }: StoreError) => code,
        ),
      ),
    );
    expect(ends).toEqual(['done', 'corrupt', 'conflict', 'done']);
    expect(await store.query('a', { limit: 9 })).toEqual([
      { pk: 'a', sk: '1' },
      { pk: 'a', sk: '4' },
      spoilt,
    ]);
    await store.close();
  });
});
