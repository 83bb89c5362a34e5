// SPDX-License-Identifier: Apache-2.0
import { runInThisContext } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import { Random } from '../heavy/kill/random.ts';
import { Coverage } from './coverage.ts';
import { fuzz, type Outcome } from './fuzz.ts';
import { minimized } from './minimize.ts';
import { mutated } from './mutate.ts';
import { judge, type Verdict } from './oracle.ts';
import { holds, refusesNothing, refusesWith, sameBytes, type Target } from './target.ts';

class PlantedError extends Error {
  readonly code = 'planted';
}

/** A target around one function, which may do something that no parser may. */
const planted = (run: Target['run'], more: Partial<Target> = {}): Target => ({
  name: 'planted',
  covers: [],
  seeds: () => [Buffer.from('seed')],
  refuses: refusesWith(PlantedError, /^planted$/),
  run,
  ...more,
});

const kindOf = async (run: Target['run'], more?: Partial<Target>): Promise<Verdict['kind']> =>
  (await judge(planted(run, more), Buffer.from('input'), true)).kind;

const kept: Buffer[] = [];

afterEach(() => {
  Reflect.deleteProperty(Object.prototype, 'planted');
  kept.length = 0;
});

describe('an input is judged', () => {
  test('accepted, or refused by a declared error', async () => {
    expect(await kindOf(() => undefined)).toBe('accepted');
    expect(
      await kindOf(() => {
        throw new PlantedError('planted');
      }),
    ).toBe('refused');
  });

  test.each<[string, Verdict['kind'], Target['run'], Partial<Target>?]>([
    ['an error of another class', 'undeclared_error', () => JSON.parse('{')],
    [
      'a declared class under another code',
      'undeclared_error',
      () => {
        throw new PlantedError('planted');
      },
      { refuses: refusesWith(PlantedError, /^other$/) },
    ],
    [
      'an error whose text carries bytes',
      'undeclared_error',
      (input) => {
        throw new PlantedError(`planted: ${input.toString('latin1')}\0`);
      },
    ],
    ['an error that comes later', 'undeclared_error', () => Promise.reject(new Error('later'))],
    ['an invariant that does not hold', 'broken', () => holds(false, 'never')],
    ['other bytes when written again', 'broken', (input) => sameBytes(Buffer.alloc(1), input, 'the same')],
    ['an input that was written to', 'input_changed', (input) => void input.fill(0)],
    [
      'a prototype that was written to',
      'prototype_changed',
      () => {
        Object.defineProperty(Object.prototype, 'planted', { value: 1, configurable: true });
      },
    ],
    [
      'memory',
      'memory',
      () => {
        kept.push(Buffer.alloc(100 * 1024 * 1024, 1));
      },
    ],
    [
      'time',
      'slow',
      () => {
        const started = process.threadCpuUsage();
        while (process.threadCpuUsage(started).user < 20_000);
      },
      { maxMs: 5 },
    ],
  ])('a find for %s', async (_, kind, run, more) => {
    expect(await kindOf(run, more)).toBe(kind);
  });

  test('as it lies in a larger buffer, so that reading past its end reads something', async () => {
    expect(
      await kindOf((input) => holds(new Uint8Array(input.buffer)[input.byteOffset - 1] === 0xa5, 'embedded')),
    ).toBe('accepted');
  });
});

describe('fuzzing', () => {
  const MAGIC = `(input) => {
    if (input[0] === 0x46) { if (input[1] === 0x55) { if (input[2] === 0x5a) { if (input[3] === 0x7a) {
      throw new Error('found');
    } } } }
  }`;
  const coverage = new Coverage();
  const guided = runInThisContext(
    `(() => { ${coverage.counting('magic.mjs', `const f = ${MAGIC};`)} return f; })()`,
  ) as Target['run'];
  const blind = runInThisContext(`(${MAGIC})`) as Target['run'];
  const run = (target: Target, executions: number): Promise<Outcome> =>
    fuzz(target, coverage, { ms: 60_000, executions, seed: 1 });

  test('finds, by coverage, four bytes that are compared one after the other, and does not without', async () => {
    const { finds, executions } = await run(planted(guided), 60_000);
    expect(finds.map(({ kind, detail }) => `${kind} ${detail}`)).toEqual([
      expect.stringMatching(/^undeclared_error Error: found/),
    ]);
    expect(finds[0]?.input.toString('latin1')).toBe('FUZz');
    expect((await run(planted(blind), executions + 10_000)).finds).toEqual([]);
  });

  test('makes the same inputs of the same seed, and others of another', async () => {
    const inputs = async (seed: number): Promise<string[]> => {
      const seen: string[] = [];
      await fuzz(planted(guided, { refuses: () => true }), coverage, {
        ms: 30_000,
        executions: 300,
        seed,
        before: (input) => seen.push(Buffer.from(input).toString('hex')),
      });
      return seen;
    };
    const first = await inputs(7);
    expect(await inputs(7)).toEqual(first);
    expect(await inputs(8)).not.toEqual(first);
  });

  test('keeps a find once, and the shortest input that shows it', async () => {
    const { finds } = await run(
      planted((input) => holds(!input.includes('bad'), 'nothing bad'), {
        seeds: () => [Buffer.from('some text with bad in it')],
        refuses: refusesNothing,
      }),
      1_000,
    );
    expect(finds.map(({ input }) => input.toString())).toEqual(['bad']);
  });

  test('never makes an input longer than the target takes', () => {
    const random = new Random(3);
    const material = { random, words: [Buffer.from('word')], other: Buffer.alloc(90, 1), maxLength: 100 };
    const lengths = Array.from({ length: 5_000 }, () => mutated(Buffer.alloc(80, 2), material).length);
    expect(Math.max(...lengths)).toBe(100);
    expect(Math.min(...lengths)).toBe(0);
  });

  test('ends its search for a shorter input, whatever it is told', async () => {
    const still = async (): Promise<boolean> => false;
    expect((await minimized(Buffer.alloc(5_000, 1), still)).length).toBe(5_000);
  });
});

describe('counting branches', () => {
  const SOURCE = `const f = (a, b) => {
  if (a) b += 1; else if (b) for (const x of [1, 2]) b += x;
  const c = a ? b && 1 : b ?? 2;
  switch (c) { case 1: return 'one'; case 2: default: return \`\${c}\`; }
};`;

  test('leaves what a module does as it is', () => {
    const counting = new Coverage().counting('sample.mjs', SOURCE);
    const plain = runInThisContext(`(() => { ${SOURCE} return f; })()`) as (a: unknown, b: unknown) => string;
    const counted = runInThisContext(`(() => { ${counting} return f; })()`) as typeof plain;
    const values = [0, 1, null, true, ''];
    for (const a of values) for (const b of values) expect(counted(a, b)).toBe(plain(a, b));
  });

  test('tells a way that was not taken before from one that was', () => {
    const coverage = new Coverage();
    const counting = coverage.counting('sample.mjs', SOURCE);
    const f = runInThisContext(`(() => { ${counting} return f; })()`) as (a: unknown, b: unknown) => string;
    const novel = (a: unknown, b: unknown): boolean => {
      coverage.reset();
      f(a, b);
      return coverage.isNew();
    };
    coverage.begin();
    expect([novel(true, 1), novel(true, 2), novel(false, 1), novel(false, 1), novel(false, null)]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    const { reached, of, missed } = coverage.reached(/sample/);
    expect(of - missed.length).toBe(reached);
    coverage.begin();
    expect(novel(true, 1)).toBe(true);
  });

  test('keeps lines and reads types', () => {
    const source = 'export type A = string;\nexport const g = (a: A): number =>\n  a.length > 1 ? 1 : 2;\n';
    const counting = new Coverage().counting('/x/sample.ts', source);
    expect(counting.split('\n')).toHaveLength(source.split('\n').length);
    expect(counting).toContain('_fuzz[');
  });
});
