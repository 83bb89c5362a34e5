// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { P256, P384, P521 } from '@enclave-vault/hpke';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOnCurve } from '../../src/import/on-curve.ts';

describe.each([P256, P384, P521].map((suite) => [suite.name, suite] as const))('%s', (_, suite) => {
  const spki = () =>
    generateKeyPairSync('ec', { namedCurve: suite.curve }).publicKey.export({ type: 'spki', format: 'der' });
  const prefix = spki().subarray(0, -suite.encLength);
  const opensslTakes = (point: Uint8Array): boolean => {
    try {
      createPublicKey({ key: Buffer.concat([prefix, point]), format: 'der', type: 'spki' });
      return true;
    } catch {
      return false;
    }
  };

  it('takes real points', () => {
    for (let n = 0; n < 20; n += 1) expect(isOnCurve(suite, spki().subarray(-suite.encLength))).toBe(true);
  });

  it('says what OpenSSL says of changed ones', () => {
    const real = spki().subarray(-suite.encLength);
    // The first byte says the form: OpenSSL knows more of them than HPKE does.
    const coordinate = fc.integer({ min: 1, max: suite.encLength - 1 });
    fc.assert(
      fc.property(coordinate, fc.integer({ min: 1, max: 255 }), (at, change) => {
        const point = Buffer.from(real);
        point.writeUInt8(point.readUInt8(at) ^ change, at);
        expect(isOnCurve(suite, point)).toBe(opensslTakes(point));
      }),
      { numRuns: 60 },
    );
  });

  it('refuses other forms and lengths, and coordinates beyond the field', () => {
    const real = spki().subarray(-suite.encLength);
    const high = Buffer.alloc(suite.encLength, 0xff);
    high[0] = 4;
    const compressed = Buffer.concat([Buffer.from([2]), real.subarray(1, 1 + suite.scalarLength)]);
    const infinity = Buffer.from([0]);
    const hybrid = Buffer.concat([Buffer.from([6 + ((real.at(-1) ?? 0) % 2)]), real.subarray(1)]);
    for (const bad of [hybrid, high, compressed, infinity, real.subarray(1), Buffer.concat([real, infinity])])
      expect(isOnCurve(suite, bad)).toBe(false);
  });
});
