// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pool, settle } from './support.ts';

type Step =
  | { readonly do: 'create'; readonly tenant: string }
  | { readonly do: 'answer' | 'refuse' | 'deny'; readonly which: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'settle' | 'close' };

const which = fc.nat(40);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('create'), tenant: fc.constantFrom('a', 'b', 'c') }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('answer'), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refuse'), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deny'), which }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(1, 300, 20_000, 700_000) }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'settle' } as const) },
) as fc.Arbitrary<Step>;

describe('whatever the order of records, answers, failures, time and the end', () => {
  it('no pair is handed out twice, none to another tenant than KMS made it for, and the size holds', async () => {
    const steps = fc.array(step, { maxLength: 60 });
    const limits = fc.record({ size: fc.integer({ min: 0, max: 9 }), perSecond: fc.constantFrom(1, 50) });
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(80), limits, async (all, closing, options) => {
        const { keys, kms, pass } = pool(options);
        const got: { tenant: string; id: string }[] = [];
        const waiting: Promise<void>[] = [];
        const create = (tenant: string): void => {
          const record = keys.next(tenant, Number.MAX_SAFE_INTEGER, 'somebody').then(
            ({ id, pair }) => {
              got.push({ tenant, id });
              // HeldKms wrote into each pair what it was made for.
              expect(Buffer.from(pair.publicKey).toString()).toBe(id);
              expect(Buffer.from(pair.wrappedPrivateKey).toString()).toBe(tenant);
            },
            (error: unknown) => expect(error).toMatchObject({ name: 'KmsError' }),
          );
          waiting.push(record);
        };
        for (const [n, one] of all.entries()) {
          if (n === closing) keys.close();
          const call = 'which' in one ? kms.asked.slice(one.which % (kms.asked.length || 1)).slice(0, 1) : [];
          if (one.do === 'create') create(one.tenant);
          else if (one.do === 'answer') kms.answer(call);
          else if (one.do === 'refuse') kms.refuse('throttled', call);
          else if (one.do === 'deny') kms.refuse('denied', call);
          else if (one.do === 'pass') pass(one.ms);
          else await settle();
          expect(keys.figures.ready).toBeLessThanOrEqual(options.size);
        }
        keys.close();
        kms.answer();
        await Promise.all(waiting);
        expect(new Set(got.map(({ id }) => id)).size).toBe(got.length);
        const { ready, fromPool, fromKms, made, dropped } = keys.figures;
        expect(ready).toBe(0);
        expect(made).toBe(fromPool + dropped);
        expect(fromPool + fromKms).toBe(got.length);
      }),
      { numRuns: 300 },
    );
  });
});
