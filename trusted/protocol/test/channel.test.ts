// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DecryptAnswer,
  openAnswer,
  openRequest,
  parseAnswerEnvelope,
  parseEnvelope,
  sealAnswer,
  sealRequest,
} from '../src/index.ts';
import { channel, codeOf, NOW, request } from './support.ts';

const ANSWER: DecryptAnswer = {
  data: [
    ['city', '"Bern"'],
    ['over_18', 'true'],
  ],
  errors: [{ name: 'dob', code: 'field_unreadable' }],
};

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);
const sealedValue = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.string({ unit: 'binary' }));

describe('round trip', () => {
  test('any request within the limits arrives as it was sent', () => {
    const anyRequest = fc
      .record({
        fields: fc.dictionary(name, sealedValue, { maxKeys: 12, noNullPrototype: true }),
        known: fc.uniqueArray(name, { maxLength: 12 }),
        expressions: fc.uniqueArray(
          fc.record({ name, source: fc.string({ unit: 'binary', maxLength: 300 }) }),
          {
            selector: (expression) => expression.name,
            maxLength: 6,
          },
        ),
      })
      .filter(({ fields, known, expressions }) =>
        expressions.every((expression) => !(expression.name in fields) && !known.includes(expression.name)),
      );
    fc.assert(
      fc.property(anyRequest, ({ fields, known, expressions }) => {
        const { key, times } = channel();
        const map = new Map(Object.entries(fields));
        const sent = request({ fields: map, known, reveal: [...map.keys()].slice(0, 3), expressions });
        const envelope = parseEnvelope(sealRequest(key, sent, times));
        const arrived = openRequest(key.dataKey, envelope);
        expect({ ...arrived, fields: undefined }).toEqual({
          ...sent,
          fields: undefined,
          publicKey: Buffer.from(sent.publicKey),
        });
        expect(arrived.fields.size).toBe(map.size);
        for (const [field, value] of map) {
          const got = arrived.fields.get(field);
          expect(typeof got).toBe(typeof value);
          expect(Buffer.from(got ?? '')).toEqual(Buffer.from(value));
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each<DecryptAnswer>([ANSWER, { error: 'unknown_key' }, { data: [], errors: [] }])(
    'answer %#',
    (answer) => {
      const { key, times } = channel();
      const sealed = sealAnswer(key.dataKey, { id: times.requestId }, answer, NOW);
      expect(openAnswer(key.dataKey, times.requestId, sealed)).toEqual(answer);
    },
  );

  test('the header travels in the clear, the request does not', () => {
    const { key, times } = channel();
    const bytes = sealRequest(key, request(), times);
    const envelope = parseEnvelope(bytes);
    expect(envelope.id).toEqual(times.requestId);
    expect([envelope.time, envelope.deadline]).toEqual([times.time, times.deadline]);
    expect(envelope.key).toEqual(key.wrappedKey);
    for (const hidden of ['v_01HV', 'date(dob)', 'default', 'arn:aws', 'city']) {
      expect(bytes.includes(hidden)).toBe(false);
    }
  });

  test('the same request is sealed anew each time', () => {
    const { key, times } = channel();
    expect(sealRequest(key, request(), times)).not.toEqual(sealRequest(key, request(), times));
  });
});

describe('a changed byte', () => {
  test('anywhere in a request envelope is refused: unreadable frame or unauthenticated, nothing else', () => {
    const { key, times } = channel();
    const bytes = sealRequest(key, request(), times);
    const codes = new Set<string>();
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [0x01, 0x80]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ bit;
        codes.add(codeOf(() => openRequest(key.dataKey, parseEnvelope(changed))));
      }
    }
    expect([...codes].sort()).toEqual(['malformed', 'unauthenticated']);
  });

  test('in the value of any member of a request envelope has one code', () => {
    const { key, times } = channel();
    const envelope = parseEnvelope(sealRequest(key, request(), times));
    const changed = [
      { ...envelope, time: envelope.time + 1 },
      { ...envelope, deadline: envelope.deadline + 1 },
      ...(['id', 'key', 'nonce', 'box'] as const).map((member) => {
        const bytes = Buffer.from(envelope[member]);
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        return { ...envelope, [member]: bytes };
      }),
    ];
    for (const one of changed) expect(codeOf(() => openRequest(key.dataKey, one))).toBe('unauthenticated');
  });

  test('anywhere in an answer is refused', () => {
    const { key, times } = channel();
    const bytes = sealAnswer(key.dataKey, { id: times.requestId }, ANSWER, NOW);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(codeOf(() => openAnswer(key.dataKey, times.requestId, changed))).toMatch(
        /^(?:malformed|unauthenticated)$/,
      );
    }
  });

  test('a box cut anywhere is unauthenticated', () => {
    const { key, times } = channel();
    const envelope = parseEnvelope(sealRequest(key, request(), times));
    for (const length of [16, 17, envelope.box.length - 1]) {
      const cut = { ...envelope, box: envelope.box.subarray(0, length) };
      expect(codeOf(() => openRequest(key.dataKey, cut))).toBe('unauthenticated');
    }
  });
});

describe('a message in another place', () => {
  test('another data key', () => {
    const { key, times } = channel();
    const envelope = parseEnvelope(sealRequest(key, request(), times));
    expect(codeOf(() => openRequest(randomBytes(32), envelope))).toBe('unauthenticated');
  });

  test('a request does not open as an answer, nor an answer as a request', () => {
    const { key, times } = channel();
    const asked = parseEnvelope(sealRequest(key, request(), times));
    const answered = parseAnswerEnvelope(sealAnswer(key.dataKey, asked, ANSWER, NOW));
    const asRequest = { ...asked, nonce: answered.nonce, box: answered.box };
    expect(codeOf(() => openRequest(key.dataKey, asRequest))).toBe('unauthenticated');
  });

  test('the answer to another request under the same key', () => {
    const { key, times } = channel();
    const other = sealAnswer(key.dataKey, { id: randomBytes(16) }, ANSWER, NOW);
    expect(codeOf(() => openAnswer(key.dataKey, times.requestId, other))).toBe('unauthenticated');
  });

  test('the box of another request under the same key, and a newer time on an old box', () => {
    const { key, times } = channel();
    const first = parseEnvelope(sealRequest(key, request(), times));
    const second = parseEnvelope(sealRequest(key, request(), { ...times, requestId: randomBytes(16) }));
    const swapped = { ...first, nonce: second.nonce, box: second.box };
    expect(codeOf(() => openRequest(key.dataKey, swapped))).toBe('unauthenticated');
    const renewed = { ...first, time: NOW + 1000 };
    expect(codeOf(() => openRequest(key.dataKey, renewed))).toBe('unauthenticated');
  });

  test('a wrapped key that another data key was wrapped to', () => {
    const { key, times } = channel();
    const envelope = parseEnvelope(sealRequest(key, request(), times));
    const exchanged = { ...envelope, key: randomBytes(180) };
    expect(codeOf(() => openRequest(key.dataKey, exchanged))).toBe('unauthenticated');
  });
});

test.each([0, 16, 31, 33])('a data key of %i bytes is refused', (length) => {
  const { key, times } = channel();
  const dataKey = Buffer.alloc(length, 1);
  expect(codeOf(() => sealRequest({ ...key, dataKey }, request(), times))).toBe('malformed');
});

test('a data key with zeros in it is one like any other', () => {
  const { key, times } = channel();
  for (const dataKey of [
    Buffer.from('01'.padEnd(64, '0'), 'hex'),
    Buffer.from('00'.padEnd(64, 'f'), 'hex'),
  ]) {
    const envelope = parseEnvelope(sealRequest({ ...key, dataKey }, request(), times));
    expect(openRequest(dataKey, envelope).tenant).toBe('default');
  }
});

test('a data key that was zeroed neither seals nor opens', () => {
  const { key, times } = channel();
  const envelope = parseEnvelope(sealRequest(key, request(), times));
  const dataKey = Buffer.alloc(32);
  expect(codeOf(() => sealRequest({ ...key, dataKey }, request(), times))).toBe('malformed');
  expect(codeOf(() => sealAnswer(dataKey, envelope, ANSWER, NOW))).toBe('malformed');
  expect(codeOf(() => openRequest(dataKey, envelope))).toBe('malformed');
});

test('a deadline that is the time itself, and both ends of all times, are sent and read', () => {
  const { key, times } = channel();
  for (const time of [0, NOW, Number.MAX_SAFE_INTEGER]) {
    const envelope = parseEnvelope(sealRequest(key, request(), { ...times, time, deadline: time }));
    expect([envelope.time, envelope.deadline]).toEqual([time, time]);
    expect(openRequest(key.dataKey, envelope).tenant).toBe('default');
  }
});

test.each([
  ['request id', { requestId: Buffer.alloc(15) }],
  ['deadline before time', { deadline: NOW - 1 }],
  ['fractional time', { time: NOW + 0.5 }],
  ['negative time', { time: -1 }],
])('a header the enclave would not read is not sent: %s', (_, change) => {
  const { key, times } = channel();
  expect(codeOf(() => sealRequest(key, request(), { ...times, ...change }))).toBe('malformed');
});
