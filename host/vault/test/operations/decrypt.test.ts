// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { type DecryptInput, EnclaveClientError, KmsError, parseSchema } from '../../src/index.ts';
import { BOB, call, codeOf, type Fixture, thrownBy, vaults } from '../support/fixture.ts';

const open = vaults();
const reason = 'a test';

async function bob(): Promise<Fixture & { id: string; ask(input: object): Promise<unknown> }> {
  const fixture = await open();
  const { id } = await fixture.vault.create(call(), BOB);
  const ask = async (input: object): Promise<unknown> => {
    const { data, errors } = await fixture.vault.decrypt(call({}, 3600e3), id, {
      fields: [],
      reason,
      ...input,
    } as DecryptInput);
    return { data: { ...data }, errors: errors.map(({ name, code }) => [name, code]) };
  };
  return { ...fixture, id, ask };
}

describe('expressions', () => {
  it('compute with fields that are not revealed, and the audit says which', async () => {
    const { vault, id, ask, enclave } = await bob();
    const expressions = [
      { name: 'adult', registered: 'over_18' },
      { name: 'initial', source: "first_name + ' ' + ssn4" },
      { name: 'both', source: "initial + (city == null ? '' : city)" },
      { name: 'has_city', source: 'has(record.city)' },
    ];
    expect(await ask({ fields: ['email'], expressions })).toEqual({
      data: { email: 'Bob@example.org', adult: true, initial: 'Bob 6789', both: 'Bob 6789', has_city: false },
      errors: [],
    });
    // Nothing leaves the store that was not asked for.
    expect([...(enclave.requests[0]?.fields.keys() ?? [])].sort()).toEqual([
      'dob',
      'email',
      'first_name',
      'ssn4',
    ]);
    const [entry] = (await vault.audit(call(), id)).entries;
    expect(entry).toMatchObject({ event: 'DecryptVault', result: 'ok', purpose: 'general', reason });
    expect(entry?.fields).toEqual(['email']);
    expect(entry?.used).toEqual(['dob', 'first_name', 'ssn4']);
    expect(entry?.expressions.map(({ name }) => name)).toEqual(['adult', 'initial', 'both', 'has_city']);
    // Not a hash that a reader of the log could try guesses against.
    const bare = expressions.map((e) =>
      createHash('sha256')
        .update('source' in e ? e.source : '')
        .digest('hex'),
    );
    expect(bare).not.toContain(entry?.expressions[1]?.mac);
    expect(new Set(entry?.expressions.map(({ mac }) => mac)).size).toBe(4);
  });

  it('fail alone, each with its code', async () => {
    const { ask } = await bob();
    const expressions = [
      { name: 'no_cel', source: 'first_name +' },
      { name: 'no_name', source: 'first_nam' },
      { name: 'no_type', source: 'first_name + 1' },
      { name: 'fine', source: 'first_name' },
    ];
    expect(await ask({ expressions })).toEqual({
      data: { fine: 'Bob' },
      errors: [
        ['no_cel', 'expression_invalid'],
        ['no_name', 'expression_invalid'],
        ['no_type', 'expression_failed'],
      ],
    });
  });

  it('may use names and keys that objects have already', async () => {
    const schema = parseSchema({
      version: 1,
      fields: { constructor: { type: 'text' }, valueof: { type: 'text' } },
    });
    const { vault } = await open(schema);
    const { id } = await vault.create(call(), JSON.parse('{"constructor":"x"}'));
    const { data } = await vault.decrypt(call(), id, {
      fields: ['constructor', 'valueof'],
      reason,
      expressions: [{ name: 'result', source: '{"__proto__": {"polluted": 1}, "toString": 2}' }],
    });
    expect(JSON.stringify(data)).toBe(
      '{"constructor":"x","valueof":null,"result":{"__proto__":{"polluted":1},"toString":2}}',
    );
    expect(Object.getPrototypeOf(data)).toBeNull();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect({ ...(await vault.presence(call(), id)).fields }).toEqual({ constructor: true, valueof: false });
  });
});

describe('expressions that take long to parse', () => {
  it('are answered or given up, each for itself', async () => {
    const { ask } = await bob();
    // Just below the most tokens there may be: some 10 ms each, 100 on a machine that is busy.
    const slow = Array.from({ length: 100 }, (_, n) => ({
      name: `e${n}`,
      source: `size([${`[${n}],`.repeat(500)}0]) == 501`,
    }));
    const { data, errors } = (await ask({ expressions: slow })) as {
      data: Record<string, unknown>;
      errors: [string, string][];
    };
    expect(data.e0).toBe(true);
    for (const [, code] of errors) expect(code).toBe('expression_budget_exceeded');
    expect(Object.keys(data).length + errors.length).toBe(100);
  });

  it('are refused for what no honest one has: more tokens than one can read', async () => {
    const { ask } = await bob();
    const expressions = ['a.b(c,[d])+', '1+', '[1,'].map((unit, n) => {
      return { name: `e${n}`, source: unit.repeat(10_230 / unit.length) };
    });
    expect(await ask({ expressions })).toEqual({
      data: {},
      errors: expressions.map(({ name }) => [name, 'expression_invalid']),
    });
  });

  it('are refused for their white space', async () => {
    const { ask } = await bob();
    const expressions = ['1'.padEnd(10_240), `1${'\n'.repeat(129)}+ 1`, '1'.padEnd(129)].map((source, n) => {
      return { name: `e${n}`, source };
    });
    expect(await ask({ expressions })).toEqual({
      data: { e2: 1 },
      errors: [
        ['e0', 'expression_invalid'],
        ['e1', 'expression_invalid'],
      ],
    });
  });
});

describe('a request', () => {
  const source = 'true';
  it.each<[string, object, string[]]>([
    ['nothing', { fields: [] }, ['/fields empty']],
    ['no reason', { reason: undefined }, ['/reason required']],
    ['an empty reason', { reason: '  ' }, ['/reason empty']],
    ['a long reason', { reason: 'x'.repeat(257) }, ['/reason too_long']],
    ['a null reason', { reason: null }, ['/reason null']],
    ['an ill-formed reason', { reason: '\ud800' }, ['/reason format']],
    ['another purpose', { purpose: 'fun' }, ['/purpose unknown_purpose']],
    [
      'unknown fields',
      { fields: ['city', 'nope', '__proto__'] },
      ['/fields/1 unknown_field', '/fields/2 unknown_field'],
    ],
    ['fields twice', { fields: ['city', 'city'] }, ['/fields/1 repeated']],
    ['fields of another type', { fields: 'city' }, ['/fields type']],
    ['a field that is a number', { fields: [1] }, ['/fields/0 type']],
    ['101 fields', { fields: Array.from({ length: 101 }, (_, n) => `f${n}`) }, ['/fields too_many']],
    [
      'an expression named as a field',
      { expressions: [{ name: 'dob', source }] },
      ['/expressions/dob reserved_name'],
    ],
    [
      'an expression named record',
      { expressions: [{ name: 'record', source }] },
      ['/expressions/record reserved_name'],
    ],
    ['an impossible name', { expressions: [{ name: 'Ä', source }] }, ['/expressions name']],
    [
      'a name twice',
      {
        expressions: [
          { name: 'a', source },
          { name: 'a', source },
        ],
      },
      ['/expressions/a repeated'],
    ],
    [
      'a long expression',
      { expressions: [{ name: 'a', source: 'x'.repeat(10_241) }] },
      ['/expressions/a too_long'],
    ],
    ['an expression that is none', { expressions: [{ name: 'a', source: 1 }] }, ['/expressions/a type']],
    [
      'one that is not registered',
      { expressions: [{ name: 'a', registered: 'no' }] },
      ['/expressions/a unknown_expression'],
    ],
    [
      '101 expressions',
      { expressions: Array.from({ length: 101 }, (_, n) => ({ name: `e${n}`, source })) },
      ['/expressions too_many'],
    ],
    [
      'several at once',
      { reason: '', purpose: 'fun', fields: ['nope'] },
      ['/fields/0 unknown_field', '/reason empty', '/purpose unknown_purpose'],
    ],
  ])('is refused with %s', async (_, input, expected) => {
    const { ask, enclave } = await shared;
    const error = await thrownBy(ask({ fields: ['city'], ...input }));
    expect(error).toMatchObject({ code: 'invalid', status: 422 });
    expect((error.members ?? []).map(({ path, code }) => `${path} ${code}`)).toEqual(expected);
    expect(enclave.requests).toEqual([]);
  });
  const shared = bob();

  it('takes the longest of everything', async () => {
    const { ask } = await shared;
    const expressions = Array.from({ length: 100 }, (_, n) => ({
      name: `e${n}`,
      source: '1'.padStart(128),
    }));
    expressions.push({ name: 'long', source: `size('${'x'.repeat(10_232)}')` });
    const input = { expressions: expressions.slice(1), reason: '\u{1f510}'.repeat(256) };
    const { data } = (await ask(input)) as { data: object };
    expect(Object.keys(data)).toHaveLength(100);
  });

  it('asks no enclave when there is nothing to open', async () => {
    const { ask, enclave, kms } = await bob();
    expect(await ask({ fields: ['city', 'address1'] })).toEqual({
      data: { city: null, address1: null },
      errors: [],
    });
    expect(enclave.envelopes).toEqual([]);
    expect(kms.calls).not.toContain('generateRequestKey');
  });
});

describe('the enclave', () => {
  const fields = ['email'];
  it.each([
    ['busy', 'busy'],
    ['kms_denied', 'enclave_not_trusted'],
    ['kms_unavailable', 'kms_unavailable'],
    ['expired', 'timed_out'],
    ['repeated', 'enclave_unavailable'],
    ['unauthenticated', 'enclave_unavailable'],
    ['no_configuration', 'enclave_unavailable'],
    ['internal', 'enclave_unavailable'],
  ] as const)('refuses: %s', async (refusal, code) => {
    const { vault, enclave, id, ask, reports } = await bob();
    enclave.refusal = refusal;
    const error = await thrownBy(ask({ fields }));
    expect(error).toMatchObject({ code, status: 503 });
    expect(error.retryAfter).toBeGreaterThan(0);
    expect(reports).toContainEqual(expect.objectContaining({ event: 'enclave_refused', code: refusal }));
    const [entry] = (await vault.audit(call(), id)).entries;
    expect(entry).toMatchObject({ event: 'DecryptVault', result: 'failed', code, fields, reason });
  });

  it.each([
    [new EnclaveClientError('unavailable'), 'enclave_unavailable', 1],
    [new EnclaveClientError('busy', 'busy', 7), 'busy', 7],
    [new EnclaveClientError('timed_out'), 'timed_out', 1],
    [new EnclaveClientError('not_trusted'), 'enclave_not_trusted', 1],
  ])('is not reached: %s', async (failure, code, retryAfter) => {
    const { enclave, ask } = await bob();
    enclave.failure = failure;
    expect(await ask({ fields }).catch((thrown) => thrown)).toMatchObject({ code, status: 503, retryAfter });
  });

  it('opens no more records for now: 503 with a time, an entry, and word to the operator', async () => {
    const { vault, enclave, id, ask, reports } = await bob();
    enclave.change = () => ({ error: 'rate_limited' });
    const error = await thrownBy(ask({ fields }));
    expect(error).toMatchObject({ code: 'decryptions_limited', status: 503, retryAfter: 10 });
    expect(reports).toContainEqual(
      expect.objectContaining({ event: 'enclave_refused', code: 'rate_limited' }),
    );
    const [entry] = (await vault.audit(call(), id)).entries;
    expect(entry).toMatchObject({ event: 'DecryptVault', result: 'failed', code: 'decryptions_limited' });
  });

  it.each<[string, (message: Buffer) => Buffer]>([
    [
      'a flipped bit',
      (message) => Buffer.from(message.map((byte, at) => (at === message.length - 1 ? byte ^ 1 : byte))),
    ],
    ['nothing', () => Buffer.alloc(0)],
    ['noise', () => Buffer.from('noise')],
  ])('answers %s: nothing is believed', async (_, tamper) => {
    const { vault, enclave, id, ask } = await bob();
    enclave.tamper = tamper;
    expect(await codeOf(ask({ fields }))).toBe('enclave_unavailable');
    expect((await vault.audit(call(), id)).entries[0]).toMatchObject({ result: 'failed' });
  });

  it('answers another request: nothing is believed', async () => {
    const { enclave, ask } = await bob();
    let first: Buffer | undefined;
    enclave.tamper = (message) => {
      first ??= message;
      return first;
    };
    await ask({ fields });
    expect(await codeOf(ask({ fields: ['dob'] }))).toBe('enclave_unavailable');
  });

  it.each<[string, Fixture['enclave']['change']]>([
    [
      'a name too many',
      (answer) => ({
        ...answer,
        data: [
          ['email', '1'],
          ['ssn9', '"x"'],
        ],
        errors: [],
      }),
    ],
    ['a name too few', () => ({ data: [], errors: [] })],
    ['another name', () => ({ data: [['ssn9', '"x"']], errors: [] })],
    ['no JSON', () => ({ data: [['email', '{']], errors: [] })],
  ])('answers with %s: nothing is returned', async (_, change) => {
    const { enclave, ask } = await bob();
    enclave.change = change;
    expect(await codeOf(ask({ fields }))).toBe('enclave_unavailable');
  });

  it('cannot open a field: that field has an error', async () => {
    const { enclave, ask } = await bob();
    enclave.change = () => ({
      data: [['dob', '"x"']],
      errors: [{ name: 'email', code: 'field_unreadable' }],
    });
    expect(await ask({ fields: ['email', 'dob'] })).toEqual({
      data: { dob: 'x' },
      errors: [['email', 'field_unreadable']],
    });
  });

  it('is asked under one data key for 15 minutes, and another one then', async () => {
    const { ask, kms, clock } = await bob();
    const made = (): number => kms.calls.filter((name) => name === 'generateRequestKey').length;
    await Promise.all(Array.from({ length: 5 }, () => ask({ fields })));
    expect(made()).toBe(1);
    // Its successor is asked for three minutes before.
    clock.offset = 11 * 60e6;
    await ask({ fields }).catch(() => {});
    expect(made()).toBe(1);
    clock.offset = 16 * 60e6;
    await ask({ fields }).catch(() => {});
    expect(made()).toBe(2);
  });

  it('is not asked without a data key', async () => {
    const { ask, kms, vault, id } = await bob();
    kms.failure = new KmsError('unavailable');
    expect(await codeOf(ask({ fields }))).toBe('kms_unavailable');
    kms.failure = new KmsError('denied');
    expect(await codeOf(ask({ fields }))).toBe('kms_denied');
    expect((await vault.audit(call(), id)).entries.map(({ code }) => code)).toEqual([
      'kms_denied',
      'kms_unavailable',
      null,
    ]);
  });

  it('attests for a nonce of 16 to 64 bytes', async () => {
    const { vault } = await bob();
    for (const [length, code] of [
      [15, 'invalid'],
      [16, undefined],
      [64, undefined],
      [65, 'invalid'],
    ] as const) {
      expect(await codeOf(vault.attestation(call({ scopes: new Set() }), new Uint8Array(length)))).toBe(code);
    }
  });
});

describe('the deadline', () => {
  it('ends a wait for the enclave, and is audited', async () => {
    const { vault, id, enclave } = await bob();
    const gate = Promise.withResolvers<void>();
    enclave.before = () => gate.promise;
    const started = performance.now();
    const work = vault.decrypt(call({}, 700), id, { fields: ['email'], reason });
    expect(await codeOf(work)).toBe('timed_out');
    // Whatever the caller's deadline, the wait would end after the parent's seven seconds.
    expect(performance.now() - started).toBeLessThan(6_000);
    gate.resolve();
    expect((await vault.audit(call(), id)).entries[0]).toMatchObject({ result: 'failed', code: 'timed_out' });
  });

  it('that has passed does nothing', async () => {
    const { vault, id } = await bob();
    expect(await codeOf(vault.create(call({}, -1), BOB))).toBe('timed_out');
    expect(await codeOf(vault.decrypt(call({}, -1), id, { fields: ['email'], reason }))).toBe('timed_out');
    expect((await vault.audit(call(), id)).entries).toHaveLength(1);
  });
});

describe('without an audit entry', () => {
  it('nothing is returned: the sink fails', async () => {
    const { vault, id, ask, sink, reports } = await bob();
    sink.failing = true;
    expect(await codeOf(ask({ fields: ['email'] }))).toBe('audit_unavailable');
    expect(vault.headsNotInSink).toBe(1);
    expect(reports).toContainEqual({ event: 'audit_sink_failed', code: 'audit_unavailable' });
    // A write is durable and says so; its head follows.
    expect(await vault.update(call(), id, { city: 'Bonn' })).toEqual({ rev: 2 });
    sink.failing = false;
    await ask({ fields: ['email'] });
    expect(vault.headsNotInSink).toBe(0);
    // Late ones follow the new one.
    expect(sink.heads.map(({ n }) => n)).toEqual([1, 4, 2, 3]);
    expect(await vault.verifyAudit({ against: sink.heads })).toMatchObject({ findings: [] });
  });

  it('nothing is returned: the program fails, and what it choked on is in no report', async () => {
    const { vault, id, ask, enclave, reports } = await bob();
    enclave.failure = new TypeError('a secret');
    const error = await thrownBy(ask({ fields: ['email'] }));
    expect(error).toMatchObject({ code: 'internal', status: 500 });
    expect((await vault.audit(call(), id)).entries[0]).toMatchObject({ result: 'failed', code: 'internal' });
    expect(reports).toMatchObject([{ event: 'program_error', code: 'internal' }]);
    expect(reports[0]?.where).toContain('TypeError at ');
    expect(JSON.stringify(reports) + error.message + String(error.cause)).not.toContain('a secret');
  });

  it('nothing is returned: the store fails', async () => {
    const { id, store, enclave, vault } = await bob();
    enclave.before = () => store.close();
    expect(await codeOf(vault.decrypt(call(), id, { fields: ['email'], reason }))).toBe('store_unavailable');
  });

  it('a record that changes meanwhile is decrypted anew', async () => {
    const { vault, id, ask, enclave } = await bob();
    let changes = 2;
    enclave.before = async () => {
      changes -= 1;
      if (changes >= 0) await vault.update(call(), id, { city: `city ${changes}` });
    };
    expect(await ask({ fields: ['city', 'email'] })).toMatchObject({ data: { city: 'city 0' } });
    expect((await vault.audit(call(), id)).entries.map(({ event }) => event)).toEqual([
      'DecryptVault',
      'UpdateVault',
      'UpdateVault',
      'CreateVault',
    ]);
    changes = 100;
    expect(await codeOf(ask({ fields: ['city'] }))).toBe('conflict');
    expect((await vault.audit(call(), id)).entries[0]).toMatchObject({ result: 'failed', code: 'conflict' });
  });
});

describe('one who asks for much', () => {
  const expressions = [{ name: 'x', source: 'dob == dob' }];

  it('waits behind himself: others, and what needs no thread, get their places', async () => {
    const { vault, enclave } = await open();
    const { id } = await vault.create(call(), BOB);
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    enclave.before = () => gate;
    const greedy = { actor: 'key:greedy' };
    const aside = vi.fn((turn: Promise<void>) => turn);
    const asked = Array.from({ length: 100 }, () =>
      codeOf(vault.decrypt({ ...call(greedy), aside }, id, { fields: [], reason, expressions })),
    );
    // A server is told of those that wait.
    await vi.waitFor(() => expect(aside).toHaveBeenCalledTimes(92), 60_000);
    expect(enclave.envelopes).toHaveLength(8);
    // Half of what is left beside the audit's half second.
    const hurried = { ...call(greedy), deadline: Date.now() + 700 };
    const refused = codeOf(vault.decrypt(hurried, id, { fields: [], reason, expressions }));
    expect(await Promise.race([refused, sleep(5_000)])).toBe('busy');
    const plain = vault.decrypt(call(greedy), id, { fields: ['dob'], reason });
    const other = vault.decrypt(call({ actor: 'key:modest' }), id, { fields: [], reason, expressions });
    await vi.waitFor(() => expect(enclave.envelopes).toHaveLength(10), 60_000);
    go();
    expect((await plain).data).toEqual({ dob: '1980-02-29' });
    expect((await other).data).toEqual({ x: true });
    expect(new Set(await Promise.all(asked))).toEqual(new Set([undefined]));
    expect((await vault.verifyAudit()).findings).toEqual([]);
  });
});
