// SPDX-License-Identifier: Apache-2.0
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { ExpressionPool } from '../src/index.ts';

const pools: ExpressionPool[] = [];
let made = 0;

function pool(workers: number, budgetMs: number, megabytes = 64): ExpressionPool {
  const created = new ExpressionPool({
    workers,
    budgetMs,
    createWorker: () => {
      made++;
      return new Worker(new URL('./worker-entry.ts', import.meta.url), {
        env: {},
        resourceLimits: { maxOldGenerationSizeMb: megabytes },
      });
    },
  });
  pools.push(created);
  return created;
}

afterEach(async () => {
  made = 0;
  await Promise.all(pools.splice(0).map((p) => p.close()));
});

const ask = (...sources: string[]) => ({
  fields: new Map([['f', '"v"']]),
  known: ['f'],
  expressions: sources.map((source, i) => ({ name: `e${i}`, source })),
  now: 0,
});

/** 100 values, nested: each level multiplies the work by a hundred. */
const TEN = '[1,2,3,4,5,6,7,8,9,10]';
const bomb = (levels: number): string =>
  levels === 0 ? 'true' : `${TEN}.all(a${levels}, ${bomb(levels - 1)})`;

describe('the pool', () => {
  it('evaluates in order and answers in order', async () => {
    expect(await pool(1, 10_000).evaluate(ask('f', 'e0 + "w"', '1/0'))).toEqual([
      { name: 'e0', ok: true, json: '"v"' },
      { name: 'e1', ok: true, json: '"vw"' },
      { name: 'e2', ok: false, code: 'expression_failed' },
    ]);
  });

  it('ends a nested comprehension, keeps what was done before it, and goes on', async () => {
    const p = pool(1, 2_000);
    expect(await p.evaluate(ask('1', bomb(12), '2'))).toEqual([
      { name: 'e0', ok: true, json: '1' },
      { name: 'e1', ok: false, code: 'expression_budget_exceeded' },
      { name: 'e2', ok: false, code: 'expression_budget_exceeded' },
    ]);
    expect(await p.evaluate(ask('3'))).toEqual([{ name: 'e0', ok: true, json: '3' }]);
    expect(made).toBe(2);
  });

  it('serves others while a hostile request burns its time', async () => {
    const p = pool(2, 30_000);
    await Promise.all([p.evaluate(ask('1')), p.evaluate(ask('1'))]);
    let ended = false;
    const hostile = p.evaluate(ask(bomb(12))).then(
      () => {
        ended = true;
      },
      () => undefined,
    );
    for (let i = 0; i < 20; i++) expect(await p.evaluate(ask('f'))).toMatchObject([{ ok: true }]);
    expect(ended).toBe(false);
    await p.close();
    await hostile;
  });

  it('ends an expression that eats memory', async () => {
    const p = pool(1, 10_000, 24);
    const wide = (n: number): string =>
      n === 0 ? '"xxxxxxxxxxxxxxxx"' : `${TEN}.map(a${n}, ${wide(n - 1)})`;
    expect(await p.evaluate(ask(wide(7)))).toEqual([
      { name: 'e0', ok: false, code: 'expression_budget_exceeded' },
    ]);
    expect(await p.evaluate(ask('4'))).toEqual([{ name: 'e0', ok: true, json: '4' }]);
  });

  it('forgets what nobody waits for any more: a backlog must not outlive its callers', async () => {
    const p = pool(1, 2_000);
    await p.evaluate(ask('1'));
    const before = made;
    const given = new AbortController();
    const taken = p.evaluate(ask(bomb(12)), given.signal);
    const waiting = Array.from({ length: 50 }, () => p.evaluate(ask(bomb(12)), given.signal));
    const rejected = Promise.all(
      waiting.map((one) => expect(one).rejects.toMatchObject({ code: 'expression_failed' })),
    );
    given.abort();
    await rejected;
    expect(await p.evaluate(ask('5'))).toEqual([{ name: 'e0', ok: true, json: '5' }]);
    // One was taken, and its thread replaced: the backlog would have cost fifty.
    expect(made - before).toBe(1);
    expect(await taken).toMatchObject([{ code: 'expression_budget_exceeded' }]);
    await expect(p.evaluate(ask('6'), given.signal)).rejects.toMatchObject({ code: 'expression_failed' });
  });

  it('refuses when closed, and rejects what waits', async () => {
    const p = pool(1, 5000);
    const waiting = p.evaluate(ask(bomb(12)));
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'expression_failed' });
    await p.close();
    await rejected;
    await expect(p.evaluate(ask('1'))).rejects.toMatchObject({ code: 'expression_failed' });
  });
});
