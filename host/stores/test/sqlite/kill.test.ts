// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readAuditSink, SqliteStore } from '../../src/index.ts';
import { temporaryPaths } from '../temporary.ts';

const path = temporaryPaths();
const writer = fileURLToPath(new URL('writer.ts', import.meta.url));
const LIVES = 4;

/** One process that writes, killed a moment after its first words. @returns what it said was durable */
async function killed(database: string, log: string, life: number, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [writer, database, log, `${life}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  while (said.split('\n').length <= 20) await once(child.stdout, 'data');
  setTimeout(() => child.kill('SIGKILL'), afterMs);
  await once(child, 'close');
  // The kill may have cut the last line short.
  return said.split('\n').slice(0, -1);
}

it('a writer that is killed loses nothing it acknowledged, and leaves nothing half done', async () => {
  const [database, log] = [path('vault.db'), path('audit.log')];
  const durable: string[] = [];
  for (let life = 1; life <= LIVES; life += 1)
    durable.push(...(await killed(database, log, life, 20 + 35 * life)));
  expect(durable.length).toBeGreaterThan(4 * 16);
  const store = SqliteStore.open(database);
  const keys = async (pk: string): Promise<Set<string>> => {
    return new Set((await store.query(pk, { limit: 1_000_000 })).map(({ sk }) => sk));
  };
  const [first, second] = [await keys('a'), await keys('b')];
  expect(first).toEqual(second);
  expect(durable.filter((sk) => !first.has(sk))).toEqual([]);
  const heads = new Set<string>();
  for await (const head of readAuditSink(log)) heads.add(`${head.log}-${head.n}`);
  expect(durable.filter((sk) => !heads.has(sk))).toEqual([]);
  // What is in the sink was in the store before.
  expect([...heads].filter((head) => !first.has(head))).toEqual([]);
  await store.close();
});
