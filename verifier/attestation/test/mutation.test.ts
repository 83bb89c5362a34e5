// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttestationError, unsafeParseAttestation, verifyAttestation } from '../src/index.ts';
import { documentOf, verify } from './support.ts';

const AT = Date.UTC(2022, 9, 13, 9);
const real = readFileSync(
  new URL('../../../tests/vectors/nitro-attestation-production.cose', import.meta.url),
);

/** The error's code; throws where the document was taken, or where the error is none of ours. */
function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AttestationError) return error.code;
    throw error;
  }
  throw new Error('taken');
}

const changed = (position: number, mask: number): Buffer => {
  const copy = Buffer.from(real);
  copy[position] = (copy[position] ?? 0) ^ mask;
  return copy;
};

describe('a real document', () => {
  // A step that has no factor in common with the structure, from a start that moves: over some runs, every byte.
  const step = 13;
  const start = Math.floor(Date.now() / 1000) % step;
  it(`is refused with any byte changed (every ${step}th from ${start})`, () => {
    expect(verifyAttestation(real, { at: AT }).production).toBe(true);
    const codes = new Set<string>();
    for (let position = start; position < real.length; position += step) {
      codes.add(refusalOf(() => verifyAttestation(changed(position, 1 << (position % 8)), { at: AT })));
    }
    for (const code of ['signature_invalid', 'chain_signature', 'chain_foreign_root'])
      expect(codes).toContain(code);
  });

  it('parses or is refused with its own error, whatever byte is changed to whatever', () => {
    for (let position = 0; position < real.length; position += 1) {
      try {
        unsafeParseAttestation(changed(position, 1 + ((position * 31) % 255)));
      } catch (error) {
        expect(error).toBeInstanceOf(AttestationError);
      }
    }
  });

  it('is refused cut short anywhere', () => {
    for (let length = 0; length < real.length; length += 1) {
      expect(refusalOf(() => verifyAttestation(real.subarray(0, length), { at: AT }))).toBe(
        'document_malformed',
      );
    }
  });
});

describe('properties', () => {
  it('bytes at random are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(refusalOf(() => verify(bytes))).toBe('document_malformed');
      }),
      { numRuns: 500 },
    );
  });

  it('a document with a stretch of it replaced is refused', () => {
    const document = documentOf();
    fc.assert(
      fc.property(
        fc.nat(document.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat(40),
        (position, replacement, removed) => {
          const mutated = Buffer.concat([
            document.subarray(0, position),
            replacement,
            document.subarray(position + removed),
          ]);
          // Nor under tag 18, which is the same document.
          fc.pre(
            ![document, Buffer.concat([Buffer.of(0xd2), document])].some((same) => mutated.equals(same)),
          );
          expect(refusalOf(() => verify(mutated))).toMatch(/^[a-z_]+$/);
        },
      ),
      { numRuns: 150 },
    );
  });
});
