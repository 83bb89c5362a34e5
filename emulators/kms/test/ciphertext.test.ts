// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { open, parseCiphertext, seal } from '../src/ciphertext.ts';
import { newMaterial, rotated } from '../src/state/changes.ts';
import { testKey } from './support/keys.ts';

const INVALID = expect.objectContaining({ code: 'InvalidCiphertextException' });
const contexts = fc
  .dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { maxKeys: 4 })
  .map((pairs) => new Map(Object.entries(pairs)));

describe('ciphertext blobs', () => {
  it('open under the context they were made with, in any order of its pairs', () => {
    const key = testKey();
    fc.assert(
      fc.property(contexts, fc.uint8Array({ minLength: 1, maxLength: 200 }), (context, plaintext) => {
        const blob = seal(key, context, plaintext);
        const reversed = new Map([...context].reverse());
        const opened = open(key, reversed, parseCiphertext(blob));
        expect(opened.plaintext).toEqual(Buffer.from(plaintext));
      }),
      { numRuns: 50 },
    );
  });

  it('do not open under another context', () => {
    const key = testKey();
    fc.assert(
      fc.property(contexts, contexts, (context, other) => {
        fc.pre(JSON.stringify([...context].sort()) !== JSON.stringify([...other].sort()));
        const parsed = parseCiphertext(seal(key, context, Buffer.from('x')));
        expect(() => open(key, other, parsed)).toThrow(INVALID);
      }),
      { numRuns: 50 },
    );
  });

  it('keep the ends of names and values apart', () => {
    const key = testKey();
    const parsed = parseCiphertext(seal(key, new Map([['ab', 'c']]), Buffer.from('x')));
    expect(() => open(key, new Map([['a', 'bc']]), parsed)).toThrow(INVALID);
  });

  it('do not open with any bit changed, or cut', () => {
    const key = rotated(testKey(), 'ON_DEMAND', 1);
    const blob = seal(key, new Map([['a', 'b']]), Buffer.from('secret'));
    const tryOpen = (bytes: Buffer) => {
      const parsed = parseCiphertext(bytes);
      if (parsed.keyId !== key.id)
        throw Object.assign(new Error('key'), { code: 'InvalidCiphertextException' });
      return open(key, new Map([['a', 'b']]), parsed);
    };
    for (let bit = 0; bit < blob.length * 8; bit++) {
      const changed = Buffer.from(blob);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => tryOpen(changed), `bit ${bit}`).toThrow(INVALID);
    }
    for (let length = 0; length < blob.length; length++) {
      expect(() => tryOpen(blob.subarray(0, length)), `length ${length}`).toThrow(INVALID);
    }
  });

  it('name the material they were made with, so that rotation loses nothing', () => {
    const first = testKey();
    const second = rotated(first, 'ON_DEMAND', 1);
    const [old, recent] = [first, second].map((key) =>
      parseCiphertext(seal(key, new Map(), Buffer.from('x'))),
    );
    if (old === undefined || recent === undefined) throw new Error();
    expect([old.materialIndex, recent.materialIndex]).toEqual([0, 1]);
    expect(open(second, new Map(), old).material.id).toBe(first.materials[0]?.id);
    expect(open(second, new Map(), recent).material.id).toBe(second.materials[1]?.id);
    expect(() => open(first, new Map(), recent)).toThrow(INVALID);
    const other = { ...second, materials: [newMaterial('CREATED', 0), ...second.materials.slice(1)] };
    expect(() => open(other, new Map(), old)).toThrow(INVALID);
  });
});
