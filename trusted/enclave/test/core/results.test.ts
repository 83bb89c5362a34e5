// SPDX-License-Identifier: Apache-2.0
import {
  type EvaluateRequest,
  type ExpressionOutcome,
  evaluate,
  references,
} from '@enclave-vault/expressions';
import type { DecryptRequest, Expression } from '@enclave-vault/protocol';
import type { OpenedField } from '@enclave-vault/records/open';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { resolve } from '../../src/core/results.ts';

const clock = systemClock();
const OPENED: ReadonlyMap<string, OpenedField> = new Map<string, OpenedField>([
  ['city', { ok: true, json: '"Bern"' }],
  ['dob', { ok: false }],
]);

function request(expressions: readonly Expression[], reveal: readonly string[] = []): DecryptRequest {
  return {
    tenant: 'default',
    vaultId: 'v_01HV1XW70Q03PHK892JFQAY0Z5',
    suite: Buffer.alloc(10),
    wrappedKey: Buffer.of(1),
    keyArn: 'a',
    publicKey: Buffer.of(1),
    fields: new Map([...OPENED.keys()].map((name) => [name, ''])),
    known: ['city', 'dob', 'email'],
    reveal,
    expressions,
  };
}

/** Runs the real evaluator in this thread and keeps what it was given. */
function evaluator(answer: (asked: EvaluateRequest) => ExpressionOutcome[] = evaluate) {
  const given: EvaluateRequest[] = [];
  return {
    given,
    evaluate: async (asked: EvaluateRequest) => {
      given.push(asked);
      return answer(asked);
    },
  };
}

describe('a field that did not open', () => {
  test('is not known to the evaluator, neither as a value nor as null', async () => {
    const expressions = evaluator();
    await resolve(request([{ name: 'x', source: 'email == null' }]), OPENED, expressions, clock);
    expect(expressions.given[0]?.known).toEqual(['city', 'email']);
    expect([...(expressions.given[0]?.fields.keys() ?? [])]).toEqual(['city']);
  });

  test('property: no expression that could read it, by the parser’s own account, is evaluated', async () => {
    const token = fc.constantFrom(
      ...[
        'dob',
        'city',
        'record',
        'first',
        '.',
        '[',
        ']',
        '(',
        ')',
        '"dob"',
        "'d\\x6fb'",
        '+',
        '==',
        '?',
        ':',
        ',',
        ' ',
      ],
      ...['size', 'has', 'map', 'x', '1', '!', '&&', 'in', '// dob\n', '{', '}', 'r"dob"', '`dob`'],
    );
    const soup = fc.array(token, { minLength: 1, maxLength: 9 }).map((tokens) => tokens.join(''));
    const template = fc.constantFrom(
      ...[
        'record.dob',
        'record["dob"]',
        'has(record.dob)',
        '[record][0].city',
        'size(record)',
        'city + dob',
        '.dob',
      ],
      ...[
        '[1].map(x, dob)',
        '[record].map(r, r.dob)',
        '{"a": dob}',
        'dob.size()',
        '"dob" in record',
        'record.`dob`',
      ],
    );
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(soup, template), async (source) => {
        const expressions = evaluator(() => []);
        await resolve(request([{ name: 'result', source }]), OPENED, expressions, clock);
        const evaluated = expressions.given.length > 0;
        let uses: ReturnType<typeof references>;
        try {
          uses = references(source);
        } catch {
          return;
        }
        if (!uses.wholeRecord && !uses.fields.has('dob')) return;
        read += 1;
        expect(evaluated).toBe(false);
      }),
      { numRuns: 400 },
    );
    expect(read).toBeGreaterThan(50);
  });

  test('spoils in order: what comes before may be used, what depends on the spoilt may not', async () => {
    const expressions = [
      { name: 'before', source: 'city + "!"' },
      { name: 'spoilt', source: 'dob == null' },
      { name: 'after', source: 'before + "!"' },
      { name: 'behind', source: 'spoilt ? 1 : 2' },
      { name: 'further', source: 'behind + 1' },
    ];
    const { data, errors } = await resolve(request(expressions), OPENED, evaluator(), clock);
    expect(data).toEqual([
      ['before', '"Bern!"'],
      ['after', '"Bern!!"'],
    ]);
    expect(errors.map(({ name, code }) => [name, code])).toEqual([
      ['dob', 'field_unreadable'],
      ['spoilt', 'expression_failed'],
      ['behind', 'expression_failed'],
      ['further', 'expression_failed'],
    ]);
  });
});

test('where all fields opened, an expression may use the whole record', async () => {
  const opened = new Map<string, OpenedField>([['city', { ok: true, json: '"Bern"' }]]);
  const asked = [
    { name: 'x', source: 'record.city' },
    { name: 'y', source: 'x + "!"' },
  ];
  expect(await resolve(request(asked), opened, evaluator(), clock)).toEqual({
    data: [
      ['x', '"Bern"'],
      ['y', '"Bern!"'],
    ],
    errors: [],
  });
});

test('a name is a whole word of letters, digits and underscores: parts of it are other names', async () => {
  const opened = new Map<string, OpenedField>([
    ['dob', { ok: true, json: '1' }],
    ['d', { ok: true, json: '2' }],
    ['_dob2', { ok: false }],
    ['Z9', { ok: false }],
  ]);
  const sources = ['dob', 'd', 'dob + d', '_dob2', '1 + _dob2', 'Z9', '(Z9)', '2'];
  const asked = sources.map((source, index) => ({ name: `e${index}`, source }));
  const names: DecryptRequest = { ...request(asked), known: [...opened.keys()] };
  const { data, errors } = await resolve(names, opened, evaluator(), clock);
  expect(data).toEqual([
    ['e0', '1'],
    ['e1', '2'],
    ['e2', '3'],
    ['e7', '2'],
  ]);
  expect(errors.map(({ name }) => name)).toEqual(['_dob2', 'Z9', 'e3', 'e4', 'e5', 'e6']);
});

test('an expression fails with the code of its outcome', async () => {
  const asked = [
    { name: 'a', source: '1/0' },
    { name: 'b', source: '+' },
    { name: 'c', source: '['.repeat(40) + ']'.repeat(40) },
  ];
  const { errors } = await resolve(request(asked), new Map(), evaluator(), clock);
  expect(errors).toEqual([
    { name: 'a', code: 'expression_failed' },
    { name: 'b', code: 'expression_invalid' },
    { name: 'c', code: 'expression_budget_exceeded' },
  ]);
});

test('an expression is evaluated at the enclave’s time', async () => {
  const expressions = evaluator();
  const at = Date.UTC(2026, 10, 23, 12);
  const asked = [{ name: 'today', source: 'today_utc()' }];
  expect(await resolve(request(asked), new Map(), expressions, { ...clock, now: () => at })).toEqual({
    data: [['today', '"2026-11-23T00:00:00Z"']],
    errors: [],
  });
});

test('without expressions nobody is asked', async () => {
  const expressions = evaluator();
  expect(await resolve(request([], ['city']), OPENED, expressions, clock)).toEqual({
    data: [['city', '"Bern"']],
    errors: [{ name: 'dob', code: 'field_unreadable' }],
  });
  expect(expressions.given).toEqual([]);
});

test('an outcome that does not come is a failure, and one that nobody asked for is nothing', async () => {
  const expressions = evaluator(() => [{ name: 'dob', ok: true, json: '"1980-02-29"' }]);
  const { data, errors } = await resolve(request([{ name: 'x', source: '1' }]), OPENED, expressions, clock);
  expect(data).toEqual([]);
  expect(errors).toContainEqual({ name: 'x', code: 'expression_failed' });
});

test('each name of the request is answered once, whatever happens to it', async () => {
  const sources = ['1', 'city', '1/0', 'dob', '+', 'email'];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...sources), { maxLength: 8 }), async (picked) => {
      const asked = picked.map((source, index) => ({ name: `e${index}`, source }));
      const { data, errors } = await resolve(request(asked, ['city', 'dob']), OPENED, evaluator(), clock);
      const names = [...data.map(([name]) => name), ...errors.map(({ name }) => name)];
      expect(names.sort()).toEqual(['city', 'dob', ...asked.map(({ name }) => name)].sort());
    }),
    { numRuns: 50 },
  );
});
