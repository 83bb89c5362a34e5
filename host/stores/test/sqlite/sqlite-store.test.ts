// SPDX-License-Identifier: Apache-2.0
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '@enclave-vault/vault';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SqliteStore } from '../../src/index.ts';
import { temporaryPaths } from '../temporary.ts';

const path = temporaryPaths();

function openCode(file: string): string | undefined {
  try {
    SqliteStore.open(file);
    return undefined;
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
}

describe('the file', () => {
  it('keeps what it was given', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    await store.transact([{ put: { pk: 'a', sk: 'b', n: 1 } }]);
    await store.close();
    const again = SqliteStore.open(file);
    expect((await again.get('a', 'b'))?.n).toBe(1);
    await again.close();
  });

  it('writes what waits before it closes', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    const writing = store.transact([{ put: { pk: 'a', sk: 'b', n: 1 } }]);
    await store.close();
    await writing;
    const again = SqliteStore.open(file);
    expect((await again.get('a', 'b'))?.n).toBe(1);
    await again.close();
  });

  it('is for its owner only, and so are the files beside it', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    await store.transact([{ put: { pk: 'a', sk: 'b' } }]);
    for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600);
    await store.close();
    chmodSync(file, 0o644);
    await SqliteStore.open(file).close();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is refused when it is something else', async () => {
    const text = path('text');
    writeFileSync(text, 'not a database, and long enough to be read as one '.repeat(100));
    expect(openCode(text)).toBe('not_a_vault');

    const other = path('other.db');
    const database = new DatabaseSync(other);
    database.exec('CREATE TABLE items (pk TEXT)');
    database.close();
    expect(openCode(other)).toBe('not_a_vault');

    const folder = path('folder');
    mkdirSync(folder);
    expect(openCode(folder)).toBe('not_a_vault');
    expect(openCode(path('no/such/folder'))).toBe('unavailable');
  });

  it('is refused when it is of another version', async () => {
    const file = path('vault.db');
    await SqliteStore.open(file).close();
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 2');
    database.close();
    expect(openCode(file)).toBe('wrong_version');
  });

  it('says so when it is damaged', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    await store.transact([{ put: { pk: 'a', sk: 'b', x: new Uint8Array(100_000) } }]);
    await store.close();
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4096, 8192);
    writeFileSync(file, bytes);
    const codes: unknown[] = [];
    try {
      const damaged = SqliteStore.open(file);
      await damaged.get('a', 'b').catch((error: unknown) => codes.push((error as StoreError).code));
      await damaged.close();
    } catch (error) {
      codes.push((error as StoreError).code);
    }
    expect(codes).toEqual(['corrupt']);
  });

  it('refuses a row whose body it did not write', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    await store.transact([{ put: { pk: 'a', sk: 'b', n: 1 } }]);
    const other = new DatabaseSync(file);
    for (const body of ['00', '01ff', '010161', '01016e02ffffffff', '01016e09000000']) {
      other.prepare('UPDATE items SET body = ?').run(Buffer.from(body, 'hex'));
      await expect(store.get('a', 'b')).rejects.toMatchObject({ code: 'corrupt' });
      // It hides no other: among others it is an item without attributes.
      await store.transact([{ put: { pk: 'a', sk: 'c', n: 2 } }]);
      const among = [
        { pk: 'a', sk: 'b' },
        { pk: 'a', sk: 'c', n: 2 },
      ];
      expect(await store.query('a', { limit: 9 })).toEqual(among);
      expect((await store.scan('a', { limit: 9 })).items).toEqual(among);
    }
    other.close();
    await store.close();
  });
});

describe('erasure', () => {
  it('leaves nothing of what was removed or replaced in any file', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    const marks = [
      'MARK-of-the-first-value',
      'MARK-of-the-second-value',
      'MARK-of-a-long-value'.repeat(2000),
    ];
    const present = (mark: string): boolean => {
      return [file, `${file}-wal`].some((name) => existsSync(name) && readFileSync(name).includes(mark));
    };
    await store.transact([{ put: { pk: 'a', sk: '1', x: marks[0] ?? '' } }]);
    await store.transact([{ put: { pk: 'a', sk: '2', x: marks[1] ?? '' } }]);
    await store.transact([{ put: { pk: 'a', sk: '3', x: marks[2] ?? '' } }]);
    await store.transact([{ put: { pk: 'a', sk: '4', x: 'MARK-that-stays' } }]);
    for (const mark of marks) expect(present(mark.slice(0, 40))).toBe(true);
    await store.transact(
      [
        { put: { pk: 'a', sk: '1', x: 'short' } },
        { remove: { pk: 'a', sk: '2' } },
        { remove: { pk: 'a', sk: '3' } },
      ],
      { erase: true },
    );
    expect(statSync(`${file}-wal`).size).toBe(0);
    for (const mark of marks) expect(present(mark.slice(0, 20))).toBe(false);
    expect(present('MARK-that-stays')).toBe(true);
    await store.close();
  });

  it('waits for a reader and empties the log then', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    await store.transact([{ put: { pk: 'a', sk: '1', x: 'x' } }]);
    const reader = new DatabaseSync(file);
    reader.exec('BEGIN');
    reader.prepare('SELECT * FROM items').all();
    await store.transact([{ remove: { pk: 'a', sk: '1' } }], { erase: true });
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
    reader.exec('COMMIT');
    await expect.poll(() => statSync(`${file}-wal`).size).toBe(0);
    reader.close();
    await store.close();
  });

  it('removes items after their time', async () => {
    const file = path('vault.db');
    const now = Math.floor(Date.now() / 1000);
    const store = SqliteStore.open(file);
    await store.transact([
      { put: { pk: 'a', sk: 'old', _ttl: now - 1 } },
      { put: { pk: 'a', sk: 'young', _ttl: now + 1000 } },
      { put: { pk: 'a', sk: 'ever' } },
    ]);
    await store.close();
    const again = SqliteStore.open(file);
    await again.transact([{ put: { pk: 'b', sk: 'b' } }]);
    expect((await again.query('a', { limit: 9 })).map(({ sk }) => sk)).toEqual(['ever', 'young']);
    await again.close();
  });
});

describe('other processes', () => {
  it('waits for one that writes, and reads meanwhile', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    await store.transact([{ put: { pk: 'a', sk: 'b', n: 1 } }]);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    const writing = store.transact([{ put: { pk: 'a', sk: 'b', n: 2 } }]);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await store.get('a', 'b'))?.n).toBe(1);
    other.exec('COMMIT');
    await writing;
    expect((await store.get('a', 'b'))?.n).toBe(2);
    other.close();
    await store.close();
  });

  it('does not see what is not committed', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    await store.transact([{ put: { pk: 'a', sk: 'b', n: 1 } }]);
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE; DELETE FROM items WHERE pk = 'a'");
    expect((await store.get('a', 'b'))?.n).toBe(1);
    other.exec('ROLLBACK');
    other.close();
    await store.close();
  });
});

describe('a group', () => {
  /** A store that another process keeps from writing, with one transaction more than are written together; and a clock that stands at what it was told. */
  const kept = (...times: number[]) => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(5_000);
    for (const time of times) clock.mockReturnValueOnce(time);
    onTestFinished(() => clock.mockRestore());
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    const codes = Array.from({ length: 501 }, (_, n) =>
      store.transact([{ put: { pk: 'a', sk: `${n}` } }]).then(
        () => undefined,
        ({ code }: StoreError) => code,
      ),
    );
    return { store, other, clock, codes };
  };
  const refused = Array.from({ length: 500 }, () => 'unavailable');

  it('that has waited too long for another process is refused, and those behind it are not forgotten', async () => {
    const { store, other, codes } = kept(0);
    expect(await Promise.all(codes.slice(0, -1))).toEqual(refused);
    other.exec('ROLLBACK');
    other.close();
    // Nothing else is asked of the store that would have it go on.
    expect(await codes.at(-1)).toBeUndefined();
    expect(await store.query('a', { limit: 9 })).toEqual([{ pk: 'a', sk: '500' }]);
    await store.close();
  });

  it('is not waited for when the store is closed, and neither is the one behind it', async () => {
    const { store, other, clock, codes } = kept(0, 0);
    await store.close();
    expect(await Promise.all(codes)).toEqual([...refused, 'unavailable']);
    // One look for each.
    expect(clock).toHaveBeenCalledTimes(2);
    other.close();
  });

  it('shares its syncs: 5,000 transactions of two rows in a few commits', async () => {
    const store = SqliteStore.open(path('vault.db'));
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
    onTestFinished(() => exec.mockRestore());
    await Promise.all(
      Array.from({ length: 5_000 }, (_, n) =>
        store.transact([
          { put: { pk: 'a', sk: `${n}`, n }, if: { absent: true } },
          { put: { pk: 'b', sk: `${n}`, n } },
        ]),
      ),
    );
    // One by one they would take 5,000 syncs.
    expect(exec.mock.calls.filter(([sql]) => sql === 'COMMIT').length).toBeLessThan(20);
    expect(await store.query('b', { limit: 10_000 })).toHaveLength(5_000);
    await store.close();
  });
});

describe('at scale', () => {
  /** Everything that a store prepares, as SQLite means to carry it out. */
  const plansOf = (file: string): Map<string, string> => {
    const statements: string[] = [];
    const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
    const store = SqliteStore.open(file);
    for (const [sql] of prepare.mock.calls) if (/\bitems\b/.test(sql)) statements.push(sql);
    prepare.mockRestore();
    const database = new DatabaseSync(file);
    const plans = statements.map((sql) => {
      const words = sql.replaceAll(/\s+/g, ' ').trim();
      const rows = database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...(sql.match(/\?/g) ?? []).map(() => 'x'));
      return [words, rows.map(({ detail }) => String(detail)).join('; ')] as const;
    });
    database.close();
    void store.close();
    return new Map(plans);
  };

  it('no statement looks at more rows than it answers: each searches an index, and a page of a scan begins where the one before ended', () => {
    const plans = plansOf(path('vault.db'));
    expect(plans.size).toBeGreaterThanOrEqual(8);
    for (const [sql, plan] of plans) {
      expect(plan, sql).not.toMatch(/\bSCAN\b|TEMP B-TREE/);
      if (!sql.startsWith('INSERT')) expect(plan, sql).toMatch(/SEARCH items USING/);
      // And no other condition: what lies before a prefix, or before a page, would be stepped through.
      if (sql.includes('(pk, sk) >')) {
        expect(plan, sql).toContain('((pk,sk)>(?,?) AND pk<?)');
        expect(sql).toMatch(/WHERE \(pk, sk\) > \(\?, \?\) AND pk < \? ORDER BY pk, sk LIMIT \?$/);
      }
    }
    const keys = [...plans].filter(([sql]) => sql.startsWith('SELECT pk, sk FROM'));
    expect(keys.map(([, plan]) => plan)).toEqual([expect.stringContaining('COVERING INDEX')]);
  });

  it('an item that is written again stays where it is: a file does not grow by changes', async () => {
    const file = path('vault.db');
    const store = SqliteStore.open(file);
    const write = async (n: number): Promise<void> => {
      await Promise.all(
        Array.from({ length: 400 }, (_, i) =>
          store.transact([
            { put: { pk: `record ${i}`, sk: 'v0', n, x: Buffer.alloc(1_500, n) } },
            ...(n === 0 ? [{ put: { pk: `log ${i}`, sk: '1', x: Buffer.alloc(500, 1) } }] : []),
          ]),
        ),
      );
    };
    await write(0);
    const pages = (): number => {
      const database = new DatabaseSync(file);
      const count = Number(database.prepare('PRAGMA page_count').get()?.page_count);
      database.close();
      return count;
    };
    const before = pages();
    for (let n = 1; n <= 3; n++) await write(n);
    expect(pages()).toBe(before);
    expect((await store.get('record 7', 'v0'))?.n).toBe(3);
    await store.close();
  });
});
