// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { P256, P384, P521, parseSuiteId, suiteId } from '../src/index.ts';
import { expectCode, hex, SUITES } from './support.ts';

describe('suite ids', () => {
  test.each([
    [P256, '48504b45001000010002'],
    [P384, '48504b45001100020002'],
    [P521, '48504b45001200030002'],
  ])('$name', (suite, id) => {
    expect(suiteId(suite).toString('hex')).toBe(id);
    expect(parseSuiteId(hex(id))).toBe(suite);
  });

  test('an id is a fresh buffer: writing into it spoils nothing', () => {
    suiteId(P384).fill(0);
    expect(suiteId(P384).toString('hex')).toBe('48504b45001100020002');
  });

  test('any flipped bit, and any other length, is an unknown suite', () => {
    for (const suite of SUITES) {
      for (let bit = 0; bit < 80; bit++) {
        const id = suiteId(suite);
        id[bit >> 3] = (id[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const other = SUITES.find((candidate) => suiteId(candidate).equals(id));
        if (other === undefined) expectCode('unknown_suite', () => parseSuiteId(id));
      }
      expectCode('unknown_suite', () => parseSuiteId(suiteId(suite).subarray(0, 9)));
      expectCode('unknown_suite', () => parseSuiteId(Buffer.concat([suiteId(suite), Buffer.from([0])])));
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) =>
        expectCode('unknown_suite', () => parseSuiteId(bytes)),
      ),
      { numRuns: 100 },
    );
  });

  test.each([
    ['KDF of another strength', '48504b45001100010002'],
    ['AES-128-GCM', '48504b45001100020001'],
    ['ChaCha20Poly1305', '48504b45001100020003'],
    ['export only', '48504b4500110002ffff'],
    ['X25519', '48504b45002000010002'],
  ])('not offered: %s', (_, id) => expectCode('unknown_suite', () => parseSuiteId(hex(id))));

  test('a suite is frozen', () => {
    for (const suite of SUITES) expect(Object.isFrozen(suite)).toBe(true);
  });
});
