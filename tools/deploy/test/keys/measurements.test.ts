// SPDX-License-Identifier: Apache-2.0
import { EXAMPLE_MEASUREMENTS } from '@enclave-vault/infra';
import type { Measurements } from '@enclave-vault/policies';
import { describe, expect, test } from 'vitest';
import { measurementLines, sameMeasurements, widened, without } from '../../src/keys/measurements.ts';

const A = EXAMPLE_MEASUREMENTS;
/** Another image under the same certificate, role and configuration. */
const B: Measurements = { ...A, pcr0: ['1'.repeat(96)], pcr1: ['2'.repeat(96)], pcr2: ['3'.repeat(96)] };

describe('a rollout', () => {
  test('admits both, none twice, the old one first', () => {
    expect(widened(A, B)).toEqual({
      ...A,
      pcr0: [...A.pcr0, ...B.pcr0],
      pcr1: [...A.pcr1, ...B.pcr1],
      pcr2: [...A.pcr2, ...B.pcr2],
    });
    expect(widened(widened(A, B), B)).toEqual(widened(A, B));
    expect(widened(null, B)).toEqual(B);
  });

  test('that failed admits the old one alone; what both share stays', () => {
    expect(without(widened(A, B), B)).toEqual(A);
    expect(without(A, B)).toEqual(A);
  });

  test('never leaves a register empty, and opens nothing that was shut', () => {
    expect(without(B, B)).toEqual(B);
    expect(without(null, B)).toBeNull();
  });
});

test('sets are compared, not lists', () => {
  const both = widened(A, B);
  expect(sameMeasurements(both, { ...both, pcr0: [...both.pcr0].reverse() })).toBe(true);
  expect(sameMeasurements(both, A)).toBe(false);
  expect(sameMeasurements(null, A)).toBe(false);
  expect(sameMeasurements(null, null)).toBe(true);
});

test('what comes and what goes has a line each', () => {
  expect(measurementLines(A, { ...A, pcr8: ['0'.repeat(96)] })).toEqual([
    `+ PCR8 ${'0'.repeat(96)}`,
    `- PCR8 ${'e'.repeat(96)}`,
  ]);
  expect(measurementLines(null, A)).toHaveLength(6);
  expect(measurementLines(A, null).every((line) => line.startsWith('- '))).toBe(true);
});
