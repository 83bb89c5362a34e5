// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { StoreError } from '@enclave-vault/vault';
import { describe, expect, it } from 'vitest';
import { backupDatabase, SqliteStore } from '../../src/index.ts';
import { temporaryPaths } from '../temporary.ts';

const path = temporaryPaths();

async function filled(file: string, items: number): Promise<SqliteStore> {
  const store = SqliteStore.open(file);
  await Promise.all(
    Array.from({ length: items }, (_, i) =>
      store.transact([{ put: { pk: 'a', sk: `${i}`, n: 0, x: Buffer.alloc(3_000, i) } }]),
    ),
  );
  return store;
}

describe('a backup', () => {
  it('is of one moment, while another connection writes between its steps, and is not begun anew by that', async () => {
    const file = path('vault.db');
    const store = await filled(file, 4_000);
    const writing: Promise<void>[] = [];
    const done: number[] = [];
    const target = path('copy.db');
    await backupDatabase(file, target, {
      progress: (pages) => {
        done.push(pages);
        const n = done.length;
        // The first item and the last, together: one lies in what is copied already, the other in what is not.
        writing.push(
          store.transact([
            { put: { pk: 'a', sk: '0', n } },
            { put: { pk: 'a', sk: '3999', n } },
            { put: { pk: 'late', sk: `${n}` } },
          ]),
        );
      },
    });
    await Promise.all(writing);
    expect(writing.length).toBeGreaterThan(2);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    const copy = SqliteStore.open(target);
    expect([(await copy.get('a', '0'))?.n, (await copy.get('a', '3999'))?.n]).toEqual([0, 0]);
    expect(await copy.query('a', { limit: 5_000 })).toHaveLength(4_000);
    expect(await copy.query('late', { limit: 5 })).toEqual([]);
    expect((await store.get('a', '3999'))?.n).toBe(writing.length);
    await copy.close();
    await store.close();
  });

  it('is for its owner only, has its name when it is whole, and leaves nothing beside it', async () => {
    const file = path('vault.db');
    const store = await filled(file, 2_000);
    const target = path('copy.db');
    const sizes: number[] = [];
    await backupDatabase(file, target, { progress: () => sizes.push(statSync(target).size) });
    expect(sizes.length).toBeGreaterThan(0);
    expect(new Set(sizes)).toEqual(new Set([0]));
    expect(statSync(target).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(target)).filter((name) => name.startsWith(basename(target)))).toEqual([
      basename(target),
    ]);
    await store.close();
  });

  it('overwrites nothing, and makes nothing of what is no vault', async () => {
    const code = async (from: string, to: string): Promise<string> => {
      const error = await backupDatabase(from, to).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      return error instanceof StoreError ? error.code : String(error);
    };
    const file = path('vault.db');
    await (await filled(file, 10)).close();
    const [mine, none, copy] = [path('mine'), path('none.db'), path('copy.db')];
    writeFileSync(mine, 'mine');
    expect(await code(file, mine)).toBe('unavailable');
    expect(readFileSync(mine, 'utf8')).toBe('mine');
    expect(existsSync(`${mine}.part`)).toBe(false);
    expect(await code(none, copy)).toBe('unavailable');
    expect(existsSync(none)).toBe(false);
    expect(await code(mine, copy)).toBe('not_a_vault');
    expect(await code(file, path('no/such/copy.db'))).toBe('unavailable');
    expect(existsSync(copy)).toBe(false);
  });
});
